//! The session (§4.1): packet identifiers, messages in flight and the order in which they are sent again, messages
//! received and the acknowledgements owed for them. Never decides when to connect, and never writes to the transport:
//! it answers what is to be written.

pub(super) mod inbound;
pub(super) mod packet_ids;

use std::collections::VecDeque;

use super::deadline::{Deadline, Millis, NEVER};
use super::effects::Ended;
use super::journal::Journal;
use super::output::Token;
use super::publishes::{BySince, Flight, Key, Publish, Publishes};
use super::record::Stage;
use crate::codec::{publish, PacketId, Version};
use inbound::Inbound;
use packet_ids::{Holder, PacketIds};

/// What a connection adds, for as long as it lasts.
#[derive(Debug)]
struct Link {
    /// Messages of QoS 1 and 2 that may yet be sent on this connection (§4.9).
    quota: usize,
    /// The broker's Receive Maximum.
    send_maximum: usize,
    /// The broker resumed our session.
    resumed: bool,
    last_ack: Millis,
    /// An acknowledgement of nothing was reported.
    unexpected_ack_reported: bool,
}

#[derive(Debug, Default)]
pub(super) struct Session {
    /// Messages in flight.
    publishes: Publishes,
    ids: PacketIds,
    /// To be sent again on this connection, in the order of the first time.
    resend: VecDeque<Key>,
    last_order: u64,
    link: Option<Link>,
    inbound: Inbound,
    /// Publishes that may exceed `publishtimeout`.
    timeouts: BySince,
    ack_due: Deadline,
    age_due: Deadline,
}

/// What an acknowledgement means.
#[derive(Debug)]
pub(super) enum Acked {
    /// It ends a publish; the token of its call.
    Ended(Option<Token>),
    /// It is a step on the way (PUBREC).
    Progress,
    /// It is of another kind than the message asks for.
    Mismatch,
    /// Nothing holds this identifier.
    Unknown,
}

impl Session {
    pub fn inbound(&mut self) -> &mut Inbound {
        &mut self.inbound
    }

    pub fn received(&self) -> &Inbound {
        &self.inbound
    }

    // ---- the connection

    /// CONNACK arrived. `send_maximum` is the broker's Receive Maximum, `receive_maximum` is ours.
    pub fn connected(&mut self, now: Millis, send_maximum: usize, receive_maximum: usize, resumed: bool) {
        self.link = Some(Link {
            quota: send_maximum,
            send_maximum,
            resumed,
            last_ack: now,
            unexpected_ack_reported: false,
        });
        self.resend.clear();
        self.inbound.connected(receive_maximum);
    }

    pub fn disconnected(&mut self) {
        self.link = None;
        self.ack_due.clear();
        self.inbound.disconnected();
    }

    /// The session is kept: everything in flight is to be sent again [MQTT-4.4.0-1], in the order in which it was
    /// sent [MQTT-4.6.0-1].
    pub fn schedule_resend(&mut self) {
        for &(_, slot) in &self.in_sending_order() {
            let Some((key, publish)) = self.publishes.at(slot) else {
                continue;
            };
            if let Some(flight) = &mut publish.flight {
                flight.sent_at = NEVER;
            }
            self.resend.push_back(key);
        }
    }

    /// The session is lost: the places of everything in flight, in the order of sending, to be taken out with
    /// `take_lost`.
    pub fn session_lost(&mut self, journal: &mut Journal) -> Vec<(u64, u32)> {
        self.inbound.session_lost(journal);
        while let Some(id) = self.ids.free_reserved() {
            journal.reserved(id, false);
        }
        self.in_sending_order()
    }

    /// Takes a message out of the lost session, without its identifier.
    pub fn take_lost(&mut self, slot: u32, journal: &mut Journal) -> Option<Publish> {
        publish::clear_dup(&mut self.land(slot, journal)?.packet);
        self.publishes.take(slot)
    }

    fn in_sending_order(&self) -> Vec<(u64, u32)> {
        self.publishes
            .sorted(|publish| publish.flight.map(|flight| flight.order))
    }

    fn flight(&mut self, key: Key) -> Option<&mut Flight> {
        self.publishes.get(key)?.flight.as_mut()
    }

    /// An acknowledgement arrived: the broker is at work.
    pub fn acknowledged(&mut self, now: Millis) {
        if let Some(link) = &mut self.link {
            link.last_ack = now;
        }
    }

    /// Whether an acknowledgement of nothing that is in flight may be a repetition, or belong to an earlier life of
    /// this client in a resumed session.
    pub fn may_be_late(&self, id: PacketId) -> bool {
        self.is_resumed() || self.ids.was_used(id)
    }

    pub fn is_resumed(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.resumed)
    }

    /// Whether an acknowledgement of nothing is to be reported: once a connection.
    pub fn reports_unexpected_ack(&mut self, id: PacketId) -> bool {
        let late = self.may_be_late(id);
        let link = self.link.as_mut();
        link.is_some_and(|link| !late && !std::mem::replace(&mut link.unexpected_ack_reported, true))
    }

    // ---- identifiers

    pub fn holder(&self, id: PacketId) -> Option<Holder> {
        self.ids.holder(id)
    }

    /// An identifier for a request in this place of its table; none while all are taken.
    pub fn take_request_id(&mut self, slot: u32, journal: &mut Journal) -> Option<PacketId> {
        let id = self.take_id(journal)?;
        self.ids.hold(id, Holder::Request(slot));
        Some(id)
    }

    pub fn take_id(&mut self, journal: &mut Journal) -> Option<PacketId> {
        let id = self.ids.take()?;
        journal.reserved(id, false);
        Some(id)
    }

    pub fn release_id(&mut self, id: PacketId) {
        self.ids.release(id);
    }

    // ---- messages out

    /// Whether one more message of QoS 1 or 2 may be in flight.
    pub fn has_place(&self, max_inflight: usize) -> bool {
        self.publishes.len() < max_inflight && self.link.as_ref().is_some_and(|link| link.quota > 0)
    }

    /// A message goes on the wire for the first time, under this identifier.
    pub fn launch(
        &mut self,
        now: Millis,
        mut publish: Publish,
        id: PacketId,
        ack_timeout: Millis,
        journal: &mut Journal,
    ) -> Key {
        self.last_order += 1;
        publish.flight = Some(Flight {
            packet_id: id,
            stage: Stage::Sent,
            order: self.last_order,
            sent_at: now,
        });
        journal.flight(&publish);
        let key = self.publishes.insert(publish);
        self.ids.hold(id, Holder::Publish(key.slot()));
        self.use_quota();
        self.expect_ack(now, ack_timeout);
        key
    }

    fn use_quota(&mut self) {
        if let Some(link) = &mut self.link {
            link.quota -= 1;
        }
    }

    /// The send quota grows with each last acknowledgement (§4.9).
    fn return_quota(&mut self) {
        if let Some(link) = &mut self.link {
            link.quota += (link.quota < link.send_maximum) as usize;
        }
    }

    /// From here on the publish may exceed its time limit.
    pub fn limit(&mut self, key: Key, timeout: Option<Millis>) {
        let Some(timeout) = timeout else { return };
        if let Some(since) = self.publishes.get(key).map(|publish| publish.since) {
            self.timeouts.insert(since, key, &mut self.publishes);
            self.age_due.hasten(since + timeout);
        }
    }

    /// The next message to be sent again: whether its PUBREL is what is sent, its identifier, its packet. None while
    /// there is none, or the broker's quota is used up.
    pub fn next_resend(&mut self) -> Option<(Stage, PacketId, &mut Vec<u8>)> {
        loop {
            let &key = self.resend.front()?;
            let quota = self.link.as_ref().map_or(0, |link| link.quota);
            match self.flight(key).copied() {
                None => drop(self.resend.pop_front()),
                Some(flight) if flight.stage == Stage::Sent && quota == 0 => return None,
                Some(flight) => {
                    let publish = self.publishes.get(key)?;
                    return Some((flight.stage, flight.packet_id, &mut publish.packet));
                }
            }
        }
    }

    /// The message of `next_resend` was written.
    pub fn resent(&mut self, now: Millis, ack_timeout: Millis) {
        let Some(key) = self.resend.pop_front() else {
            return;
        };
        if let Some(flight) = self.flight(key) {
            flight.sent_at = now;
            if flight.stage == Stage::Sent {
                self.use_quota();
            }
        }
        self.expect_ack(now, ack_timeout);
    }

    /// The message of `next_resend` is given up; the token of its call.
    pub fn abandon_resend(&mut self, journal: &mut Journal) -> Option<Token> {
        let key = self.resend.pop_front()?;
        self.publishes.get(key)?;
        self.end(key.slot(), journal)
    }

    #[inline(always)]
    pub fn has_resend(&self) -> bool {
        !self.resend.is_empty()
    }

    /// PUBACK (`qos` 1) or PUBCOMP (2): the last step.
    pub fn on_last_ack(&mut self, now: Millis, id: PacketId, qos: u8, journal: &mut Journal) -> Acked {
        let expected = if qos == 1 { Stage::Sent } else { Stage::Released };
        match self.in_flight(id) {
            Some((key, stage, of)) if stage == expected && of == qos => self.acked(now, key, journal),
            Some(_) => Acked::Mismatch,
            None if self.ids.holder(id).is_some() => Acked::Mismatch,
            None => {
                self.return_quota();
                Acked::Unknown
            }
        }
    }

    /// PUBREC: the broker has the message, and from here on only PUBREL is sent [MQTT-4.3.3-1]. Or it refuses it.
    pub fn on_pubrec(&mut self, now: Millis, id: PacketId, refused: bool, journal: &mut Journal) -> Acked {
        match self.in_flight(id) {
            Some((key, _, 2)) if refused => self.acked(now, key, journal),
            Some((key, stage, 2)) => {
                self.acknowledged(now);
                self.last_order += (stage == Stage::Sent) as u64;
                let order = self.last_order;
                let Some(publish) = self.publishes.get(key) else {
                    return Acked::Unknown;
                };
                if let Some(flight) = &mut publish.flight {
                    flight.sent_at = now;
                    if stage == Stage::Sent {
                        flight.stage = Stage::Released;
                        flight.order = order;
                        journal.flight(publish);
                    }
                }
                Acked::Progress
            }
            Some(_) => Acked::Mismatch,
            None if self.ids.holder(id).is_some() => Acked::Mismatch,
            None => Acked::Unknown,
        }
    }

    /// The message in flight under this identifier: its stage and QoS.
    fn in_flight(&mut self, id: PacketId) -> Option<(Key, Stage, u8)> {
        let Some(Holder::Publish(slot)) = self.ids.holder(id) else {
            return None;
        };
        let (key, publish) = self.publishes.at(slot)?;
        Some((key, publish.flight?.stage, publish::qos(&publish.packet)))
    }

    fn acked(&mut self, now: Millis, key: Key, journal: &mut Journal) -> Acked {
        self.acknowledged(now);
        self.return_quota();
        Acked::Ended(self.end(key.slot(), journal))
    }

    /// A message in flight ends; the token of its call.
    fn end(&mut self, slot: u32, journal: &mut Journal) -> Option<Token> {
        let publish = self.land(slot, journal)?;
        journal.ended(publish.record);
        let token = publish.token;
        self.publishes.drop(slot);
        token
    }

    /// A message is no longer in flight, and its identifier is free.
    fn land(&mut self, slot: u32, journal: &mut Journal) -> Option<&mut Publish> {
        let (_, publish) = self.publishes.at(slot)?;
        if let Some(flight) = publish.flight.take() {
            self.ids.release(flight.packet_id);
            journal.landed(publish.record);
        }
        Some(publish)
    }

    // ---- time

    pub fn next_deadline(&self) -> Millis {
        self.ack_due.at().min(self.age_due.at())
    }

    pub fn expect_ack(&mut self, now: Millis, ack_timeout: Millis) {
        if !self.ack_due.is_set() {
            self.ack_due.set(now + ack_timeout);
        }
    }

    /// Whether the moment to look for overdue acknowledgements has come.
    pub fn ack_expired(&mut self, now: Millis) -> bool {
        self.ack_due.expire(now)
    }

    /// Whether a PUBACK, PUBREC or PUBCOMP is overdue: then a new connection is needed, on which the message is sent
    /// again. While others come in, an old message may only stand behind a slow link.
    pub fn is_overdue(&mut self, now: Millis, ack_timeout: Millis) -> bool {
        let Some(link) = &self.link else { return false };
        let mut oldest = NEVER;
        for flight in self.publishes.iter().filter_map(|publish| publish.flight) {
            oldest = oldest.min(flight.sent_at);
        }
        if oldest == NEVER {
            return false;
        }
        let progress = link.last_ack.min(oldest + 3 * ack_timeout);
        let due = oldest.max(progress) + ack_timeout;
        if now < due {
            self.ack_due.set(due);
            return false;
        }
        self.ack_due.confirm(now)
    }

    /// Whether the moment to look for publishes over their time limit has come. Online it is confirmed first, because
    /// bytes that have arrived may end them.
    pub fn age_expired(&mut self, now: Millis) -> bool {
        self.age_due.expire(now) && (self.link.is_none() || self.age_due.confirm(now))
    }

    /// Takes the tokens of those publishes whose time limit has passed: in flight they stay what they are, but nobody
    /// waits for their end.
    pub fn timed_out(&mut self, now: Millis, timeout: Millis) -> Vec<Option<Token>> {
        let mut tokens = Vec::new();
        while let Some((since, key)) = self.timeouts.first(&mut self.publishes) {
            if now < since + timeout {
                self.age_due.hasten(since + timeout);
                break;
            }
            self.timeouts.pop();
            match self.publishes.get(key) {
                Some(publish) if publish.token.is_some() => tokens.push(publish.token.take()),
                _ => {}
            }
        }
        tokens
    }

    // ---- the whole

    /// Messages of QoS 1 and 2 that the broker has not acknowledged to the end.
    pub fn len(&self) -> usize {
        self.publishes.len()
    }

    pub fn any_up_to(&self, seq: u64) -> bool {
        self.publishes.any_up_to(seq)
    }

    /// Ends everything in flight.
    pub fn drain(&mut self, journal: &mut Journal, ended: &mut Vec<Ended>) {
        self.resend.clear();
        self.timeouts.clear();
        self.age_due.clear();
        for &(_, slot) in &self.publishes.in_order() {
            if let Some((_, publish)) = self.publishes.at(slot) {
                ended.push(publish.ended());
                self.end(slot, journal);
            }
        }
    }

    /// Messages of QoS 2 are given up while the broker may hold them: their identifiers are kept from others.
    pub fn reserve_qos2(&mut self, journal: &mut Journal) {
        for &(_, slot) in &self.in_sending_order() {
            let Some((_, publish)) = self.publishes.at(slot) else {
                continue;
            };
            if publish::qos(&publish.packet) != 2 {
                continue;
            }
            let record = publish.record;
            if let Some(flight) = publish.flight.take() {
                journal.landed(record);
                journal.reserved(flight.packet_id, true);
                self.ids.reserve(flight.packet_id);
            }
        }
    }

    /// From here on another protocol is spoken.
    pub fn reencode(&mut self, from: Version, to: Version) {
        for &(_, slot) in &self.publishes.in_order() {
            let Some((_, publish)) = self.publishes.at(slot) else {
                continue;
            };
            let id = publish.flight.map(|flight| flight.packet_id);
            if let Some(packet) = reencoded(from, to, &publish.packet, id) {
                publish.packet = packet;
            }
        }
    }

    // ---- restored from a store

    /// Forgets every identifier, before messages are restored.
    pub fn clear_identifiers(&mut self, journal: &mut Journal) {
        self.ids.clear();
        self.inbound.session_lost(journal);
    }

    /// A message that was in flight; given back if its identifier is another's.
    pub fn restore(
        &mut self,
        mut publish: Publish,
        stage: Stage,
        id: PacketId,
        order: u64,
    ) -> Result<(), Publish> {
        let flight = Flight {
            packet_id: id,
            stage,
            order,
            sent_at: NEVER,
        };
        publish::set_packet_id(&mut publish.packet, id);
        publish.flight = Some(flight);
        let key = self.publishes.insert(publish);
        if self.ids.restore(id, Holder::Publish(key.slot())) {
            self.last_order = self.last_order.max(order);
            return Ok(());
        }
        match self.publishes.remove(key) {
            Some(mut publish) => {
                publish.flight = None;
                Err(publish)
            }
            None => Ok(()),
        }
    }

    pub fn restore_reserved(&mut self, id: PacketId) -> bool {
        self.ids.restore_reserved(id)
    }

    pub fn restored(&mut self) {
        self.ids.complete();
    }

    #[cfg(test)]
    pub fn slots(&self) -> usize {
        self.publishes.slots()
    }

    #[cfg(test)]
    pub fn reserved_ids(&self) -> usize {
        self.ids.reserved()
    }

    /// Whether nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.publishes.len() == 0
    }
}

/// An encoded PUBLISH in another protocol: properties of MQTT 5 have no place in 3.1.1. None: it cannot be read.
pub(super) fn reencoded(from: Version, to: Version, packet: &[u8], id: Option<PacketId>) -> Option<Vec<u8>> {
    let parts = publish::parts(from, packet)?;
    let mut other = Vec::new();
    publish::encode(&mut other, to, &parts, id);
    Some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> PacketId {
        PacketId::new(number).unwrap()
    }

    const ACK_TIMEOUT: Millis = 30_000;

    fn message(seq: u64, qos: u8) -> Publish {
        let parts = publish::Parts {
            topic: b"a",
            properties: &[],
            payload: b"x",
            qos,
            retain: false,
            alias: 0,
        };
        let mut packet = Vec::new();
        publish::encode(&mut packet, Version::V4, &parts, None);
        Publish {
            seq,
            token: super::super::Token::new(seq as u32),
            packet,
            since: 0,
            expires: NEVER,
            record: None,
            flight: None,
            requeued: false,
        }
    }

    struct Test {
        session: Session,
        journal: Journal,
    }

    impl Test {
        fn connected(send_maximum: usize) -> Test {
            let mut session = Session::default();
            session.connected(0, send_maximum, usize::MAX, false);
            Test {
                session,
                journal: Journal::default(),
            }
        }

        fn launch(&mut self, seq: u64, qos: u8) -> PacketId {
            let id = self.session.take_id(&mut self.journal).unwrap();
            self.session
                .launch(0, message(seq, qos), id, ACK_TIMEOUT, &mut self.journal);
            id
        }
    }

    #[test]
    fn the_window_is_the_smaller_of_our_limit_and_the_brokers_quota() {
        let mut test = Test::connected(2);
        assert!(test.session.has_place(10));
        let id = test.launch(1, 1);
        assert!(!test.session.has_place(1));
        test.launch(2, 1);
        assert!(!test.session.has_place(10));
        let acked = test.session.on_last_ack(5, id, 1, &mut test.journal);
        assert!(matches!(acked, Acked::Ended(token) if token == Token::new(1)));
        assert!(test.session.has_place(10));
    }

    #[test]
    fn an_acknowledgement_of_another_kind_ends_nothing() {
        let mut test = Test::connected(10);
        let one = test.launch(1, 1);
        let two = test.launch(2, 2);
        let journal = &mut test.journal;
        assert!(matches!(
            test.session.on_last_ack(0, one, 2, journal),
            Acked::Mismatch
        ));
        assert!(matches!(
            test.session.on_last_ack(0, two, 1, journal),
            Acked::Mismatch
        ));
        assert!(matches!(
            test.session.on_pubrec(0, one, false, journal),
            Acked::Mismatch
        ));
        assert!(matches!(
            test.session.on_last_ack(0, id(999), 1, journal),
            Acked::Unknown
        ));
        assert_eq!(test.session.len(), 2);
    }

    #[test]
    fn a_kept_session_is_sent_again_in_order_with_pubrel_where_pubrec_had_come() {
        let mut test = Test::connected(10);
        let ids = [test.launch(1, 1), test.launch(2, 2), test.launch(3, 2)];
        test.session.on_pubrec(0, ids[1], false, &mut test.journal);
        test.session.disconnected();
        test.session.connected(9, 10, usize::MAX, true);
        test.session.schedule_resend();
        let mut order = Vec::new();
        while let Some((stage, id, _)) = test.session.next_resend() {
            order.push((stage, id));
            test.session.resent(9, ACK_TIMEOUT);
        }
        let expected = [
            (Stage::Sent, ids[0]),
            (Stage::Sent, ids[2]),
            (Stage::Released, ids[1]),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn a_lost_session_gives_back_its_messages_in_order_and_its_identifiers() {
        let mut test = Test::connected(10);
        for seq in 1..=3 {
            test.launch(seq, 1);
        }
        let mut order = Vec::new();
        for (_, slot) in test.session.session_lost(&mut test.journal) {
            let lost = test.session.take_lost(slot, &mut test.journal).unwrap();
            assert!(lost.flight.is_none());
            order.push(lost.seq);
        }
        assert_eq!(order, [1, 2, 3]);
        assert!(test.session.is_empty());
        assert!((1..=3).all(|number| test.session.holder(id(number)).is_none()));
    }

    #[test]
    fn a_time_limit_takes_the_token_and_leaves_the_message_in_flight() {
        let mut test = Test::connected(10);
        let id = test.session.take_id(&mut test.journal).unwrap();
        let key = test
            .session
            .launch(0, message(1, 1), id, ACK_TIMEOUT, &mut test.journal);
        test.session.limit(key, Some(100));
        assert!(test.session.timed_out(99, 100).is_empty());
        assert_eq!(test.session.timed_out(100, 100), [Token::new(1)]);
        assert_eq!(test.session.len(), 1);
    }

    #[test]
    fn messages_are_acknowledged_in_order_when_they_were_handled_and_not_before() {
        let mut journal = Journal::default();
        let mut inbound = Inbound::default();
        inbound.connected(usize::MAX);
        for (number, qos) in [(1, 1), (2, 2), (3, 1)] {
            assert!(inbound.arrived(PacketId::new(number), qos));
        }
        assert!(inbound.next_acknowledgement(&mut journal).is_none());
        let after_two = inbound.next_ticket().wrapping_sub(1);
        inbound.handled_before(after_two, &mut journal);
        use crate::codec::Ack;
        let acks = std::iter::from_fn(|| inbound.next_acknowledgement(&mut journal));
        assert_eq!(
            acks.collect::<Vec<_>>(),
            [(Ack::PubAck, id(1)), (Ack::PubRec, id(2))]
        );
        assert!(inbound.has_unhandled());
        assert!(
            !inbound.arrived(PacketId::new(2), 2),
            "a repetition is not delivered"
        );
        inbound.handled_before(inbound.next_ticket(), &mut journal);
        let acks = std::iter::from_fn(|| inbound.next_acknowledgement(&mut journal));
        assert_eq!(
            acks.collect::<Vec<_>>(),
            [(Ack::PubAck, id(3)), (Ack::PubRec, id(2))]
        );
    }

    #[test]
    fn nothing_is_owed_on_a_new_connection_for_what_came_on_the_old_one() {
        let mut journal = Journal::recording(Version::V4, 0);
        let mut inbound = Inbound::default();
        inbound.connected(usize::MAX);
        inbound.arrived(PacketId::new(1), 1);
        inbound.arrived(PacketId::new(2), 2);
        let ticket = inbound.next_ticket();
        inbound.disconnected();
        inbound.connected(usize::MAX);
        inbound.handled_before(ticket, &mut journal);
        assert!(inbound.next_acknowledgement(&mut journal).is_none());
        assert_eq!(
            journal.take_changes().len(),
            1,
            "the store knows that QoS 2 was handled"
        );
        assert!(!inbound.arrived(PacketId::new(2), 2));
    }

    #[test]
    fn our_receive_maximum_counts_until_the_last_acknowledgement_is_transmitted() {
        let mut journal = Journal::default();
        let mut inbound = Inbound::default();
        inbound.connected(1);
        inbound.arrived(PacketId::new(1), 2);
        assert!(inbound.is_full());
        inbound.handled_before(inbound.next_ticket(), &mut journal);
        inbound.next_acknowledgement(&mut journal);
        assert!(inbound.is_full());
        assert_eq!(inbound.released(id(1), &mut journal), Some(true));
        assert!(inbound.is_full());
        inbound.transmitted();
        assert!(!inbound.is_full());
    }
}

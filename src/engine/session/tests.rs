//! Tests of the session alone.

use super::inbound::Released;
use super::*;
use crate::codec::Ack;
use crate::engine::config::Config;
use crate::engine::suspicion::Suspicion;

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
        suspicion: Suspicion::default(),
    }
}

struct Test {
    session: Session,
    journal: Journal,
}

impl Test {
    fn connected(send_maximum: usize) -> Test {
        let mut session = Session::default();
        session.connected(0, send_maximum, usize::MAX, usize::MAX, false);
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

fn has_place(session: &Session, qos: u8, max_inflight: usize) -> bool {
    let config = Config {
        max_inflight,
        ..Config::default()
    };
    session.has_place(qos, &config)
}

#[test]
fn the_window_is_the_smaller_of_our_limit_and_the_brokers_quota() {
    let mut test = Test::connected(2);
    assert!(has_place(&test.session, 1, 10));
    let id = test.launch(1, 1);
    assert!(!has_place(&test.session, 1, 1));
    test.launch(2, 1);
    assert!(!has_place(&test.session, 1, 10));
    let acked = test.session.on_last_ack(5, id, 1, &mut test.journal);
    assert!(matches!(acked, Acked::Ended(token) if token == Token::new(1)));
    assert!(has_place(&test.session, 1, 10));
}

#[test]
fn the_window_of_qos_2_counts_what_is_on_the_wire_of_this_connection() {
    let mut test = Test::connected(10);
    let ids = [test.launch(1, 2), test.launch(2, 2), test.launch(3, 1)];
    test.session.on_pubrec(0, ids[0], false, &mut test.journal);
    test.session.disconnected();
    test.session.connected(9, 10, 1, usize::MAX, true);
    test.session.schedule_resend();
    assert!(has_place(&test.session, 2, 10));
    // PUBREL is not a new message: it is sent whatever the window says, and first.
    assert!(matches!(test.session.next_resend(), Some((Stage::Released, id, _)) if id == ids[0]));
    test.session.resent(9, ACK_TIMEOUT);
    assert!(!has_place(&test.session, 2, 10) && has_place(&test.session, 1, 10));
    assert!(test.session.next_resend().is_none());
    test.session.on_last_ack(9, ids[0], 2, &mut test.journal);
    let (_, second, _) = test.session.next_resend().unwrap();
    assert_eq!(second, ids[1]);
    test.session.resent(9, ACK_TIMEOUT);
    assert!(!has_place(&test.session, 2, 10));
    let (_, third, _) = test.session.next_resend().unwrap();
    assert_eq!(third, ids[2]);
    test.session.resent(9, ACK_TIMEOUT);
    test.session.on_pubrec(9, second, false, &mut test.journal);
    test.session.on_last_ack(9, second, 2, &mut test.journal);
    assert!(has_place(&test.session, 2, 10));
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
    assert!(matches!(
        test.session.on_downgrade(0, one, journal),
        Acked::Mismatch
    ));
    assert!(
        matches!(test.session.on_downgrade(0, two, journal), Acked::Ended(token) if token == Token::new(2))
    );
    assert_eq!(test.session.len(), 1);
}

#[test]
fn a_kept_session_is_sent_again_in_order_with_pubrel_where_pubrec_had_come() {
    let mut test = Test::connected(10);
    let ids = [test.launch(1, 1), test.launch(2, 2), test.launch(3, 2)];
    test.session.on_pubrec(0, ids[1], false, &mut test.journal);
    test.session.disconnected();
    test.session.connected(9, 10, usize::MAX, usize::MAX, true);
    test.session.schedule_resend();
    let mut order = Vec::new();
    while let Some((stage, id, _)) = test.session.next_resend() {
        order.push((stage, id));
        test.session.resent(9, ACK_TIMEOUT);
    }
    let expected = [
        (Stage::Released, ids[1]),
        (Stage::Sent, ids[0]),
        (Stage::Sent, ids[2]),
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
    test.session.watch_timeout(key, Some(100));
    assert!(test.session.timed_out(99, 100).is_empty());
    assert_eq!(test.session.timed_out(100, 100), [Token::new(1)]);
    assert_eq!(test.session.len(), 1);
}

fn acks(inbound: &mut Inbound, journal: &mut Journal) -> Vec<(Ack, PacketId)> {
    let next = std::iter::from_fn(|| inbound.next_acknowledgement(journal));
    next.map(|ack| (ack.kind, ack.packet_id)).collect()
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
    inbound.handlers_returned(after_two, &mut journal);
    assert_eq!(
        acks(&mut inbound, &mut journal),
        [(Ack::PubAck, id(1)), (Ack::PubRec, id(2))]
    );
    assert!(inbound.has_unhandled());
    assert!(
        !inbound.arrived(PacketId::new(2), 2),
        "a repetition is not delivered"
    );
    inbound.handlers_returned(inbound.next_ticket(), &mut journal);
    assert_eq!(
        acks(&mut inbound, &mut journal),
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
    inbound.handlers_returned(ticket, &mut journal);
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
    inbound.handlers_returned(inbound.next_ticket(), &mut journal);
    inbound.next_acknowledgement(&mut journal);
    assert!(inbound.is_full());
    assert_eq!(inbound.released(id(1), &mut journal), Released::Complete);
    assert!(inbound.is_full());
    inbound.transmitted();
    assert!(!inbound.is_full());
}

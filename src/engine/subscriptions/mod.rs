//! Subscriptions: filters asked for and granted, what must be restored after a lost session, and routing to handlers
//! (§3.8 to §3.11). Never sends by itself: it answers which request is next.

mod filter;
mod requests;
mod router;

use super::deadline::{Deadline, Millis};
use super::effects::Effects;
use super::error::{excerpt, Code, Error};
use super::format::{count, format};
use super::interner::{HashKeys, Interner};
use super::output::{Event, Outcome, Token};
use super::topic_cache::TopicCache;
use super::Version;
use crate::codec::{protocol_error, DecodeError, PacketId, ReasonCode};

pub use filter::Filter;
pub(super) use requests::Asks;

use filter::{check_filters, MAX_FILTERS_BYTES};
use requests::{Request, Requests, Stage};
use router::Router;

#[derive(Debug, Default)]
struct Subscription {
    options: u8,
    properties: Vec<u8>,
    granted: bool,
    handler: Option<u32>,
    /// The call that asked for it last, by its place in the order of the calls: the answer to an older one changes
    /// nothing.
    asked: u64,
}

#[derive(Debug)]
pub(super) struct Subscriptions {
    filters: Interner,
    /// By number of the filter.
    entries: Vec<Subscription>,
    router: Router,
    topics: TopicCache,
    requests: Requests,
    ack_due: Deadline,
}

/// SUBACK's return code for a refused filter, and the first reason code that means failure (§3.9.3).
const FAILURE: u8 = 0x80;
/// So many filters go into one SUBSCRIBE when subscriptions are restored: some brokers take no more.
const RESTORED_TOGETHER: usize = 8;

impl Subscriptions {
    pub fn new(keys: HashKeys) -> Self {
        Subscriptions {
            filters: Interner::new(keys),
            entries: Vec::new(),
            router: Router::new(keys),
            topics: TopicCache::new(keys),
            requests: Requests::default(),
            ack_due: Deadline::default(),
        }
    }

    pub fn topics(&mut self) -> &mut TopicCache {
        &mut self.topics
    }

    pub fn topic_name(&self, number: u32) -> &str {
        self.topics.name(number).unwrap_or_default()
    }

    pub fn topic_epoch(&self) -> u32 {
        self.topics.epoch()
    }

    // ---- calls

    /// Checks what a call of subscribe gives, before anything is changed.
    pub fn check_subscribe(
        &self,
        version: Version,
        filters: &[Filter],
        offline_bytes: usize,
    ) -> Result<(), Error> {
        check_filters("subscribe", filters.iter().map(|filter| filter.filter.as_str()))?;
        for filter in filters {
            filter.check_options(version)?;
        }
        self.check_room(offline_bytes)
    }

    pub fn check_unsubscribe(&self, filters: &[String], offline_bytes: usize) -> Result<(), Error> {
        check_filters("unsubscribe", filters.iter().map(String::as_str))?;
        self.check_room(offline_bytes)
    }

    fn check_room(&self, offline_bytes: usize) -> Result<(), Error> {
        let kept = self.requests.bytes();
        if kept < offline_bytes.max(MAX_FILTERS_BYTES) {
            return Ok(());
        }
        Err(Error::format(
            Code::QueueFull,
            "% bytes of topic filters already wait to be acknowledged (offlinebytes %); wait for earlier calls, or raise the bound",
            &[&count(kept), &count(offline_bytes)],
        ))
    }

    /// Asks for filters, all with one SUBSCRIBE. With `handler`, their messages are routed to it; without, a handler
    /// they had is removed.
    pub fn subscribe(
        &mut self,
        seq: u64,
        filters: Vec<Filter>,
        properties: Vec<u8>,
        handler: Option<u32>,
        token: Option<Token>,
        effects: &mut Effects,
    ) {
        for Filter { filter, options } in &filters {
            self.set_handler(filter, handler, effects);
            let entry = self.entry(filter);
            entry.options = *options;
            entry.properties.clone_from(&properties);
            entry.asked = seq;
        }
        let asks = Asks::Subscribe { filters, properties };
        self.requests.push(Request {
            seq,
            token,
            packet_id: None,
            stage: Stage::Waiting,
            since: None,
            cancelled: false,
            asks,
            restores: false,
        });
    }

    /// Calls of subscribe for these filters that are unanswered end: at once, or if they are on the wire of a connection
    /// that lives, with the SUBACK or with the connection.
    pub fn unsubscribe(
        &mut self,
        seq: u64,
        filters: Vec<String>,
        properties: Vec<u8>,
        token: Option<Token>,
        is_online: bool,
        effects: &mut Effects,
    ) {
        for (_, slot) in self.requests.in_order() {
            let Some(request) = self.requests.get(slot) else {
                continue;
            };
            let Asks::Subscribe { filters: asked, .. } = &request.asks else {
                continue;
            };
            if request.restores || !asked.iter().all(|asked| filters.contains(&asked.filter)) {
                continue;
            }
            request.cancelled = true;
            if !is_online || request.stage == Stage::Waiting {
                self.cancel(slot, effects);
            }
        }
        let asks = Asks::Unsubscribe { filters, properties };
        self.requests.push(Request {
            seq,
            token,
            packet_id: None,
            stage: Stage::Waiting,
            since: None,
            cancelled: false,
            asks,
            restores: false,
        });
    }

    /// Routes messages of `filter` to `handler` too, without subscribing.
    pub fn watch(&mut self, filter: &str, handler: u32) -> Result<(), Error> {
        check_filters("messages", std::iter::once(filter))?;
        self.router.insert(filter, handler);
        self.topics.renew();
        Ok(())
    }

    pub fn unwatch(&mut self, filter: &str, handler: u32) {
        self.router.remove(filter, handler);
        self.topics.renew();
    }

    /// Handlers whose filters match a topic.
    pub fn route(&self, topic: &str) -> Vec<u32> {
        self.router.route(topic)
    }

    // ---- entries

    fn find(&mut self, filter: &str) -> Option<&mut Subscription> {
        let number = self.filters.find(filter.as_bytes())?;
        self.entries.get_mut(number as usize)
    }

    /// The subscription to `filter`, a new one if there is none.
    fn entry(&mut self, filter: &str) -> &mut Subscription {
        let known = self.filters.len();
        let number = self.filters.insert(filter.as_bytes()) as usize;
        if number >= self.entries.len() {
            self.entries.push(Subscription::default());
        }
        if self.filters.len() > known {
            self.entries[number] = Subscription::default();
        }
        &mut self.entries[number]
    }

    fn set_handler(&mut self, filter: &str, handler: Option<u32>, effects: &mut Effects) {
        let old = std::mem::replace(&mut self.entry(filter).handler, handler);
        if old == handler {
            return;
        }
        if let Some(new) = handler {
            self.router.insert(filter, new);
        }
        if let Some(removed) = old {
            self.router.remove(filter, removed);
            // One call may have given it to several filters.
            if !self.entries.iter().any(|entry| entry.handler == old) {
                effects.push(Event::HandlerRemoved(removed));
            }
        }
        self.topics.renew();
    }

    /// Forgets a filter, unless a later call than this one asked for it again.
    fn forget(&mut self, filter: &str, seq: u64, effects: &mut Effects) {
        if self.find(filter).is_some_and(|entry| entry.asked <= seq) {
            self.set_handler(filter, None, effects);
            if let Some(number) = self.filters.find(filter.as_bytes()) {
                self.filters.remove(number);
            }
        }
    }

    /// Filters by whether the broker has granted them, with the properties they were asked for with.
    fn list(&self, granted: bool) -> Vec<(Filter, Vec<u8>)> {
        let mut list = Vec::new();
        for number in self.filters.numbers() {
            let name = self
                .filters
                .name(number)
                .and_then(|f| std::str::from_utf8(f).ok());
            if let (Some(filter), Some(entry)) = (name, self.entries.get(number as usize)) {
                if entry.granted == granted {
                    let filter = Filter {
                        filter: filter.to_owned(),
                        options: entry.options,
                    };
                    list.push((filter, entry.properties.clone()));
                }
            }
        }
        list
    }

    // ---- requests out

    pub fn has_request(&self) -> bool {
        self.requests.has_front()
    }

    /// The next request to be sent: its place in the table, and what it asks for.
    pub fn next_request(&mut self) -> Option<(u32, &Asks)> {
        loop {
            let slot = self.requests.front()?;
            if self.requests.get(slot).is_some() {
                return self.requests.get(slot).map(|request| (slot, &request.asks));
            }
            self.requests.pop_front();
        }
    }

    /// The request is on the wire.
    pub fn sent(&mut self, now: Millis, slot: u32, packet_id: PacketId, ack_timeout: Millis) {
        self.requests.pop_front();
        if let Some(request) = self.requests.get(slot) {
            request.packet_id = Some(packet_id);
            request.stage = Stage::Sent;
            let since = *request.since.get_or_insert(now);
            if !self.ack_due.is_set() {
                self.ack_due.set(since + ack_timeout);
            }
        }
    }

    /// The broker has said that it does not take this request: the call ends, and nothing was sent.
    pub fn refuse_next(&mut self, error: Error, effects: &mut Effects) {
        let Some(slot) = self.requests.front() else { return };
        self.requests.pop_front();
        let Some(request) = self.requests.remove(slot) else {
            return;
        };
        if let Asks::Subscribe { filters, .. } = &request.asks {
            for Filter { filter, .. } in filters {
                self.forget(filter, request.seq, effects);
            }
        }
        effects.done(request.token, Err(error));
    }

    // ---- answers

    /// SUBACK for the request in this place (§3.9).
    pub fn on_suback(
        &mut self,
        slot: u32,
        codes: &[u8],
        properties: &[u8],
        effects: &mut Effects,
    ) -> Result<(), DecodeError> {
        match self.requests.get(slot).map(|request| &request.asks) {
            Some(Asks::Subscribe { filters, .. }) if filters.len() == codes.len() => {}
            Some(Asks::Subscribe { .. }) => {
                return Err(protocol_error!(
                    "a SUBACK has another number of return codes than the SUBSCRIBE has filters"
                ))
            }
            _ => {
                return Err(protocol_error!(
                    "a SUBACK answers something that is not a SUBSCRIBE"
                ))
            }
        }
        let Some(Request {
            seq,
            token,
            asks: Asks::Subscribe { filters, .. },
            ..
        }) = self.requests.remove(slot)
        else {
            return Ok(());
        };
        let mut refused = String::new();
        let mut reason = 0;
        for (Filter { filter, .. }, &code) in filters.iter().zip(codes) {
            if code >= FAILURE {
                self.forget(filter, seq, effects);
                if !refused.is_empty() {
                    refused.push_str("\", \"");
                }
                refused.push_str(filter);
                reason = code;
            } else if let Some(entry) = self.find(filter) {
                entry.granted = true;
            }
        }
        let result = match refused.is_empty() {
            true => Ok(granted(codes, properties)),
            false => Err(Error::because(
                Code::SubscribeFailed,
                &format(
                    "the broker refused the subscription to \"%\"; check the filter and the broker's access rules",
                    &[&excerpt(&refused)],
                ),
                ReasonCode(reason),
                properties,
            )),
        };
        effects.done(token, result);
        Ok(())
    }

    /// UNSUBACK for the request in this place (§3.11). In 3.1.1 it has no codes.
    pub fn on_unsuback(
        &mut self,
        version: Version,
        slot: u32,
        codes: &[u8],
        properties: &[u8],
        effects: &mut Effects,
    ) -> Result<(), DecodeError> {
        match self.requests.get(slot).map(|request| &request.asks) {
            Some(Asks::Unsubscribe { filters, .. })
                if version == Version::V4 || filters.len() == codes.len() => {}
            Some(Asks::Unsubscribe { .. }) => {
                return Err(protocol_error!(
                    "an UNSUBACK has another number of reason codes than the UNSUBSCRIBE has filters"
                ))
            }
            _ => {
                return Err(protocol_error!(
                    "an UNSUBACK answers something that is not an UNSUBSCRIBE"
                ))
            }
        }
        let Some(Request {
            seq,
            token,
            asks: Asks::Unsubscribe { filters, .. },
            ..
        }) = self.requests.remove(slot)
        else {
            return Ok(());
        };
        let mut reason = 0;
        for (at, filter) in filters.iter().enumerate() {
            match codes.get(at) {
                Some(&code @ FAILURE..) => reason = code,
                _ => self.forget(filter, seq, effects),
            }
        }
        let result = match (reason, version) {
            (0, Version::V4) => Ok(Outcome::None),
            (0, Version::V5) => Ok(granted(codes, properties)),
            _ => Err(Error::because(
                Code::UnsubscribeFailed,
                "the broker refused to unsubscribe",
                ReasonCode(reason),
                properties,
            )),
        };
        effects.done(token, result);
        Ok(())
    }

    // ---- time

    pub fn next_deadline(&self) -> Option<Millis> {
        self.ack_due.at()
    }

    pub fn ack_expired(&mut self, now: Millis) -> bool {
        self.ack_due.expire(now)
    }

    /// Ends calls whose SUBACK or UNSUBACK is overdue, with this error. They stay in the table, so that a late answer
    /// is still recognised.
    pub fn end_overdue(&mut self, now: Millis, ack_timeout: Millis, error: &Error, effects: &mut Effects) {
        let sent = self.requests.iter().filter_map(|request| match request.stage {
            Stage::Sent => Some(request.since? + ack_timeout),
            Stage::Waiting | Stage::Abandoned => None,
        });
        let Some(due) = sent.min() else { return };
        if now < due {
            return self.ack_due.set(due);
        }
        if !self.ack_due.confirm(now) {
            return;
        }
        let mut next: Option<Millis> = None;
        for (_, slot) in self.requests.in_order() {
            let Some(request) = self.requests.get(slot) else {
                continue;
            };
            let (Stage::Sent, Some(at)) = (request.stage, request.since) else {
                continue;
            };
            if now < at + ack_timeout {
                next = Some(next.map_or(at, |next| next.min(at)));
                continue;
            }
            request.stage = Stage::Abandoned;
            effects.done(request.token.take(), Err(error.clone()));
        }
        if let Some(at) = next {
            self.ack_due.set(at + ack_timeout);
        }
    }

    // ---- connections

    /// A new connection: everything unanswered is sent again, and after a lost session everything that was granted is
    /// asked for again, in place of any earlier attempt to do so. `seq` numbers the new requests; identifiers that were
    /// held are given back.
    pub fn connected(
        &mut self,
        session_present: bool,
        mut next_seq: impl FnMut() -> u64,
        effects: &mut Effects,
    ) -> Vec<PacketId> {
        self.requests.clear_queue();
        let before = self.requests.in_order();
        let mut released = Vec::new();
        for &(_, slot) in &before {
            let Some(request) = self.requests.get(slot) else {
                continue;
            };
            released.extend(request.packet_id.take());
            if request.restores && !session_present {
                self.requests.remove(slot);
            }
        }
        if !session_present {
            self.restore(&mut next_seq);
        }
        for (seq, slot) in before {
            match self.requests.get(slot) {
                // A new request may be in the place of one that was removed.
                Some(request) if request.seq != seq => {}
                None => {}
                Some(request) if request.cancelled => self.cancel(slot, effects),
                Some(request) if request.stage == Stage::Abandoned && !request.restores => {
                    self.forget_abandoned(slot, effects);
                }
                Some(_) => self.requests.send_again(slot),
            }
        }
        released
    }

    fn restore(&mut self, next_seq: &mut dyn FnMut() -> u64) {
        let mut list = self.list(true).into_iter().peekable();
        while let Some((first, properties)) = list.next() {
            let mut filters = vec![first];
            while let Some((more, _)) =
                list.next_if(|(_, other)| filters.len() < RESTORED_TOGETHER && *other == properties)
            {
                filters.push(more);
            }
            let asks = Asks::Subscribe { filters, properties };
            self.requests.push(Request {
                seq: next_seq(),
                token: None,
                packet_id: None,
                stage: Stage::Waiting,
                since: None,
                cancelled: false,
                asks,
                restores: true,
            });
        }
    }

    /// `unsubscribe` was called before this call of subscribe was answered.
    fn cancel(&mut self, slot: u32, effects: &mut Effects) {
        self.requests.forget_queued(slot);
        let Some(request) = self.requests.get(slot) else {
            return;
        };
        let token = request.token.take();
        self.forget_abandoned(slot, effects);
        if token.is_some() {
            let error = Error::new(
                Code::SubscribeFailed,
                "unsubscribe() was called for these filters before the broker had answered subscribe(); call subscribe() again if they are wanted",
            );
            effects.done(token, Err(error));
        }
    }

    /// The caller of this request was told that no answer came: it is not sent again.
    fn forget_abandoned(&mut self, slot: u32, effects: &mut Effects) {
        let Some(request) = self.requests.remove(slot) else {
            return;
        };
        let Asks::Subscribe { filters, .. } = &request.asks else {
            return;
        };
        for Filter { filter, .. } in filters {
            if self.find(filter).is_some_and(|entry| !entry.granted) {
                self.forget(filter, request.seq, effects);
            }
        }
    }

    /// Takes every request, in the order of the calls: their places among the calls, tokens and identifiers. Calls
    /// that were not answered have failed, so their filters are forgotten.
    pub fn drain(&mut self) -> (Vec<(u64, Option<Token>)>, Vec<PacketId>) {
        let (mut ended, mut released) = (Vec::new(), Vec::new());
        self.requests.clear_queue();
        for (_, slot) in self.requests.in_order() {
            if let Some(request) = self.requests.remove(slot) {
                released.extend(request.packet_id);
                ended.push((request.seq, request.token));
            }
        }
        self.ack_due.clear();
        (ended, released)
    }

    /// Filters that were never granted are forgotten.
    pub fn forget_ungranted(&mut self, effects: &mut Effects) {
        for (Filter { filter, .. }, _) in self.list(false) {
            self.forget(&filter, u64::MAX, effects);
        }
    }

    #[cfg(test)]
    pub fn pending(&self) -> usize {
        self.requests.len()
    }
}

fn granted(codes: &[u8], properties: &[u8]) -> Outcome {
    Outcome::Granted {
        codes: codes.to_vec(),
        properties: properties.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    fn subscriptions() -> Subscriptions {
        Subscriptions::new(HashKeys::new(&mut Random::new(1)))
    }

    fn filters(names: &[&str]) -> Vec<Filter> {
        let filter = |name: &&str| Filter {
            filter: name.to_string(),
            options: 1,
        };
        names.iter().map(filter).collect()
    }

    /// Sends the next request, which is answered with these codes.
    fn answer(subscriptions: &mut Subscriptions, codes: &[u8], effects: &mut Effects) {
        let (slot, _) = subscriptions.next_request().unwrap();
        subscriptions.sent(0, slot, PacketId::new(1).unwrap(), 100);
        subscriptions.on_suback(slot, codes, &[], effects).unwrap();
    }

    #[test]
    fn what_was_granted_is_restored_after_a_lost_session_and_what_was_refused_is_not() {
        let mut effects = Effects::default();
        let mut all = subscriptions();
        all.subscribe(1, filters(&["a", "b"]), Vec::new(), None, None, &mut effects);
        answer(&mut all, &[1, 0x80], &mut effects);
        assert!(!all.has_request());
        all.connected(true, || 2, &mut effects);
        assert!(!all.has_request());
        all.connected(false, || 2, &mut effects);
        let Some((_, Asks::Subscribe { filters, .. })) = all.next_request() else {
            panic!("nothing is restored");
        };
        assert_eq!(filters.len(), 1);
        assert_eq!(filters[0].filter, "a");
    }

    #[test]
    fn a_request_that_was_not_answered_is_sent_again_without_its_identifier() {
        let mut effects = Effects::default();
        let mut all = subscriptions();
        all.subscribe(1, filters(&["a"]), Vec::new(), None, None, &mut effects);
        let (slot, _) = all.next_request().unwrap();
        all.sent(0, slot, PacketId::new(7).unwrap(), 100);
        assert!(!all.has_request());
        assert_eq!(
            all.connected(true, || 2, &mut effects),
            [PacketId::new(7).unwrap()]
        );
        assert_eq!(all.next_request().map(|(slot, _)| slot), Some(slot));
    }

    #[test]
    fn an_overdue_call_ends_once_and_is_not_sent_again() {
        let mut effects = Effects::default();
        let mut all = subscriptions();
        all.subscribe(
            1,
            filters(&["a"]),
            Vec::new(),
            Some(4),
            Token::new(9),
            &mut effects,
        );
        let (slot, _) = all.next_request().unwrap();
        all.sent(0, slot, PacketId::new(7).unwrap(), 100);
        let error = Error::stopped();
        all.end_overdue(100, 100, &error, &mut effects);
        assert!(effects.queue.is_empty(), "the deadline is confirmed first");
        all.end_overdue(400, 100, &error, &mut effects);
        assert_eq!(effects.queue.len(), 1);
        all.connected(true, || 2, &mut effects);
        assert!(!all.has_request());
        assert_eq!(effects.events().last(), Some(&&Event::HandlerRemoved(4)));
        assert!(all.route("a").is_empty());
    }

    #[test]
    fn the_answer_to_an_older_call_does_not_remove_what_a_later_call_asked_for() {
        let mut effects = Effects::default();
        let mut all = subscriptions();
        all.subscribe(1, filters(&["a"]), Vec::new(), Some(2), None, &mut effects);
        all.subscribe(2, filters(&["a"]), Vec::new(), Some(4), None, &mut effects);
        answer(&mut all, &[0x80], &mut effects);
        assert_eq!(all.route("a"), [4]);
        answer(&mut all, &[1], &mut effects);
        assert_eq!(all.route("a"), [4]);
    }
}

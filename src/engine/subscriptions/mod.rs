//! Subscriptions: filters asked for and granted, what must be restored after a lost session, and routing to handlers
//! (§3.8 to §3.11). Never sends by itself: it answers which request is next.

mod calls;
mod filter;
mod requests;
mod router;

use super::deadline::{Deadline, Millis, NEVER};
use super::effects::{Effects, Ended};
use super::error::{Code, Error};
use super::format::count;
use super::interner::{HashKeys, Interner};
use super::output::{Event, Token};
use super::topic_cache::TopicCache;
use super::Version;
use crate::codec::{protocol_error, DecodeError, PacketId};

pub use filter::Filter;
pub(super) use requests::{Asks, Call, Kind};

use calls::{Answer, Calls};
use filter::{check_filters, MAX_FILTERS_BYTES};
use requests::{Requests, Stage};
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
    calls: Calls,
    ack_due: Deadline,
}

/// SUBACK's return code for a refused filter, and the first reason code that means failure (§3.9.3).
const FAILURE: u8 = 0x80;

impl Subscriptions {
    pub fn new(keys: HashKeys) -> Self {
        Subscriptions {
            filters: Interner::new(keys),
            entries: Vec::new(),
            router: Router::new(keys),
            topics: TopicCache::new(keys),
            requests: Requests::default(),
            calls: Calls::default(),
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
        check_filters(
            "subscribe",
            &mut filters.iter().map(|filter| filter.filter.as_str()),
        )?;
        for filter in filters {
            filter.check_options(version)?;
        }
        self.check_room(offline_bytes)
    }

    pub fn check_unsubscribe(&self, filters: &[Filter], offline_bytes: usize) -> Result<(), Error> {
        check_filters(
            "unsubscribe",
            &mut filters.iter().map(|filter| filter.filter.as_str()),
        )?;
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

    /// Asks for filters. With `handler`, their messages are routed to it; without, a handler they had is removed.
    pub fn subscribe(&mut self, call: Call, handler: Option<u32>, effects: &mut Effects) {
        let Call { seq, properties, .. } = &call;
        for Filter { filter, options } in &call.filters {
            self.set_handler(filter, handler, effects);
            let entry = self.entry(filter);
            entry.options = *options;
            entry.properties.clone_from(properties);
            entry.asked = *seq;
        }
        self.ask(Kind::Subscribe, call);
    }

    /// Calls of subscribe for these filters that are unanswered end: at once, or if they are on the wire of a connection
    /// that lives, with the SUBACK or with the connection.
    pub fn unsubscribe(&mut self, call: Call, is_online: bool, effects: &mut Effects) {
        let unanswered = self.requests.in_order();
        let is_ended = |one: &Filter| call.filters.iter().any(|other| other.filter == one.filter);
        // The parts of a call have its number; one that is still wanted keeps the others.
        let mut wanted = Vec::new();
        for &(seq, slot) in &unanswered {
            if let Some(request) = self.requests.get(slot) {
                let asks = &request.asks;
                if asks.kind == Kind::Unsubscribe || request.restores || !asks.filters.iter().all(is_ended) {
                    wanted.push(seq);
                }
            }
        }
        for &(seq, slot) in &unanswered {
            let Some(request) = self.requests.get(slot) else {
                continue;
            };
            if wanted.binary_search(&seq).is_ok() {
                continue;
            }
            request.cancelled = true;
            if !is_online || request.stage == Stage::Waiting {
                self.cancel(slot, effects);
            }
        }
        self.ask(Kind::Unsubscribe, call);
    }

    fn ask(&mut self, kind: Kind, call: Call) {
        let together = call.together.max(1);
        let mut part = None;
        if call.filters.len() > together {
            part = Some(0);
            if let Some(token) = call.token {
                self.calls.begin(token, call.filters.len().div_ceil(together));
            }
        }
        let mut filters = call.filters.into_iter();
        while filters.len() > 0 {
            let asks = Asks {
                kind,
                filters: filters.by_ref().take(together).collect(),
                properties: call.properties.clone(),
            };
            self.requests.push(call.seq, call.token, part, asks, false);
            part = part.map(|place| place + together);
        }
    }

    /// A request ended, which may be a part of a call.
    fn end(
        &mut self,
        kind: Kind,
        token: Option<Token>,
        part: Option<usize>,
        result: Result<Answer, Error>,
        effects: &mut Effects,
    ) {
        let whole = match (token, part) {
            (Some(token), Some(place)) => self.calls.part_ended(token, place, result),
            _ => Some(result),
        };
        if let Some(result) = whole {
            effects.done(token, result.and_then(|answer| answer.outcome(kind)));
        }
    }

    /// Routes messages of `filter` to `handler` too, without subscribing.
    pub fn watch(&mut self, filter: &str, handler: u32) -> Result<(), Error> {
        check_filters("messages", &mut std::iter::once(filter))?;
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

    #[inline(always)]
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
            let since = request.since.min(now);
            request.since = since;
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
        if request.asks.kind == Kind::Subscribe {
            for Filter { filter, .. } in &request.asks.filters {
                self.forget(filter, request.seq, effects);
            }
        }
        self.end(Kind::Subscribe, request.token, request.part, Err(error), effects);
    }

    // ---- answers

    /// SUBACK or UNSUBACK for the request in this place (§3.9, §3.11). An UNSUBACK of 3.1.1 has no codes.
    pub fn on_answer(
        &mut self,
        version: Version,
        kind: Kind,
        slot: u32,
        codes: &[u8],
        properties: &[u8],
        effects: &mut Effects,
    ) -> Result<(), DecodeError> {
        let has_codes = kind == Kind::Subscribe || version == Version::V5;
        match self.requests.get(slot).map(|request| &request.asks) {
            Some(asks) if asks.kind != kind => return Err(answers_another(kind)),
            Some(asks) if has_codes && asks.filters.len() != codes.len() => {
                return Err(match kind {
                    Kind::Subscribe => protocol_error!(
                        "a SUBACK has another number of return codes than the SUBSCRIBE has filters"
                    ),
                    Kind::Unsubscribe => protocol_error!(
                        "an UNSUBACK has another number of reason codes than the UNSUBSCRIBE has filters"
                    ),
                })
            }
            _ => {}
        }
        let Some(request) = self.requests.remove(slot) else {
            return Ok(());
        };
        let mut answer = Answer {
            codes: codes.to_vec(),
            properties: properties.to_vec(),
            ..Answer::default()
        };
        for (at, Filter { filter, .. }) in request.asks.filters.iter().enumerate() {
            let code = codes.get(at).copied().unwrap_or(0);
            if code >= FAILURE {
                answer.refuse(filter, code);
            }
            if (code >= FAILURE) == (kind == Kind::Subscribe) {
                self.forget(filter, request.seq, effects);
            } else if let Some(entry) = self.find(filter) {
                entry.granted |= kind == Kind::Subscribe;
            }
        }
        self.end(kind, request.token, request.part, Ok(answer), effects);
        Ok(())
    }

    // ---- time

    pub fn next_deadline(&self) -> Millis {
        self.ack_due.at()
    }

    pub fn ack_expired(&mut self, now: Millis) -> bool {
        self.ack_due.expire(now)
    }

    /// Ends calls whose SUBACK or UNSUBACK is overdue, with this error. They stay in the table, so that a late answer
    /// is still recognised.
    pub fn end_overdue(&mut self, now: Millis, ack_timeout: Millis, error: &Error, effects: &mut Effects) {
        let oldest = self.requests.oldest();
        if oldest == NEVER {
            return;
        }
        if now < oldest + ack_timeout {
            return self.ack_due.set(oldest + ack_timeout);
        }
        if !self.ack_due.confirm(now) {
            return;
        }
        for &(_, slot) in &self.requests.in_order() {
            let Some(request) = self.requests.get(slot) else {
                continue;
            };
            if request.stage == Stage::Sent && now >= request.since + ack_timeout {
                request.stage = Stage::Abandoned;
                let (kind, token, part) = (request.asks.kind, request.token.take(), request.part);
                self.end(kind, token, part, Err(error.clone()), effects);
            }
        }
        let oldest = self.requests.oldest();
        if oldest != NEVER {
            self.ack_due.set(oldest + ack_timeout);
        }
    }

    // ---- connections

    /// A new connection: everything unanswered is sent again, and after a lost session everything that was granted is
    /// asked for again, in place of any earlier attempt to do so, `together` filters a packet. `next_seq` numbers the new requests; identifiers that were
    /// held are given back.
    pub fn connected(
        &mut self,
        session_present: bool,
        together: usize,
        next_seq: &mut dyn FnMut() -> u64,
        effects: &mut Effects,
    ) -> Vec<PacketId> {
        self.requests.clear_queue();
        let before = self.requests.in_order();
        let mut released = Vec::new();
        for &(_, slot) in &before {
            let Some(request) = self.requests.get(slot) else {
                continue;
            };
            if let Some(id) = request.packet_id.take() {
                released.push(id);
            }
            if request.restores && !session_present {
                self.requests.remove(slot);
            }
        }
        if !session_present {
            self.restore(together, next_seq);
        }
        for &(seq, slot) in &before {
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

    fn restore(&mut self, together: usize, next_seq: &mut dyn FnMut() -> u64) {
        let mut filters: Vec<Filter> = Vec::new();
        let mut properties = Vec::new();
        for (filter, its_properties) in self.list(true) {
            if filters.len() >= together || its_properties != properties {
                self.restore_together(&mut filters, properties, next_seq);
            }
            filters.push(filter);
            properties = its_properties;
        }
        self.restore_together(&mut filters, properties, next_seq);
    }

    fn restore_together(
        &mut self,
        filters: &mut Vec<Filter>,
        properties: Vec<u8>,
        next_seq: &mut dyn FnMut() -> u64,
    ) {
        if filters.is_empty() {
            return;
        }
        let asks = Asks {
            kind: Kind::Subscribe,
            filters: std::mem::take(filters),
            properties,
        };
        self.requests.push(next_seq(), None, None, asks, true);
    }

    /// `unsubscribe` was called before this call of subscribe was answered.
    fn cancel(&mut self, slot: u32, effects: &mut Effects) {
        self.requests.forget_queued(slot);
        let Some(request) = self.requests.get(slot) else {
            return;
        };
        let (token, part) = (request.token.take(), request.part);
        self.forget_abandoned(slot, effects);
        if token.is_some() {
            let error = Error::new(
                Code::SubscribeFailed,
                "unsubscribe() was called for these filters before the broker had answered subscribe(); call subscribe() again if they are wanted",
            );
            self.end(Kind::Subscribe, token, part, Err(error), effects);
        }
    }

    /// The caller of this request was told that no answer came: it is not sent again.
    fn forget_abandoned(&mut self, slot: u32, effects: &mut Effects) {
        let Some(request) = self.requests.remove(slot) else {
            return;
        };
        if request.asks.kind == Kind::Unsubscribe {
            return;
        }
        for Filter { filter, .. } in &request.asks.filters {
            if self.find(filter).is_some_and(|entry| !entry.granted) {
                self.forget(filter, request.seq, effects);
            }
        }
    }

    /// Ends every request; identifiers that were held are given back.
    pub fn drain(&mut self, ended: &mut Vec<Ended>) -> Vec<PacketId> {
        let mut released = Vec::new();
        self.requests.clear_queue();
        for &(seq, slot) in &self.requests.in_order() {
            if let Some(request) = self.requests.remove(slot) {
                if let Some(id) = request.packet_id {
                    released.push(id);
                }
                let token = match (request.token, request.part) {
                    (Some(token), Some(_)) => self.calls.take(token),
                    (token, _) => token,
                };
                ended.push(Ended {
                    seq,
                    token,
                    stored: false,
                });
            }
        }
        self.ack_due.clear();
        released
    }

    /// Filters that were never granted are forgotten.
    pub fn forget_ungranted(&mut self, effects: &mut Effects) {
        for (Filter { filter, .. }, _) in self.list(false) {
            self.forget(&filter, u64::MAX, effects);
        }
    }

    #[cfg(test)]
    pub fn pending(&self) -> usize {
        self.requests.len() + self.calls.len()
    }
}

/// An acknowledgement of another kind than its request.
pub(super) fn answers_another(kind: Kind) -> DecodeError {
    match kind {
        Kind::Subscribe => protocol_error!("a SUBACK answers something that is not a SUBSCRIBE"),
        Kind::Unsubscribe => protocol_error!("an UNSUBACK answers something that is not an UNSUBSCRIBE"),
    }
}

#[cfg(test)]
mod tests;

//! SUBSCRIBE and UNSUBSCRIBE that have not been acknowledged: which of them are to be sent, and which are on the wire.
//! Never sends, and never chooses a packet identifier.

use std::collections::VecDeque;

use super::Filter;
use crate::codec::PacketId;
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::format::sort;
use crate::engine::output::Token;
use crate::engine::publishes::{retain, Key};
use crate::engine::suspicion::{OnWire, Suspicion};

/// The place in the order of the calls of a request that no call made, and that comes before all of them.
pub(super) const BEFORE_ALL_CALLS: u64 = 0;
/// From the first to the last: an empty range.
const NO_CALL: (u64, u64) = (u64::MAX, 0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Kind {
    Subscribe,
    Unsubscribe,
}

impl Kind {
    /// What a request is called in an error, with a place for its filter.
    pub fn named(self) -> &'static str {
        match self {
            Kind::Subscribe => "SUBSCRIBE to \"%\"",
            Kind::Unsubscribe => "UNSUBSCRIBE from \"%\"",
        }
    }
}

/// What a request asks for.
#[derive(Debug)]
pub(in crate::engine) struct Contents {
    pub kind: Kind,
    pub filters: Vec<Filter>,
    pub properties: Vec<u8>,
}

/// A call of `subscribe` or `unsubscribe`.
#[derive(Debug)]
pub(in crate::engine) struct Call {
    /// Its place in the order of the calls.
    pub seq: u64,
    pub filters: Vec<Filter>,
    pub properties: Vec<u8>,
    pub token: Option<Token>,
    /// So many filters go into one packet.
    pub together: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Not on the wire.
    Waiting,
    /// On the wire.
    Sent,
    /// Likewise, and nobody awaits its answer.
    Late,
}

/// A call that waits for the answer to a request. A request that restores has one without a token.
#[derive(Debug)]
pub(super) struct Caller {
    /// Its place in the order of the calls.
    pub seq: u64,
    pub token: Option<Token>,
    /// It asked for one filter only, the one in this place of the request.
    pub at: Option<usize>,
    /// Of a call that has other parts: the places of its filters among those of the call.
    pub places: Vec<u32>,
    /// When this was first put on the wire; `acktimeout` counts from here, also across reconnects.
    pub since: Millis,
}

#[derive(Debug)]
pub(super) struct Request {
    /// Its place in the order of the calls.
    pub seq: u64,
    /// None once they have been answered: a late answer is still recognised.
    pub callers: Vec<Caller>,
    pub packet_id: Option<PacketId>,
    pub stage: Stage,
    /// When it was put on the wire of this connection.
    pub sent_at: Millis,
    /// `unsubscribe` was called for all of its filters.
    pub cancelled: bool,
    /// Its own caller has withdrawn it; others may have joined.
    pub withdrawn: bool,
    pub contents: Contents,
    /// Restores what a lost session had; nobody called it.
    pub restores: bool,
    /// A new connection sends it again.
    pub requeued: bool,
    /// Connections that ended right after it was sent.
    pub suspicion: Suspicion,
}

impl Request {
    pub fn new(caller: Caller, contents: Contents) -> Self {
        Request {
            seq: caller.seq,
            callers: vec![caller],
            packet_id: None,
            stage: Stage::Waiting,
            sent_at: NEVER,
            cancelled: false,
            withdrawn: false,
            contents,
            restores: false,
            requeued: false,
            suspicion: Suspicion::default(),
        }
    }

    /// It is on the wire.
    pub fn sent(&mut self, now: Millis) {
        self.stage = Stage::Sent;
        self.sent_at = now;
        for caller in &mut self.callers {
            caller.since = caller.since.min(now);
        }
    }

    /// Gives a subscription its identifier; nobody called it.
    pub fn identifies(&self) -> bool {
        self.seq == BEFORE_ALL_CALLS
    }

    /// Another call asks for one of its filters.
    pub fn join(&mut self, mut caller: Caller) {
        if self.stage == Stage::Sent {
            caller.since = self.sent_at;
        }
        self.callers.push(caller);
    }

    /// Whether somebody asks for the filter in this place.
    pub fn is_wanted(&self, at: usize) -> bool {
        !self.withdrawn || self.callers.iter().any(|caller| caller.at == Some(at))
    }

    /// The last call that asked for the filter in this place.
    pub fn last_call(&self, at: usize) -> u64 {
        let mut last = self.seq;
        for caller in &self.callers {
            if caller.at == Some(at) {
                last = last.max(caller.seq);
            }
        }
        last
    }

    /// The calls that asked for the filter in this place, from the first to the last; an empty range if none did: the
    /// request restores a subscription, or gives it its identifier.
    pub fn calls(&self, at: usize) -> (u64, u64) {
        match self.identifies() || self.restores && self.callers.len() == 1 {
            true => NO_CALL,
            false => (self.seq, self.last_call(at)),
        }
    }

    /// Since when its oldest caller waits; `NEVER` if none does.
    pub fn oldest(&self) -> Millis {
        let mut oldest = NEVER;
        for caller in &self.callers {
            oldest = oldest.min(caller.since);
        }
        oldest
    }
}

/// What a filter costs beside its bytes.
const FILTER: usize = 64;

impl Contents {
    /// Bytes that the request keeps.
    fn size(&self) -> usize {
        self.filters.iter().map(|f| f.filter.len() + FILTER).sum()
    }
}

/// Requests by their place; places of those that ended are used again.
#[derive(Debug, Default)]
pub(super) struct Requests {
    slots: Vec<Option<Box<Request>>>,
    free: Vec<u32>,
    /// To be sent, in this order.
    to_send: VecDeque<Key>,
    /// Where the last one was found by its token.
    found: usize,
    /// Bytes that all of them keep.
    bytes: usize,
    /// How many of them are a SUBSCRIBE.
    subscribes: usize,
    pub on_wire: OnWire,
    /// How often `in_order` was called.
    #[cfg(test)]
    pub orders: std::cell::Cell<usize>,
}

impl Requests {
    /// To be sent behind the others; its place.
    pub fn push(&mut self, request: Request) -> u32 {
        let seq = request.seq;
        let slot = self.insert(request);
        self.to_send.push_back(Key::new(seq, slot));
        slot
    }

    /// Not to be sent, until `send_again`.
    pub fn insert(&mut self, request: Request) -> u32 {
        self.bytes += request.contents.size();
        self.subscribes += usize::from(request.contents.kind == Kind::Subscribe);
        let request = Some(Box::new(request));
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = request;
                slot
            }
            None => {
                self.slots.push(request);
                (self.slots.len() - 1) as u32
            }
        }
    }

    pub fn get(&mut self, slot: u32) -> Option<&mut Request> {
        self.slots.get_mut(slot as usize)?.as_deref_mut()
    }

    pub fn look_at(&self, slot: u32) -> Option<&Request> {
        self.slots.get(slot as usize)?.as_deref()
    }

    #[inline(never)]
    pub fn remove(&mut self, slot: u32) -> Option<Box<Request>> {
        let request = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        self.bytes -= request.contents.size();
        self.subscribes -= usize::from(request.contents.kind == Kind::Subscribe);
        if request.stage == Stage::Sent {
            self.on_wire.answered(request.suspicion);
        }
        Some(request)
    }

    /// A request that waits does not ask for the filter in this place.
    pub fn drop_filter(&mut self, slot: u32, at: usize) {
        let Some(request) = self.get(slot) else { return };
        let filter = request.contents.filters.remove(at);
        let is_empty = request.contents.filters.is_empty();
        self.bytes -= filter.filter.len() + FILTER;
        if is_empty {
            self.forget_queued(slot);
            self.remove(slot);
        }
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The last call that asks for the filter and is unanswered, with the options that it asks for.
    pub fn last_that_asks(&self, filter: &str) -> Option<(u64, u8)> {
        let mut last = None;
        for request in self.slots.iter().flatten() {
            let contents = &request.contents;
            let is_subscribe = contents.kind == Kind::Subscribe && !request.identifies();
            let at = contents.filters.iter().position(|one| one.filter == filter);
            let Some(at) = at.filter(|_| is_subscribe) else {
                continue;
            };
            for caller in &request.callers {
                let asks = caller.at.map_or(!request.restores, |only| only == at);
                if asks && last.map_or(true, |(before, _)| before < caller.seq) {
                    last = Some((caller.seq, contents.filters[at].options));
                }
            }
        }
        last
    }

    /// No `unsubscribe` was called for this filter.
    pub fn uncancel(&mut self, filter: &str) {
        for request in self.slots.iter_mut().flatten() {
            let has_it = request.contents.filters.iter().any(|one| one.filter == filter);
            request.cancelled &= !has_it;
        }
    }

    /// Whether one of them is an UNSUBSCRIBE from this filter.
    pub fn unsubscribes(&self, filter: &str) -> bool {
        let mut all = self.slots.iter().flatten().map(|request| &request.contents);
        all.any(|one| one.kind == Kind::Unsubscribe && one.filters.iter().any(|one| one.filter == filter))
    }

    /// Whether one of them is a SUBSCRIBE.
    pub fn has_subscribe(&self) -> bool {
        self.subscribes > 0
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// The next to be sent.
    pub fn front(&self) -> Option<u32> {
        self.to_send.front().map(|key| key.slot())
    }

    pub fn has_front(&self) -> bool {
        !self.to_send.is_empty()
    }

    pub fn pop_front(&mut self) {
        self.to_send.pop_front();
    }

    /// Nothing is to be sent, until `send_again`.
    pub fn clear_queue(&mut self) {
        self.to_send.clear();
    }

    /// The request in this place is not to be sent.
    pub fn forget_queued(&mut self, slot: u32) {
        if self.front() == Some(slot) {
            return self.pop_front();
        }
        retain(&mut self.to_send, &mut |queued| queued.slot() != slot);
    }

    /// To be sent before all others.
    pub fn send_first(&mut self, slot: u32) {
        self.send_again(slot);
        self.send_last_first();
    }

    /// What is to be sent last is sent before all others.
    pub fn send_last_first(&mut self) {
        if let Some(last) = self.to_send.pop_back() {
            self.to_send.push_front(last);
        }
    }

    pub fn send_again(&mut self, slot: u32) {
        if let Some(request) = self.get(slot) {
            request.stage = Stage::Waiting;
            let key = Key::new(request.seq, slot);
            self.to_send.push_back(key);
        }
    }

    /// Places in the order of the calls, each behind its number in that order.
    pub fn in_order(&self) -> Vec<(u64, u32)> {
        #[cfg(test)]
        self.orders.set(self.orders.get() + 1);
        let mut ranked = Vec::new();
        for (slot, request) in (0u32..).zip(&self.slots) {
            if let Some(request) = request {
                ranked.push((request.seq, slot));
            }
        }
        sort(&mut ranked);
        ranked
    }

    /// The request whose answer ends this token, and which of its callers waits for that; searched from where the last one was
    /// found, because many are withdrawn in order.
    pub fn find_caller(&mut self, token: Token) -> Option<(u32, usize)> {
        for step in 0..self.slots.len() {
            let slot = (self.found + step) % self.slots.len();
            let Some(Some(request)) = self.slots.get(slot) else {
                continue;
            };
            if let Some(at) = request
                .callers
                .iter()
                .position(|caller| caller.token == Some(token))
            {
                self.found = slot;
                return Some((slot as u32, at));
            }
        }
        None
    }

    /// Since when the oldest that was on a wire is unanswered; `NEVER` if none is.
    pub fn oldest(&self) -> Millis {
        let mut oldest = NEVER;
        for request in self.slots.iter().flatten() {
            oldest = oldest.min(request.oldest());
        }
        oldest
    }
}

//! All SUBSCRIBE and UNSUBSCRIBE that have not been acknowledged: which of them are to be sent, and which calls they are of. Never
//! sends, and never chooses a packet identifier.

use std::collections::VecDeque;

use super::index::Index;
use super::request::{Kind, Request, Stage, FILTER};
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::format::sort;
use crate::engine::interner::HashKeys;
use crate::engine::output::Token;
use crate::engine::publishes::{retain, search, Key};
use crate::engine::suspicion::OnWire;

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
    /// None if there is no request: of thousands of clients most are idle.
    index: Option<Box<Index>>,
    pub on_wire: OnWire,
    /// How often `in_order` was called.
    #[cfg(test)]
    pub orders: std::cell::Cell<usize>,
    /// How many requests were looked at for their filters.
    #[cfg(test)]
    pub looks: std::cell::Cell<usize>,
}

impl Requests {
    /// To be sent behind the others; its place.
    pub fn push(&mut self, request: Request, keys: HashKeys) -> u32 {
        let seq = request.seq;
        let slot = self.insert(request, keys);
        self.to_send.push_back(Key::new(seq, slot));
        slot
    }

    /// Not to be sent, until `send_again`.
    pub fn insert(&mut self, request: Request, keys: HashKeys) -> u32 {
        self.bytes += request.contents.size();
        let slot = self.free.pop().unwrap_or(self.slots.len() as u32);
        let index = self.index.get_or_insert_with(|| Box::new(Index::new(keys)));
        for one in &request.contents.filters {
            index.add(&one.filter, slot);
        }
        let request = Some(Box::new(request));
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = request,
            None => self.slots.push(request),
        }
        slot
    }

    /// The request in this place does not have the filter any longer.
    #[inline(never)]
    fn forget_filter(&mut self, slot: u32, filter: &str) {
        if let Some(index) = &mut self.index {
            index.remove(filter, slot);
            if index.is_empty() {
                self.index = None;
            }
        }
    }

    /// The places of the requests that have the filter.
    fn of(&self, filter: &str) -> &[u32] {
        let of = self.index.as_ref().map_or(&[][..], |index| index.of(filter));
        #[cfg(test)]
        self.looks.set(self.looks.get() + of.len());
        of
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
        if request.stage == Stage::Sent {
            self.on_wire.answered(request.suspicion);
        }
        for one in &request.contents.filters {
            self.forget_filter(slot, &one.filter);
        }
        Some(request)
    }

    /// A request that waits does not ask for the filter in this place.
    pub fn drop_filter(&mut self, slot: u32, at: usize) {
        let Some(request) = self.get(slot) else { return };
        let filter = request.contents.filters.remove(at);
        let is_empty = request.contents.filters.is_empty();
        self.bytes -= filter.filter.len() + FILTER;
        self.forget_filter(slot, &filter.filter);
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
        for &slot in self.of(filter) {
            let Some(request) = self.look_at(slot) else {
                continue;
            };
            let contents = &request.contents;
            let is_subscribe = contents.kind == Kind::Subscribe && !request.identifies();
            let Some(at) = contents.place_of(filter).filter(|_| is_subscribe) else {
                continue;
            };
            for caller in &request.callers {
                let asks = caller.at.map_or(!request.restores, |only| only == at);
                if asks && last.is_none_or(|(before, _)| before < caller.seq) {
                    last = Some((caller.seq, contents.filters[at].options));
                }
            }
        }
        last
    }

    /// The calls of subscribe for this filter that no `unsubscribe` is behind any longer: they go on, with the largest QoS of
    /// them and of what was granted. What the last of them asks for, or what was granted; None if it is to be unsubscribed.
    pub fn resume(&mut self, filter: &str, granted: Option<u8>) -> Option<u8> {
        let ended = self.last_unsubscribe(filter);
        let granted = granted.filter(|_| ended == 0);
        let of = self.of(filter).to_owned();
        let mut largest = granted.unwrap_or(0) & 3;
        // The first time they are found, the second time they are changed.
        for _ in 0..2 {
            for &slot in &of {
                let Some(request) = self.get(slot).filter(|request| request.seq > ended) else {
                    continue;
                };
                let Some(at) = request.contents.place_of(filter) else {
                    continue;
                };
                request.cancelled = false;
                let options = &mut request.contents.filters[at].options;
                largest = largest.max(*options & 3);
                if request.stage == Stage::Waiting {
                    *options = *options & !3 | largest;
                }
            }
        }
        let last = self.last_that_asks(filter).filter(|&(seq, _)| seq > ended);
        last.map(|(_, options)| options).or(granted)
    }

    /// Whether one of them asks for this filter, or is an UNSUBSCRIBE from it.
    pub fn is_pending(&self, filter: &str) -> bool {
        self.last_unsubscribe(filter) > 0 || self.last_that_asks(filter).is_some()
    }

    /// The last UNSUBSCRIBE from this filter, by its place in the order of the calls; 0: there is none.
    pub fn last_unsubscribe(&self, filter: &str) -> u64 {
        let mut last = 0;
        for &slot in self.of(filter) {
            if let Some(request) = self
                .look_at(slot)
                .filter(|one| one.contents.kind == Kind::Unsubscribe)
            {
                last = last.max(request.seq);
            }
        }
        last
    }

    /// Whether one of them is a SUBSCRIBE to this filter.
    pub fn has_subscribe(&self, filter: &str) -> bool {
        let request = |&slot: &u32| self.look_at(slot);
        let mut requests = self.of(filter).iter().filter_map(request);
        requests.any(|request| request.contents.kind == Kind::Subscribe)
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
        let slots = &self.slots;
        let mut at = None;
        self.found = search(slots.len(), self.found, &mut |slot| {
            let callers = slots[slot].as_deref().map_or(&[][..], |request| &request.callers);
            at = callers.iter().position(|caller| caller.token == Some(token));
            at.is_some()
        })?;
        Some((self.found as u32, at?))
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

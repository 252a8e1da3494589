//! All SUBSCRIBE and UNSUBSCRIBE that have not been acknowledged: which of them are to be sent, and which calls they are of. Never
//! sends, and never chooses a packet identifier.

use std::collections::VecDeque;

use super::request::{Kind, Request, Stage, FILTER};
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::format::sort;
use crate::engine::output::Token;
use crate::engine::publishes::{retain, Key};
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
                if asks && last.is_none_or(|(before, _)| before < caller.seq) {
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

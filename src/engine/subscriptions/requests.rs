//! SUBSCRIBE and UNSUBSCRIBE that have not been acknowledged: which of them are to be sent, and which are on the wire.
//! Never sends, and never chooses a packet identifier.

use std::collections::VecDeque;

use super::Filter;
use crate::codec::PacketId;
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::format::sort;
use crate::engine::output::Token;
use crate::engine::publishes::{retain, Key};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Kind {
    Subscribe,
    Unsubscribe,
}

/// What a request asks for.
#[derive(Debug)]
pub(in crate::engine) struct Asks {
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
    /// On the wire, but its caller has been answered: a late answer is still recognised.
    Abandoned,
}

#[derive(Debug)]
pub(super) struct Request {
    /// Its place in the order of the calls.
    pub seq: u64,
    pub token: Option<Token>,
    /// Of a call of several packets: the place of its first filter among those of the call.
    pub part: Option<usize>,
    pub packet_id: Option<PacketId>,
    pub stage: Stage,
    /// When it was first put on the wire; `acktimeout` counts from here, also across reconnects.
    pub since: Millis,
    /// `unsubscribe` was called for all of its filters.
    pub cancelled: bool,
    pub asks: Asks,
    /// Restores what a lost session had; nobody called it.
    pub restores: bool,
}

/// What a filter costs beside its bytes.
const FILTER: usize = 64;

impl Asks {
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
    /// Bytes that all of them keep.
    bytes: usize,
}

impl Requests {
    pub fn push(&mut self, seq: u64, token: Option<Token>, part: Option<usize>, asks: Asks, restores: bool) {
        self.bytes += asks.size();
        let request = Some(Box::new(Request {
            seq,
            token,
            part,
            packet_id: None,
            stage: Stage::Waiting,
            since: NEVER,
            cancelled: false,
            asks,
            restores,
        }));
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = request;
                slot
            }
            None => {
                self.slots.push(request);
                (self.slots.len() - 1) as u32
            }
        };
        self.to_send.push_back(Key::new(seq, slot));
    }

    pub fn get(&mut self, slot: u32) -> Option<&mut Request> {
        self.slots.get_mut(slot as usize)?.as_deref_mut()
    }

    pub fn remove(&mut self, slot: u32) -> Option<Box<Request>> {
        let request = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        self.bytes -= request.asks.size();
        Some(request)
    }

    pub fn bytes(&self) -> usize {
        self.bytes
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
        retain(&mut self.to_send, &mut |queued| queued.slot() != slot);
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
        let mut ranked = Vec::new();
        for (slot, request) in (0u32..).zip(&self.slots) {
            if let Some(request) = request {
                ranked.push((request.seq, slot));
            }
        }
        sort(&mut ranked);
        ranked
    }

    /// Since when the oldest that is on the wire is unanswered; `NEVER` if none is.
    pub fn oldest(&self) -> Millis {
        let mut oldest = NEVER;
        for request in self.slots.iter().flatten() {
            if request.stage == Stage::Sent {
                oldest = oldest.min(request.since);
            }
        }
        oldest
    }
}

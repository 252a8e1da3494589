//! SUBSCRIBE and UNSUBSCRIBE that have not been acknowledged: which of them are to be sent, and which are on the wire.
//! Never sends, and never chooses a packet identifier.

use std::collections::VecDeque;

use super::Filter;
use crate::codec::PacketId;
use crate::engine::deadline::Millis;
use crate::engine::output::Token;

/// What a request asks for.
#[derive(Debug)]
pub(in crate::engine) enum Asks {
    Subscribe {
        filters: Vec<Filter>,
        properties: Vec<u8>,
    },
    Unsubscribe {
        filters: Vec<String>,
        properties: Vec<u8>,
    },
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
    pub packet_id: Option<PacketId>,
    pub stage: Stage,
    /// When it was first put on the wire; `acktimeout` counts from here, also across reconnects.
    pub since: Option<Millis>,
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
        match self {
            Asks::Subscribe { filters, .. } => filters.iter().map(|f| f.filter.len() + FILTER).sum(),
            Asks::Unsubscribe { filters, .. } => filters.iter().map(|f| f.len() + FILTER).sum(),
        }
    }
}

/// Requests by their place; places of those that ended are used again.
#[derive(Debug, Default)]
pub(super) struct Requests {
    slots: Vec<Option<Request>>,
    free: Vec<u32>,
    /// To be sent, in this order.
    to_send: VecDeque<u32>,
    /// Bytes that all of them keep.
    bytes: usize,
}

impl Requests {
    pub fn push(&mut self, request: Request) {
        self.bytes += request.asks.size();
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(request);
                slot
            }
            None => {
                self.slots.push(Some(request));
                (self.slots.len() - 1) as u32
            }
        };
        self.to_send.push_back(slot);
    }

    pub fn get(&mut self, slot: u32) -> Option<&mut Request> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    pub fn remove(&mut self, slot: u32) -> Option<Request> {
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
        self.to_send.front().copied()
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
        self.to_send.retain(|&queued| queued != slot);
    }

    pub fn send_again(&mut self, slot: u32) {
        if let Some(request) = self.get(slot) {
            request.stage = Stage::Waiting;
            self.to_send.push_back(slot);
        }
    }

    /// Places in the order of the calls, each behind its number in that order.
    pub fn in_order(&self) -> Vec<(u64, u32)> {
        let mut ranked: Vec<(u64, u32)> = (0u32..)
            .zip(&self.slots)
            .filter_map(|(slot, request)| Some((request.as_ref()?.seq, slot)))
            .collect();
        crate::engine::format::sort_by_key(&mut ranked, |(seq, _)| *seq);
        ranked
    }

    pub fn iter(&self) -> impl Iterator<Item = &Request> {
        self.slots.iter().flatten()
    }
}

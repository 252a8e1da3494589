//! What a new connection asks for again: subscriptions of a session that was lost, and calls that nobody has answered, each
//! filter once. Never sends.

use super::overlaps::NONE;
use super::request::{Caller, Request, Stage};
use super::{Contents, Filter, Kind, Subscriptions};
use crate::codec::PacketId;
use crate::engine::deadline::NEVER;
use crate::engine::effects::Effects;
use crate::engine::format::sort;
use crate::engine::suspicion::{OnWire, Suspicion};

impl Subscriptions {
    /// A new connection: everything unanswered is sent again, and after a lost session everything that was granted is
    /// asked for again, in place of any earlier attempt to do so, `together` filters a packet. `next_seq` numbers the new
    /// requests; identifiers that were held are given back.
    pub fn connected(
        &mut self,
        session_present: bool,
        together: usize,
        next_seq: &mut dyn FnMut() -> u64,
        effects: &mut Effects,
    ) -> Vec<PacketId> {
        self.requests.clear_queue();
        let mut released = Vec::new();
        let mut again = Vec::new();
        for &(_, slot) in &self.requests.in_order() {
            let id = self
                .requests
                .get(slot)
                .and_then(|request| request.packet_id.take());
            released.extend(id);
            if !self.end_overtaken(slot, effects) {
                self.keep_or_end(slot, session_present, &mut again, effects);
            }
        }
        sort(&mut again);
        for &(_, slot) in &again {
            self.mark(slot);
        }
        if !session_present {
            self.unsettled = None;
            self.copies.forget_last();
            for entry in &mut self.entries {
                entry.identity = NONE;
            }
            self.restore(together, next_seq);
        }
        for &(_, slot) in &again {
            self.requests.send_again(slot);
        }
        self.requests.on_wire = OnWire::default();
        self.settle_all(effects);
        released
    }

    /// An unanswered request ends, or is among those that are sent again, each behind its place in the order of the calls.
    fn keep_or_end(
        &mut self,
        slot: u32,
        session_present: bool,
        again: &mut Vec<(u64, u32)>,
        effects: &mut Effects,
    ) {
        let Some(request) = self.requests.get(slot) else {
            return;
        };
        if request.restores && !session_present {
            self.leave_to_joined(slot, again);
        } else if request.cancelled && !request.callers.is_empty() {
            self.cancel(slot, effects);
        } else if request.callers.is_empty() {
            self.take_all_back(slot, effects);
        } else if request.suspicion.is_suspect() && request.contents.filters.len() > 1 {
            self.split(slot, again);
        } else {
            again.push((request.seq, slot));
        }
    }

    /// A request that restores ends. Calls that had joined it become requests of their own.
    fn leave_to_joined(&mut self, slot: u32, again: &mut Vec<(u64, u32)>) {
        let Some(request) = self.requests.remove(slot) else {
            return;
        };
        for Filter { filter, .. } in &request.contents.filters {
            if let Some(entry) = self.find(filter) {
                entry.suspicion = request.suspicion;
            }
        }
        for caller in request.callers {
            let Some(at) = caller.at else { continue };
            let contents = Contents {
                kind: Kind::Subscribe,
                filters: vec![request.contents.filters[at].clone()],
                properties: request.contents.properties.clone(),
            };
            let request = Request {
                suspicion: request.suspicion,
                ..Request::new(Caller { at: None, ..caller }, contents)
            };
            again.push((request.seq, self.requests.insert(request, self.filters.keys)));
        }
    }

    /// This request is for its filters, again.
    fn mark(&mut self, slot: u32) {
        let Some(request) = self.requests.get(slot) else {
            return;
        };
        request.requeued = true;
        request.stage = Stage::Waiting;
        for Filter { filter, .. } in request.contents.filters.clone() {
            if let Some(entry) = self.find(&filter) {
                entry.request = Some(slot);
            }
        }
    }

    /// The request that is sent again for this filter, SUBSCRIBE or UNSUBSCRIBE, and its place there.
    pub(super) fn find_requested_again(&mut self, filter: &str) -> Option<(u32, usize)> {
        let slot = self.find(filter)?.request?;
        let request = self.requests.get(slot)?;
        let contents = &request.contents;
        let is_answered = request.callers.is_empty() || request.stage == Stage::Late;
        if !request.requeued || request.cancelled || is_answered {
            return None;
        }
        let at = contents.place_of(filter)?;
        Some((slot, at))
    }

    fn restore(&mut self, together: usize, next_seq: &mut dyn FnMut() -> u64) {
        let mut filters: Vec<Filter> = Vec::new();
        let mut properties = Vec::new();
        let mut suspicion = Suspicion::default();
        for (filter, its_properties) in self.list(true) {
            let entry = self.find(&filter.filter);
            let its_suspicion = entry.map_or_else(Suspicion::default, |entry| entry.suspicion);
            // A call for it is unanswered, and is sent again: what is unsubscribed is not asked for before.
            if self.find_requested_again(&filter.filter).is_some() {
                self.unsettle(&filter.filter);
                continue;
            }
            let apart = suspicion.is_suspect() || its_suspicion.is_suspect();
            if apart || filters.len() >= together || its_properties != properties {
                self.restore_together(&mut filters, properties, suspicion, next_seq);
                suspicion = Suspicion::default();
            }
            filters.push(filter);
            properties = its_properties;
            suspicion = suspicion.or(its_suspicion);
        }
        self.restore_together(&mut filters, properties, suspicion, next_seq);
    }

    pub(super) fn restore_together(
        &mut self,
        filters: &mut Vec<Filter>,
        properties: Vec<u8>,
        suspicion: Suspicion,
        next_seq: &mut dyn FnMut() -> u64,
    ) {
        if filters.is_empty() {
            return;
        }
        let contents = Contents {
            kind: Kind::Subscribe,
            filters: std::mem::take(filters),
            properties,
        };
        let caller = Caller {
            seq: next_seq(),
            token: None,
            at: None,
            places: Vec::new(),
            since: NEVER,
        };
        let request = Request {
            restores: true,
            suspicion,
            ..Request::new(caller, contents)
        };
        let slot = self.requests.push(request, self.filters.keys);
        self.mark(slot);
    }
}

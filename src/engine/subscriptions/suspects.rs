//! SUBSCRIBE and UNSUBSCRIBE after which connections end; `engine/suspecting.rs` decides what becomes of them. A suspect asks
//! for one filter.

use super::request::{Caller, Request, Stage};
use super::{Contents, Filter, Kind, Subscriptions};
use crate::codec::PacketId;
use crate::engine::deadline::Millis;
use crate::engine::effects::Effects;
use crate::engine::error::Error;
use crate::engine::suspicion::{Name, OnWire, Suspicion, RIGHT_AFTER};

impl Subscriptions {
    pub fn on_wire(&self) -> OnWire {
        self.requests.on_wire
    }

    /// What is held against the request that `next_request` gives.
    pub fn next_suspicion(&mut self) -> Suspicion {
        let next = self.next_request().map(|(slot, _)| slot);
        let request = next.and_then(|slot| self.requests.get(slot));
        request.map_or_else(Suspicion::default, |request| request.suspicion)
    }

    /// Whether the next request is a suspect.
    pub fn has_suspect(&mut self) -> bool {
        self.has_request() && self.next_suspicion().is_suspect()
    }

    /// The next request asks for something that was put aside before.
    pub fn suspect_next(&mut self) {
        let next = self.next_request().map(|(slot, _)| slot);
        if let Some(request) = next.and_then(|slot| self.requests.get(slot)) {
            request.suspicion = request.suspicion.or(Suspicion::of_known());
        }
    }

    /// The connection ended, right after what was sent last: the place of a request, and what is held against it now.
    pub fn suspect(&mut self, now: Millis, alone: bool) -> Option<(u32, Suspicion)> {
        let mut last = None;
        for &(_, slot) in &self.requests.in_order() {
            let Some(request) = self.requests.get(slot) else {
                continue;
            };
            if request.stage == Stage::Sent && now <= request.sent_at + RIGHT_AFTER {
                // Of several filters any may be the reason.
                let alone = alone && request.contents.filters.len() == 1;
                request.suspicion.add(alone);
                if alone {
                    last = Some((slot, request.suspicion));
                }
            }
        }
        last
    }

    /// What the request in this place is called in an error, with a place for its filter.
    pub fn named(&mut self, slot: u32) -> Option<Name> {
        let contents = &self.requests.get(slot)?.contents;
        Some((contents.kind.named(), contents.filters.first()?.filter.clone()))
    }

    /// Ends the request; the identifier that it held is given back.
    pub fn put_aside(&mut self, slot: u32, error: &Error, effects: &mut Effects) -> Option<PacketId> {
        let request = self.requests.remove(slot)?;
        if request.contents.kind == Kind::Subscribe {
            for at in 0..request.contents.filters.len() {
                self.refused(&request, at, effects);
            }
        }
        let mut callers = request.callers;
        // Of one that nobody called the error is reported already.
        callers.retain(|caller| caller.token.is_some());
        self.fail(request.contents.kind, callers, error, effects);
        request.packet_id
    }

    /// The next request is too large for the broker: one of several filters becomes several. False: it has one filter.
    pub fn split_next(&mut self) -> bool {
        let Some((slot, contents)) = self.next_request() else {
            return false;
        };
        if contents.filters.len() == 1 {
            return false;
        }
        self.requests.pop_front();
        let mut parts = Vec::new();
        self.split(slot, &mut parts);
        for &(_, part) in parts.iter().rev() {
            self.requests.send_first(part);
        }
        true
    }

    /// A request of several filters becomes several, of one filter each.
    pub(super) fn split(&mut self, slot: u32, into: &mut Vec<(u64, u32)>) {
        let Some(mut request) = self.requests.remove(slot) else {
            return;
        };
        let filters = std::mem::take(&mut request.contents.filters);
        for caller in &mut request.callers {
            if let (Some(token), None) = (caller.token, caller.at) {
                if caller.places.is_empty() {
                    caller.places = (0..filters.len() as u32).collect();
                    self.calls.begin(token, 1);
                }
                self.calls.split(token, filters.len());
            }
        }
        for (at, filter) in filters.into_iter().enumerate() {
            let part = part_of(&request, at, filter);
            into.push((part.seq, self.requests.insert(part, self.filters.keys)));
        }
    }
}

/// What a request asks for its filter in this place, as a request of its own.
fn part_of(whole: &Request, at: usize, filter: Filter) -> Request {
    let mut callers = Vec::new();
    for caller in &whole.callers {
        let places = match caller.at {
            None => caller.places.get(at).into_iter().copied().collect(),
            Some(only) if only == at => caller.places.clone(),
            Some(_) => continue,
        };
        callers.push(Caller {
            seq: caller.seq,
            token: caller.token,
            // One that has joined is a caller of its own, also when the part is not sent again.
            at: caller.at.map(|_| 0),
            places,
            since: caller.since,
        });
    }
    let contents = Contents {
        kind: whole.contents.kind,
        filters: vec![filter],
        properties: whole.contents.properties.clone(),
    };
    Request {
        seq: whole.seq,
        callers,
        packet_id: None,
        stage: Stage::Waiting,
        sent_at: whole.sent_at,
        cancelled: false,
        withdrawn: whole.withdrawn,
        contents,
        restores: whole.restores,
        requeued: whole.requeued,
        suspicion: whole.suspicion,
    }
}

//! How requests end: by SUBACK and UNSUBACK (§3.9, §3.11), by the broker's limits, by `acktimeout`, with everything else.

use super::request::{Caller, Stage};
use super::split_calls::Answered;
use super::{Filter, Kind, Subscriptions};
use crate::codec::{protocol_error, DecodeError, PacketId, Version};
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::effects::Effects;
use crate::engine::error::Error;
use crate::engine::publishes::Ended;

/// SUBACK's return code for a refused filter, and the first reason code that means failure (§3.9.3).
const FAILURE: u8 = 0x80;

impl Subscriptions {
    /// SUBACK or UNSUBACK for the request in this place. An UNSUBACK of 3.1.1 has no codes.
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
        match self.requests.get(slot).map(|request| &request.contents) {
            Some(contents) if contents.kind != kind => return Err(answers_another(kind)),
            Some(contents) if has_codes && contents.filters.len() != codes.len() => {
                return Err(match kind {
                    Kind::Subscribe => protocol_error!(
                        "a SUBACK has another number of return codes than the SUBSCRIBE has filters"
                    ),
                    Kind::Unsubscribe => protocol_error!(
                        "an UNSUBACK has another number of reason codes than the UNSUBSCRIBE has filters"
                    ),
                })
            }
            _ => self.copies.forget_last(),
        }
        let Some(request) = self.requests.remove(slot) else {
            return Ok(());
        };
        for (at, Filter { filter, .. }) in request.contents.filters.iter().enumerate() {
            let failed = codes.get(at).is_some_and(|&code| code >= FAILURE);
            match (kind, failed) {
                (Kind::Subscribe, false) if !request.is_wanted(at) || self.find(filter).is_none() => {
                    self.put_back(&request, at);
                }
                (Kind::Subscribe, false) => self.granted(&request, at, effects),
                (Kind::Subscribe, true) => self.refused(&request, at, effects),
                (Kind::Unsubscribe, false) => self.unsubscribed(filter, request.seq, effects),
                (Kind::Unsubscribe, true) => self.still_wanted(filter),
            }
        }
        for caller in request.callers {
            let mut answer = Answered::default();
            for (at, Filter { filter, .. }) in request.contents.filters.iter().enumerate() {
                if caller.at.is_some_and(|only| only != at) {
                    continue;
                }
                let Some(&code) = codes.get(at) else { continue };
                answer.codes.push(code);
                if code >= FAILURE {
                    answer.refuse(filter, code);
                }
            }
            answer.properties = properties.to_vec();
            self.end(kind, caller, Ok(answer), effects);
        }
        self.settle_these(&request.contents.filters, effects);
        Ok(())
    }

    /// The connection of an UNSUBSCRIBE has ended. If a later SUBSCRIBE to one of its filters was granted, the broker has handled it:
    /// it is not sent again. False: the request is not one of these.
    pub(super) fn end_overtaken(&mut self, slot: u32, effects: &mut Effects) -> bool {
        let Some(request) = self.requests.look_at(slot) else {
            return false;
        };
        let (kind, seq) = (request.contents.kind, request.seq);
        let filters = request.contents.filters.clone();
        let is_overtaken =
            kind == Kind::Unsubscribe && filters.iter().any(|one| self.is_granted_after(&one.filter, seq));
        if is_overtaken {
            let request = self.requests.remove(slot);
            for Filter { filter, .. } in &filters {
                self.unsubscribed(filter, seq, effects);
            }
            for caller in request.map(|request| request.callers).unwrap_or_default() {
                self.end(kind, caller, Ok(Answered::default()), effects);
            }
        }
        is_overtaken
    }

    /// A call behind this place in the order of the calls was the last that asked for the filter, and was granted it.
    pub(super) fn is_granted_after(&mut self, filter: &str, seq: u64) -> bool {
        self.requests.last_that_asks(filter).is_none()
            && self
                .find(filter)
                .is_some_and(|entry| entry.last_call > seq && entry.granted.is_some())
    }

    /// A call ended, or a part of one.
    pub(super) fn end(
        &mut self,
        kind: Kind,
        caller: Caller,
        result: Result<Answered, Error>,
        effects: &mut Effects,
    ) {
        let whole = match caller.token {
            Some(token) if !caller.places.is_empty() => self.calls.part_ended(token, &caller.places, result),
            _ => Some(result),
        };
        if let Some(result) = whole {
            effects.done(caller.token, result.and_then(|answer| answer.outcome(kind)));
        }
    }

    /// The broker has said that it does not take this request: the call ends, and nothing was sent.
    pub fn refuse_next(&mut self, error: Error, effects: &mut Effects) {
        let Some(slot) = self.requests.front() else { return };
        self.requests.pop_front();
        let Some(request) = self.requests.remove(slot) else {
            return;
        };
        if request.contents.kind == Kind::Subscribe {
            for at in 0..request.contents.filters.len() {
                self.refused(&request, at, effects);
            }
        }
        self.fail(request.contents.kind, request.callers, &error, effects);
        self.settle_these(&request.contents.filters, effects);
    }

    pub(super) fn fail(&mut self, kind: Kind, callers: Vec<Caller>, error: &Error, effects: &mut Effects) {
        for caller in callers {
            self.end(kind, caller, Err(error.clone()), effects);
        }
    }

    // ---- time

    pub fn next_deadline(&self) -> Millis {
        self.ack_due.at()
    }

    pub fn ack_expired(&mut self, now: Millis) -> bool {
        self.ack_due.expire(now)
    }

    /// Ends calls whose SUBACK or UNSUBACK is overdue, with this error. A call of subscribe is taken back; an UNSUBSCRIBE goes on,
    /// and so does what no call has made. What is on the wire stays in the table, so that a late answer is still recognised.
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
            self.end_overdue_of(slot, now - ack_timeout, error, effects);
            let Some(request) = self.requests.get(slot) else {
                continue;
            };
            if request.stage == Stage::Sent && request.oldest() == NEVER {
                request.stage = Stage::Late;
                let suspicion = request.suspicion;
                self.requests.on_wire.answered(suspicion);
            } else if request.stage == Stage::Waiting && request.callers.is_empty() {
                self.requests.forget_queued(slot);
                self.take_all_back(slot, effects);
            }
        }
        self.settle_all(effects);
        let oldest = self.requests.oldest();
        if oldest != NEVER {
            self.ack_due.set(oldest + ack_timeout);
        }
    }

    /// Ends the calls that wait for the answer to this request, and for which it is overdue. What nobody has called, or no call waits for any
    /// longer, has no limit.
    fn end_overdue_of(&mut self, slot: u32, before: Millis, error: &Error, effects: &mut Effects) {
        while let Some(request) = self.requests.get(slot) {
            let mut callers = request.callers.iter_mut();
            let Some(caller) = callers.find(|caller| caller.since <= before) else {
                return;
            };
            let Some(token) = caller.token else {
                caller.since = NEVER;
                continue;
            };
            self.take_call_back(token, effects);
            effects.failed(Some(token), error.clone());
        }
    }

    /// Ends every request; identifiers that were held are given back. What a call gave is gone, and the next connection of the
    /// session gets what was granted.
    pub fn drain(&mut self, ended: &mut Vec<Ended>, effects: &mut Effects) -> Vec<PacketId> {
        let mut released = Vec::new();
        self.requests.clear_queue();
        for &(_, slot) in &self.requests.in_order() {
            let Some(request) = self.requests.remove(slot) else {
                continue;
            };
            if let Some(id) = request.packet_id {
                released.push(id);
            }
            for (at, filter) in request.contents.filters.iter().enumerate() {
                match request.contents.kind {
                    Kind::Subscribe => self.take_back(&filter.filter, request.calls(at), effects),
                    Kind::Unsubscribe => self.still_wanted(&filter.filter),
                }
                if request.is_of_nobody() || request.restores || request.was_sent() {
                    self.unsettle(&filter.filter);
                }
            }
            for caller in request.callers {
                let token = match caller.token {
                    Some(token) if !caller.places.is_empty() => self.calls.take(token),
                    token => token,
                };
                ended.push(Ended {
                    seq: caller.seq,
                    token,
                    stored: false,
                });
            }
        }
        self.ack_due.clear();
        released
    }
}

/// An acknowledgement of another kind than its request.
pub(in crate::engine) fn answers_another(kind: Kind) -> DecodeError {
    match kind {
        Kind::Subscribe => protocol_error!("a SUBACK answers something that is not a SUBSCRIBE"),
        Kind::Unsubscribe => protocol_error!("an UNSUBACK answers something that is not an UNSUBSCRIBE"),
    }
}

//! Calls of `subscribe` and `unsubscribe` that are taken back: by their caller, by an `unsubscribe` behind them, by `acktimeout`. What was
//! never on the wire is not sent; what the broker may have granted is left to `settling`. Never sends.

use super::handlers::Verdict;
use super::request::Caller;
use super::{Filter, Kind, Subscriptions};
use crate::engine::deadline::NEVER;
use crate::engine::effects::Effects;
use crate::engine::output::Token;
use crate::engine::withdrawing::{self, Withdrawn};

impl Subscriptions {
    /// The call that ends with this token is taken back, and ends.
    pub fn withdraw(&mut self, token: Token, effects: &mut Effects) -> Withdrawn {
        let withdrawn = self.take_call_back(token, effects);
        if withdrawn != Withdrawn::Unknown {
            effects.failed(Some(token), withdrawing::withdrawn());
        }
        withdrawn
    }

    /// All requests of this call are taken back; an UNSUBSCRIBE that is on the wire goes on, and nobody waits for it.
    pub(super) fn take_call_back(&mut self, token: Token, effects: &mut Effects) -> Withdrawn {
        let Some((slot, at)) = self.requests.find_caller(token) else {
            return Withdrawn::Unknown;
        };
        let seq = self.requests.look_at(slot).map(|request| request.callers[at].seq);
        let mut withdrawn = self.withdraw_from((slot, at), effects);
        if self.calls.take(token).is_some() {
            while let Some(place) = self.requests.find_caller(token) {
                withdrawn = withdrawn.max(self.withdraw_from(place, effects));
            }
            self.withdraw_granted(seq.unwrap_or_default(), effects);
        }
        withdrawn
    }

    /// What was granted to this call of several packets already is unsubscribed, unless others have asked for it, too.
    fn withdraw_granted(&mut self, seq: u64, effects: &mut Effects) {
        for (filter, _) in self.list(true) {
            let entry = self.find(&filter.filter);
            if entry.is_some_and(|entry| (entry.first_call, entry.last_call) == (seq, seq)) {
                self.forget(&filter.filter, seq, effects);
                self.unsettle(&filter.filter);
                self.settle(&filter.filter, effects);
            }
        }
    }

    /// One of its requests, by its place, and which of those who wait for the answer it is.
    fn withdraw_from(&mut self, (slot, at): (u32, usize), effects: &mut Effects) -> Withdrawn {
        let Some(request) = self.requests.get(slot) else {
            return Withdrawn::Unknown;
        };
        let is_sent = request.callers[at].since != NEVER;
        if is_sent && request.contents.kind == Kind::Unsubscribe {
            // It goes on, and nobody waits for it.
            request.callers[at].token = None;
        } else {
            let (_, filters) = self.take_caller((slot, at), effects).unzip();
            self.settle_these(&filters.unwrap_or_default(), effects);
        }
        match is_sent {
            true => Withdrawn::Sent,
            false => Withdrawn::Unsent,
        }
    }

    /// One of those who wait for the answer does not any longer; its filters, which are to be settled. What nobody waits for and was
    /// never on the wire is gone.
    pub(super) fn take_caller(
        &mut self,
        (slot, at): (u32, usize),
        effects: &mut Effects,
    ) -> Option<(Caller, Vec<Filter>)> {
        let request = self.requests.get(slot)?;
        if at >= request.callers.len() {
            return None;
        }
        let caller = request.callers.remove(at);
        let kind = request.contents.kind;
        let mut filters = request.contents.filters.clone();
        if let Some(only) = caller.at {
            filters.swap(0, only);
            filters.truncate(1);
        }
        let is_sent = caller.since != NEVER;
        request.withdrawn |= caller.at.is_none();
        if request.withdrawn && request.callers.is_empty() && !request.was_sent() {
            self.requests.forget_queued(slot);
            self.requests.remove(slot);
        }
        for filter in &filters {
            if kind == Kind::Unsubscribe {
                self.still_wanted(&filter.filter);
                continue;
            }
            self.take_back(&filter.filter, (caller.seq, caller.seq), effects);
            if is_sent && self.find(&filter.filter).is_none() {
                self.unsettle(&filter.filter);
            }
        }
        Some((caller, filters))
    }

    /// The filter is as the calls that are left ask for, or as it was granted.
    pub(super) fn take_back(&mut self, filter: &str, (first, last): (u64, u64), effects: &mut Effects) {
        let Some(entry) = self.find(filter) else { return };
        if entry.last_call <= last {
            // Most filters are asked for once: no others need be looked at.
            let other = match entry.first_call == first {
                true => None,
                false => self.requests.last_that_asks(filter),
            };
            let Some(entry) = self.find(filter) else { return };
            match (other, &entry.granted) {
                (Some(last), _) => (entry.last_call, entry.options) = last,
                (None, Some((options, _))) => (entry.last_call, entry.options) = (0, *options),
                (None, None) => return self.forget(filter, last, effects),
            }
        }
        self.detach(filter, Verdict::Refused, (first, last), effects);
    }

    /// A call of unsubscribe is taken back: what no other one ends goes on, with what was granted.
    pub(super) fn still_wanted(&mut self, filter: &str) {
        let granted = self.find(filter).and_then(|entry| entry.granted.as_ref());
        let granted = granted.map(|(options, _)| *options);
        if let Some(options) = self.requests.resume(filter, granted) {
            if let Some(entry) = self.find(filter) {
                entry.options = options;
            }
        }
    }

    /// The request has ended without an answer, and is not sent again. If it was on the wire, the broker may have granted it.
    pub(super) fn take_all_back(&mut self, slot: u32, effects: &mut Effects) {
        let Some(request) = self.requests.remove(slot) else {
            return;
        };
        if request.contents.kind == Kind::Unsubscribe {
            return;
        }
        for (at, Filter { filter, .. }) in request.contents.filters.iter().enumerate() {
            self.take_back(filter, request.calls(at), effects);
            if request.was_sent() {
                self.put_back(&request, at);
            }
        }
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

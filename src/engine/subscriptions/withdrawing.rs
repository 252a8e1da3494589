//! Calls of `subscribe` and `unsubscribe` that their caller withdraws: what was never on the wire is not sent, what nobody else has asked
//! for is unsubscribed, and other options than before are changed back when they are granted. Never sends.

use super::handlers::Verdict;
use super::request::Request;
use super::{Filter, Kind, Subscriptions};
use crate::engine::deadline::NEVER;
use crate::engine::effects::Effects;
use crate::engine::outbox::withdrawn;
use crate::engine::output::Token;

impl Subscriptions {
    /// The call that ends with this token is taken back, and ends: whether something of it was on the wire. None: there is no such
    /// call.
    pub fn withdraw(&mut self, token: Token, effects: &mut Effects) -> Option<bool> {
        let mut found = self.requests.find_caller(token);
        let mut was_sent = found.map(|_| false);
        let is_split = self.calls.take(token).is_some();
        while let Some(place) = found {
            was_sent = Some(self.withdraw_from(place, effects) || was_sent == Some(true));
            found = match is_split {
                true => self.requests.find_caller(token),
                false => None,
            };
        }
        if was_sent.is_some() {
            effects.failed(Some(token), withdrawn());
        }
        was_sent
    }

    /// One of its requests, by its place, and which of those who wait for the answer it is. Whether it was on the wire.
    fn withdraw_from(&mut self, (slot, at): (u32, usize), effects: &mut Effects) -> bool {
        let Some(request) = self.requests.get(slot) else {
            return false;
        };
        let kind = request.contents.kind;
        if kind == Kind::Unsubscribe && request.callers[at].since != NEVER {
            // It goes on, and nobody waits for it.
            request.callers[at].token = None;
            return true;
        }
        let caller = request.callers.remove(at);
        let is_own = caller.at.is_none();
        let filters: Vec<Filter> = match caller.at {
            Some(at) => request.contents.filters.get(at).cloned().into_iter().collect(),
            None => request.contents.filters.clone(),
        };
        let is_sent = caller.since != NEVER;
        if is_own && request.callers.is_empty() && !is_sent {
            self.requests.forget_queued(slot);
            self.requests.remove(slot);
        } else if is_own {
            request.withdrawn = true;
        }
        let mut unwanted = Vec::new();
        for filter in filters {
            match kind {
                Kind::Unsubscribe => self.still_wanted(&filter.filter),
                Kind::Subscribe => {
                    self.take_back(&filter.filter, (caller.seq, caller.seq), effects);
                    if is_own && is_sent && self.find(&filter.filter).is_none() {
                        unwanted.push((0, filter));
                    }
                }
            }
        }
        let count = unwanted.len();
        self.push_requests(Kind::Unsubscribe, (caller.seq, None), unwanted, &[], count, 0);
        is_sent
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

    /// A call of unsubscribe, nothing of which was on the wire, is taken back.
    fn still_wanted(&mut self, filter: &str) {
        self.requests.uncancel(filter);
        let other = self.requests.last_that_asks(filter);
        if let Some(entry) = self.find(filter) {
            let granted = entry.granted.as_ref().map(|(options, _)| *options);
            if let Some(options) = other.map(|(_, options)| options).or(granted) {
                entry.options = options;
            }
        }
    }

    /// The connection ended before the answer; its session, which may have changed, goes on, or not.
    pub(super) fn put_all_back(&mut self, slot: u32, session_present: bool, effects: &mut Effects) {
        let Some(request) = self.requests.remove(slot) else {
            return;
        };
        if session_present && request.contents.kind == Kind::Subscribe {
            for at in 0..request.contents.filters.len() {
                self.put_back(&request, at, effects);
            }
        }
    }

    /// The broker has granted the filter in this place, which nobody asks for any longer: it gets what was granted before, or is
    /// unsubscribed. What a later call asks for is on its way, and so may an UNSUBSCRIBE be.
    pub(super) fn put_back(&mut self, request: &Request, at: usize, effects: &mut Effects) {
        let Filter { filter, options } = &request.contents.filters[at];
        let granted = self.find(filter).and_then(|entry| entry.granted.clone());
        if self.requests.unsubscribes(filter) || self.requests.last_that_asks(filter).is_some() {
            return;
        }
        let later = self
            .find(filter)
            .is_some_and(|entry| entry.last_call > request.seq);
        let (kind, (before, properties)) = match granted {
            _ if later => return,
            Some(granted) => (Kind::Subscribe, granted),
            None => {
                self.forget(filter, request.seq, effects);
                (Kind::Unsubscribe, (0, Vec::new()))
            }
        };
        if kind == Kind::Unsubscribe || before != *options || properties != request.contents.properties {
            let filter = filter.clone();
            let filters = vec![(
                0,
                Filter {
                    filter,
                    options: before,
                },
            )];
            self.push_requests(kind, (request.seq, None), filters, &properties, 1, 0);
        }
    }
}

#[cfg(test)]
mod tests;

//! Filters that the broker may not have as they were granted: once no call that is unanswered asks for them, they get what was
//! granted, or are unsubscribed. Never sends.

use super::request::{Request, BEFORE_LATER_CALLS};
use super::{Filter, Kind, Subscriptions};
use crate::engine::effects::Effects;
use crate::engine::suspicion::Suspicion;

impl Subscriptions {
    /// The broker has granted the filter in this place, which this call does not ask for any longer: `settle` follows.
    pub(super) fn put_back(&mut self, request: &Request, at: usize) {
        let Filter { filter, options } = &request.contents.filters[at];
        let is_granted = self
            .find(filter)
            .and_then(|entry| entry.granted.as_ref())
            .is_some_and(|(before, properties)| {
                before == options && *properties == request.contents.properties
            });
        if !is_granted {
            self.unsettle(filter);
        }
    }

    /// The broker may not have it as it was granted.
    #[inline(never)]
    pub(super) fn unsettle(&mut self, filter: &str) {
        self.unsettled.insert(filter.as_bytes());
    }

    /// The broker has it as it was granted.
    #[inline(never)]
    pub(super) fn settled(&mut self, filter: &str) {
        if let Some(number) = self.unsettled.find(filter.as_bytes()) {
            self.unsettled.remove(number);
        }
    }

    /// A filter that is unsettled, and that no call that is unanswered asks for or ends, gets what was granted before, or is
    /// unsubscribed.
    #[inline(never)]
    pub(super) fn settle(&mut self, filter: &str, effects: &mut Effects) {
        let Some(number) = self.unsettled.find(filter.as_bytes()) else {
            return;
        };
        if self.requests.is_pending(filter) {
            return;
        }
        self.unsettled.remove(number);
        let entry = self.find(filter);
        let granted = entry.and_then(|entry| Some((entry.last_call, entry.granted.clone()?)));
        let filter = Filter {
            filter: filter.to_owned(),
            options: granted.as_ref().map_or(0, |(_, (options, _))| *options),
        };
        if let Some((seq, (_, properties))) = granted {
            let seq = seq.max(BEFORE_LATER_CALLS);
            self.restore_together(&mut vec![filter], properties, Suspicion::default(), &mut || seq);
        } else {
            self.forget(&filter.filter, u64::MAX, effects);
            let caller = (BEFORE_LATER_CALLS, None);
            self.push_requests(Kind::Unsubscribe, caller, vec![(0, filter)], &[], 1, 0);
        }
    }

    pub(super) fn settle_these(&mut self, filters: &[Filter], effects: &mut Effects) {
        for Filter { filter, .. } in filters {
            self.settle(filter, effects);
        }
    }

    pub(super) fn settle_all(&mut self, effects: &mut Effects) {
        for number in 0..self.unsettled.places() {
            if let Some(filter) = self.unsettled.text(number).map(str::to_owned) {
                self.settle(&filter, effects);
            }
        }
    }
}

//! Filters that the broker may not have as they were granted: once no call that is unanswered asks for them, they get what was
//! granted, or are unsubscribed. Never sends.

use super::request::{Request, BEFORE_LATER_CALLS};
use super::{Filter, Kind, Subscriptions};
use crate::engine::effects::Effects;
use crate::engine::interner::Interner;
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
        let keys = self.filters.keys;
        let unsettled = self
            .unsettled
            .get_or_insert_with(|| Box::new(Interner::new(keys)));
        unsettled.insert(filter.as_bytes());
    }

    /// The broker has it as it was granted.
    #[inline(never)]
    pub(super) fn settled(&mut self, filter: &str) {
        if let Some(unsettled) = &mut self.unsettled {
            if let Some(number) = unsettled.find(filter.as_bytes()) {
                unsettled.remove(number);
            }
        }
    }

    /// A filter that is unsettled, and that no call that is unanswered asks for or ends, gets what was granted before, or is
    /// unsubscribed.
    #[inline(never)]
    pub(super) fn settle(&mut self, filter: &str, effects: &mut Effects) {
        let unsettled = self.unsettled.as_ref();
        let is_unsettled = unsettled.is_some_and(|all| all.find(filter.as_bytes()).is_some());
        if !is_unsettled || self.requests.is_pending(filter) {
            return;
        }
        self.settled(filter);
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
        let unsettled = |all: &Subscriptions, number| Some(all.unsettled.as_ref()?.text(number)?.to_owned());
        for number in 0..self.unsettled.as_ref().map_or(0, |all| all.places()) {
            if let Some(filter) = unsettled(self, number) {
                self.settle(&filter, effects);
            }
        }
    }
}

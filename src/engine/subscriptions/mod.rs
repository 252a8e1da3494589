//! Subscriptions: filters asked for and granted, what must be restored after a lost session, and routing to handlers
//! (§3.8 to §3.11). Never sends by itself: it answers which request is next.

mod answers;
mod calls_to_requests;
mod copies;
mod filter;
mod handlers;
mod index;
mod overlaps;
mod request;
mod requests;
mod restoring;
mod router;
mod settling;
mod split_calls;
mod suspects;
mod withdrawing;

use super::deadline::{Deadline, Millis};
use super::effects::Effects;
use super::error::{Code, Error};
use super::format::count;
use super::interner::{HashKeys, Interner};
use super::suspicion::Suspicion;
use super::topic_cache::TopicCache;
use super::Version;
use crate::codec::PacketId;

pub(super) use answers::answers_another;
pub use filter::Filter;
pub use handlers::Handler;
pub use overlaps::{is_ours, NOT_FOR};
pub(super) use request::{Call, Contents, Kind, BEFORE_LATER_CALLS};

use copies::Copies;
use filter::{check_filters, MAX_FILTERS_BYTES};
use handlers::{Attached, Verdict};
use overlaps::Identity;
use requests::Requests;
use router::{Router, NOBODY, WATCHER};
use split_calls::SplitCalls;

#[derive(Debug, Default)]
struct Subscription {
    /// Those asked for last; none after `unsubscribe`.
    options: u8,
    /// The options and properties that the broker granted last.
    granted: Option<(u8, Vec<u8>)>,
    handlers: Vec<Attached>,
    /// The call that asked for it last, by its place in the order of the calls: the answer to an older one changes
    /// nothing.
    last_call: u64,
    /// The call that asked for it first, as long as nothing was granted: if it is the last one too, it is the only one.
    first_call: u64,
    /// The last request that a new connection made for it again.
    request: Option<u32>,
    /// Of the requests that restored it.
    suspicion: Suspicion,
    /// The subscription identifier of what was sent last.
    identity: Identity,
}

#[derive(Debug)]
pub(super) struct Subscriptions {
    filters: Interner,
    /// By number of the filter.
    entries: Vec<Subscription>,
    /// How many filters each handler is attached to, by its number.
    uses: Vec<u32>,
    router: Router,
    topics: TopicCache,
    copies: Copies,
    requests: Requests,
    calls: SplitCalls,
    /// Filters that the broker may not have as they were granted, until no call that is unanswered asks for them.
    unsettled: Option<Box<Interner>>,
    ack_due: Deadline,
}

impl Subscriptions {
    pub fn new(keys: HashKeys) -> Self {
        Subscriptions {
            filters: Interner::new(keys),
            entries: Vec::new(),
            uses: Vec::new(),
            router: Router::new(keys),
            topics: TopicCache::new(keys),
            copies: Copies::default(),
            requests: Requests::default(),
            calls: SplitCalls::default(),
            unsettled: None,
            ack_due: Deadline::default(),
        }
    }

    pub fn topics(&mut self) -> &mut TopicCache {
        &mut self.topics
    }

    /// The topic of this number, with what `with_identifiers` has put behind it.
    pub fn topic_key(&self, number: u32) -> &str {
        self.topics.name(number).unwrap_or_default()
    }

    pub fn topic_epoch(&self) -> u32 {
        self.topics.epoch()
    }

    // ---- checks

    /// Checks what a call of subscribe gives, before anything is changed.
    pub fn check_subscribe(
        &self,
        version: Version,
        filters: &[Filter],
        offline_bytes: usize,
    ) -> Result<(), Error> {
        check_filters(
            "subscribe",
            &mut filters.iter().map(|filter| filter.filter.as_str()),
        )?;
        for filter in filters {
            filter.check_options(version)?;
        }
        self.check_room(offline_bytes)
    }

    pub fn check_unsubscribe(&self, filters: &[Filter], offline_bytes: usize) -> Result<(), Error> {
        check_filters(
            "unsubscribe",
            &mut filters.iter().map(|filter| filter.filter.as_str()),
        )?;
        self.check_room(offline_bytes)
    }

    fn check_room(&self, offline_bytes: usize) -> Result<(), Error> {
        let kept = self.requests.bytes();
        if kept < offline_bytes.max(MAX_FILTERS_BYTES) {
            return Ok(());
        }
        Err(Error::format(
            Code::QueueFull,
            "% bytes of topic filters are unacknowledged (offlinebytes %); wait for earlier calls, or raise the bound",
            &[&count(kept), &count(offline_bytes)],
        ))
    }

    /// Routes messages of `filter` to `handler` too, without subscribing.
    pub fn watch(&mut self, filter: &str, handler: u32) -> Result<(), Error> {
        check_filters("messages", &mut std::iter::once(filter))?;
        self.router.insert(filter, WATCHER, handler);
        self.topics.renew();
        Ok(())
    }

    pub fn unwatch(&mut self, filter: &str, handler: u32) {
        self.router.remove(filter, WATCHER, handler);
        self.topics.renew();
    }

    // ---- entries

    fn find(&mut self, filter: &str) -> Option<&mut Subscription> {
        let number = self.filters.find(filter.as_bytes())?;
        self.entries.get_mut(number as usize)
    }

    fn number_of(&self, filter: &str) -> u32 {
        self.filters.find(filter.as_bytes()).unwrap_or(WATCHER)
    }

    /// The subscription to `filter`, a new one if there is none.
    fn entry(&mut self, filter: &str) -> &mut Subscription {
        let known = self.filters.len();
        let number = self.filters.insert(filter.as_bytes()) as usize;
        if number >= self.entries.len() {
            self.entries.push(Subscription::default());
        }
        if self.filters.len() > known {
            self.entries[number] = Subscription::default();
            self.router.insert(filter, number as u32, NOBODY);
        }
        &mut self.entries[number]
    }

    /// Forgets a filter, unless a later call than this one asked for it again.
    fn forget(&mut self, filter: &str, seq: u64, effects: &mut Effects) {
        if self.find(filter).is_some_and(|entry| entry.last_call <= seq) {
            self.detach(filter, Verdict::Unsubscribed, (0, u64::MAX), effects);
            if let Some(number) = self.filters.find(filter.as_bytes()) {
                self.router.remove(filter, number, NOBODY);
                self.filters.remove(number);
            }
        }
    }

    /// Filters by whether the broker has granted them, with what it granted.
    fn list(&self, granted: bool) -> Vec<(Filter, Vec<u8>)> {
        let mut list = Vec::new();
        for number in 0..self.filters.places() {
            let name = self.filters.text(number);
            if let (Some(filter), Some(entry)) = (name, self.entries.get(number as usize)) {
                if entry.granted.is_some() == granted {
                    let (options, properties) = entry.granted.clone().unwrap_or_default();
                    let filter = Filter {
                        filter: filter.to_owned(),
                        options,
                    };
                    list.push((filter, properties));
                }
            }
        }
        list
    }

    // ---- requests out

    /// Whether an answer of the broker is awaited, or will be.
    pub fn awaits_answer(&self) -> bool {
        self.requests.bytes() > 0
    }

    #[inline(always)]
    pub fn has_request(&self) -> bool {
        self.requests.has_front()
    }

    /// The next request to be sent: its place in the table, and what it asks for.
    pub fn next_request(&mut self) -> Option<(u32, &Contents)> {
        loop {
            let slot = self.requests.front()?;
            if self.requests.get(slot).is_some() {
                return self.requests.get(slot).map(|request| (slot, &request.contents));
            }
            self.requests.pop_front();
        }
    }

    /// The request is on the wire, with this subscription identifier of ours; 0: none.
    pub fn sent(
        &mut self,
        now: Millis,
        slot: u32,
        packet_id: PacketId,
        ack_timeout: Millis,
        identifier: Identity,
    ) {
        self.requests.pop_front();
        self.note_identity(slot, identifier);
        let Some(request) = self.requests.get(slot) else {
            return;
        };
        request.packet_id = Some(packet_id);
        request.sent(now);
        let since = request.oldest();
        let suspicion = request.suspicion;
        self.requests.on_wire.sent(suspicion);
        if !self.ack_due.is_set() {
            self.ack_due.set(since.saturating_add(ack_timeout));
        }
    }

    /// Filters that were never granted are forgotten.
    pub fn forget_ungranted(&mut self, effects: &mut Effects) {
        for (Filter { filter, .. }, _) in self.list(false) {
            self.forget(&filter, u64::MAX, effects);
        }
    }

    #[cfg(test)]
    pub fn pending(&self) -> usize {
        self.requests.len() + self.calls.len()
    }
}

#[cfg(test)]
mod tests;

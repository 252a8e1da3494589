//! One SUBSCRIBE or UNSUBSCRIBE that has not been acknowledged: what it asks for, the calls that wait for its answer, and how far it
//! is. Never sends.

use super::Filter;
use crate::codec::PacketId;
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::output::Token;
use crate::engine::suspicion::Suspicion;

/// The place in the order of the calls of a request that no call made, and that comes before all of them.
pub(super) const BEFORE_ALL_CALLS: u64 = 0;
/// Likewise, of a request for a filter that no call that is unanswered asks for.
pub(in crate::engine) const BEFORE_LATER_CALLS: u64 = 1;
/// From the first to the last: an empty range.
const NO_CALL: (u64, u64) = (u64::MAX, 0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Kind {
    Subscribe,
    Unsubscribe,
}

impl Kind {
    /// What a request is called in an error, with a place for its filter.
    pub fn named(self) -> &'static str {
        match self {
            Kind::Subscribe => "SUBSCRIBE to \"%\"",
            Kind::Unsubscribe => "UNSUBSCRIBE from \"%\"",
        }
    }
}

/// What a request asks for.
#[derive(Debug)]
pub(in crate::engine) struct Contents {
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
    /// Likewise, and nobody awaits its answer.
    Late,
}

/// A call that waits for the answer to a request. A request that restores has one without a token.
#[derive(Debug)]
pub(super) struct Caller {
    /// Its place in the order of the calls.
    pub seq: u64,
    pub token: Option<Token>,
    /// It asked for one filter only, the one in this place of the request.
    pub at: Option<usize>,
    /// Of a call that has other parts: the places of its filters among those of the call.
    pub places: Vec<u32>,
    /// When this was first put on the wire; `acktimeout` counts from here, also across reconnects.
    pub since: Millis,
}

#[derive(Debug)]
pub(super) struct Request {
    /// Its place in the order of the calls.
    pub seq: u64,
    /// None once they have been answered: a late answer is still recognised.
    pub callers: Vec<Caller>,
    pub packet_id: Option<PacketId>,
    pub stage: Stage,
    /// When it was put on the wire last; `NEVER` before.
    pub sent_at: Millis,
    /// `unsubscribe` was called for all of its filters.
    pub cancelled: bool,
    /// Its own caller has withdrawn it; others may have joined.
    pub withdrawn: bool,
    pub contents: Contents,
    /// Restores what a lost session had; nobody called it.
    pub restores: bool,
    /// A new connection sends it again.
    pub requeued: bool,
    /// Connections that ended right after it was sent.
    pub suspicion: Suspicion,
}

impl Request {
    pub fn new(caller: Caller, contents: Contents) -> Self {
        Request {
            seq: caller.seq,
            callers: vec![caller],
            packet_id: None,
            stage: Stage::Waiting,
            sent_at: NEVER,
            cancelled: false,
            withdrawn: false,
            contents,
            restores: false,
            requeued: false,
            suspicion: Suspicion::default(),
        }
    }

    /// It is on the wire.
    pub fn sent(&mut self, now: Millis) {
        self.stage = Stage::Sent;
        self.sent_at = now;
        for caller in &mut self.callers {
            caller.since = caller.since.min(now);
        }
    }

    /// It was on the wire, of this connection or of an earlier one.
    pub fn was_sent(&self) -> bool {
        self.sent_at != NEVER
    }

    /// No call waits for its answer.
    pub fn is_of_nobody(&self) -> bool {
        self.callers.iter().all(|caller| caller.token.is_none())
    }

    /// Gives a subscription its identifier; nobody called it.
    pub fn identifies(&self) -> bool {
        self.seq == BEFORE_ALL_CALLS
    }

    /// Another call asks for one of its filters.
    pub fn join(&mut self, mut caller: Caller) {
        if self.stage == Stage::Sent {
            caller.since = self.sent_at;
        }
        self.callers.push(caller);
    }

    /// Other calls than its own wait for its answer; its own may have ended.
    pub fn is_joined(&self) -> bool {
        self.callers.iter().any(|caller| caller.at.is_some())
    }

    /// Whether somebody asks for the filter in this place.
    pub fn is_wanted(&self, at: usize) -> bool {
        !self.withdrawn || self.callers.iter().any(|caller| caller.at == Some(at))
    }

    /// The last call that asked for the filter in this place.
    pub fn last_call(&self, at: usize) -> u64 {
        let mut last = self.seq;
        for caller in &self.callers {
            if caller.at == Some(at) {
                last = last.max(caller.seq);
            }
        }
        last
    }

    /// The calls that asked for the filter in this place, from the first to the last; an empty range if none did: the
    /// request restores a subscription, or gives it its identifier.
    pub fn calls(&self, at: usize) -> (u64, u64) {
        let (mut first, mut last) = match self.identifies() || self.restores {
            true => NO_CALL,
            false => (self.seq, self.seq),
        };
        for caller in &self.callers {
            if caller.at == Some(at) {
                (first, last) = (first.min(caller.seq), last.max(caller.seq));
            }
        }
        (first, last)
    }

    /// Since when its oldest caller waits; `NEVER` if none does.
    pub fn oldest(&self) -> Millis {
        let mut oldest = NEVER;
        for caller in &self.callers {
            oldest = oldest.min(caller.since);
        }
        oldest
    }
}

/// The place of the filter among these.
#[inline(never)]
pub(super) fn place_of(filters: &[Filter], filter: &str) -> Option<usize> {
    filters.iter().position(|one| one.filter == filter)
}

/// What a filter costs beside its bytes.
pub(super) const FILTER: usize = 64;

impl Contents {
    /// The place of the filter among its filters.
    pub fn place_of(&self, filter: &str) -> Option<usize> {
        place_of(&self.filters, filter)
    }

    /// Bytes that the request keeps.
    pub fn size(&self) -> usize {
        self.filters.iter().map(|f| f.filter.len() + FILTER).sum()
    }
}

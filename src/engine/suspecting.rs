//! Routes what concerns operations after which connections end. Some brokers do not refuse a PUBLISH, SUBSCRIBE or
//! UNSUBSCRIBE: they close the connection, and would do so each time it is sent again, before anything behind it. Such an
//! operation is found and put aside, without a change of the order:
//!
//! 1. what was unanswered on two connections that ended right after it is a suspect, and is sent in small groups;
//! 2. a suspect whose group ended a connection, too, is sent with nothing else on the wire;
//! 3. one that was alone on three such connections, the last of which had lasted for some seconds before, is put aside;
//!    of more connections where others have ended while it was held back: the network does that. After three of those in a
//!    row it is sent at once, and nothing is held against it for that: it may be that no connection lasts;
//! 4. for some minutes after that a message of the same QoS and topic is put aside when it was on three, and alone on one of them.
//!
//! A SUBSCRIBE or UNSUBSCRIBE that is a suspect goes behind all messages.
//!
//! What is held against an operation is in `suspicion.rs`. Tests: `tests/common/suspects.rs`.

use super::connection::Phase;
use super::deadline::{Deadline, Millis};
use super::error::{excerpt, Code, Error};
use super::format::format;
use super::suspicion::{Name, OnWire, Sending, Suspicion, MOST_FAULTS, RIGHT_AFTER};
use super::Engine;
use crate::codec::ReasonCode;

/// How long a connection must have lasted before a suspect is sent on it for the last time; the second value is for after
/// a connection that did not last so long.
const PROVEN: [Millis; 2] = [5_000, 1_000];

/// After this many connections in a row that ended earlier, a suspect is sent at once: perhaps no connection lasts so long.
const UNPROVEN: u8 = 3;

/// The next attempt comes within two seconds for this many connections of a search; then with the usual delay.
const QUICK: u8 = 8;

/// How long after an operation was put aside a message of its name is put aside sooner: when it was alone on one connection.
const RECENT: Millis = 600_000;
/// How many names of operations that were put aside are remembered.
const NAMES: usize = 8;

/// What the search for a guilty operation knows of the connection.
#[derive(Debug, Default)]
pub(super) struct Search {
    connected_at: Millis,
    /// When a message of QoS 0, which nothing acknowledges, was last written.
    unacknowledged_at: Option<Millis>,
    /// Suspects are on the wire, and nothing else may follow.
    pub is_isolating: bool,
    /// The suspect on the wire is one that not even another suspect may follow.
    is_alone: bool,
    /// Until when a suspect is held back.
    held: Deadline,
    /// A connection ended while a suspect was held back.
    hurries: bool,
    /// How many connections in a row ended while a suspect was held back.
    held_ended: u8,
    /// How many connections ended with nothing on the wire.
    faults: u8,
    /// Connections in a row that ended with operations unanswered.
    ended: u8,
    /// Hashes of the names of what was put aside, and when the last was.
    put_aside: [u64; NAMES],
    next: usize,
    put_aside_at: Millis,
}

impl Search {
    pub fn connected(&mut self, now: Millis) {
        self.connected_at = now;
        self.unacknowledged_at = None;
    }

    pub fn disconnected(&mut self) {
        (self.is_isolating, self.is_alone) = (false, false);
        if self.held.is_set() {
            self.hurries = true;
            self.held_ended += 1;
        }
        self.held.clear();
    }

    #[inline(always)]
    pub fn note_unacknowledged(&mut self, now: Millis) {
        self.unacknowledged_at = Some(now);
    }

    pub fn next_deadline(&self) -> Millis {
        self.held.at()
    }

    pub fn tick(&mut self, now: Millis) {
        self.held.expire(now);
    }

    /// Whether the connection has lasted long enough for a suspect to be sent for the last time, or none does.
    fn is_proven(&mut self, now: Millis) -> bool {
        let proven = self.connected_at + PROVEN[self.hurries as usize];
        let is_proven = now >= proven;
        if !is_proven {
            if self.held_ended < UNPROVEN {
                self.held.set(proven);
                return false;
            }
            // The end of this connection proves no more than behind a message of QoS 0.
            self.unacknowledged_at = Some(now);
        }
        self.held_ended = 0;
        true
    }

    /// Whether an operation of this name was put aside, not long ago.
    fn knows(&self, now: Millis, hash: u64) -> bool {
        now <= self.put_aside_at + RECENT && self.put_aside.contains(&hash)
    }

    /// Whether a message of QoS 0 may be the reason why the connection ends.
    fn may_be_unacknowledged(&self, now: Millis) -> bool {
        self.unacknowledged_at.is_some_and(|at| now <= at + RIGHT_AFTER)
    }
}

impl Engine {
    fn on_wire(&self) -> OnWire {
        self.session.on_wire().with(self.subscriptions.on_wire())
    }

    /// Whether the operation may be sent now.
    pub(super) fn may_send(&mut self, now: Millis, suspicion: Suspicion) -> bool {
        let sending = suspicion.sending();
        if sending == Sending::Free && !self.search.is_isolating {
            return true;
        }
        let on_wire = self.on_wire();
        let search = &mut self.search;
        if on_wire.suspects == 0 {
            (search.is_isolating, search.is_alone) = (false, false);
        }
        let may = match sending {
            Sending::Free => return !search.is_isolating,
            Sending::InGroups => {
                on_wire.all == on_wire.suspects && on_wire.suspects <= on_wire.cleared && !search.is_alone
            }
            Sending::Alone => on_wire.all == 0,
            Sending::LastTime => on_wire.all == 0 && search.is_proven(now),
        };
        search.is_isolating |= may;
        search.is_alone |= may && sending != Sending::InGroups;
        may
    }

    /// Whether the next request may go before messages. A suspect may not, and one of the name of what was put aside is one:
    /// called again in `on_connect`, it would end every connection before a message gets through.
    pub(super) fn is_next_request_free(&mut self, now: Millis) -> bool {
        let search = &self.search;
        let is_known = self.subscriptions.next_request().is_some_and(|(_, asks)| {
            let what = asks.kind.named();
            let mut hashes = asks
                .filters
                .iter()
                .map(|one| hash_of(what, one.filter.as_bytes()));
            hashes.any(|hash| search.knows(now, hash))
        });
        if is_known {
            self.subscriptions.suspect_next();
        }
        self.subscriptions.next_suspicion().sending() == Sending::Free
    }

    /// The connection ended by the broker's will, with this reason where it said one: whatever was sent right before is under
    /// suspicion.
    pub(super) fn suspect(&mut self, now: Millis, reason: Option<ReasonCode>) {
        if !matches!(self.connection.phase(), Phase::Online(_)) || self.connection.is_paused(false) {
            return;
        }
        if now > self.search.connected_at + 2 * RIGHT_AFTER {
            (self.search.ended, self.search.faults) = (0, 0);
        }
        if reason.is_some_and(is_its_own) {
            (self.search.hurries, self.search.faults) = (true, MOST_FAULTS);
        }
        if self.on_wire().all == 0 {
            if self.search.held.is_set() && !self.search.may_be_unacknowledged(now) {
                self.search.faults = self.search.faults.saturating_add(1);
            }
            return;
        }
        if self.search.ended < QUICK {
            self.search.ended += 1;
            self.connection.limit_failures(1);
        }
        let alone = self.on_wire().all == 1 && !self.search.may_be_unacknowledged(now);
        if let (true, Some((slot, suspicion))) = (alone, self.session.suspect(now, alone)) {
            let name = self.session.named(slot);
            if let Some(error) = self.guilty_error(now, true, suspicion, name, reason) {
                let keeps_id = !self.config().clean_session;
                let token = self.session.put_aside(slot, keeps_id, &mut self.effects.journal);
                self.outbox.count_dropped();
                if token.is_some() {
                    self.effects.failed(token, error);
                }
            }
        }
        if let Some((slot, suspicion)) = self.subscriptions.suspect(now, alone) {
            let name = self.subscriptions.named(slot);
            if let Some(error) = self.guilty_error(now, false, suspicion, name, reason) {
                let id = self.subscriptions.put_aside(slot, &error, &mut self.effects);
                if let Some(id) = id {
                    self.session.release_id(id);
                }
            }
        }
    }

    /// The error of an operation that is put aside, because it is guilty or another of its name was. It is reported, and the
    /// next attempt is made soon.
    fn guilty_error(
        &mut self,
        now: Millis,
        is_message: bool,
        suspicion: Suspicion,
        name: Option<Name>,
        reason: Option<ReasonCode>,
    ) -> Option<Error> {
        let search = &mut self.search;
        let (what, name) = name?;
        let hash = hash_of(what, name.as_bytes());
        let is_known = search.knows(now, hash);
        if !(suspicion.is_guilty(search.faults) || is_message && is_known && suspicion.is_singled_out()) {
            return None;
        }
        if !is_known {
            search.put_aside[search.next] = hash;
            search.next = (search.next + 1) % NAMES;
        }
        search.put_aside_at = now;
        // Further messages of the same name are as many as there are; a call may be made again at each connection.
        if is_message || !is_known {
            (search.hurries, search.faults, search.ended) = (false, 0, 0);
            self.connection.limit_failures(0);
        }
        let what = format(
            "this % is not sent again: % ended connections right after it, while nothing else was unanswered; check the broker's access rules, limits and log",
            &[&format(what, &[&excerpt(&name)]), &self.connection.server_name()],
        );
        let error = match reason {
            Some(reason) => Error::because(Code::BrokerCloses, &what, reason, &[]),
            None => Error::new(Code::BrokerCloses, &what),
        };
        self.effects.error(error.clone());
        Some(error)
    }

    /// Operations on the wire, or next, after which connections have ended.
    pub(super) fn suspects(&self) -> usize {
        self.on_wire().suspects + self.search.held.is_set() as usize
    }
}

/// FNV-1a, of 64 bits.
pub(super) fn hash_of(what: &str, name: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for bytes in [what.as_bytes(), name] {
        for &byte in bytes {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// A reason of the broker's own (5.0 §3.14.2.1), which an operation seldom gives it: it counts like a network that fails.
fn is_its_own(reason: ReasonCode) -> bool {
    matches!(
        reason.0,
        0x89 | 0x8b | 0x8d | 0x8e | 0x98 | 0x9c | 0x9d | 0x9f | 0xa0
    )
}

//! Attempts to connect: how one begins, what ends the wait for it or for the next one, and how many failed in a row. The
//! delay between two is in `backoff.rs`, the server of each in `servers.rs`.

use super::{Connection, Phase};
use crate::engine::deadline::Millis;
use crate::engine::effects::Effects;
use crate::engine::error::{Code, Error};
use crate::engine::output::{Event, Generation};

/// Failed or short-lived connections in a row: so many of them are no accident.
const SHORT_LIVED: u32 = 3;

impl Connection {
    /// Whether the credentials for this attempt are still awaited.
    pub fn awaits_credentials(&self, generation: Generation) -> bool {
        generation == self.generation && matches!(self.phase, Phase::Asking)
    }

    /// When the next attempt is made.
    pub fn retries_at(&self) -> Millis {
        self.retry_due.at()
    }

    /// The attempts since `start` or the last accepted connection, and what ended the last one or the connection.
    pub fn last_attempt(&self) -> (u32, Option<&Error>) {
        (self.attempts, self.last_error.as_ref())
    }

    /// Without a network attempts pause, as long as nobody awaits one.
    pub fn is_paused(&self, awaited: bool) -> bool {
        self.network_down && !awaited
    }

    /// `start` was called for a client that is not in use.
    pub fn reset(&mut self) {
        self.ever_online = false;
        self.network_down = false;
        self.failures = 0;
        self.refusals = 0;
        self.attempts = 0;
        self.last_error = None;
    }

    /// Every server is tried once without a delay.
    pub fn begin_round(&mut self) {
        self.servers.begin_round();
    }

    /// Begins an attempt: asks for credentials, or opens a transport.
    pub fn attempt(&mut self, now: Millis, effects: &mut Effects) {
        self.retry_due.clear();
        self.out.clear();
        self.transport_error = None;
        self.generation = self.generation.wrapping_add(1);
        self.attempts += 1;
        self.attempts_made += 1;
        if !self.config.ask {
            return self.open(now, effects);
        }
        self.connect_due.set(now + self.config.connect_timeout);
        self.phase = Phase::Asking;
        effects.push(Event::CredentialsRequested {
            generation: self.generation,
            attempt: self.attempts,
            last: self.last_error.clone(),
        });
    }

    pub fn open(&mut self, now: Millis, effects: &mut Effects) {
        self.connect_due.set(now + self.config.connect_timeout);
        self.phase = Phase::Opening;
        effects.push(Event::Open {
            generation: self.generation,
            server: self.servers.current,
        });
    }

    pub fn retry_in(&mut self, now: Millis, delay: Millis) {
        self.retry_due.set(now + delay);
    }

    pub fn set_network(&mut self, online: bool) {
        self.network_down = !online;
    }

    /// No attempt is made until there is a network.
    pub fn pause(&mut self) {
        self.retry_due.clear();
    }

    /// The transport will close, for a reason of its own.
    pub fn set_transport_error(&mut self, code: Option<Code>) {
        self.transport_error = code;
    }

    /// Whether the attempt is overdue; confirmed first.
    pub fn connect_expired(&mut self, now: Millis) -> bool {
        self.connect_due.expire(now) && self.connect_due.confirm(now)
    }

    pub fn retry_expired(&mut self, now: Millis) -> bool {
        self.retry_due.expire(now)
    }

    /// The connection has lasted: the reconnect delay starts small again.
    pub fn note_stable(&mut self, now: Millis) {
        if self.stable_due.expire(now) {
            self.failures = 0;
            self.servers.redirects = 0;
        }
    }

    /// Several attempts failed, or connections were short.
    pub fn fails_again(&self) -> bool {
        self.failures >= SHORT_LIVED
    }

    /// The next reconnect delay is as if after so many failures at most.
    pub fn limit_failures(&mut self, most: u32) {
        self.failures = self.failures.min(most);
    }
}

//! Credentials that a function of the user's gives anew before each attempt: asked for, taken over, and what of
//! them changes. Knows no function; the driver calls it and brings the answer.

use super::config::Versions;
use super::connection::{Phase, RC_LOST};
use super::event::{Event, Generation};
use super::timers::{Millis, Timer};
use super::{Config, Engine, Error};
use crate::codec::Version;

impl Engine {
    pub(super) fn ask(&mut self, now: Millis) {
        self.timers.set(Timer::Connect, now + self.cfg.connect_timeout);
        self.link.phase = Phase::Asking;
        self.link.asked += 1;
        self.events.push_back(Event::Ask {
            generation: self.link.generation,
            attempt: self.link.asked,
            last: self.link.last_error.clone(),
        });
    }

    /// Whether the answer to this `Event::Ask` is still of use.
    pub fn awaits(&self, generation: Generation) -> bool {
        self.link.phase == Phase::Asking && self.link.generation == generation
    }

    /// The answer to `Event::Ask`; that of an earlier attempt is ignored.
    pub fn answered(&mut self, generation: Generation, answer: Result<Config, Error>, now: Millis) {
        if !self.awaits(generation) {
            return;
        }
        match answer {
            Ok(cfg) => {
                self.adopt(cfg, now);
                self.open(now);
            }
            Err(error) => self.lose(RC_LOST, error, now),
        }
    }

    /// What concerns the connection is as it was answered now; what concerns what waits, as at the first time.
    fn adopt(&mut self, mut cfg: Config, now: Millis) {
        let old = &mut self.cfg;
        cfg.ask = true;
        cfg.reconnect = old.reconnect;
        // The one that the broker has assigned is kept, too.
        if cfg.client_id.is_empty() && (old.assigned_id || !cfg.assigned_id) {
            cfg.client_id = std::mem::take(&mut old.client_id);
        } else {
            self.link.made_up_id = false;
        }
        let before = old.servers.len();
        self.link.detour &= cfg.follow_server_reference;
        if self.link.detour {
            // It stays the last.
            cfg.servers.extend(old.servers.pop());
        }
        let servers = cfg.servers.len();
        self.link.server = match self.link.server + 1 == before && self.link.detour {
            true => servers - 1,
            false => self.link.server % servers.max(1),
        };
        // Each has its turn before start() fails.
        for (_, attempts) in &mut self.link.starters {
            *attempts += servers.saturating_sub(before.max(1));
        }
        let version = match cfg.version {
            Versions::V4 => Version::V4,
            // It may have fallen back.
            Versions::Auto if old.version == Versions::Auto => self.version,
            Versions::V5 | Versions::Auto => Version::V5,
        };
        if self.link.answered {
            cfg.keep_queue_limits(old);
        }
        self.cfg = cfg;
        if version != self.version {
            self.speak(version);
        }
        if !std::mem::replace(&mut self.link.answered, true) {
            self.collect_from(now);
            for key in std::mem::take(&mut self.waiting) {
                self.line_up(key, now);
            }
        }
    }
}

//! How long to wait before the next attempt.

use super::timers::Millis;
use super::Engine;

pub(super) const FIRST_DELAY: Millis = 1_000;
/// Even where jitter or `maxmqttreconnectdelay` says 0, attempts do not follow each other in a loop.
pub(super) const LEAST_DELAY: Millis = 20;

impl Engine {
    /// Exponential with full jitter, from 1 s to the configured bound.
    fn next_delay(&mut self) -> Millis {
        let grown = FIRST_DELAY << self.link.attempts.min(20);
        self.link.attempts += 1;
        self.rng.up_to(grown.min(self.cfg.max_reconnect_delay))
    }

    /// Every server has had its turn, or a connection was lost. Refusals will hardly change in a second:
    /// the slow end. Unless the next attempt has other credentials.
    pub(super) fn delay_of_round(&mut self) -> Millis {
        let refused = self.link.refused && self.link.tried > 0 && !self.cfg.ask;
        self.link.tried = 0;
        self.link.refused = true;
        if !refused {
            return self.next_delay();
        }
        let half = self.cfg.max_reconnect_delay / 2;
        half + self.rng.up_to(half)
    }
}

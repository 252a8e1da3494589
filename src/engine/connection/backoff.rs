//! The reconnect delay: how long to wait before the next attempt to connect. Exponential with full jitter; after a refusal
//! at least half of the bound.

use super::Connection;
use crate::engine::deadline::Millis;

pub(in crate::engine) const FIRST_DELAY: Millis = 1_000;
/// The bound of the first delay after a refusal.
const FIRST_DELAY_REFUSED: Millis = 5_000;
/// Even where jitter or `maxmqttreconnectdelay` says 0, attempts do not follow each other in a loop.
pub(in crate::engine) const LEAST_DELAY: Millis = 20;

impl Connection {
    /// Exponential with full jitter, from 1 s to `maxmqttreconnectdelay`.
    fn next_delay(&mut self) -> Millis {
        let grown = FIRST_DELAY << self.failures.min(20);
        self.failures += 1;
        self.random.up_to(grown.min(self.config.max_reconnect_delay))
    }

    /// The delay after every server was tried, or after a connection was lost. A refusal hardly changes within a second,
    /// so the delay after refusals begins at 5 s, and at least half of it is waited; unless the next attempt has other
    /// credentials.
    pub(in crate::engine) fn reconnect_delay(&mut self) -> Millis {
        let refused = self.servers.all_refused && self.servers.tried > 0 && !self.config.ask;
        self.servers.begin_round();
        if !refused {
            self.refusals = 0;
            return self.next_delay();
        }
        let grown = FIRST_DELAY_REFUSED << self.refusals.min(20);
        self.refusals += 1;
        let half = grown.min(self.config.max_reconnect_delay) / 2;
        half + self.random.up_to(half)
    }
}

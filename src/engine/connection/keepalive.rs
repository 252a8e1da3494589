//! Whether the broker is still there (§3.1.2.10): a PINGREQ when nothing was sent or nothing was received for half the
//! keep alive time; dead when nothing at all has come for a whole one after that.

use super::{Connection, Online};
use crate::codec::write;
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::error::{Code, Error};
use crate::engine::format::seconds;

/// What a look at the clock shows.
#[derive(Debug)]
pub(in crate::engine) enum Keepalive {
    Alive,
    /// A PINGREQ was written: nothing else happens at the moment.
    Pinged,
    Dead(Error),
}

fn half(keepalive: Millis) -> Millis {
    (keepalive / 2).max(1)
}

impl Connection {
    pub(super) fn arm_keepalive(&mut self, now: Millis) {
        let keepalive = self.online().map_or(NEVER, |online| online.keepalive);
        if keepalive != NEVER {
            self.keepalive_due.set(now + half(keepalive));
        }
    }

    /// Asks at once: the old connection may be dead. False if keep alive is off, or a PINGREQ is unanswered.
    pub fn ping_now(&mut self, now: Millis) -> bool {
        let asks = |online: &Online| online.keepalive != NEVER && online.pinged == NEVER;
        let asks = self.online().is_some_and(asks);
        if asks {
            self.ping(now);
        }
        asks
    }

    fn ping(&mut self, now: Millis) {
        self.shrink();
        write::pingreq(&mut self.out);
        if let Some(online) = self.online_mut() {
            online.pinged = now;
        }
        self.arm_keepalive(now);
    }

    /// Whether PINGRESP is awaited.
    pub fn awaits_pong(&self) -> bool {
        self.online().is_some_and(|online| online.pinged != NEVER)
    }

    /// Looks whether it is time to ask, or whether the broker is dead.
    pub fn check_keepalive(&mut self, now: Millis) -> Keepalive {
        if !self.keepalive_due.expire(now) {
            return Keepalive::Alive;
        }
        let Some(online) = self.online() else {
            return Keepalive::Alive;
        };
        let keepalive = online.keepalive;
        let was_asked = online.pinged != NEVER;
        let due = match was_asked {
            true => online.pinged + keepalive,
            false => online.last_sent.min(online.last_received) + half(keepalive),
        };
        if now < due {
            self.keepalive_due.set(due);
            return Keepalive::Alive;
        }
        if !was_asked {
            self.ping(now);
            return Keepalive::Pinged;
        }
        if !self.keepalive_due.confirm(now) {
            return Keepalive::Alive;
        }
        Keepalive::Dead(Error::format(
            Code::ConnectionLost,
            "% was silent for longer than mqttkeepalive (% s); the connection is taken for dead",
            &[&self.server_name(), &seconds(keepalive)],
        ))
    }
}

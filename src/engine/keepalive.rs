//! Is the peer still there (§3.1.2.10)? A PINGREQ when nothing was sent or nothing was received
//! for half the keepalive time; dead when nothing at all has come for a whole one after that. Any
//! inbound byte counts as life. Also notices acknowledgements that never come.

use super::connection::{RC_KEEPALIVE, RC_LOST};
use super::event::NOBODY;
use super::ops::{Op, Stage, NOT_AWAITED};
use super::text::seconds;
use super::timers::{Millis, Timer};
use super::{Code, Engine, Error};
use crate::codec::write;

impl Engine {
    pub(super) fn arm_keepalive(&mut self, now: Millis) {
        self.link.pinged = None;
        if self.link.keepalive > 0 {
            self.timers.set(Timer::Keepalive, now + self.half());
        }
    }

    fn half(&self) -> Millis {
        (self.link.keepalive / 2).max(1)
    }

    pub(super) fn ping(&mut self, now: Millis) {
        self.rest();
        write::pingreq(&mut self.out);
        self.link.pinged = Some(now);
        self.timers.set(Timer::Keepalive, now + self.half());
    }

    pub(super) fn check_keepalive(&mut self, now: Millis) {
        let keepalive = self.link.keepalive;
        if let Some(pinged) = self.link.pinged {
            let due = pinged + keepalive;
            if now < due {
                return self.timers.set(Timer::Keepalive, due);
            }
            if !self.timers.confirm(Timer::Keepalive, now) {
                return;
            }
            let error = Error::say(
                Code::ConnectionLost,
                "% has been silent for longer than the keepalive time (mqttkeepalive % s); the connection is taken for dead",
                &[&self.server_name(), &seconds(keepalive)],
            );
            self.close_transport();
            return self.lose(RC_KEEPALIVE, error, now);
        }
        let due = self.link.last_sent.min(self.link.last_received) + self.half();
        if now >= due {
            self.ping(now);
        } else {
            self.timers.set(Timer::Keepalive, due);
        }
    }

    /// A SUBACK or UNSUBACK that never comes ends its call. A PUBACK, PUBREC or PUBCOMP that never
    /// comes makes a new connection, on which the message is sent again.
    pub(super) fn check_overdue(&mut self, now: Millis) {
        let limit = self.cfg.ack_timeout;
        let mut oldest_publish = Millis::MAX;
        let mut oldest_control = Millis::MAX;
        let mut overdue = Vec::new();
        for key in self.ops.keys() {
            match self.ops.get(key) {
                Some(Op {
                    stage: Stage::Waiting,
                    ..
                })
                | None => {}
                Some(op) if op.is_publish() => oldest_publish = oldest_publish.min(op.since),
                Some(op) if op.since == NOT_AWAITED => {}
                Some(op) if now >= op.since + limit => overdue.push(key),
                Some(op) => oldest_control = oldest_control.min(op.since),
            }
        }
        // While acknowledgements come in, an old message may only be behind a slow link.
        let progress = self.link.last_ack.min(oldest_publish.saturating_add(3 * limit));
        let publish_due = oldest_publish.max(progress).saturating_add(limit);
        if now >= publish_due || !overdue.is_empty() {
            if !self.timers.confirm(Timer::Ack, now) {
                return;
            }
            let error = Error::say(
                Code::Timeout,
                "% has not acknowledged within % s (acktimeout)",
                &[&self.server_name(), &seconds(limit)],
            );
            for key in overdue {
                // It stays in the table, so that a late answer is still known for what it is.
                if let Some(op) = self.ops.get(key) {
                    op.since = NOT_AWAITED;
                    let token = std::mem::replace(&mut op.token, NOBODY);
                    self.done(token, Err(error.clone()));
                }
            }
            if now >= publish_due {
                self.close_transport();
                return self.lose(RC_LOST, error, now);
            }
        }
        let next = publish_due.min(oldest_control.saturating_add(limit));
        if next != Millis::MAX {
            self.timers.set(Timer::Ack, next);
        }
    }
}

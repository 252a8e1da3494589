//! How long a message may stay unsent: `offlineexpiry`, the Message Expiry Interval of MQTT 5, and `publishtimeout`. What
//! has expired in the moment of sending is dropped in `publishing.rs`; `publishtimeout` of a message in flight is the
//! session's.

use super::{Effects, Outbox};
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::error::{Code, Error};
use crate::engine::format::seconds;

impl Outbox {
    /// Whether the moment to look for old messages has come. Online it is confirmed first, because bytes that have
    /// arrived may let a message go.
    pub fn age_expired(&mut self, now: Millis, is_online: bool) -> bool {
        self.age_due.expire(now) && (!is_online || self.age_due.confirm(now))
    }

    /// Ends messages that have been unsent for too long.
    pub fn on_expiry(&mut self, now: Millis, effects: &mut Effects) {
        if let Some(expiry) = self.limits.offline_expiry {
            self.expire_offline(now, expiry, effects);
        }
        self.expire_by_interval(now, effects);
        if let Some(timeout) = self.limits.publish_timeout {
            self.expire_by_publish_timeout(now, timeout, effects);
        }
    }

    fn expire_offline(&mut self, now: Millis, expiry: Millis, effects: &mut Effects) {
        while let Some(key) = self.oldest_droppable() {
            let since = self.publishes.get(key).map_or(now, |publish| publish.since);
            if now < since + expiry {
                return self.age_due.hasten(since + expiry);
            }
            let error = Error::format(
                Code::Expired,
                "the message expired: it waited to be sent for longer than offlineexpiry, % s",
                &[&seconds(expiry)],
            );
            self.evict(Some(key), error, effects);
        }
    }

    /// Messages of MQTT 5 beyond their own interval (§3.3.2.3.3). Intervals are whole seconds, so one look a second is
    /// enough.
    fn expire_by_interval(&mut self, now: Millis, effects: &mut Effects) {
        let mut next = NEVER;
        let expiring = self
            .publishes
            .sorted(|publish| (publish.expires != NEVER && !publish.requeued).then_some(publish.seq));
        for &(_, slot) in &expiring {
            let Some((key, publish)) = self.publishes.at(slot) else {
                continue;
            };
            if publish.expires <= now {
                self.evict(Some(key), expired(), effects);
            } else {
                next = next.min(publish.expires);
            }
        }
        self.age_due.hasten(next.max(now + 1_000));
    }

    /// `publishtimeout`, which counts from the call.
    fn expire_by_publish_timeout(&mut self, now: Millis, timeout: Millis, effects: &mut Effects) {
        while let Some((since, key)) = self.timeouts.first(&mut self.publishes) {
            if now < since + timeout {
                return self.age_due.hasten(since + timeout);
            }
            self.timeouts.pop();
            self.evict(Some(key), timed_out(timeout), effects);
        }
    }
}

/// A publish took longer than `publishtimeout`.
pub(in crate::engine) fn timed_out(timeout: Millis) -> Error {
    Error::format(
        Code::Timeout,
        "the publish took longer than publishtimeout, % s",
        &[&seconds(timeout)],
    )
}

pub(in crate::engine) fn expired() -> Error {
    Error::new(
        Code::Expired,
        "the message expired before it was sent (messageExpiryInterval)",
    )
}

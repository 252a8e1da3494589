//! How long messages may stay in flight: `acktimeout` for the answer to each, which needs a new connection when it is overdue,
//! and `publishtimeout` for the call. Never ends a message.

use super::Session;
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::output::Token;

impl Session {
    pub fn next_deadline(&self) -> Millis {
        self.ack_due.at().min(self.age_due.at())
    }

    pub fn expect_ack(&mut self, now: Millis, ack_timeout: Millis) {
        if !self.ack_due.is_set() {
            self.ack_due.set(now + ack_timeout);
        }
    }

    /// Whether the moment to look for overdue acknowledgements has come.
    pub fn ack_expired(&mut self, now: Millis) -> bool {
        self.ack_due.expire(now)
    }

    /// Whether a PUBACK, PUBREC or PUBCOMP is overdue: then a new connection is needed, on which the message is sent
    /// again. While others come in, an old message may only stand behind a slow online.
    pub fn is_overdue(&mut self, now: Millis, ack_timeout: Millis) -> bool {
        let Some(online) = &self.online else { return false };
        let mut oldest = NEVER;
        for flight in self.publishes.iter().filter_map(|publish| publish.flight) {
            oldest = oldest.min(flight.sent_at);
        }
        if oldest == NEVER {
            return false;
        }
        let progress = online.last_ack.min(oldest + 3 * ack_timeout);
        let due = oldest.max(progress) + ack_timeout;
        if now < due {
            self.ack_due.set(due);
            return false;
        }
        self.ack_due.confirm(now)
    }

    /// Whether the moment to look for publishes over their time limit has come. Online it is confirmed first, because
    /// bytes that have arrived may end them.
    pub fn age_expired(&mut self, now: Millis) -> bool {
        self.age_due.expire(now) && (self.online.is_none() || self.age_due.confirm(now))
    }

    /// Takes the tokens of those publishes whose time limit has passed: they stay in flight as long as the session
    /// lives [MQTT-4.4.0-1], but nobody waits for their end.
    pub fn timed_out(&mut self, now: Millis, timeout: Millis) -> Vec<Option<Token>> {
        let mut tokens = Vec::new();
        while let Some((since, key)) = self.timeouts.first(&mut self.publishes) {
            if now < since + timeout {
                self.age_due.hasten(since + timeout);
                break;
            }
            self.timeouts.pop();
            if let Some(publish) = self.publishes.get(key) {
                if publish.token.is_some() {
                    tokens.push(publish.token.take());
                }
                if let Some(flight) = &mut publish.flight {
                    flight.abandoned = true;
                }
            }
        }
        tokens
    }

    /// Takes the token of a publish whose caller waits no longer, as of one whose time limit has passed.
    pub fn abandon(&mut self, token: Token) -> Option<Token> {
        let key = self.publishes.find(token)?;
        let publish = self.publishes.get(key)?;
        if let Some(flight) = &mut publish.flight {
            flight.abandoned = true;
        }
        publish.token.take()
    }
}

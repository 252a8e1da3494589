//! The calls that concern the client as a whole: who waits for `start`, `stop` and `flush`, and the
//! progress of a stop.
//! Never touches a connection or a message.

use super::deadline::{Deadline, Millis};
use super::output::Token;
use crate::codec::ReasonCode;

#[derive(Debug)]
pub(super) struct Lifecycle {
    /// Calls of `start`, and after how many more failed attempts each fails.
    starters: Vec<(Token, usize)>,
    /// `stop` was called and has not ended.
    stopping: Option<Stopping>,
    /// What DISCONNECT says when `stop` is called next, MQTT 5: reason code and properties.
    farewell: (ReasonCode, Vec<u8>),
    /// Calls of `flush`: each ends when everything up to this place in the order of the calls has ended.
    flushes: Vec<(u64, Option<Token>)>,
    /// `stop` gives up on what is still pending, or on the transport that does not close.
    pub stop_due: Deadline,
}

#[derive(Debug, Default)]
struct Stopping {
    stoppers: Vec<Option<Token>>,
    /// `start` was called meanwhile: begin again when stopped.
    restart: Vec<Option<Token>>,
    /// DISCONNECT was written on an accepted connection.
    was_online: bool,
    /// The connection was lost meanwhile, or there was none.
    lost_once: bool,
}

/// The calls that end with a stop.
#[derive(Debug, Default)]
pub(super) struct Stopped {
    pub stoppers: Vec<Option<Token>>,
    pub restart: Vec<Option<Token>>,
    pub was_online: bool,
}

impl Lifecycle {
    pub fn new() -> Self {
        Lifecycle {
            starters: Vec::new(),
            stopping: None,
            farewell: (ReasonCode::SUCCESS, Vec::new()),
            flushes: Vec::new(),
            stop_due: Deadline::default(),
        }
    }

    #[inline(always)]
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    // ---- start

    /// Somebody waits for a connection, until so many attempts have failed.
    pub fn await_start(&mut self, token: Token, attempts: usize) {
        self.starters.push((token, attempts));
    }

    pub fn has_starters(&self) -> bool {
        !self.starters.is_empty()
    }

    pub fn take_starters(&mut self) -> Vec<Option<Token>> {
        self.failed_starters(true)
    }

    /// An attempt failed: those starters for whom it was the last one. `all`: no further attempt would help.
    pub fn failed_starters(&mut self, all: bool) -> Vec<Option<Token>> {
        let mut failed = Vec::new();
        for (token, attempts) in std::mem::take(&mut self.starters) {
            match attempts > 1 && !all {
                true => self.starters.push((token, attempts - 1)),
                false => failed.push(Some(token)),
            }
        }
        failed
    }

    /// Each further server has its turn before `start` fails.
    pub fn add_attempts(&mut self, more: usize) {
        for (_, attempts) in &mut self.starters {
            *attempts += more;
        }
    }

    // ---- stop

    pub fn set_farewell(&mut self, reason: ReasonCode, properties: Vec<u8>) {
        self.farewell = (reason, properties);
    }

    pub fn farewell(&self) -> (ReasonCode, &[u8]) {
        (self.farewell.0, &self.farewell.1)
    }

    /// `stop` was called. True if it is the first call; with the restarts that it cancels.
    pub fn begin_stop(&mut self, token: Option<Token>) -> (bool, Vec<Option<Token>>) {
        let first = self.stopping.is_none();
        let stopping = self.stopping.get_or_insert_default();
        stopping.stoppers.push(token);
        (first, std::mem::take(&mut stopping.restart))
    }

    /// `start` was called during a stop.
    pub fn restart_after_stop(&mut self, token: Option<Token>) {
        if let Some(stopping) = &mut self.stopping {
            stopping.restart.push(token);
        }
    }

    /// `stop` was called without a connection: if one is made and lost, no other follows.
    pub fn forbid_reconnect(&mut self) {
        if let Some(stopping) = &mut self.stopping {
            stopping.lost_once = true;
        }
    }

    /// The first time that the connection is lost during a stop: then a new one is tried at once, as the caller waits.
    pub fn is_first_loss(&mut self) -> bool {
        let stopping = self.stopping.as_mut();
        stopping.is_some_and(|stopping| !std::mem::replace(&mut stopping.lost_once, true))
    }

    /// DISCONNECT was written.
    pub fn note_disconnect_sent(&mut self) {
        self.stopping.get_or_insert_default().was_online = true;
    }

    /// The stop is over.
    pub fn end_stop(&mut self) -> Stopped {
        self.stop_due.clear();
        self.farewell = (ReasonCode::SUCCESS, Vec::new());
        let Stopping {
            stoppers,
            restart,
            was_online,
            ..
        } = self.stopping.take().unwrap_or_default();
        Stopped {
            stoppers,
            restart,
            was_online,
        }
    }

    pub fn take_restarts(&mut self) -> Vec<Option<Token>> {
        let stopping = self.stopping.as_mut();
        stopping.map_or(Vec::new(), |stopping| std::mem::take(&mut stopping.restart))
    }

    // ---- flush

    pub fn await_flush(&mut self, upto: u64, token: Option<Token>) {
        self.flushes.push((upto, token));
    }

    /// Tokens of those flushes of which nothing is pending any more.
    pub fn ended_flushes(&mut self, is_pending: &dyn Fn(u64) -> bool) -> Vec<Option<Token>> {
        let mut ended = Vec::new();
        for (upto, token) in std::mem::take(&mut self.flushes) {
            match is_pending(upto) {
                true => self.flushes.push((upto, token)),
                false => ended.push(token),
            }
        }
        ended
    }

    pub fn has_flushes(&self) -> bool {
        !self.flushes.is_empty()
    }

    pub fn next_deadline(&self) -> Millis {
        self.stop_due.at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: u32) -> Token {
        Token::new(number).unwrap()
    }

    #[test]
    fn a_start_fails_when_every_server_had_its_turn() {
        let mut lifecycle = Lifecycle::new();
        lifecycle.await_start(token(1), 1);
        lifecycle.await_start(token(2), 2);
        assert_eq!(lifecycle.failed_starters(false), [Some(token(1))]);
        lifecycle.add_attempts(1);
        assert!(lifecycle.failed_starters(false).is_empty());
        assert_eq!(lifecycle.failed_starters(true), [Some(token(2))]);
        assert!(!lifecycle.has_starters());
    }

    #[test]
    fn a_stop_cancels_the_restarts_before_it_and_keeps_those_after_it() {
        let mut lifecycle = Lifecycle::new();
        assert_eq!(lifecycle.begin_stop(Some(token(1))), (true, Vec::new()));
        lifecycle.restart_after_stop(Some(token(2)));
        assert_eq!(lifecycle.begin_stop(None), (false, vec![Some(token(2))]));
        lifecycle.restart_after_stop(Some(token(3)));
        assert!(lifecycle.is_first_loss() && !lifecycle.is_first_loss());
        let stopped = lifecycle.end_stop();
        assert_eq!(stopped.stoppers, [Some(token(1)), None]);
        assert_eq!(stopped.restart, [Some(token(3))]);
        assert!(!stopped.was_online && !lifecycle.is_stopping());
    }

    #[test]
    fn a_flush_ends_when_nothing_before_it_is_pending() {
        let mut lifecycle = Lifecycle::new();
        lifecycle.await_flush(5, Some(token(1)));
        lifecycle.await_flush(9, None);
        assert_eq!(lifecycle.ended_flushes(&|upto| upto > 5), [Some(token(1))]);
        assert!(lifecycle.has_flushes());
        assert_eq!(lifecycle.ended_flushes(&|_| false), [None]);
    }
}

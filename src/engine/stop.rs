//! stop(): what is pending is sent, then DISCONNECT, then nothing is left. Bounded in time; what
//! could not be sent by then ends with an error of its own, never in silence.

use super::connection::{Phase, RC_NORMAL};
use super::event::{Event, Outcome, Token, NOBODY};
use super::timers::{Millis, Timer, Timers};
use super::{Engine, Error};
use crate::codec::v4;

#[derive(Debug, Default)]
pub(super) struct Stopping {
    /// stop() was called and is not done.
    active: bool,
    stoppers: Vec<Token>,
    was_online: bool,
    /// start() was called meanwhile: begin again when stopped.
    restart: Vec<Token>,
    /// The connection was lost meanwhile.
    lost_once: bool,
}

/// How long a peer may take to close its side after DISCONNECT.
const CLOSE_TIMEOUT: Millis = 1_000;

impl Engine {
    pub fn stop(&mut self, now: Millis, token: Token) {
        if matches!(self.link.phase, Phase::Idle | Phase::Stopped) {
            self.link.phase = Phase::Stopped;
            self.end_all(&Error::stopped());
            return self.done(token, Ok(Outcome::None));
        }
        self.stopping.stoppers.push(token);
        for restart in std::mem::take(&mut self.stopping.restart) {
            self.done(restart, Err(Error::stopped()));
        }
        if self.stopping.active {
            return;
        }
        self.stopping.active = true;
        self.flush();
        self.timers.set(Timer::Stop, now + self.cfg.stop_timeout);
        if self.link.phase == Phase::Backoff && self.ops.publishes() > 0 {
            self.attempt(now);
        }
        self.stop_if_drained(now);
    }

    /// start() during stop(): remembered for when it is done.
    pub(super) fn restart_after_stop(&mut self, token: Token) {
        self.stopping.restart.push(token);
    }

    /// Then a new connection is tried at once, as the caller waits; after that with delays.
    pub(super) fn first_loss_while_stopping(&mut self) -> bool {
        !std::mem::replace(&mut self.stopping.lost_once, true)
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.active
    }

    pub(super) fn accepting(&self) -> Result<(), Error> {
        if self.stopping.active || self.link.phase == Phase::Stopped {
            return Err(Error::stopped());
        }
        Ok(())
    }

    /// Called after every input that may have ended the last pending operation.
    pub(super) fn stop_if_drained(&mut self, now: Millis) {
        if self.stopping.active
            && self.link.phase != Phase::Closing
            && self.ops.publishes() == 0
            && !self.collecting()
        {
            self.finish_stop(now);
        }
    }

    pub(super) fn stop_overdue(&mut self, now: Millis) {
        if self.link.phase == Phase::Closing {
            self.finish_close(now);
        } else {
            self.finish_stop(now);
        }
    }

    /// Nothing is pending, or time is up.
    pub(super) fn finish_stop(&mut self, now: Millis) {
        self.end_all(&Error::stopped());
        for token in std::mem::take(&mut self.link.starters) {
            self.done(token, Err(Error::stopped()));
        }
        match self.link.phase {
            Phase::Online | Phase::Handshake | Phase::Opening => {
                if self.link.phase == Phase::Online {
                    v4::disconnect(&mut self.out);
                    self.stopping.was_online = true;
                }
                self.link.phase = Phase::Closing;
                self.timers = Timers::new();
                self.timers.set(Timer::Stop, now + CLOSE_TIMEOUT);
                self.events.push_back(Event::Close {
                    generation: self.link.generation,
                });
            }
            _ => self.finish_close(now),
        }
    }

    /// The transport is gone, or has had its time.
    pub(super) fn finish_close(&mut self, now: Millis) {
        self.link.phase = Phase::Stopped;
        self.link.generation = self.link.generation.wrapping_add(1);
        self.link.blocked = false;
        self.link.pinged = None;
        self.timers = Timers::new();
        self.out.clear();
        self.inbox.clear();
        let stopping = std::mem::take(&mut self.stopping);
        if stopping.was_online {
            self.events.push_back(Event::Disconnected {
                rc: RC_NORMAL,
                error: None,
            });
        }
        for token in stopping.stoppers {
            self.done(token, Ok(Outcome::None));
        }
        for token in stopping.restart {
            self.start(now, token);
        }
    }

    /// The one function that ends everything pending.
    pub(super) fn end_all(&mut self, error: &Error) {
        let mut tokens = self.abandon_batches();
        if !self.cfg.clean_session {
            self.reserve_identifiers();
        }
        tokens.extend(self.ops.drain().into_iter().map(|op| op.token));
        self.control.clear();
        self.resend.clear();
        self.waiting.clear();
        self.held = Default::default();
        self.forget_ungranted();
        for token in tokens {
            if token != NOBODY {
                self.done(token, Err(error.clone()));
            }
        }
    }
}

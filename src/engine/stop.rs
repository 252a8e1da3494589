//! stop(): what is pending is sent, then DISCONNECT, then nothing is left. Bounded in time; what
//! could not be sent by then ends with an error of its own, never in silence.

use super::connection::{Phase, RC_LOST, RC_NORMAL};
use super::event::{Event, Outcome, Token, NOBODY};
use super::message::needs_5;
use super::timers::{Millis, Timer, Timers};
use super::{Code, Engine, Error};
use crate::codec::properties::{number, Property};
use crate::codec::{write, ReasonCode, Version};

#[derive(Debug, Default)]
pub(super) struct Stopping {
    /// stop() was called and is not done.
    active: bool,
    stoppers: Vec<Token>,
    was_online: bool,
    /// start() was called meanwhile: begin again when stopped.
    restart: Vec<Token>,
    /// What DISCONNECT says, MQTT 5.
    reason: u8,
    properties: Vec<u8>,
    /// The connection was lost meanwhile.
    lost_once: bool,
}

/// How long a peer may take to close its side after DISCONNECT.
const CLOSE_TIMEOUT: Millis = 1_000;
const KEPT: &str = "; it is kept in the store, and the next start() with this client id sends it";

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
        self.flush(now);
        self.timers.set(Timer::Stop, now + self.cfg.stop_timeout);
        if self.link.phase == Phase::Backoff && self.ops.publishes() > 0 {
            self.attempt_all(now);
        }
        self.stop_if_drained(now);
    }

    /// What DISCONNECT is to say when stop() is called next (§3.14.2); a reason of 4 lets the server publish the
    /// will.
    pub fn say_at_stop(&mut self, reason: u8, properties: &[u8]) -> Result<(), Error> {
        if self.version == Version::V4 && (reason != 0 || !properties.is_empty()) {
            return Err(needs_5("reasonCode and properties of stop()"));
        }
        let given = number(&self.cfg.properties, Property::SessionExpiryInterval);
        let lives = given.map_or(!self.cfg.clean_session, |seconds| seconds > 0);
        if !lives && number(properties, Property::SessionExpiryInterval).unwrap_or(0) > 0 {
            return Err(Error::new(
                Code::InvalidOption,
                "the session ends with the connection, and stop() cannot make it last [MQTT-3.14.2-2]; set sessionExpiryInterval in the properties of credentials",
            ));
        }
        self.stopping.reason = reason;
        self.stopping.properties = properties.to_vec();
        Ok(())
    }

    /// start() during stop(): remembered for when it is done.
    pub(super) fn restart_after_stop(&mut self, token: Token) {
        self.stopping.restart.push(token);
    }

    /// Then a new connection is tried at once, as the caller waits; after that with delays.
    pub(super) fn first_loss_while_stopping(&mut self) -> bool {
        !std::mem::replace(&mut self.stopping.lost_once, true)
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.active
    }

    #[inline(always)]
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
        for (token, _) in std::mem::take(&mut self.link.starters) {
            self.done(token, Err(Error::stopped()));
        }
        match self.link.phase {
            Phase::Online | Phase::Handshake | Phase::Opening | Phase::Asking => {
                if self.link.phase == Phase::Online {
                    let Stopping {
                        reason, properties, ..
                    } = &self.stopping;
                    // Header, reason and two lengths [MQTT-3.14.2-3].
                    let fits = properties.len() + 10 <= self.server.max_packet;
                    let said = if fits { &properties[..] } else { &[] };
                    write::disconnect(&mut self.out, self.version, ReasonCode(*reason), said);
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
        // What is in the journal stays there, for the next start.
        let kept = self.ops.journal.pause();
        let mut tokens = self.abandon_batches();
        if !self.cfg.clean_session && !kept {
            self.reserve_identifiers();
        }
        let batches = tokens.len();
        let ended = self.ops.drain();
        let in_journal = |at: usize| kept && (at < batches || ended[at - batches].stored != 0);
        tokens.extend(ended.iter().map(|op| op.token));
        self.ops.journal.go_on(kept);
        self.control.clear();
        self.resend.clear();
        self.waiting.clear();
        self.held = Default::default();
        self.again = Default::default();
        self.patience = Default::default();
        self.timers.clear(Timer::Age);
        self.forget_ungranted();
        for (at, &token) in tokens.iter().enumerate() {
            if token == NOBODY {
                continue;
            }
            let mut error = error.clone();
            if in_journal(at) {
                let why = match error.code {
                    Code::Stopped => "the client was stopped before this could be sent",
                    _ => &error.message,
                };
                error.message = super::text::compose("%%", &[why, KEPT]).into();
            }
            self.done(token, Err(error));
        }
    }

    /// Ends everything at once, for a reason outside MQTT, as when the store cannot be written.
    pub fn fail(&mut self, error: &Error, now: Millis) {
        let was_online = self.link.phase == Phase::Online;
        self.ops.journal.pause();
        self.take_journal();
        if !matches!(self.link.phase, Phase::Idle | Phase::Backoff | Phase::Stopped) {
            self.close_transport();
        }
        self.end_all(error);
        for token in std::mem::take(&mut self.stopping.restart) {
            self.done(token, Err(error.clone()));
        }
        for (token, _) in std::mem::take(&mut self.link.starters) {
            self.done(token, Err(error.clone()));
        }
        if was_online {
            self.events.push_back(Event::Disconnected {
                rc: RC_LOST,
                error: Some(error.clone()),
            });
        }
        self.finish_close(now);
    }

    /// start() was called, and what it needs is being made ready: calls may come.
    pub fn expect_start(&mut self) {
        if self.link.phase == Phase::Stopped {
            self.link.phase = Phase::Idle;
        }
    }
}

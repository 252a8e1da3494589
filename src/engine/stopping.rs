//! Routes `stop`: what is pending is sent, then DISCONNECT, then nothing is left. Bounded in time; what could not be sent
//! by then ends with an error of its own.

use super::connecting::{RC_LOST, RC_NORMAL};
use super::connection::Phase;
use super::deadline::Millis;
use super::error::{Code, Error};
use super::format::{format, sort};
use super::message::{check_properties, needs_5};
use super::output::{Event, Token};
use super::publishes::Ended;
use super::{Engine, Version};
use crate::codec::properties::{number, Place, Property};
use crate::codec::ReasonCode;

/// How long a broker may take to close its side after DISCONNECT.
const CLOSE_TIMEOUT: Millis = 1_000;
const KEPT: &str = "; it is kept in the store, and the next start() with this client id sends it";

impl Engine {
    /// Sends what is pending, within `stoptimeout`, then ends everything.
    pub fn stop(&mut self, now: Millis, token: Option<Token>) {
        if matches!(self.connection.phase(), Phase::Idle | Phase::Stopped) {
            self.connection.stop();
            self.end_all(&Error::stopped());
            return self.effects.succeeded(token);
        }
        let (first, restarts) = self.lifecycle.begin_stop(token);
        self.effects.all_failed(restarts, &Error::stopped());
        if !first {
            return;
        }
        if !self.is_online() {
            self.lifecycle.forbid_reconnect();
        }
        self.outbox.flush(now, &mut self.effects);
        self.lifecycle.stop_due.set(now + self.config().stop_timeout);
        if matches!(self.connection.phase(), Phase::Backoff) && self.has_publishes() {
            self.attempt_all(now);
        }
        self.stop_if_drained(now);
    }

    /// What DISCONNECT says when `stop` is called next (§3.14.2); a reason of 4 lets the broker publish the will.
    ///
    /// # Errors
    /// `INVALID_OPTION` where the connection speaks 3.1.1, or where a session that ends with the connection is to last.
    pub fn set_disconnect(&mut self, reason: ReasonCode, properties: &[u8]) -> Result<(), Error> {
        if self.version() == Version::V4 && (reason != ReasonCode::SUCCESS || !properties.is_empty()) {
            return Err(needs_5("reasonCode and properties of stop()"));
        }
        check_properties(properties, Place::Disconnect)?;
        let config = self.config();
        let given = number(&config.properties, Property::SessionExpiryInterval);
        let lasts = given.map_or(!config.clean_session, |seconds| seconds > 0);
        if !lasts && number(properties, Property::SessionExpiryInterval).unwrap_or(0) > 0 {
            return Err(Error::new(
                Code::InvalidOption,
                "stop() cannot make the session last [MQTT-3.14.2-2]; set sessionExpiryInterval in the properties of credentials",
            ));
        }
        self.lifecycle.set_farewell(reason, properties.to_vec());
        Ok(())
    }

    #[inline(always)]
    pub(super) fn check_accepting(&self) -> Result<(), Error> {
        if self.lifecycle.is_stopping() || self.is_stopped() {
            return Err(Error::stopped());
        }
        Ok(())
    }

    fn has_publishes(&self) -> bool {
        !self.session.is_empty() || !self.outbox.is_empty()
    }

    /// Called after every input that may have ended the last pending operation.
    #[cfg_attr(small_code, optimize(speed))]
    pub(super) fn stop_if_drained(&mut self, now: Millis) {
        if self.lifecycle.is_stopping()
            && !matches!(self.connection.phase(), Phase::Closing)
            && !self.session.received().has_unhandled()
            && !self.has_publishes()
        {
            self.finish_stop(now);
        }
    }

    pub(super) fn stop_overdue(&mut self, now: Millis) {
        if matches!(self.connection.phase(), Phase::Closing) {
            self.finish_close(now);
        } else {
            self.finish_stop(now);
        }
    }

    /// Nothing is pending, or time is up.
    pub(super) fn finish_stop(&mut self, now: Millis) {
        let error = Error::stopped();
        self.end_all(&error);
        self.effects.all_failed(self.lifecycle.take_starters(), &error);
        if self.is_online() {
            self.write_due_acknowledgements();
        }
        match self.connection.phase() {
            Phase::Online(online) => {
                let (reason, properties) = self.lifecycle.farewell();
                // Header, reason and two lengths [MQTT-3.14.2-3].
                let fits = properties.len() + 10 <= online.limits().max_packet_size;
                let properties = if fits { properties.to_vec() } else { Vec::new() };
                self.connection.write_disconnect(reason, &properties);
                self.lifecycle.note_disconnect_sent();
                self.begin_closing(now);
            }
            Phase::Handshake(_) | Phase::Opening | Phase::Asking => self.begin_closing(now),
            _ => self.finish_close(now),
        }
    }

    /// What is delivered from here on is not acknowledged: nothing follows DISCONNECT [MQTT-3.14.4-2].
    fn begin_closing(&mut self, now: Millis) {
        self.connection.begin_closing(&mut self.effects);
        self.session.disconnected();
        self.search.disconnected();
        self.lifecycle.stop_due.set(now + CLOSE_TIMEOUT);
    }

    /// The transport is gone, or has had its time.
    pub(super) fn finish_close(&mut self, now: Millis) {
        self.connection.stop();
        self.session.disconnected();
        self.search.disconnected();
        let stopped = self.lifecycle.end_stop();
        if stopped.was_online {
            self.effects.push(Event::Disconnected {
                rc: RC_NORMAL,
                error: None,
            });
        }
        self.effects.all_succeeded(stopped.stoppers);
        for token in stopped.restart {
            self.start(now, token);
        }
    }

    /// The one function that ends everything pending.
    pub(super) fn end_all(&mut self, error: &Error) {
        // What the journal has stays in the store, for the next start.
        let kept = self.effects.journal.pause();
        let config = self.config();
        let keeps_qos2 = !config.clean_session && !config.persist;
        let effects = &mut self.effects;
        let mut ended = Vec::new();
        self.outbox.drain(&mut effects.journal, &mut ended);
        self.session.drain(keeps_qos2, &mut effects.journal, &mut ended);
        for id in self.subscriptions.drain(&mut ended, effects) {
            self.session.release_id(id);
        }
        effects.journal.resume(kept);
        self.subscriptions.forget_ungranted(effects);

        let mut order = Vec::new();
        for (place, ended) in (0u32..).zip(&ended) {
            order.push((ended.seq, place));
        }
        sort(&mut order);
        for &(_, place) in &order {
            let Ended { token, stored, .. } = ended[place as usize];
            if token.is_some() {
                let error = match kept && stored {
                    true => kept_in_store(error),
                    false => error.clone(),
                };
                effects.failed(token, error);
            }
        }
    }

    /// Ends everything at once, for a reason outside MQTT, as when the store cannot be written.
    pub fn fail(&mut self, now: Millis, error: &Error) {
        let was_online = self.is_online();
        self.effects.journal.pause();
        self.effects.journal.take_changes();
        if !matches!(
            self.connection.phase(),
            Phase::Idle | Phase::Backoff | Phase::Stopped
        ) {
            self.connection.close_transport(&mut self.effects);
        }
        self.end_all(error);
        self.effects.all_failed(self.lifecycle.take_restarts(), error);
        self.effects.all_failed(self.lifecycle.take_starters(), error);
        if was_online {
            self.effects.push(Event::Disconnected {
                rc: RC_LOST,
                error: Some(error.clone()),
            });
        }
        self.store_busy = false;
        self.finish_close(now);
    }
}

/// The error of something that was not sent, and that the store keeps.
#[inline(never)]
fn kept_in_store(error: &Error) -> Error {
    let mut error = error.clone();
    let why = match error.code {
        Code::Stopped => "the client was stopped before this could be sent",
        _ => &error.message,
    };
    error.message = format("%%", &[why, KEPT]);
    error
}

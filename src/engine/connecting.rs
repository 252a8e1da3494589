//! Routes everything that concerns the life of a connection: calls of `start`, credentials, what the transport reports,
//! CONNACK, AUTH, DISCONNECT, keep alive, acknowledgements that are overdue, loss and the next attempt, and what a new
//! connection does with everything that was pending (§4.4).

use super::config::Versions;
use super::connection::{Closed, Connack, Connection, Keepalive, Loss, Phase, FIRST_DELAY, LEAST_DELAY};
use super::deadline::Millis;
use super::error::{Code, Error};
use super::outbox::Limits;
use super::output::{Event, Generation, Token};
use super::{Config, Engine, Version};
use crate::codec::properties::Place;
use crate::codec::{DecodeError, ReasonCode};

/// paho's numbers for `on_disconnect`.
pub(super) const RC_NORMAL: u8 = 0;
pub(super) const RC_PROTOCOL: u8 = 2;
pub(super) const RC_LOST: u8 = 7;
pub(super) const RC_KEEPALIVE: u8 = 16;

impl Engine {
    /// Connects, or hurries a planned reconnect; the token ends with the broker's answer, or when every server was
    /// tried.
    pub fn start(&mut self, now: Millis, token: Option<Token>) {
        if self.lifecycle.is_stopping() {
            return self.lifecycle.restart_after_stop(token);
        }
        // Every server is tried once without a delay, and then the caller has the answer.
        self.connection.begin_round();
        match self.connection.phase() {
            Phase::Online(_) => return self.effects.succeeded(token),
            Phase::Idle | Phase::Stopped => {
                self.connection.reset();
                self.connection.attempt(now, &mut self.effects);
            }
            Phase::Backoff => self.attempt_all(now),
            Phase::Asking | Phase::Opening | Phase::Handshake(_) | Phase::Closing => {}
        }
        if let Some(token) = token {
            let attempts = self.config().servers.len().max(1);
            self.lifecycle.await_start(token, attempts);
        }
    }

    /// `start` was called, and what it needs is being prepared: calls may come.
    pub fn expect_start(&mut self) {
        self.connection.expect_start();
    }

    /// What the platform says about the network: without one attempts pause, with one the next is made now.
    pub fn set_network(&mut self, now: Millis, online: bool) {
        self.connection.set_network(online);
        if !matches!(self.connection.phase(), Phase::Backoff) {
            // The old connection may be dead: asked now, it is known sooner.
            if online && self.connection.ping_now(now) {
                self.shrink();
            }
        } else if online {
            self.attempt_all(now);
        } else if self.is_paused() {
            self.connection.pause();
        }
    }

    /// Nobody awaits the next attempt, and it would fail.
    fn is_paused(&self) -> bool {
        let awaited = self.lifecycle.has_starters() || self.lifecycle.is_stopping();
        self.connection.is_paused(awaited)
    }

    /// An attempt at once, and if it fails at the other servers without a delay.
    pub(super) fn attempt_all(&mut self, now: Millis) {
        self.connection.begin_round();
        self.connection.attempt(now, &mut self.effects);
    }

    // ---- credentials

    /// Whether the answer to this [`Event::CredentialsRequested`] is still awaited.
    pub fn awaits_credentials(&self, generation: Generation) -> bool {
        self.connection.awaits_credentials(generation)
    }

    /// The answer to [`Event::CredentialsRequested`]; that of an earlier attempt is ignored. What concerns the connection
    /// is taken over each time, limits of queues and batches only the first time.
    pub fn credentials_given(&mut self, now: Millis, generation: Generation, answer: Result<Config, Error>) {
        if !self.awaits_credentials(generation) {
            return;
        }
        let answer = answer.and_then(|config| config.check().map(|()| config));
        match answer {
            Ok(config) => {
                let limits = Limits::new(&config);
                let adopted = self.connection.adopt(config);
                self.lifecycle.add_attempts(adopted.more_servers);
                if self.config().version != Versions::Auto {
                    self.settle_version();
                }
                if adopted.first {
                    self.outbox.set_limits(now, limits, &mut self.effects);
                }
                self.connection.open(now, &mut self.effects);
            }
            Err(error) => self.connection_lost(now, RC_LOST, error),
        }
    }

    // ---- the transport

    /// The transport is open: CONNECT goes out.
    pub fn opened(&mut self, now: Millis, generation: Generation) {
        self.connection.opened(now, generation, &mut self.effects);
    }

    /// The transport will close, for a reason of its own.
    pub fn set_transport_error(&mut self, code: Option<Code>) {
        self.connection.set_transport_error(code);
    }

    /// The transport is gone; `why` is in its own words, "" if it said nothing.
    pub fn closed(&mut self, now: Millis, generation: Generation, why: &str) {
        match self.connection.closed(generation, why) {
            Closed::Ignored => {}
            Closed::FallBack => self.fall_back(now),
            Closed::Lost(error) => {
                self.suspect(now, None);
                self.connection_lost(now, RC_LOST, error);
            }
            Closed::Finished => self.finish_close(now),
        }
    }

    /// The attempt has taken `connecttimeout`. Silence to CONNECT of MQTT 5 may be that of a broker that does not speak it:
    /// some take the length of the properties for that of the client identifier, and wait for the rest.
    pub(super) fn connect_overdue(&mut self, now: Millis) {
        let error = self.connection.connect_timeout_error();
        let falls_back = self.connection.may_fall_back_after_silence();
        self.connection.close_transport(&mut self.effects);
        match falls_back {
            true => self.fall_back(now),
            false => self.connection_lost(now, RC_LOST, error),
        }
    }

    /// MQTT 5 is not spoken there: 3.1.1 is tried.
    fn fall_back(&mut self, now: Millis) {
        self.connection.set_version(Version::V4);
        self.connection.attempt(now, &mut self.effects);
    }

    /// The broker has accepted a version: if it is another than before, messages that are kept are encoded anew. An attempt
    /// alone costs none of them its properties.
    fn settle_version(&mut self) {
        let (from, to) = (self.outbox.version(), self.connection.version());
        if from != to {
            self.session.reencode(from, to);
            self.outbox.reencode(to);
            self.effects.journal.version = to;
        }
    }

    /// CONNACK arrived (§3.2).
    pub(super) fn on_connack(
        &mut self,
        now: Millis,
        session_present: bool,
        code: ReasonCode,
        properties: &[u8],
    ) -> Result<(), DecodeError> {
        // In 3.1.1 the broker alone errs that has a session for a clean one [MQTT-3.2.2-1]; in MQTT 5 the client must close.
        let is_new = self.connection.version() == Version::V4 && self.config().clean_session;
        let session_present = session_present && !is_new;
        let connack = self
            .connection
            .on_connack(now, session_present, code, properties)?;
        if !matches!(connack, Connack::FallBack) {
            self.effects.push(Event::Connected {
                session_present,
                code: code.0,
                properties: properties.to_vec(),
            });
        }
        match connack {
            Connack::FallBack => {
                self.connection.close_transport(&mut self.effects);
                self.connection.received().clear();
                self.fall_back(now);
            }
            Connack::Refused { error, lasting } => {
                self.connection.close_transport(&mut self.effects);
                let elsewhere = self.connection.server_references(code, properties);
                self.attempt_failed(now, RC_LOST, error, lasting, elsewhere);
            }
            Connack::Accepted {
                send_maximum,
                receive_maximum,
            } => {
                self.settle_version();
                let qos2_maximum = match self.connection.version() {
                    Version::V4 => self.config().max_inflight_qos2,
                    Version::V5 => send_maximum,
                };
                self.session
                    .connected(now, send_maximum, qos2_maximum, receive_maximum, session_present);
                self.search.connected(now);
                self.resume(session_present);
                self.effects.all_succeeded(self.lifecycle.take_starters());
                self.stop_if_drained(now);
            }
        }
        Ok(())
    }

    /// What a new connection does with everything that is pending, written once. Session kept: messages in flight are
    /// sent again with DUP and their identifiers [MQTT-4.4.0-1]. Session lost: the same messages as new ones, and all
    /// subscriptions.
    fn resume(&mut self, session_present: bool) {
        let journal = &mut self.effects.journal;
        let mut lost = Vec::new();
        match session_present {
            true => self.session.schedule_resend(),
            false => lost = self.session.session_lost(journal),
        }
        // Back to the front of the offline queue, so the last comes first.
        for &(_, slot) in lost.iter().rev() {
            if let Some(publish) = self.session.take_lost(slot, journal) {
                self.outbox.requeue(publish);
            }
        }
        let Config {
            max_filters,
            resubscribe,
            ..
        } = *self.config();
        let outbox = &mut self.outbox;
        let mut next_seq = || outbox.next_seq();
        let released = self.subscriptions.connected(
            session_present || !resubscribe,
            max_filters,
            &mut next_seq,
            &mut self.effects,
        );
        for id in released {
            self.session.release_id(id);
        }
    }

    /// AUTH arrived (§3.15).
    pub(super) fn on_auth(&mut self, reason: ReasonCode, properties: &[u8]) -> Result<(), DecodeError> {
        self.connection.on_auth(reason, properties)?;
        self.effects.push(Connection::auth_event(reason, properties));
        Ok(())
    }

    /// Answers an AUTH; online, where there is none to answer, begins to re-authenticate. The method is added here, so
    /// `properties` need not have it.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` without MQTT 5 or an authentication method, `CONNECTION_LOST` without a connection,
    /// `PACKET_TOO_LARGE` where the broker's Maximum Packet Size is exceeded.
    pub fn authenticate(&mut self, properties: &[u8]) -> Result<(), Error> {
        super::message::check_properties(properties, Place::AuthAnswer)?;
        self.connection.authenticate(properties)
    }

    // ---- loss

    /// DISCONNECT arrived (§3.14).
    pub(super) fn on_disconnect(&mut self, now: Millis, reason: ReasonCode, properties: &[u8]) {
        self.suspect(now, Some(reason));
        let error = self.connection.disconnect_error(reason, properties);
        self.connection.close_transport(&mut self.effects);
        let rc = if reason.0 == 0 { RC_LOST } else { reason.0 };
        let elsewhere = self.connection.server_references(reason, properties);
        self.attempt_failed(now, rc, error, false, elsewhere);
    }

    /// The broker broke the protocol: nothing that it says from here on can be trusted [MQTT-4.8.0-1].
    pub(super) fn protocol_violated(&mut self, now: Millis, what: DecodeError) {
        let error = self.connection.violation_error(what);
        let tells = self.connection.tells_reason();
        self.suspect(now, None);
        self.give_up_connection(now, RC_PROTOCOL, error);
        if tells {
            self.connection.write_disconnect(what.reason, &[]);
        }
    }

    /// The connection is of no use any more, although its transport is open.
    #[inline(never)]
    pub(super) fn give_up_connection(&mut self, now: Millis, rc: u8, error: Error) {
        self.connection.close_transport(&mut self.effects);
        self.connection_lost(now, rc, error);
    }

    /// The connection, or the attempt at one, failed. Nothing pending ends here, as long as there are further attempts.
    pub(super) fn connection_lost(&mut self, now: Millis, rc: u8, error: Error) {
        self.attempt_failed(now, rc, error, false, Vec::new());
    }

    /// Likewise; `lasting`: a broker refused it, and waiting will not change that. `elsewhere`: the servers that it has named
    /// instead.
    fn attempt_failed(&mut self, now: Millis, rc: u8, error: Error, lasting: bool, elsewhere: Vec<String>) {
        let Loss {
            was_online,
            was_asking,
            round_over,
            all_refused,
        } = self.connection.lose(now, &error, lasting);
        self.session.disconnected();
        self.search.disconnected();
        let more = elsewhere.len();
        let redirected = more > 0;
        let at_once = match redirected {
            true => self.connection.follow(elsewhere),
            false => !round_over,
        };
        if redirected && at_once {
            // Whoever waits for a connection waits for those, too; not without end, if each names another.
            self.lifecycle.add_attempts(more);
        }
        self.report_loss(was_online, was_asking, rc, &error);
        if at_once {
            return self.retry_in(now, LEAST_DELAY);
        }
        if !self.config().reconnect {
            self.end_all(&error);
            return self.finish_stop(now);
        }
        if !self.lifecycle.is_stopping() {
            let delay = self.connection.reconnect_delay();
            return self.retry_in(now, delay.max(LEAST_DELAY));
        }
        if was_online && self.lifecycle.is_first_loss() {
            self.connection.begin_round();
            return self.connection.attempt(now, &mut self.effects);
        }
        // A broker that accepts and drops would do so again; one that was there before may come back, or another may
        // take its place.
        if was_online || all_refused || !self.connection.was_ever_online() {
            return self.finish_stop(now);
        }
        let delay = self.connection.reconnect_delay();
        self.connection
            .retry_in(now, delay.clamp(LEAST_DELAY, FIRST_DELAY));
    }

    /// Tells whoever has to know: the application, callers of `start`, otherwise `on_error`.
    fn report_loss(&mut self, was_online: bool, was_asking: bool, rc: u8, error: &Error) {
        let mut reported = was_online;
        if was_online {
            self.effects.push(Event::Disconnected {
                rc,
                error: Some(error.clone()),
            });
        }
        let failed = self.lifecycle.failed_starters(was_asking);
        reported |= !failed.is_empty();
        self.effects.all_failed(failed, error);
        if !reported {
            self.effects.error(error.clone());
        }
    }

    fn retry_in(&mut self, now: Millis, delay: Millis) {
        if !self.is_paused() {
            self.connection.retry_in(now, delay);
        }
    }

    // ---- time

    pub(super) fn check_keepalive(&mut self, now: Millis) {
        match self.connection.check_keepalive(now) {
            Keepalive::Alive => {}
            Keepalive::Pinged => self.shrink(),
            Keepalive::Dead(error) => {
                self.give_up_connection(now, RC_KEEPALIVE, error);
            }
        }
    }

    /// A SUBACK or UNSUBACK that never comes ends its call. A PUBACK, PUBREC or PUBCOMP that never comes makes a new
    /// connection, on which the message is sent again.
    pub(super) fn check_acknowledgements(&mut self, now: Millis) {
        let ack_timeout = self.config().ack_timeout;
        if self.subscriptions.ack_expired(now) {
            let error = self.connection.overdue_error();
            self.subscriptions
                .end_overdue(now, ack_timeout, &error, &mut self.effects);
        }
        if self.session.ack_expired(now) && self.session.is_overdue(now, ack_timeout) {
            let error = self.connection.overdue_error();
            self.give_up_connection(now, RC_LOST, error);
        }
    }
}

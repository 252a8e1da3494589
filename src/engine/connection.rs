//! The life of a connection: attempt, loss, delay, next attempt. How the two sides agree in between is in
//! `handshake.rs`, and what a new connection does with what was pending in `resume.rs`.

use super::backoff::{FIRST_DELAY, LEAST_DELAY};
use super::event::{Event, Generation, Outcome, Token, NOBODY};
use super::timers::{Millis, Timer};
use super::{text, Code, Engine, Error, State};
use crate::codec::{write, DecodeError, Version};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
    /// Credentials have been asked for.
    Asking,
    /// A transport is being opened.
    Opening,
    /// CONNECT is on its way; CONNACK is awaited.
    Handshake,
    Online,
    /// Waiting for `Timer::Retry`.
    Backoff,
    /// DISCONNECT is on its way; the end of the transport is awaited.
    Closing,
    Stopped,
}

/// paho's numbers for `on_disconnect`.
pub(super) const RC_NORMAL: u8 = 0;
pub(super) const RC_PROTOCOL: u8 = 2;
pub(super) const RC_LOST: u8 = 7;
pub(super) const RC_KEEPALIVE: u8 = 16;

#[derive(Debug)]
pub(super) struct Link {
    pub phase: Phase,
    pub generation: Generation,
    /// Failed or short-lived connections in a row.
    pub attempts: u32,
    pub server: usize,
    /// Attempts since the last delay, one a server.
    pub tried: usize,
    /// Every one of them was refused by a broker.
    pub refused: bool,
    /// The host says that there is no network: attempts pause.
    pub no_network: bool,
    pub ever_online: bool,
    /// The user gave no client identifier.
    pub made_up_id: bool,
    /// An acknowledgement of nothing has been told, once a connection.
    pub told: bool,
    /// See `Event::Ask`.
    pub asked: u32,
    pub last_error: Option<Error>,
    /// Credentials have come once: what concerns the client itself stays.
    pub answered: bool,
    /// The broker resumed our session on this connection.
    pub resumed: bool,
    pub last_sent: Millis,
    pub last_received: Millis,
    pub last_ack: Millis,
    /// When a PINGREQ went out that nothing has answered.
    pub pinged: Option<Millis>,
    /// The transport has enough to do.
    pub blocked: bool,
    /// A clean session was asked for.
    pub clean: bool,
    /// What the server says counts, otherwise the user.
    pub keepalive: Millis,
    /// Messages of QoS 1 and 2 that may yet be sent on this connection (§4.9).
    pub quota: usize,
    /// So many the server may have under way.
    pub receive_maximum: usize,
    /// Re-authentication was begun and has not ended.
    pub reauthenticates: bool,
    /// The last of the servers is one that another named.
    pub detour: bool,
    /// Why the transport fails, where it says so.
    pub blame: Option<Code>,
    /// That this connection is not safe was told.
    pub warned: bool,
    /// Who awaits start(), and after how many more failed attempts it fails.
    pub starters: Vec<(Token, usize)>,
}

impl Default for Link {
    fn default() -> Self {
        Link {
            phase: Phase::Idle,
            generation: 0,
            attempts: 0,
            server: 0,
            tried: 0,
            refused: true,
            no_network: false,
            ever_online: false,
            made_up_id: false,
            told: false,
            asked: 0,
            last_error: None,
            answered: false,
            resumed: false,
            last_sent: 0,
            last_received: 0,
            last_ack: 0,
            pinged: None,
            blocked: false,
            clean: true,
            keepalive: 0,
            quota: usize::MAX,
            receive_maximum: usize::MAX,
            reauthenticates: false,
            detour: false,
            blame: None,
            warned: false,
            starters: Vec::new(),
        }
    }
}

impl Engine {
    pub fn state(&self) -> State {
        match self.link.phase {
            Phase::Idle => State::Idle,
            Phase::Online => State::Connected,
            Phase::Closing | Phase::Stopped => State::Stopped,
            Phase::Backoff => State::Reconnecting,
            _ if self.link.ever_online => State::Reconnecting,
            Phase::Asking | Phase::Opening | Phase::Handshake => State::Connecting,
        }
    }

    /// Connects, or hurries a reconnect that waits; the token ends with the next answer.
    pub fn start(&mut self, now: Millis, token: Token) {
        if self.is_stopping() {
            return self.restart_after_stop(token);
        }
        // Every server is tried once without a delay, and then the caller has the answer.
        self.link.tried = 0;
        match self.link.phase {
            Phase::Online => return self.done(token, Ok(Outcome::None)),
            Phase::Idle | Phase::Stopped => {
                self.link.ever_online = false;
                self.link.no_network = false;
                self.link.attempts = 0;
                self.link.asked = 0;
                self.link.last_error = None;
                self.attempt(now);
            }
            Phase::Backoff => self.attempt_all(now),
            Phase::Asking | Phase::Opening | Phase::Handshake | Phase::Closing => {}
        }
        if token != NOBODY {
            self.link.starters.push((token, self.cfg.servers.len().max(1)));
        }
    }

    /// What the host says about the network: without one attempts pause, with one the next is made now.
    pub fn network(&mut self, online: bool, now: Millis) {
        self.link.no_network = !online;
        match self.link.phase {
            Phase::Backoff if online => self.attempt_all(now),
            Phase::Backoff if self.pauses() => self.timers.clear(Timer::Retry),
            // The old connection may be dead: asked now, it is known sooner.
            Phase::Online if online && self.link.keepalive > 0 && self.link.pinged.is_none() => {
                self.ping(now)
            }
            _ => {}
        }
    }

    /// Nobody awaits the next attempt, and it would fail.
    fn pauses(&self) -> bool {
        self.link.no_network && self.link.starters.is_empty() && !self.is_stopping()
    }

    /// An attempt at once, and if it fails at the other servers without a delay.
    pub(super) fn attempt_all(&mut self, now: Millis) {
        self.link.tried = 0;
        self.attempt(now);
    }

    pub(super) fn attempt(&mut self, now: Millis) {
        self.timers.clear(Timer::Retry);
        self.out.clear();
        self.link.blame = None;
        self.link.generation = self.link.generation.wrapping_add(1);
        if self.cfg.ask {
            self.ask(now);
        } else {
            self.open(now);
        }
    }

    pub(super) fn open(&mut self, now: Millis) {
        self.timers.set(Timer::Connect, now + self.cfg.connect_timeout);
        self.link.phase = Phase::Opening;
        self.events.push_back(Event::Open {
            generation: self.link.generation,
            server: self.link.server,
        });
    }

    /// The transport will close, for a reason of its own.
    pub fn blame(&mut self, code: Option<Code>) {
        self.link.blame = code;
    }

    /// The transport is gone, `why` in its words ("" if it said nothing).
    pub fn closed(&mut self, generation: Generation, why: &str, now: Millis) {
        if generation != self.link.generation {
            return;
        }
        let server = self.server_name();
        let because = if why.is_empty() { "" } else { ": " };
        let blame = self.link.blame.take();
        match self.link.phase {
            // In TLS 1.3 a server refuses our certificate when the transport is open already.
            Phase::Opening | Phase::Handshake if blame.is_some() => {
                let code = blame.unwrap_or(Code::ConnectionRefused);
                let error = Error::say(code, "cannot connect to %%%", &[&server, because, why]);
                self.lose(RC_LOST, error, now);
            }
            Phase::Opening => {
                let error = Error::say(
                    Code::ConnectionRefused,
                    "cannot connect to %%%; check mqttserver, mqttport and mqttprotocol, and that a broker listens there",
                    &[&server, because, why],
                );
                self.lose(RC_LOST, error, now);
            }
            // Some servers that know no MQTT 5 just hang up.
            Phase::Handshake if self.falls_back() => self.fall_back(now),
            Phase::Handshake => {
                let error = Error::say(
                    Code::ConnectionRefused,
                    "% closed the connection before it answered CONNECT%%; check that it is an MQTT broker and takes this client id and these credentials",
                    &[&server, because, why],
                );
                self.lose(RC_LOST, error, now);
            }
            Phase::Online => {
                let words = "the connection to % was lost%%";
                let error = Error::say(Code::ConnectionLost, words, &[&server, because, why]);
                self.lose(RC_LOST, error, now);
            }
            Phase::Closing => self.finish_close(now),
            Phase::Idle | Phase::Asking | Phase::Backoff | Phase::Stopped => {}
        }
    }

    /// A server's DISCONNECT (§3.14).
    pub(super) fn on_disconnect(&mut self, reason: u8, properties: &[u8], now: Millis) {
        let error = Error::because(
            Code::ConnectionLost,
            &text::compose("% ended the connection", &[&self.server_name()]),
            reason,
            properties,
        );
        self.close_transport();
        self.lose(if reason == 0 { RC_LOST } else { reason }, error, now);
        self.follow(reason, properties);
    }

    /// The peer broke the protocol: nothing it says from here on can be trusted [MQTT-4.8.0-1].
    pub(super) fn violated(&mut self, what: DecodeError, now: Millis) {
        let server = self.server_name();
        let mut error = Error::say(
            Code::ProtocolError,
            "% sent what MQTT does not allow: %; check that this port speaks MQTT %",
            &[
                server.as_str(),
                what.sentence,
                if self.version == Version::V4 { "3.1.1" } else { "5" },
            ],
        );
        let tells = self.version == Version::V5 && self.link.phase == Phase::Online;
        if tells {
            error.reason = Some(what.reason.0);
        }
        self.close_transport();
        self.lose(RC_PROTOCOL, error, now);
        if tells {
            // The last word on this transport, before it is closed [MQTT-4.13.1-1].
            write::disconnect(&mut self.out, self.version, what.reason, &[]);
        }
    }

    pub(super) fn connect_overdue(&mut self, now: Millis) {
        if !self.timers.confirm(Timer::Connect, now) {
            return;
        }
        let server = self.server_name();
        let broker = "that an MQTT broker listens there";
        let (who, silence, what) = match self.link.phase {
            Phase::Asking => ("the credentials function", " answer", "that its promise settles"),
            Phase::Opening => (&*server, " accept a connection", broker),
            _ => (&*server, " answer CONNECT", broker),
        };
        let error = Error::say(
            Code::Timeout,
            "% did not% in % s (connecttimeout); check %",
            &[who, silence, &text::seconds(self.cfg.connect_timeout), what],
        );
        self.close_transport();
        self.lose(RC_LOST, error, now);
    }

    /// Tells the driver to close the transport; what it still says is ignored.
    #[inline(never)]
    pub(super) fn close_transport(&mut self) {
        self.out.clear();
        self.events.push_back(Event::Close {
            generation: self.link.generation,
        });
        self.link.generation = self.link.generation.wrapping_add(1);
    }

    pub(super) fn lose(&mut self, rc: u8, error: Error, now: Millis) {
        if self.timers.is_due(Timer::Stable, now) {
            self.link.attempts = 0;
        }
        self.lose_by(rc, error, now, false);
    }

    /// The connection, or the attempt at one, is over. Nothing pending ends here, as long as there are
    /// further attempts.
    pub(super) fn lose_by(&mut self, rc: u8, error: Error, now: Millis, refused: bool) {
        let was_online = self.link.phase == Phase::Online;
        // No other server would help.
        let asking = self.link.phase == Phase::Asking;
        if self.cfg.ask {
            self.link.last_error = Some(error.clone());
        }
        self.out.clear();
        self.inbox.clear();
        for timer in [Timer::Connect, Timer::Stable, Timer::Keepalive, Timer::Ack] {
            self.timers.clear(timer);
        }
        self.link.blocked = false;
        self.link.pinged = None;
        self.link.phase = Phase::Backoff;

        let round_over = was_online || asking || self.next_server(refused);
        let mut told = was_online;
        if was_online {
            self.events.push_back(Event::Disconnected {
                rc,
                error: Some(error.clone()),
            });
        }
        for (token, attempts) in std::mem::take(&mut self.link.starters) {
            if attempts > 1 && !asking {
                self.link.starters.push((token, attempts - 1));
            } else {
                told = true;
                self.done(token, Err(error.clone()));
            }
        }
        if !told {
            self.events.push_back(Event::Error(error.clone()));
        }

        if !round_over {
            if !self.pauses() {
                self.timers.set(Timer::Retry, now + LEAST_DELAY);
            }
            return;
        }
        if !self.cfg.reconnect {
            self.end_all(&error);
            return self.finish_stop(now);
        }
        if self.is_stopping() && !was_online {
            return self.finish_stop(now);
        }
        let delay = self.delay_of_round();
        if self.is_stopping() {
            if self.first_loss_while_stopping() {
                return self.attempt(now);
            }
            return self
                .timers
                .set(Timer::Retry, now + delay.clamp(LEAST_DELAY, FIRST_DELAY));
        }
        if !self.pauses() {
            self.timers.set(Timer::Retry, now + delay.max(LEAST_DELAY));
        }
    }

    /// After a failed attempt it is the next server's turn; true once each has had one.
    fn next_server(&mut self, refused: bool) -> bool {
        let servers = self.cfg.servers.len().max(1);
        self.link.server = (self.link.server + 1) % servers;
        self.link.tried += 1;
        self.link.refused &= refused;
        self.link.tried >= servers
    }

    /// The server as an error may show it.
    #[inline(never)]
    pub(super) fn server_name(&self) -> String {
        let url = self.cfg.servers.get(self.link.server);
        let url = url.map_or("the server", |u| u.as_str());
        super::text::before(url, b'?').to_owned()
    }
}

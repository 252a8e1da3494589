//! The life of a connection: attempt, handshake, loss, delay, next attempt; and the one place that
//! says what a new connection does with everything that was pending.

use super::backoff::{FIRST_DELAY, LEAST_DELAY};
use super::event::{Event, Generation, Outcome, Token, NOBODY};
use super::timers::{Millis, Timer};
use super::{text, Code, Engine, Error, State};
use crate::codec::{protocol, write, Malformed, Version};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Idle,
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

/// CONNACK 3, the one refusal that passes by itself.
const UNAVAILABLE: u8 = 3;

/// A connection that lasts so long was a good one: the reconnect delay starts small again.
const STABLE: Millis = 10_000;
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
    /// The broker resumed our session on this connection.
    pub resumed: bool,
    pub last_sent: Millis,
    pub last_received: Millis,
    pub last_ack: Millis,
    /// When a PINGREQ went out that nothing has answered.
    pub pinged: Option<Millis>,
    /// The transport has enough to do.
    pub blocked: bool,
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
            resumed: false,
            last_sent: 0,
            last_received: 0,
            last_ack: 0,
            pinged: None,
            blocked: false,
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
            Phase::Opening | Phase::Handshake if self.link.ever_online => State::Reconnecting,
            Phase::Opening | Phase::Handshake => State::Connecting,
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
                self.attempt(now);
            }
            Phase::Backoff => self.attempt_all(now),
            Phase::Opening | Phase::Handshake | Phase::Closing => {}
        }
        if token != NOBODY {
            self.link.starters.push((token, self.cfg.servers.len()));
        }
    }

    /// What the host says about the network: without one attempts pause, with one the next is made now.
    pub fn network(&mut self, online: bool, now: Millis) {
        self.link.no_network = !online;
        match self.link.phase {
            Phase::Backoff if online => self.attempt_all(now),
            Phase::Backoff if self.pauses() => self.timers.clear(Timer::Retry),
            // The old connection may be dead: asked now, it is known sooner.
            Phase::Online if online && self.cfg.keepalive > 0 && self.link.pinged.is_none() => self.ping(now),
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
        self.timers.set(Timer::Connect, now + self.cfg.connect_timeout);
        self.link.phase = Phase::Opening;
        self.link.generation = self.link.generation.wrapping_add(1);
        self.events.push_back(Event::Open {
            generation: self.link.generation,
            server: self.link.server,
        });
    }

    /// The transport is open: CONNECT goes out [MQTT-3.1.0-1].
    pub fn opened(&mut self, generation: Generation, now: Millis) {
        if generation != self.link.generation || self.link.phase != Phase::Opening {
            return;
        }
        self.link.phase = Phase::Handshake;
        self.link.last_received = now;
        let cfg = &self.cfg;
        write::connect(
            &mut self.out,
            &write::Connect {
                version: Version::V4,
                properties: &[],
                client_id: &cfg.client_id,
                clean_session: cfg.clean_session,
                keepalive: cfg.keepalive.div_ceil(1000).min(65_535) as u16,
                will: cfg.will.as_ref().map(|w| write::Will {
                    properties: &[],
                    topic: &w.topic,
                    payload: &w.payload,
                    qos: w.qos,
                    retain: w.retain,
                }),
                username: cfg.username.as_deref(),
                password: cfg.password.as_deref(),
            },
        );
    }

    /// The transport is gone, `why` in its words ("" if it said nothing).
    pub fn closed(&mut self, generation: Generation, why: &str, now: Millis) {
        if generation != self.link.generation {
            return;
        }
        let server = self.server_name();
        let because = if why.is_empty() { "" } else { ": " };
        match self.link.phase {
            Phase::Opening => {
                let words = [
                    "cannot connect to ",
                    &server,
                    because,
                    why,
                    "; check mqttserver, mqttport and mqttprotocol, and that a broker listens there",
                ];
                self.lose(RC_LOST, Error::say(Code::ConnectionRefused, &words), now);
            }
            Phase::Handshake => {
                let words = [
                    &server,
                    " closed the connection before it answered CONNECT",
                    because,
                    why,
                    "; check that it is an MQTT broker and takes this client id and these credentials",
                ];
                self.lose(RC_LOST, Error::say(Code::ConnectionRefused, &words), now);
            }
            Phase::Online => {
                let words = ["the connection to ", &server, " was lost", because, why];
                self.lose(RC_LOST, Error::say(Code::ConnectionLost, &words), now);
            }
            Phase::Closing => self.finish_close(now),
            Phase::Idle | Phase::Backoff | Phase::Stopped => {}
        }
    }

    /// CONNACK (§3.2).
    pub(super) fn on_connack(&mut self, session_present: bool, code: u8, now: Millis) {
        if code != 0 {
            self.events.push_back(Event::Connected {
                session_present: false,
                code,
            });
            let error = Error::refusal(code);
            self.close_transport();
            return self.lose_by(RC_LOST, error, now, code != UNAVAILABLE);
        }
        if session_present && self.cfg.clean_session {
            // [MQTT-3.2.2-1]
            return self.violated(
                protocol("CONNACK says that a session is present although a clean one was asked for"),
                now,
            );
        }
        self.timers.clear(Timer::Connect);
        self.timers.set(Timer::Stable, now + STABLE);
        self.link.phase = Phase::Online;
        self.link.last_ack = now;
        self.stats.reconnects += self.link.ever_online as u64;
        self.link.ever_online = true;
        self.link.tried = 0;
        self.link.refused = true;
        self.link.resumed = session_present;
        self.arm_keepalive(now);
        self.resume(session_present);
        self.events.push_back(Event::Connected {
            session_present,
            code,
        });
        for (token, _) in std::mem::take(&mut self.link.starters) {
            self.done(token, Ok(Outcome::None));
        }
        self.stop_if_drained(now);
    }

    /// The peer broke the protocol: nothing it says from here on can be trusted [MQTT-4.8.0-1].
    pub(super) fn violated(&mut self, what: Malformed, now: Millis) {
        let words = [
            &self.server_name(),
            " sent what MQTT does not allow: ",
            what.what,
            "; check that this port speaks MQTT 3.1.1",
        ];
        let error = Error::say(Code::ProtocolError, &words);
        self.close_transport();
        self.lose(RC_PROTOCOL, error, now);
    }

    pub(super) fn connect_overdue(&mut self, now: Millis) {
        if !self.timers.confirm(Timer::Connect, now) {
            return;
        }
        let opening = self.link.phase == Phase::Opening;
        let silence = if opening {
            " did not accept a connection in "
        } else {
            " did not answer CONNECT in "
        };
        let words = [
            &self.server_name(),
            silence,
            &text::seconds(self.cfg.connect_timeout),
            " s (connecttimeout); check that an MQTT broker listens there",
        ];
        let error = Error::say(Code::Timeout, &words);
        self.close_transport();
        self.lose(RC_LOST, error, now);
    }

    /// Tells the driver to close the transport; what it still says is ignored.
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
    fn lose_by(&mut self, rc: u8, error: Error, now: Millis, refused: bool) {
        let was_online = self.link.phase == Phase::Online;
        self.out.clear();
        self.inbox.clear();
        for timer in [Timer::Connect, Timer::Stable, Timer::Keepalive, Timer::Ack] {
            self.timers.clear(timer);
        }
        self.link.blocked = false;
        self.link.pinged = None;
        self.link.phase = Phase::Backoff;

        let round_over = was_online || self.next_server(refused);
        let mut told = was_online;
        if was_online {
            self.events.push_back(Event::Disconnected {
                rc,
                error: Some(error.clone()),
            });
        }
        for (token, attempts) in std::mem::take(&mut self.link.starters) {
            if attempts > 1 {
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
    pub(super) fn server_name(&self) -> String {
        let url = self.cfg.servers.get(self.link.server);
        let url = url.map_or("the server", |u| u.as_str());
        url.split('?').next().unwrap_or(url).to_owned()
    }
}

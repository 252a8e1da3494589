//! The end of a connection: by the transport, by a DISCONNECT of either side, by a fault; and what the error says of it.

use super::{Closed, Connection, Loss, Phase};
use crate::codec::{write, DecodeError, ReasonCode, Version};
use crate::engine::config::Versions;
use crate::engine::deadline::Millis;
use crate::engine::effects::Effects;
use crate::engine::error::{Code, Error};
use crate::engine::format::{format, seconds};
use crate::engine::output::{Event, Generation};

#[cfg(feature = "package")]
const CANNOT_CONNECT: &str = "cannot connect to %%%; check mqttserver, mqttport, mqttprotocol, the connect-src of a page, and that a broker listens there";
#[cfg(not(feature = "package"))]
const CANNOT_CONNECT: &str =
    "cannot connect to %%%; check mqttserver, mqttport, mqttprotocol, and that a broker listens there";

impl Connection {
    /// The transport is gone; `why` is in its own words, "" if it said nothing.
    pub fn closed(&mut self, generation: Generation, why: &str) -> Closed {
        if generation != self.generation {
            return Closed::Ignored;
        }
        let server = self.server_name();
        let colon = if why.is_empty() { "" } else { ": " };
        let args = [server.as_str(), colon, why];
        let (code, what) = match (&self.phase, self.transport_error.take()) {
            // In TLS 1.3 a broker refuses our certificate when the transport is open already.
            (Phase::Opening | Phase::Handshake(_), Some(code)) => (code, "cannot connect to %%%"),
            (Phase::Opening, _) => (
                Code::ConnectionRefused,
                CANNOT_CONNECT,
            ),
            (Phase::Handshake(_), _) if self.may_fall_back() => return Closed::FallBack,
            (Phase::Handshake(_), _) => (
                Code::ConnectionRefused,
                match self.config.version {
                    Versions::V4 | Versions::Auto => "% closed the connection before it answered CONNECT%%; check that it is an MQTT broker and takes this client id and these credentials",
                    Versions::V5 => "% closed the connection before it answered CONNECT%%; it may not speak MQTT 5: set mqttversion to 4 or \"auto\"; or check that it is an MQTT broker and takes this client id and these credentials",
                },
            ),
            // In 3.1.1 a broker cannot say that a session was taken over (§3.1.4), and with MQTT 5 some do not.
            (Phase::Online(_), _) if why.is_empty() && self.fails_again() => (
                Code::ConnectionLost,
                "the connection to % was lost%%, as several short ones before it; if another client has the same mqttclientid, they throw each other out: give each its own",
            ),
            (Phase::Online(_), _) => (Code::ConnectionLost, "the connection to % was lost%%"),
            (Phase::Closing, _) => return Closed::Finished,
            (Phase::Idle | Phase::Asking | Phase::Backoff | Phase::Stopped, _) => return Closed::Ignored,
        };
        Closed::Lost(Error::format(code, what, &args))
    }

    /// DISCONNECT arrived (§3.14).
    pub fn disconnect_error(&self, reason: ReasonCode, properties: &[u8]) -> Error {
        let what = match reason {
            ReasonCode::SESSION_TAKEN_OVER => {
                "% ended the connection because another client connected with the same mqttclientid; give each its own"
            }
            _ => "% ended the connection",
        };
        Error::because(
            Code::ConnectionLost,
            &format(what, &[&self.server_name()]),
            reason,
            properties,
        )
    }

    /// The broker broke the protocol: nothing that it says from here on can be trusted [MQTT-4.8.0-1].
    pub fn violation_error(&self, what: DecodeError) -> Error {
        let spoken = if self.version == Version::V4 { "3.1.1" } else { "5" };
        let mut error = Error::format(
            Code::ProtocolError,
            "% sent what MQTT does not allow: %; check that this port speaks MQTT %",
            &[&self.server_name(), what.sentence, spoken],
        );
        if self.tells_reason() {
            error.reason = Some(what.reason);
        }
        error
    }

    /// Whether a DISCONNECT may say why: MQTT 5, after CONNACK [MQTT-4.13.1-1].
    pub fn tells_reason(&self) -> bool {
        self.version == Version::V5 && self.is_online()
    }

    /// The broker sends, but does not read.
    pub fn flood_error(&self) -> Error {
        Error::format(
            Code::ConnectionLost,
            "% sends messages, but does not take their acknowledgements (4 MiB are unsent); check the broker and the network",
            &[&self.server_name()],
        )
    }

    pub fn overdue_error(&self) -> Error {
        Error::format(
            Code::Timeout,
            "% has not acknowledged within % s (acktimeout)",
            &[&self.server_name(), &seconds(self.config.ack_timeout)],
        )
    }

    /// The attempt has taken `connecttimeout`.
    pub fn connect_timeout_error(&self) -> Error {
        let server = self.server_name();
        let broker = "that an MQTT broker listens there";
        let (who, did_not, check) = match self.phase {
            Phase::Asking => ("the credentials function", "answer", "that its promise settles"),
            Phase::Opening => (&*server, "accept a connection", broker),
            _ => (&*server, "answer CONNECT", broker),
        };
        Error::format(
            Code::Timeout,
            "% did not % in % s (connecttimeout); check %",
            &[who, did_not, &seconds(self.config.connect_timeout), check],
        )
    }

    /// Has the transport closed; what it still says is ignored.
    #[inline(never)]
    pub fn close_transport(&mut self, effects: &mut Effects) {
        self.out.clear();
        effects.push(Event::Close {
            generation: self.generation,
        });
        self.generation = self.generation.wrapping_add(1);
    }

    /// Whether it is news that the broker handles QoS 2 as QoS 1.
    pub fn is_first_downgrade(&mut self) -> bool {
        !std::mem::replace(&mut self.downgrade_reported, true)
    }

    /// The last word on a transport that is being closed.
    pub fn write_disconnect(&mut self, reason: ReasonCode, properties: &[u8]) {
        write::disconnect(&mut self.out, self.version, reason, properties);
    }

    /// The connection, or the attempt at one, is over; `refused` by a broker for a reason that does not pass by itself.
    pub fn lose(&mut self, now: Millis, error: &Error, refused: bool) -> Loss {
        if self.stable_due.is_due(now) {
            self.failures = 0;
            self.servers.redirects = 0;
        }
        self.last_error = Some(error.clone());
        let was_online = self.is_online();
        if was_online {
            let short_lived = self.stable_due.is_set() && !self.stable_due.is_due(now);
            self.servers.lost(self.config.servers.len(), short_lived);
        }
        let was_asking = matches!(self.phase, Phase::Asking);
        self.forget_version(error);
        self.leave(Phase::Backoff);
        let round_over = was_online || was_asking || self.servers.next(self.config.servers.len(), refused);
        Loss {
            was_online,
            was_asking,
            round_over,
            all_refused: self.servers.all_refused && self.servers.tried > 0,
        }
    }

    /// DISCONNECT is written: the transport is to be closed, and no connection follows.
    pub fn begin_closing(&mut self, effects: &mut Effects) {
        let out = std::mem::take(&mut self.out);
        self.leave(Phase::Closing);
        self.out = out;
        effects.push(Event::Close {
            generation: self.generation,
        });
    }

    /// No transport is in use any more.
    pub fn stop(&mut self) {
        self.leave(Phase::Stopped);
        self.generation = self.generation.wrapping_add(1);
    }

    /// `start` was called, and what it needs is being prepared: calls may come.
    pub fn expect_start(&mut self) {
        if matches!(self.phase, Phase::Stopped) {
            self.phase = Phase::Idle;
        }
    }

    /// The one function that resets what a connection leaves behind.
    fn leave(&mut self, next: Phase) {
        self.phase = next;
        self.blocked = false;
        self.out.clear();
        self.received.clear();
        for due in [
            &mut self.connect_due,
            &mut self.retry_due,
            &mut self.stable_due,
            &mut self.keepalive_due,
        ] {
            due.clear();
        }
    }
}

//! The connection: attempts, servers, credentials, handshake, keep alive, the broker's limits, topic aliases, and the
//! outgoing buffer. Never knows what a message is for, and never ends an operation.

mod aliases;
mod backoff;
mod broker_limits;
mod handshake;
mod keepalive;
mod receive_buffer;
mod servers;

use super::config::{Config, Versions};
use super::deadline::{Deadline, Millis, NEVER};
use super::effects::Effects;
use super::error::{Code, Error};
use super::format::{before, format, seconds};
use super::interner::HashKeys;
use super::output::{Event, Generation};
use super::random::Random;
use super::State;
use crate::codec::properties::{number, Property};
use crate::codec::publish::{self, Parts};
use crate::codec::{write, DecodeError, PacketId, ReasonCode, Version};

use aliases::{Alias, Aliases};
use broker_limits::BrokerLimits;
use receive_buffer::ReceiveBuffer;
use servers::Servers;

pub(super) use backoff::{FIRST_DELAY, LEAST_DELAY};
pub(super) use handshake::Connack;
pub(super) use keepalive::Keepalive;
pub(super) use receive_buffer::SkippedPublish;

/// `outgoing` is handed over when it passes this, so that no frame is much larger.
pub(super) const SEND_CAP: usize = 64 << 10;

/// The stages of a connection; what exists only in one of them is in it.
#[derive(Debug)]
pub(super) enum Phase {
    Idle,
    /// The application was asked for credentials.
    Asking,
    /// A transport is being opened.
    Opening,
    /// CONNECT is on its way; CONNACK is awaited.
    Handshake(Handshake),
    Online(Online),
    /// Waiting for the next attempt.
    Backoff,
    /// DISCONNECT is on its way; the end of the transport is awaited.
    Closing,
    Stopped,
}

/// Between CONNECT and CONNACK.
#[derive(Debug)]
pub(super) struct Handshake {
    aliases: Aliases,
    /// A clean session was asked for.
    clean: bool,
    /// How many messages the broker may have unacknowledged; in 3.1.1 as many as it likes.
    receive_maximum: usize,
    last_sent: Millis,
}

/// An accepted connection.
#[derive(Debug)]
pub(super) struct Online {
    aliases: Aliases,
    limits: BrokerLimits,
    /// The broker's if it says one, otherwise the user's; `NEVER` if it is off.
    keepalive: Millis,
    last_sent: Millis,
    last_received: Millis,
    /// When a PINGREQ went out that nothing has answered, or `NEVER`.
    pinged: Millis,
    /// Re-authentication was begun and has not ended (§4.12.1).
    reauthenticating: bool,
}

impl Online {
    pub fn limits(&self) -> &BrokerLimits {
        &self.limits
    }
}

#[derive(Debug)]
pub(super) struct Connection {
    config: Config,
    /// The protocol that the connection speaks, or the next one will.
    version: Version,
    random: Random,
    keys: HashKeys,
    phase: Phase,
    generation: Generation,
    servers: Servers,
    /// Failed or short-lived connections in a row.
    failures: u32,
    /// Attempts since `start` or the last accepted connection.
    attempts: u32,
    last_error: Option<Error>,
    /// The application has given credentials at least once.
    has_credentials: bool,
    /// The user gave no client identifier.
    generated_client_id: bool,
    /// The platform says that there is no network: attempts pause.
    network_down: bool,
    ever_online: bool,
    /// An insecure connection was reported.
    insecure_reported: bool,
    /// Why the transport fails, where it says so.
    transport_error: Option<Code>,
    /// The transport takes no more for now.
    blocked: bool,
    /// Bytes for the transport, one buffer for all packets of a turn.
    out: Vec<u8>,
    received: ReceiveBuffer,
    connect_due: Deadline,
    retry_due: Deadline,
    stable_due: Deadline,
    keepalive_due: Deadline,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// Connections accepted after the first.
    pub reconnects: u64,
}

/// What the end of a transport means.
#[derive(Debug)]
pub(super) enum Closed {
    /// Nothing: it was not in use.
    Ignored,
    /// The next attempt speaks 3.1.1: some brokers that know no MQTT 5 just close.
    FallBack,
    Lost(Error),
    /// DISCONNECT was sent, and this is the end.
    Finished,
}

/// A connection, or an attempt at one, that is over.
#[derive(Debug)]
pub(super) struct Loss {
    pub was_online: bool,
    /// It failed before a server was chosen: no other server would help.
    pub was_asking: bool,
    /// Every server had its turn.
    pub round_over: bool,
}

impl Connection {
    pub fn new(mut config: Config, mut random: Random, keys: HashKeys) -> Self {
        let generated_client_id = config.client_id.is_empty() && !config.assigned_id;
        if generated_client_id {
            config.client_id = random.client_id();
        }
        Connection {
            version: first_version(config.version),
            config,
            random,
            keys,
            phase: Phase::Idle,
            generation: 0,
            servers: Servers::new(),
            failures: 0,
            attempts: 0,
            last_error: None,
            has_credentials: false,
            generated_client_id,
            network_down: false,
            ever_online: false,
            insecure_reported: false,
            transport_error: None,
            blocked: false,
            out: Vec::new(),
            received: ReceiveBuffer::default(),
            connect_due: Deadline::default(),
            retry_due: Deadline::default(),
            stable_due: Deadline::default(),
            keepalive_due: Deadline::default(),
            bytes_sent: 0,
            bytes_received: 0,
            reconnects: 0,
        }
    }

    // ---- questions

    pub fn config(&self) -> &Config {
        &self.config
    }

    #[inline(always)]
    pub fn version(&self) -> Version {
        self.version
    }

    #[inline(always)]
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    pub fn generation(&self) -> Generation {
        self.generation
    }

    #[inline(always)]
    pub fn online(&self) -> Option<&Online> {
        match &self.phase {
            Phase::Online(online) => Some(online),
            _ => None,
        }
    }

    fn online_mut(&mut self) -> Option<&mut Online> {
        match &mut self.phase {
            Phase::Online(online) => Some(online),
            _ => None,
        }
    }

    #[inline(always)]
    pub fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Online(_))
    }

    pub fn state(&self) -> State {
        match self.phase {
            Phase::Idle => State::Idle,
            Phase::Online(_) => State::Connected,
            Phase::Closing | Phase::Stopped => State::Stopped,
            Phase::Backoff => State::Reconnecting,
            _ if self.ever_online => State::Reconnecting,
            Phase::Asking | Phase::Opening | Phase::Handshake(_) => State::Connecting,
        }
    }

    /// Whether events of this transport concern us: not of an old connection, and not after DISCONNECT, when no answer
    /// may follow [MQTT-3.14.4-2].
    pub fn listens_to(&self, generation: Generation) -> bool {
        generation == self.generation && matches!(self.phase, Phase::Handshake(_) | Phase::Online(_))
    }

    /// Whether the credentials for this attempt are still awaited.
    pub fn awaits_credentials(&self, generation: Generation) -> bool {
        generation == self.generation && matches!(self.phase, Phase::Asking)
    }

    /// When the next attempt is made.
    pub fn retries_at(&self) -> Millis {
        self.retry_due.at()
    }

    /// Without a network attempts pause, as long as nobody awaits one.
    pub fn is_paused(&self, awaited: bool) -> bool {
        self.network_down && !awaited
    }

    /// The server as an error may show it: without a query, which may hold a signature.
    #[inline(never)]
    pub fn server_name(&self) -> String {
        let url = self.config.servers.get(self.servers.current);
        before(url.map_or("the broker", |url| url.as_str()), b'?').to_owned()
    }

    // ---- attempts

    /// `start` was called for a client that is not in use.
    pub fn reset(&mut self) {
        self.ever_online = false;
        self.network_down = false;
        self.failures = 0;
        self.attempts = 0;
        self.last_error = None;
    }

    /// Every server is tried once without a delay.
    pub fn begin_round(&mut self) {
        self.servers.tried = 0;
    }

    /// Begins an attempt: asks for credentials, or opens a transport.
    pub fn attempt(&mut self, now: Millis, effects: &mut Effects) {
        self.retry_due.clear();
        self.out.clear();
        self.transport_error = None;
        self.generation = self.generation.wrapping_add(1);
        if !self.config.ask {
            return self.open(now, effects);
        }
        self.connect_due.set(now + self.config.connect_timeout);
        self.phase = Phase::Asking;
        self.attempts += 1;
        effects.push(Event::CredentialsRequested {
            generation: self.generation,
            attempt: self.attempts,
            last: self.last_error.clone(),
        });
    }

    pub fn open(&mut self, now: Millis, effects: &mut Effects) {
        self.connect_due.set(now + self.config.connect_timeout);
        self.phase = Phase::Opening;
        effects.push(Event::Open {
            generation: self.generation,
            server: self.servers.current,
        });
    }

    pub fn retry_in(&mut self, now: Millis, delay: Millis) {
        self.retry_due.set(now + delay);
    }

    pub fn set_network(&mut self, online: bool) {
        self.network_down = !online;
    }

    /// No attempt is made until there is a network.
    pub fn pause(&mut self) {
        self.retry_due.clear();
    }

    /// The transport will close, for a reason of its own.
    pub fn set_transport_error(&mut self, code: Option<Code>) {
        self.transport_error = code;
    }

    // ---- the end

    /// The transport is gone; `why` is in its own words, "" if it said nothing.
    pub fn closed(&mut self, generation: Generation, why: &str) -> Closed {
        if generation != self.generation {
            return Closed::Ignored;
        }
        let server = self.server_name();
        let colon = if why.is_empty() { "" } else { ": " };
        let args = [server.as_str(), colon, why];
        let error = match (&self.phase, self.transport_error.take()) {
            // In TLS 1.3 a broker refuses our certificate when the transport is open already.
            (Phase::Opening | Phase::Handshake(_), Some(code)) => {
                Error::format(code, "cannot connect to %%%", &args)
            }
            (Phase::Opening, _) => Error::format(
                Code::ConnectionRefused,
                "cannot connect to %%%; check mqttserver, mqttport and mqttprotocol, and that a broker listens there",
                &args,
            ),
            (Phase::Handshake(_), _) if self.may_fall_back() => return Closed::FallBack,
            (Phase::Handshake(_), _) => Error::format(
                Code::ConnectionRefused,
                "% closed the connection before it answered CONNECT%%; check that it is an MQTT broker and takes this client id and these credentials",
                &args,
            ),
            (Phase::Online(_), _) => Error::format(Code::ConnectionLost, "the connection to % was lost%%", &args),
            (Phase::Closing, _) => return Closed::Finished,
            (Phase::Idle | Phase::Asking | Phase::Backoff | Phase::Stopped, _) => return Closed::Ignored,
        };
        Closed::Lost(error)
    }

    /// DISCONNECT arrived (§3.14).
    pub fn disconnect_error(&self, reason: ReasonCode, properties: &[u8]) -> Error {
        Error::because(
            Code::ConnectionLost,
            &format("% ended the connection", &[&self.server_name()]),
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

    /// The last word on a transport that is being closed.
    pub fn write_disconnect(&mut self, reason: ReasonCode, properties: &[u8]) {
        write::disconnect(&mut self.out, self.version, reason, properties);
    }

    /// The connection, or the attempt at one, is over; `refused` by a broker for a reason that does not pass by itself.
    pub fn lose(&mut self, now: Millis, error: &Error, refused: bool) -> Loss {
        if self.stable_due.is_due(now) {
            self.failures = 0;
        }
        if self.config.ask {
            self.last_error = Some(error.clone());
        }
        let was_online = self.is_online();
        let was_asking = matches!(self.phase, Phase::Asking);
        self.leave(Phase::Backoff);
        let round_over = was_online || was_asking || self.servers.next(self.config.servers.len(), refused);
        Loss {
            was_online,
            was_asking,
            round_over,
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

    // ---- bytes

    pub fn received(&mut self) -> &mut ReceiveBuffer {
        &mut self.received
    }

    pub fn received_bytes(&self) -> &[u8] {
        self.received.bytes()
    }

    /// Bytes arrived: any of them is a sign of life.
    pub fn note_received(&mut self, now: Millis, len: usize) {
        self.bytes_received += len as u64;
        if let Some(online) = self.online_mut() {
            online.last_received = now;
            online.pinged = NEVER;
        }
    }

    #[inline(always)]
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    #[inline(always)]
    pub fn unsent(&self) -> usize {
        self.out.len()
    }

    /// Whether more may be written: there is a connection, its transport takes bytes, and the buffer is below the cap.
    #[inline(always)]
    pub fn can_write(&self) -> bool {
        self.is_online() && !self.blocked && self.out.len() < SEND_CAP
    }

    pub fn is_blocked(&self) -> bool {
        self.blocked
    }

    pub fn set_blocked(&mut self, blocked: bool) {
        self.blocked = blocked;
    }

    /// Takes the bytes for the transport.
    pub fn take_out(&mut self, now: Millis) -> Vec<u8> {
        self.bytes_sent += self.out.len() as u64;
        match &mut self.phase {
            Phase::Online(online) => online.last_sent = now,
            Phase::Handshake(handshake) => handshake.last_sent = now,
            _ => {}
        }
        std::mem::take(&mut self.out)
    }

    /// Gives the buffer back, to be used again.
    pub fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.out.capacity() == 0 && buffer.capacity() <= 16 * SEND_CAP {
            buffer.clear();
            self.out = buffer;
        }
    }

    /// Gives back memory that a burst needed.
    pub fn shrink(&mut self) {
        if self.out.is_empty() {
            self.out = Vec::new();
        }
    }

    /// Appends a PUBLISH, with a topic alias if there is one. False if its alias is the user's, and means something on
    /// this connection only.
    #[inline(always)]
    pub fn write_publish(&mut self, parts: &Parts<'_>, packet_id: Option<PacketId>) -> bool {
        match self.version {
            Version::V4 => {
                publish::encode(&mut self.out, self.version, parts, packet_id);
                true
            }
            Version::V5 => self.write_publish_v5(*parts, packet_id),
        }
    }

    fn write_publish_v5(&mut self, mut parts: Parts<'_>, packet_id: Option<PacketId>) -> bool {
        let users = number(parts.properties, Property::TopicAlias).is_some();
        if let Phase::Online(Online { aliases, limits, .. }) = &mut self.phase {
            // As long as with any alias: the lengths in front may grow too.
            let longest = Parts { alias: 1, ..parts };
            if users {
                aliases.disable_outbound();
            } else if publish::size(self.version, &longest) <= limits.max_packet_size {
                match aliases.outbound(parts.topic) {
                    Alias::None => {}
                    Alias::New(alias) => parts.alias = alias,
                    Alias::Known(alias) => (parts.topic, parts.alias) = (&[], alias),
                }
            }
        }
        publish::encode(&mut self.out, self.version, &parts, packet_id);
        !users
    }

    /// The topic of a received message that has an alias.
    pub fn inbound_alias<'a>(&'a mut self, alias: u32, topic: &'a [u8]) -> Result<&'a [u8], DecodeError> {
        match &mut self.phase {
            Phase::Online(online) => online.aliases.inbound(alias, topic),
            _ => Ok(topic),
        }
    }

    // ---- time

    pub fn next_deadline(&self) -> Millis {
        let attempt = self.connect_due.at().min(self.retry_due.at());
        attempt.min(self.stable_due.at()).min(self.keepalive_due.at())
    }

    /// Whether the attempt is overdue; confirmed first.
    pub fn connect_expired(&mut self, now: Millis) -> bool {
        self.connect_due.expire(now) && self.connect_due.confirm(now)
    }

    pub fn retry_expired(&mut self, now: Millis) -> bool {
        self.retry_due.expire(now)
    }

    /// The connection has lasted: the reconnect delay starts small again.
    pub fn note_stable(&mut self, now: Millis) {
        if self.stable_due.expire(now) {
            self.failures = 0;
        }
    }

    #[cfg(test)]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    #[cfg(test)]
    pub fn receive_capacity(&self) -> usize {
        self.received.capacity()
    }

    #[cfg(test)]
    pub fn capacity(&self) -> usize {
        self.out.capacity() + self.received.capacity()
    }
}

/// The protocol of the first attempt.
fn first_version(versions: Versions) -> Version {
    match versions {
        Versions::V4 => Version::V4,
        Versions::V5 | Versions::Auto => Version::V5,
    }
}

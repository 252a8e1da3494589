//! The connection: attempts, servers, credentials, handshake, keep alive, the broker's limits, topic aliases, and the
//! outgoing buffer. Never knows what a message is for, and never ends an operation.

mod aliases;
mod authentication;
mod backoff;
mod broker_limits;
mod buffers;
mod handshake;
mod keepalive;
mod loss;
mod receive_buffer;
mod servers;

use super::config::{Config, Versions};
use super::deadline::{Deadline, Millis};
use super::effects::Effects;
use super::error::{Code, Error};
use super::format::before;
use super::interner::HashKeys;
use super::output::{Event, Generation};
use super::random::Random;
use super::State;
use crate::codec::Version;

use aliases::Aliases;
use broker_limits::BrokerLimits;
use receive_buffer::ReceiveBuffer;
use servers::Servers;

pub(super) use backoff::{FIRST_DELAY, LEAST_DELAY};
pub(super) use handshake::Connack;
pub(super) use keepalive::Keepalive;
pub(super) use receive_buffer::SkippedPublish;

/// `outgoing` is handed over when it passes this, so that no frame is much larger.
pub(super) const SEND_CAP: usize = 64 << 10;

/// So many failed or short-lived connections in a row are no accident.
const SHORT_LIVED: u32 = 3;

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
    /// Rounds in a row in which every server has refused the client.
    refusals: u32,
    /// Attempts since `start` or the last accepted connection.
    attempts: u32,
    /// Attempts since the construction.
    pub attempts_made: u64,
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
    /// That the broker handles QoS 2 as QoS 1 was reported.
    downgrade_reported: bool,
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
    /// Each of them refused the client, and waiting will not change it.
    pub all_refused: bool,
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
            refusals: 0,
            attempts: 0,
            attempts_made: 0,
            last_error: None,
            has_credentials: false,
            generated_client_id,
            network_down: false,
            ever_online: false,
            insecure_reported: false,
            downgrade_reported: false,
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

    /// Whether a broker has accepted a connection since `start`.
    pub fn was_ever_online(&self) -> bool {
        self.ever_online
    }

    pub fn state(&self) -> State {
        match self.phase {
            Phase::Idle => State::Idle,
            Phase::Online(_) => State::Connected,
            Phase::Closing | Phase::Stopped => State::Stopped,
            _ if self.ever_online => State::Reconnecting,
            Phase::Asking | Phase::Opening | Phase::Handshake(_) | Phase::Backoff => State::Connecting,
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

    /// The attempts since `start` or the last accepted connection, and what ended the last one or the connection.
    pub fn last_attempt(&self) -> (u32, Option<&Error>) {
        (self.attempts, self.last_error.as_ref())
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
        self.refusals = 0;
        self.attempts = 0;
        self.last_error = None;
    }

    /// Every server is tried once without a delay.
    pub fn begin_round(&mut self) {
        self.servers.begin_round();
    }

    /// Begins an attempt: asks for credentials, or opens a transport.
    pub fn attempt(&mut self, now: Millis, effects: &mut Effects) {
        self.retry_due.clear();
        self.out.clear();
        self.transport_error = None;
        self.generation = self.generation.wrapping_add(1);
        self.attempts += 1;
        self.attempts_made += 1;
        if !self.config.ask {
            return self.open(now, effects);
        }
        self.connect_due.set(now + self.config.connect_timeout);
        self.phase = Phase::Asking;
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
            self.servers.redirects = 0;
        }
    }

    /// Several attempts failed, or connections were short.
    pub fn fails_again(&self) -> bool {
        self.failures >= SHORT_LIVED
    }

    /// The next reconnect delay is as if after so many failures at most.
    pub fn limit_failures(&mut self, most: u32) {
        self.failures = self.failures.min(most);
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

//! The connection: attempts, servers, credentials, handshake, keep alive, the broker's limits, topic aliases, and the
//! outgoing buffer. Never knows what a message is for, and never ends an operation.

mod aliases;
mod attempts;
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
use super::error::{Code, Error};
use super::format::before;
use super::interner::HashKeys;
use super::output::Generation;
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

    /// The server as an error may show it: without a query, which may hold a signature.
    #[inline(never)]
    pub fn server_name(&self) -> String {
        let url = self.config.servers.get(self.servers.current);
        before(url.map_or("the broker", |url| url.as_str()), b'?').to_owned()
    }

    pub fn next_deadline(&self) -> Millis {
        let attempt = self.connect_due.at().min(self.retry_due.at());
        attempt.min(self.stable_due.at()).min(self.keepalive_due.at())
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

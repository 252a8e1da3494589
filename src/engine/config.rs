//! The settings of a client, with their defaults. `validate.rs` makes them from what a user gave; the engine only reads
//! them.

use super::deadline::Millis;
use super::error::{Code, Error};
use super::message::{check_properties, check_qos, check_topic};
use crate::codec::properties::Place;

/// Settings of a client. Times are milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// MQTT 5, 3.1.1, or the first of them that the broker speaks.
    pub version: Versions,
    /// Empty: one is generated.
    pub client_id: String,
    /// With an empty `client_id` the broker assigns one, MQTT 5 (§3.1.3.1).
    pub assigned_id: bool,
    /// Of CONNECT, encoded; MQTT 5.
    pub properties: Vec<u8>,
    /// Topics are replaced by aliases where the broker allows it, MQTT 5.
    pub topic_aliases: bool,
    /// Connect to the server that a Server Reference names (§4.11).
    pub follow_server_reference: bool,
    /// Whole URLs, one a server, tried in turn.
    pub servers: Vec<String>,
    /// Clean Session, Clean Start in MQTT 5 (§3.1.2.4).
    pub clean_session: bool,
    /// None: off (§3.1.2.10).
    pub keepalive: Option<Millis>,
    /// The last will (§3.1.2.5).
    pub will: Option<Will>,
    /// User name of CONNECT.
    pub username: Option<String>,
    /// Password of CONNECT.
    pub password: Option<Vec<u8>>,
    /// TLS accepts any certificate: `certs.dangerouslyDisableServerVerification`.
    pub unverified: bool,
    /// Upper bound of the reconnect delay.
    pub max_reconnect_delay: Millis,
    /// At this many messages the timed queue is sent.
    pub queue_size: usize,
    /// At this many items a batch is closed.
    pub batch_size: usize,
    /// The timed queue is sent, and a batch closed, this long after its first message.
    pub publish_interval: Millis,
    /// How long an attempt to connect may take, up to CONNACK.
    pub connect_timeout: Millis,
    /// How long an acknowledgement may take.
    pub ack_timeout: Millis,
    /// How long `stop` waits for what is pending.
    pub stop_timeout: Millis,
    /// How many messages of QoS 1 and 2 may be in flight.
    pub max_inflight: usize,
    /// How many messages may wait to be sent.
    pub offline_size: usize,
    /// How many bytes may wait to be sent.
    pub offline_bytes: usize,
    /// What happens to messages beyond these bounds.
    pub offline_policy: Policy,
    /// How long a message may wait to be sent; none: for ever.
    pub offline_expiry: Option<Millis>,
    /// How long a publish may take; none: for ever.
    pub publish_timeout: Option<Millis>,
    /// Bytes of the largest packet that is received.
    pub max_packet_size: usize,
    /// Other settings are asked for before each attempt: [`super::Event::CredentialsRequested`].
    pub ask: bool,
    /// Off for a one-shot: the first failure is the answer.
    pub reconnect: bool,
    /// What must outlive the process is given to a store: [`super::Output::Store`].
    pub persist: bool,
}

/// Which protocol versions are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// MQTT 3.1.1.
    V4,
    /// MQTT 5.0.
    V5,
    /// MQTT 5.0, and 3.1.1 where the broker does not speak it.
    Auto,
}

/// What happens to messages that wait to be sent, when a further one finds no room or has the same topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The new one is refused.
    Refuse,
    /// The oldest are dropped.
    DropOldest,
    /// Of each topic only the latest is kept.
    Latest,
}

/// The message that the broker publishes when the connection breaks (§3.1.2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    /// A topic name.
    pub topic: String,
    /// Any bytes, at most 65,535.
    pub payload: Vec<u8>,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Will Retain.
    pub retain: bool,
    /// Encoded; MQTT 5.
    pub properties: Vec<u8>,
}

impl Config {
    /// For a client whose credentials have not been given yet. Messages are kept as MQTT 5 has them, of which 3.1.1 is a
    /// part.
    #[inline(never)]
    pub fn asking() -> Self {
        Config {
            ask: true,
            version: Versions::Auto,
            ..Config::default()
        }
    }

    /// Limits of queues and batches hold for the whole life of a client: they stay as they are in `old`.
    pub(super) fn keep_queue_limits(&mut self, old: &Config) {
        self.queue_size = old.queue_size;
        self.batch_size = old.batch_size;
        self.publish_interval = old.publish_interval;
        self.offline_size = old.offline_size;
        self.offline_bytes = old.offline_bytes;
        self.offline_policy = old.offline_policy;
        self.offline_expiry = old.offline_expiry;
        self.publish_timeout = old.publish_timeout;
    }

    /// Whether a client can work with these settings.
    ///
    /// # Errors
    /// There is no server to connect to; a list of properties is not one that may stand in CONNECT; the will cannot be
    /// published.
    pub fn check(&self) -> Result<(), Error> {
        if self.servers.is_empty() && !self.ask {
            return Err(Error::new(
                Code::InvalidOption,
                "there is no server to connect to; give at least one URL, such as mqtt://localhost:1883",
            ));
        }
        check_properties(&self.properties, Place::Connect)?;
        match &self.will {
            Some(will) => {
                check_topic(&will.topic)?;
                check_qos(will.qos)?;
                check_properties(&will.properties, Place::Will)
            }
            None => Ok(()),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            version: Versions::V4,
            properties: Vec::new(),
            topic_aliases: true,
            follow_server_reference: false,
            client_id: String::new(),
            assigned_id: false,
            servers: Vec::new(),
            clean_session: true,
            keepalive: Some(60_000),
            will: None,
            username: None,
            password: None,
            unverified: false,
            max_reconnect_delay: 256_000,
            queue_size: 5,
            batch_size: 5,
            publish_interval: 60_000,
            connect_timeout: 10_000,
            ack_timeout: 30_000,
            stop_timeout: 10_000,
            max_inflight: 1_000,
            offline_size: 100_000,
            offline_bytes: 64 << 20,
            offline_policy: Policy::Refuse,
            offline_expiry: None,
            publish_timeout: None,
            max_packet_size: 268_435_460,
            ask: false,
            reconnect: true,
            persist: false,
        }
    }
}

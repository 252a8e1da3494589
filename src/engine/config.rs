//! The settings of a client, their defaults, and `check`. Those of JavaScript and WASI come through `validate.rs`; a Rust
//! program fills in the struct. The engine only reads them.

use super::deadline::Millis;
use super::error::{Code, Error};
use super::message::{check_properties, check_qos, check_topic};
use crate::codec::properties::Place;

/// Settings of a client. Times are milliseconds. `BEGIN GENERATED` and `END GENERATED` enclose the lines that
/// `npm run generate` writes from schema/options.json.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// MQTT 5, 3.1.1, or the first of them that the broker speaks.
    pub version: Versions,
    /// Empty: one is generated.
    pub client_id: String,
    /// With an empty `client_id` the broker assigns one, MQTT 5 (§3.1.3.1).
    pub assigned_id: bool,
    /// Whole URLs, one a server, tried in turn.
    pub servers: Vec<String>,
    /// Clean Session, Clean Start in MQTT 5 (§3.1.2.4).
    pub clean_session: bool,
    /// The last will (§3.1.2.5).
    pub will: Option<Will>,
    /// Other settings are asked for before each attempt: [`super::Event::CredentialsRequested`].
    pub ask: bool,
    // BEGIN GENERATED fields
    /// User name of CONNECT. Option `mqttusername`.
    pub username: Option<String>,
    /// Password of CONNECT. Option `mqttpassword`.
    pub password: Option<Vec<u8>>,
    /// Keep alive; none: off. Option `mqttkeepalive`.
    pub keepalive: Option<Millis>,
    /// What must outlive the process is given to a store. Option `store`.
    pub persist: bool,
    /// Properties of CONNECT, encoded; MQTT 5. Option `properties`.
    pub properties: Vec<u8>,
    /// Topics are replaced by aliases where the broker allows it, MQTT 5. Option `topicAliases`.
    pub topic_aliases: bool,
    /// Connects to the server that a Server Reference names (§4.11), MQTT 5. Option `followServerReference`.
    pub follow_server_reference: bool,
    /// Subscriptions are restored where a session was lost. Option `resubscribe`.
    pub resubscribe: bool,
    /// At this many items a batch is sent. Option `batchsize`.
    pub batch_size: usize,
    /// At this many messages the queue is sent. Option `queuesize`.
    pub queue_size: usize,
    /// The queue or a batch is sent this long after its first item. Option `publishinterval`.
    pub publish_interval: Millis,
    /// How many messages of QoS 1 and 2 may be in flight. Option `maxinflight`.
    pub max_inflight: usize,
    /// How many messages of QoS 2 may be in flight in 3.1.1, where the broker states no Receive Maximum.
    /// Option `maxinflightqos2`.
    pub max_inflight_qos2: usize,
    /// How many filters go into one SUBSCRIBE or UNSUBSCRIBE. Option `maxfilters`.
    pub max_filters: usize,
    /// Largest packet taken from the broker, in bytes. Option `maxpacketsize`.
    pub max_packet_size: usize,
    /// How many messages may be received and not dealt with. Option `maxunhandled`.
    pub max_unhandled: usize,
    /// How many bytes their payloads may have. Option `maxunhandledbytes`.
    pub max_unhandled_bytes: usize,
    /// How many bytes the messages in flight may have; the last of them may go beyond. Option
    /// `maxinflightbytes`.
    pub max_inflight_bytes: usize,
    /// How many messages may wait to be sent. Option `offlinesize`.
    pub offline_size: usize,
    /// How many bytes of messages may wait to be sent. Option `offlinebytes`.
    pub offline_bytes: usize,
    /// What happens to messages beyond these limits. Option `offlinepolicy`.
    pub offline_policy: Policy,
    /// How long a message may wait to be sent; none: for ever. Option `offlineexpiry`.
    pub offline_expiry: Option<Millis>,
    /// How long an attempt to connect may take, up to CONNACK. Option `connecttimeout`.
    pub connect_timeout: Millis,
    /// How long an acknowledgement may take. Option `acktimeout`.
    pub ack_timeout: Millis,
    /// How long a publish may take; none: for ever. Option `publishtimeout`.
    pub publish_timeout: Option<Millis>,
    /// How long `stop` waits for publishes to end. Option `stoptimeout`.
    pub stop_timeout: Millis,
    /// Whether another attempt follows when one has failed, or the connection is lost. Option `reconnect`.
    pub reconnect: bool,
    /// Upper bound of the delay before a reconnect. Option `maxmqttreconnectdelay`.
    pub max_reconnect_delay: Millis,
    /// TLS accepts any certificate. Option `certs.dangerouslyDisableServerVerification`.
    pub unverified: bool,
    // END GENERATED fields
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
    pub fn asking() -> Self {
        let mut config = Config::default();
        (config.ask, config.version) = (true, Versions::Auto);
        config
    }

    /// Limits of queues and batches hold for the whole life of a client: they stay as they are in `old`.
    pub(super) fn keep_queue_limits(&mut self, old: &Config) {
        // BEGIN GENERATED first-answer
        self.batch_size = old.batch_size;
        self.queue_size = old.queue_size;
        self.publish_interval = old.publish_interval;
        self.offline_size = old.offline_size;
        self.offline_bytes = old.offline_bytes;
        self.offline_policy = old.offline_policy;
        self.offline_expiry = old.offline_expiry;
        self.publish_timeout = old.publish_timeout;
        // END GENERATED first-answer
    }

    /// Whether a client can work with these settings.
    ///
    /// # Errors
    /// There is no server to connect to; a number is beyond the bounds of its option, or a text or the will's payload beyond
    /// those of MQTT; a list of properties is not one that may stand in CONNECT; the will cannot be published.
    pub fn check(&self) -> Result<(), Error> {
        if self.servers.is_empty() && !self.ask {
            return Err(Error::new(
                Code::InvalidOption,
                "there is no server to connect to; give at least one URL, such as mqtt://localhost:1883",
            ));
        }
        #[cfg(not(feature = "package"))]
        super::keys::check_settings(self)?;
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
    #[inline(never)]
    fn default() -> Self {
        Config {
            version: Versions::V4,
            client_id: String::new(),
            assigned_id: false,
            servers: Vec::new(),
            clean_session: true,
            will: None,
            ask: false,
            // BEGIN GENERATED defaults
            username: None,
            password: None,
            keepalive: Some(60_000),
            persist: false,
            properties: Vec::new(),
            topic_aliases: true,
            follow_server_reference: false,
            resubscribe: true,
            batch_size: 5,
            queue_size: 5,
            publish_interval: 60_000,
            max_inflight: 1_000,
            max_inflight_qos2: 16,
            max_filters: 8,
            max_packet_size: 16_777_216,
            max_unhandled: 1_000,
            max_unhandled_bytes: 16_777_216,
            max_inflight_bytes: 134_217_728,
            offline_size: 100_000,
            offline_bytes: 67_108_864,
            offline_policy: Policy::Refuse,
            offline_expiry: None,
            connect_timeout: 10_000,
            ack_timeout: 30_000,
            publish_timeout: None,
            stop_timeout: 10_000,
            reconnect: true,
            max_reconnect_delay: 256_000,
            unverified: false,
            // END GENERATED defaults
        }
    }
}

//! The settings of a client after validation, with their defaults. `validate.rs` makes it from
//! what a user gave; the engine only reads it.

use super::timers::Millis;

/// `BEGIN GENERATED` and `END GENERATED` enclose what `npm run generate` writes from schema/options.json.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// MQTT 5, 3.1.1, or the first of them that the broker speaks.
    pub version: Versions,
    pub client_id: String,
    /// Without an identifier the server gives one, MQTT 5.
    pub assigned_id: bool,
    /// Whole URLs, one a server, tried in turn.
    pub servers: Vec<String>,
    pub clean_session: bool,
    pub will: Option<Will>,
    /// Others are asked for before each attempt: `Event::Ask`.
    pub ask: bool,
    /// Off for a one-shot: the first failure is the answer.
    pub reconnect: bool,
    // BEGIN GENERATED fields
    /// User name of CONNECT. Option `mqttusername`.
    pub username: Option<String>,
    /// Password of CONNECT. Option `mqttpassword`.
    pub password: Option<Vec<u8>>,
    /// Keep alive; 0: off. Option `mqttkeepalive`.
    pub keepalive: Millis,
    /// What must outlive the process is given to a store. Option `store`.
    pub persist: bool,
    /// Properties of CONNECT, encoded; MQTT 5. Option `properties`.
    pub properties: Vec<u8>,
    /// Topics are replaced by aliases where the broker allows it, MQTT 5. Option `topicAliases`.
    pub topic_aliases: bool,
    /// Connects to the server that a Server Reference names (§4.11), MQTT 5. Option `followServerReference`.
    pub follow_server_reference: bool,
    /// At this many items a batch is sent. Option `batchsize`.
    pub batch_size: usize,
    /// At this many messages the queue is sent. Option `queuesize`.
    pub queue_size: usize,
    /// The queue or a batch is sent this long after its first item. Option `publishinterval`.
    pub publish_interval: Millis,
    /// How many messages of QoS 1 and 2 may be in flight. Option `maxinflight`.
    pub max_inflight: usize,
    /// Largest packet taken from the broker, in bytes. Option `maxpacketsize`.
    pub max_packet_size: usize,
    /// How many messages may wait to be sent. Option `offlinesize`.
    pub offline_size: usize,
    /// How many bytes of messages may wait to be sent. Option `offlinebytes`.
    pub offline_bytes: usize,
    /// What happens to messages beyond these limits. Option `offlinepolicy`.
    pub offline_policy: Policy,
    /// How long a message may wait to be sent; 0: for ever. Option `offlineexpiry`.
    pub offline_expiry: Millis,
    /// How long an attempt to connect may take, up to CONNACK. Option `connecttimeout`.
    pub connect_timeout: Millis,
    /// How long an acknowledgement may take. Option `acktimeout`.
    pub ack_timeout: Millis,
    /// How long a publish may take; 0: for ever. Option `publishtimeout`.
    pub publish_timeout: Millis,
    /// How long `stop` waits for publishes to end. Option `stoptimeout`.
    pub stop_timeout: Millis,
    /// Upper bound of the delay before a reconnect. Option `maxmqttreconnectdelay`.
    pub max_reconnect_delay: Millis,
    /// TLS accepts any certificate. Option `certs.dangerouslyDisableServerVerification`.
    pub unverified: bool,
    // END GENERATED fields
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    V4,
    V5,
    Auto,
}

/// What becomes of messages that wait, when a further one finds no room or has the same topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The new one is refused.
    Refuse,
    /// The oldest make room for it.
    DropOldest,
    /// Of each topic only the latest waits.
    Latest,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: u8,
    pub retain: bool,
    pub properties: Vec<u8>,
}

impl Config {
    /// Of a client that has not been answered yet. What it is given until then is kept as MQTT 5 has it, of
    /// which 3.1.1 is a part.
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
}

impl Default for Config {
    fn default() -> Self {
        Config {
            version: Versions::V4,
            client_id: String::new(),
            assigned_id: false,
            servers: Vec::new(),
            clean_session: true,
            will: None,
            ask: false,
            reconnect: true,
            // BEGIN GENERATED defaults
            username: None,
            password: None,
            keepalive: 60_000,
            persist: false,
            properties: Vec::new(),
            topic_aliases: true,
            follow_server_reference: false,
            batch_size: 5,
            queue_size: 5,
            publish_interval: 60_000,
            max_inflight: 1_000,
            max_packet_size: 268_435_460,
            offline_size: 100_000,
            offline_bytes: 67_108_864,
            offline_policy: Policy::Refuse,
            offline_expiry: 0,
            connect_timeout: 10_000,
            ack_timeout: 30_000,
            publish_timeout: 0,
            stop_timeout: 10_000,
            max_reconnect_delay: 256_000,
            unverified: false,
            // END GENERATED defaults
        }
    }
}

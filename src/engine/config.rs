//! The settings of a client after validation, with their defaults. `validate.rs` makes it from
//! what a user gave; the engine only reads it.

use super::timers::Millis;

#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// MQTT 5, 3.1.1, or the first of them that the broker speaks.
    pub version: Versions,
    pub client_id: String,
    /// Without an identifier the server gives one, MQTT 5.
    pub assigned_id: bool,
    /// Of CONNECT, MQTT 5.
    pub properties: Vec<u8>,
    /// Topics are replaced by aliases where the server allows it.
    pub topic_aliases: bool,
    /// Go where a server that sends us away says.
    pub follow_server_reference: bool,
    /// Whole URLs, one a server, tried in turn.
    pub servers: Vec<String>,
    pub clean_session: bool,
    pub keepalive: Millis,
    pub will: Option<Will>,
    pub username: Option<String>,
    pub password: Option<Vec<u8>>,
    /// `certs` says so: TLS goes on with whoever answers.
    pub unverified: bool,
    pub max_reconnect_delay: Millis,
    pub queue_size: usize,
    pub batch_size: usize,
    pub publish_interval: Millis,
    pub connect_timeout: Millis,
    pub ack_timeout: Millis,
    pub stop_timeout: Millis,
    pub max_inflight: usize,
    pub offline_size: usize,
    pub offline_bytes: usize,
    pub offline_policy: Policy,
    /// How long a message may wait to be sent; 0: for ever.
    pub offline_expiry: Millis,
    /// How long a publish may take; 0: for ever.
    pub publish_timeout: Millis,
    pub max_packet_size: usize,
    /// Others are asked for before each attempt: `Event::Ask`.
    pub ask: bool,
    /// Off for a one-shot: the first failure is the answer.
    pub reconnect: bool,
    /// What must outlive the process is written to a journal; see `journal.rs`.
    pub persist: bool,
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
            keepalive: 60_000,
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
            offline_expiry: 0,
            publish_timeout: 0,
            max_packet_size: 268_435_460,
            ask: false,
            reconnect: true,
            persist: false,
        }
    }
}

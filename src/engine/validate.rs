//! The one validator of `credentials`: from what a user gave to a `Config`, or an error that names
//! the key, what was given and what is allowed. Pure, so that every front end shares it.

use super::config::{Config, Versions, Will};
use super::endpoint::{resolve, Platform, Protocol, Settings};
use super::error::{Code, Error};
use super::format::{self, format};
use super::keys::{find, set, wrong, Key, Row, INNER, KEYS, PROTOCOL_ALLOWED, PROTOCOL_VALUES};
use super::message::{check_topic, needs_5};
use crate::codec::properties::{self, Property};

pub use super::keys::{unknown, Value};

/// Collects options one by one; `finish` makes the settings.
#[derive(Debug)]
pub struct Builder {
    cfg: Config,
    servers: Vec<String>,
    port: Option<u16>,
    /// See `endpoint::Settings`.
    pub port_wins: bool,
    tls: bool,
    /// An option that only Node has.
    node_only: Option<&'static str>,
    transport: bool,
    /// A function gives the credentials.
    pub asked: bool,
    protocol: Option<Protocol>,
    path: String,
    clean_session: Option<bool>,
    will_topic: String,
    will: Will,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            cfg: Config::default(),
            servers: vec!["localhost".into()],
            port: None,
            port_wins: false,
            tls: false,
            node_only: None,
            transport: false,
            asked: false,
            protocol: None,
            path: "/mqtt".into(),
            clean_session: None,
            will_topic: String::new(),
            will: Will {
                topic: String::new(),
                payload: Vec::new(),
                qos: 0,
                retain: false,
                properties: Vec::new(),
            },
        }
    }
}

impl Builder {
    /// A key of `credentials`.
    pub fn set(&mut self, key: &str, value: Value) -> Result<(), Error> {
        self.take(&KEYS, key, value)
    }

    /// A key of an object among them: "certs.ca".
    pub fn set_inner(&mut self, key: &str, value: Value) -> Result<(), Error> {
        self.take(&INNER, key, value)
    }

    fn take(&mut self, table: &'static [Row], key: &str, mut value: Value) -> Result<(), Error> {
        let (name, key) = find(table, key, &mut value)?;
        let cfg = &mut self.cfg;
        match (key, value) {
            (_, Value::Absent) => {}
            (Key::ClientId, Value::Text(id)) => (cfg.assigned_id, cfg.client_id) = (id.is_empty(), id),
            (Key::Server, Value::List(servers)) => self.servers = servers,
            (Key::Port, Value::Number(n)) => self.port = Some(n as u16),
            (Key::Protocol, Value::Text(given)) => {
                let known = PROTOCOL_VALUES.contains(&given.as_str());
                self.protocol = Protocol::parse(&given).filter(|_| known);
                if self.protocol.is_none() {
                    return Err(wrong(name, &Value::Text(given), PROTOCOL_ALLOWED));
                }
            }
            (Key::Path, Value::Text(mut path)) => {
                if !path.starts_with('/') || format::find(&path, b'#').is_some() {
                    let allowed = "a path that begins with / and has no #, such as \"/mqtt\"";
                    // A query may hold a signature.
                    path.truncate(format::before(&path, b'?').len());
                    return Err(wrong(name, &Value::Text(path), allowed));
                }
                self.path = path;
            }
            (Key::Version, Value::Number(n)) => {
                cfg.version = if n == 5.0 { Versions::V5 } else { Versions::V4 }
            }
            (Key::Version, Value::Text(_)) => cfg.version = Versions::Auto,
            (Key::WillProperties, Value::Bytes(list)) => self.will.properties = list,
            (Key::CleanSession, Value::Bool(clean)) => self.clean_session = Some(clean),
            (Key::WillTopic, Value::Text(topic)) => self.will_topic = topic,
            (Key::WillPayload, Value::Bytes(payload)) => self.will.payload = payload,
            (Key::WillQos, Value::Number(n)) => self.will.qos = n as u8,
            (Key::WillRetain, Value::Bool(retain)) => self.will.retain = retain,
            (Key::Certs, _) => (self.tls, self.node_only) = (true, Some(name)),
            (Key::NodeOnly, _) => self.node_only = Some(name),
            (Key::Transport, _) => self.transport = true,
            (key, value) => set(cfg, name, key, value)?,
        }
        Ok(())
    }

    /// What only the whole shows.
    pub fn finish(mut self, platform: Platform) -> Result<Config, Error> {
        if let (Some(name), false) = (self.node_only, platform.has_certificates()) {
            let why = match platform {
                #[cfg(not(feature = "package"))]
                Platform::Wasi { .. } => "credentials.% needs TLS: use the component whose name ends in -tls.wasm",
                _ => "credentials.% is for Node only: in a page the browser sees to it; use wss and a CA that it trusts, or mqttusername and mqttpassword",
            };
            return Err(Error::format(Code::InvalidOption, why, &[name]));
        }
        if self.transport && matches!(platform, Platform::Browser { streams: false, .. }) {
            return Err(Error::new(
                Code::InvalidOption,
                "credentials.transport in a page: import mqtt-lib/streams",
            ));
        }
        let settings = Settings {
            port: self.port,
            port_wins: self.port_wins,
            protocol: self.protocol,
            path: &self.path,
            tls: self.tls,
            platform,
        };
        for server in &self.servers {
            self.cfg.servers.push(resolve(server, &settings)?);
        }
        // A session that is not kept would make QoS 2 come twice after a restart.
        self.cfg.clean_session = self.clean_session.unwrap_or(!self.cfg.persist);
        if self.cfg.persist && self.asked {
            return Err(Error::new(
                Code::InvalidOption,
                "store needs credentials that are an object; take it out, or leave the function",
            ));
        }
        if self.cfg.persist && self.cfg.client_id.is_empty() {
            return Err(Error::new(
                Code::InvalidOption,
                "store was given without mqttclientid; give one that is always the same",
            ));
        }
        if !self.cfg.clean_session && self.cfg.client_id.is_empty() {
            return Err(Error::new(
                Code::InvalidOption,
                "mqttcleansession is false without mqttclientid: nobody could resume the session of a random client id; give one that stays the same",
            ));
        }
        let v4 = self.cfg.version == Versions::V4;
        self.cfg.assigned_id &= self.cfg.version == Versions::V5;
        if v4 && !(self.cfg.properties.is_empty() && self.will.properties.is_empty()) {
            return Err(needs_5("properties and willProperties in credentials"));
        }
        if let Some(size) = properties::number(&self.cfg.properties, Property::MaximumPacketSize) {
            self.cfg.max_packet_size = size as usize;
        }
        if v4 && self.cfg.password.is_some() && self.cfg.username.is_none() {
            return Err(Error::new(
                Code::InvalidOption,
                "mqttpassword was given without mqttusername [MQTT-3.1.2-22]; give both",
            ));
        }
        if !self.will_topic.is_empty() {
            check_topic(&self.will_topic).map_err(|mut error| {
                error.message = format("willsettopic: %", &[&error.message]);
                error
            })?;
            self.will.topic = self.will_topic;
            self.cfg.will = Some(self.will);
        }
        Ok(self.cfg)
    }
}

//! The one validator of `credentials`: from what a user gave to a `Config`, or an error that names
//! the key, what was given and what is allowed. Pure, so that every front end shares it.

use super::config::{Config, Policy, Versions, Will};
use super::endpoint::{resolve, Host, Protocol, Settings};
use super::error::{excerpt, Code, Error};
use super::message::{check_topic, needs_5};
use super::text::{count, number};
use super::timers::Millis;
use crate::codec::property;

/// A value as it came from outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Absent,
    Text(String),
    Number(f64),
    Bool(bool),
    Bytes(Vec<u8>),
    /// An array of strings.
    List(Vec<String>),
    /// Anything else, by the name of its kind ("an array", "a function").
    Other(&'static str),
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    TextOrBytes,
    TextOrList,
    Bool,
    Whole(f64, f64),
    Seconds(f64, f64),
    Store,
    Version,
    /// Encoded by whoever knows the user's values.
    Properties,
    /// Looked at by who reads it; what it has is in `INNER`.
    Object,
    /// A path or what the file has, of any length.
    Content,
}

/// Every key there is. Seconds may have fractions.
const KEYS: [(&str, Kind); 35] = [
    ("mqttclientid", Kind::Text),
    ("mqttserver", Kind::TextOrList),
    ("mqttport", Kind::Whole(1.0, 65_535.0)),
    ("mqttprotocol", Kind::Text),
    ("mqttpath", Kind::Text),
    ("mqttversion", Kind::Version),
    ("properties", Kind::Properties),
    ("willProperties", Kind::Properties),
    ("topicAliases", Kind::Bool),
    ("followServerReference", Kind::Bool),
    ("mqttcleansession", Kind::Bool),
    ("mqttkeepalive", Kind::Seconds(0.0, 65_535.0)),
    ("mqttusername", Kind::Text),
    ("mqttpassword", Kind::TextOrBytes),
    ("maxmqttreconnectdelay", Kind::Seconds(0.0, 86_400.0)),
    ("willsettopic", Kind::Text),
    ("willsetpayload", Kind::TextOrBytes),
    ("willsetqos", Kind::Whole(0.0, 2.0)),
    ("willsetretain", Kind::Bool),
    ("queuesize", Kind::Whole(1.0, 1_000_000.0)),
    ("batchsize", Kind::Whole(1.0, 1_000_000.0)),
    ("publishinterval", Kind::Seconds(0.0, MAX_SECONDS)),
    ("connecttimeout", Kind::Seconds(0.001, MAX_SECONDS)),
    ("acktimeout", Kind::Seconds(0.001, MAX_SECONDS)),
    ("stoptimeout", Kind::Seconds(0.0, MAX_SECONDS)),
    ("maxinflight", Kind::Whole(1.0, 65_535.0)),
    ("maxpacketsize", Kind::Whole(16.0, 268_435_460.0)),
    ("offlinesize", Kind::Whole(0.0, 10_000_000.0)),
    ("offlinebytes", Kind::Whole(0.0, 2_147_483_648.0)),
    ("offlinepolicy", Kind::Text),
    ("offlineexpiry", Kind::Seconds(0.0, MAX_SECONDS)),
    ("publishtimeout", Kind::Seconds(0.0, MAX_SECONDS)),
    ("store", Kind::Store),
    ("certs", Kind::Object),
    ("websocket", Kind::Object),
];

/// Keys of the objects among them. What they give is read by the transport.
const INNER: [(&str, Kind); 9] = [
    ("certs.iotProtocolName", Kind::Text),
    ("certs.ca", Kind::Content),
    ("certs.cert", Kind::Content),
    ("certs.key", Kind::Content),
    ("certs.passphrase", Kind::Text),
    ("certs.dangerouslyDisableServerVerification", Kind::Bool),
    ("websocket.headers", Kind::Object),
    ("websocket.protocols", Kind::TextOrList),
    ("websocket.agent", Kind::Object),
];

/// 24 days: what a JavaScript timer can hold.
const MAX_SECONDS: f64 = 2_147_483.0;

#[derive(Debug)]
pub struct Builder {
    cfg: Config,
    servers: Vec<String>,
    port: Option<u16>,
    /// See `endpoint::Settings`.
    pub port_wins: bool,
    tls: bool,
    /// What was given that only Node can do.
    node_only: Option<&'static str>,
    /// They come from a function.
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
    pub fn set(&mut self, key: &str, value: Value) -> Result<(), Error> {
        let (name, value) = find(&KEYS, key, value)?;
        let cfg = &mut self.cfg;
        match (name, value) {
            (_, Value::Absent) => {}
            ("mqttclientid", Value::Text(id)) => (cfg.assigned_id, cfg.client_id) = (id.is_empty(), id),
            ("mqttserver", Value::List(servers)) => self.servers = servers,
            ("mqttport", Value::Number(n)) => self.port = Some(n as u16),
            ("mqttprotocol", Value::Text(given)) => {
                let known = ["ws", "wss", "mqtt", "mqtts"].contains(&given.as_str());
                self.protocol = Protocol::parse(&given).filter(|_| known);
                if self.protocol.is_none() {
                    return Err(wrong(
                        name,
                        &Value::Text(given),
                        "\"ws\", \"wss\", \"mqtt\" or \"mqtts\"",
                    ));
                }
            }
            ("mqttpath", Value::Text(mut path)) => {
                if !path.starts_with('/') || path.contains('#') {
                    let allowed = "a path that begins with / and has no #, such as \"/mqtt\"";
                    // A query may hold a signature.
                    path.truncate(path.find('?').unwrap_or(path.len()));
                    return Err(wrong(name, &Value::Text(path), allowed));
                }
                self.path = path;
            }
            ("mqttversion", Value::Number(n)) => {
                cfg.version = if n == 5.0 { Versions::V5 } else { Versions::V4 }
            }
            ("mqttversion", Value::Text(_)) => cfg.version = Versions::Auto,
            ("properties", Value::Bytes(list)) => cfg.properties = list,
            ("willProperties", Value::Bytes(list)) => self.will.properties = list,
            ("topicAliases", Value::Bool(on)) => cfg.topic_aliases = on,
            ("followServerReference", Value::Bool(on)) => cfg.follow_server_reference = on,
            ("mqttcleansession", Value::Bool(clean)) => self.clean_session = Some(clean),
            ("store", Value::Bool(persist)) => cfg.persist = persist,
            ("mqttkeepalive", Value::Number(s)) => cfg.keepalive = millis(s),
            ("mqttusername", Value::Text(user)) => cfg.username = Some(user),
            ("mqttpassword", Value::Bytes(password)) => cfg.password = Some(password),
            ("maxmqttreconnectdelay", Value::Number(s)) => cfg.max_reconnect_delay = millis(s),
            ("willsettopic", Value::Text(topic)) => self.will_topic = topic,
            ("willsetpayload", Value::Bytes(payload)) => self.will.payload = payload,
            ("willsetqos", Value::Number(n)) => self.will.qos = n as u8,
            ("willsetretain", Value::Bool(retain)) => self.will.retain = retain,
            ("queuesize", Value::Number(n)) => cfg.queue_size = n as usize,
            ("batchsize", Value::Number(n)) => cfg.batch_size = n as usize,
            ("publishinterval", Value::Number(s)) => cfg.publish_interval = millis(s),
            ("connecttimeout", Value::Number(s)) => cfg.connect_timeout = millis(s),
            ("acktimeout", Value::Number(s)) => cfg.ack_timeout = millis(s),
            ("stoptimeout", Value::Number(s)) => cfg.stop_timeout = millis(s),
            ("maxinflight", Value::Number(n)) => cfg.max_inflight = n as usize,
            ("maxpacketsize", Value::Number(n)) => cfg.max_packet_size = n as usize,
            ("offlinepolicy", Value::Text(given)) => {
                cfg.offline_policy = match given.as_str() {
                    "refuse" => Policy::Refuse,
                    "drop-oldest" => Policy::DropOldest,
                    "latest" => Policy::Latest,
                    _ => {
                        let allowed = "\"refuse\", \"drop-oldest\" or \"latest\"";
                        return Err(wrong(name, &Value::Text(given), allowed));
                    }
                }
            }
            ("offlineexpiry", Value::Number(s)) => cfg.offline_expiry = millis(s),
            ("publishtimeout", Value::Number(s)) => cfg.publish_timeout = millis(s),
            ("offlinesize", Value::Number(n)) => cfg.offline_size = n as usize,
            ("offlinebytes", Value::Number(n)) => cfg.offline_bytes = n as usize,
            ("certs", _) => (self.tls, self.node_only) = (true, Some(name)),
            _ => {}
        }
        Ok(())
    }

    /// A key of an object: "certs.ca".
    pub fn set_inner(&mut self, key: &str, value: Value) -> Result<(), Error> {
        match find(&INNER, key, value)? {
            (_, Value::Absent) => {}
            (name @ ("websocket.headers" | "websocket.agent"), _) => self.node_only = Some(name),
            (_, Value::Bool(on)) => self.cfg.unverified = on,
            _ => {}
        }
        Ok(())
    }

    /// What only the whole shows.
    pub fn finish(mut self, host: Host) -> Result<Config, Error> {
        if let (Some(name), true) = (self.node_only, host != Host::Node) {
            return Err(Error::say(
                Code::InvalidOption,
                &[
                    "credentials.",
                    name,
                    " is for Node only: a WASI component has no TLS, and in a page the browser sees to certificates and headers; use wss and a CA that it trusts, import a client certificate into it, or sign in with mqttusername and mqttpassword",
                ],
            ));
        }
        let settings = Settings {
            port: self.port,
            port_wins: self.port_wins,
            protocol: self.protocol,
            path: &self.path,
            tls: self.tls,
            host,
        };
        for server in &self.servers {
            self.cfg.servers.push(resolve(server, &settings)?);
        }
        // A session that is not kept would make QoS 2 come twice after a restart.
        self.cfg.clean_session = self.clean_session.unwrap_or(!self.cfg.persist);
        if self.cfg.persist && self.asked {
            return Err(Error::new(
                Code::InvalidOption,
                "store needs credentials that are an object: it is read before a function is asked; take it out, or leave the function",
            ));
        }
        if self.cfg.persist && self.cfg.client_id.is_empty() {
            return Err(Error::new(
                Code::InvalidOption,
                "store was given without mqttclientid: what is stored belongs to a client id; give one that is always the same",
            ));
        }
        let v4 = self.cfg.version == Versions::V4;
        self.cfg.assigned_id &= self.cfg.version == Versions::V5;
        if v4 && !(self.cfg.properties.is_empty() && self.will.properties.is_empty()) {
            return Err(needs_5("properties and willProperties in credentials"));
        }
        if let Some(size) = property::number(&self.cfg.properties, property::MAXIMUM_PACKET_SIZE) {
            self.cfg.max_packet_size = size as usize;
        }
        if v4 && self.cfg.password.is_some() && self.cfg.username.is_none() {
            return Err(Error::new(
                Code::InvalidOption,
                "mqttpassword was given without mqttusername, which MQTT 3.1.1 does not allow [MQTT-3.1.2-22]; give both",
            ));
        }
        if !self.will_topic.is_empty() {
            check_topic(&self.will_topic).map_err(|mut error| {
                error.message = ["willsettopic: ", &error.message].concat().into();
                error
            })?;
            self.will.topic = self.will_topic;
            self.cfg.will = Some(self.will);
        }
        Ok(self.cfg)
    }
}

/// The key's own name, and the value as `check` leaves it.
#[inline(never)]
fn find(
    table: &'static [(&'static str, Kind)],
    key: &str,
    value: Value,
) -> Result<(&'static str, Value), Error> {
    let Some(&(name, kind)) = table.iter().find(|(name, _)| *name == key) else {
        return Err(unknown("credentials", key, table.iter().map(|(name, _)| *name)));
    };
    match value {
        Value::Absent => Ok((name, value)),
        value => Ok((name, check(name, kind, value)?)),
    }
}

fn millis(seconds: f64) -> Millis {
    // Only a true 0 turns something off.
    ((seconds * 1000.0).round() as Millis).max((seconds > 0.0) as Millis)
}

/// The value in its one form (text for bytes becomes bytes), or an error.
fn check(name: &str, kind: Kind, value: Value) -> Result<Value, Error> {
    match (kind, value) {
        (Kind::Text | Kind::TextOrBytes | Kind::TextOrList, Value::Text(text)) if text.len() > 65_535 => {
            Err(Error::say(
                Code::OutOfRange,
                &[
                    name,
                    " has ",
                    &count(text.len()),
                    " bytes; MQTT allows at most 65,535",
                ],
            ))
        }
        (Kind::Text | Kind::TextOrList, Value::Text(text)) if text.contains('\0') => Err(Error::say(
            Code::InvalidOption,
            &[
                name,
                " contains U+0000, which MQTT does not allow [MQTT-1.5.3-2]; take it out",
            ],
        )),
        (Kind::Text, value @ Value::Text(_)) => Ok(value),
        (Kind::TextOrBytes, Value::Text(text)) => Ok(Value::Bytes(text.into_bytes())),
        (Kind::TextOrList, Value::Text(text)) => Ok(Value::List(vec![text])),
        (Kind::TextOrList, Value::List(list)) if !list.is_empty() => Ok(Value::List(list)),
        (Kind::TextOrBytes, Value::Bytes(bytes)) if bytes.len() > 65_535 => Err(Error::say(
            Code::OutOfRange,
            &[
                name,
                " has ",
                &count(bytes.len()),
                " bytes; MQTT allows at most 65,535",
            ],
        )),
        (Kind::TextOrBytes, value @ Value::Bytes(_)) => Ok(value),
        (Kind::Bool, value @ Value::Bool(_)) => Ok(value),
        (Kind::Version, value @ Value::Number(4.0 | 5.0)) => Ok(value),
        (Kind::Version, Value::Text(text)) if text == "auto" => Ok(Value::Text(text)),
        (Kind::Properties, value @ Value::Bytes(_)) => Ok(value),
        (Kind::Object, value @ Value::Other("an object")) => Ok(value),
        (Kind::Content, value @ (Value::Text(_) | Value::Bytes(_))) => Ok(value),
        (Kind::Store, Value::Text(text)) if text == "memory" => Ok(Value::Bool(false)),
        (Kind::Store, Value::Text(text)) if text == "persistent" => Ok(Value::Bool(true)),
        (Kind::Store, Value::Other("an object")) => Ok(Value::Bool(true)),
        (Kind::Whole(min, max), Value::Number(n)) if n.fract() == 0.0 && n >= min && n <= max => {
            Ok(Value::Number(n))
        }
        (Kind::Seconds(min, max), Value::Number(n)) if n >= min && n <= max => Ok(Value::Number(n)),
        (kind, value) => {
            let is_number = matches!(value, Value::Number(_));
            let bounds = |what: &str, min: f64, max: f64| {
                [what, " from ", &number(min), " to ", &number(max)].concat()
            };
            let allowed = match kind {
                Kind::Text => "a string".to_owned(),
                Kind::TextOrBytes => "a string or bytes".to_owned(),
                Kind::TextOrList => "a string or an array of strings".to_owned(),
                Kind::Bool => "true or false".to_owned(),
                Kind::Version => "4 (MQTT 3.1.1), 5 or \"auto\"".to_owned(),
                Kind::Properties => "an object of MQTT 5 properties".to_owned(),
                Kind::Store => "\"memory\", \"persistent\" or a store".to_owned(),
                Kind::Object => "an object".to_owned(),
                Kind::Content => "a path, PEM text or bytes".to_owned(),
                Kind::Whole(min, max) if min == max => number(min),
                Kind::Whole(min, max) => bounds("a whole number", min, max),
                Kind::Seconds(min, max) => bounds("a number of seconds", min, max),
            };
            let mut error = wrong(name, &value, &allowed);
            if is_number && matches!(kind, Kind::Whole(..) | Kind::Seconds(..) | Kind::Version) {
                error.code = Code::OutOfRange;
            }
            Err(error)
        }
    }
}

fn wrong(name: &str, given: &Value, allowed: &str) -> Error {
    let shown = match given {
        // What may be a secret is not shown.
        _ if name == "mqttpassword" || name.contains('.') => "something else".to_owned(),
        Value::Absent => "nothing".to_owned(),
        Value::Text(text) => ["the string \"", &excerpt(text), "\""].concat(),
        Value::Number(n) => number(*n),
        Value::Bool(b) => (if *b { "true" } else { "false" }).to_owned(),
        Value::Bytes(_) => "bytes".to_owned(),
        Value::List(list) if list.is_empty() => "an empty array".to_owned(),
        Value::List(_) => "an array".to_owned(),
        Value::Other(kind) => (*kind).to_owned(),
    };
    Error::say(
        Code::InvalidOption,
        &[
            "credentials.",
            name,
            " must be ",
            allowed,
            "; ",
            &shown,
            " was given",
        ],
    )
}

/// An unknown key, with the nearest known one.
pub fn unknown<'a>(place: &str, key: &str, known: impl Iterator<Item = &'a str>) -> Error {
    // No typing error is that long.
    let nearest = known
        .filter(|_| key.len() <= 64)
        .map(|name| (distance(key, name), name))
        .min()
        .filter(|(d, name)| *d <= name.len() / 2);
    let hint = match nearest {
        Some((_, name)) => ["; did you mean \"", name, "\"?"].concat(),
        None => "; see the table of options in the README".to_owned(),
    };
    Error::say(
        Code::InvalidOption,
        &[place, " has no key \"", &excerpt(key), "\"", &hint],
    )
}

/// Edits between two words, without regard to case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<u8> = b.bytes().map(|c| c.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().map(|c| c.to_ascii_lowercase()).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + (x != y) as usize;
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

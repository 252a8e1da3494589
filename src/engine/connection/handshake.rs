//! CONNECT and CONNACK: what the client says of itself, what the broker answers, and what follows from it: online,
//! another protocol version, another server (§3.1, §3.2).

use super::aliases::{Aliases, INBOUND_MAXIMUM};
use super::broker_limits::BrokerLimits;
use super::{first_version, Connection, Handshake, Online, Phase, FIRST_DELAY};
use crate::codec::frame::LARGEST_PACKET;
use crate::codec::properties::*;
use crate::codec::{protocol_error, write, DecodeError, ReasonCode, Version};
use crate::engine::config::{Config, Versions};
use crate::engine::deadline::{Millis, NEVER};
use crate::engine::effects::Effects;
use crate::engine::endpoint;
use crate::engine::error::{Code, Error};
use crate::engine::format::before;
use crate::engine::output::Generation;

/// CONNACK 3 of 3.1.1, the one refusal that passes by itself.
const UNAVAILABLE: ReasonCode = ReasonCode(3);
/// CONNACK 1 of 3.1.1: the server does not speak it.
const UNSUPPORTED: ReasonCode = ReasonCode(1);
/// Refusals of MQTT 5 that pass by themselves.
const PASSING: [ReasonCode; 5] = [
    ReasonCode::SERVER_UNAVAILABLE,
    ReasonCode::SERVER_BUSY,
    ReasonCode::QUOTA_EXCEEDED,
    ReasonCode::USE_ANOTHER_SERVER,
    ReasonCode::CONNECTION_RATE_EXCEEDED,
];

/// A connection that lasts so long was a good one: the reconnect delay starts small again.
const STABLE: Millis = 10_000;

/// More servers in one reference are not tried.
const MOST_REFERENCED: usize = 8;
/// After so many references in a row the next is followed with a delay.
const MOST_REDIRECTS: u8 = 3;

/// What a CONNACK means.
#[derive(Debug)]
pub(in crate::engine) enum Connack {
    Accepted {
        /// The broker's Receive Maximum.
        send_maximum: usize,
        /// Ours.
        receive_maximum: usize,
    },
    /// The broker knows no MQTT 5, and 3.1.1 may be tried.
    FallBack,
    Refused {
        error: Error,
        /// Waiting will not change it.
        lasting: bool,
    },
}

/// What changes when the application gives new credentials.
#[derive(Debug)]
pub(in crate::engine) struct Adopted {
    /// The first answer: limits of queues and batches are known from here on.
    pub first: bool,
    /// How many servers there are more than before.
    pub more_servers: usize,
}

impl Connection {
    /// The transport is open: CONNECT goes out [MQTT-3.1.0-1].
    pub fn opened(&mut self, now: Millis, generation: Generation, effects: &mut Effects) {
        if generation != self.generation || !matches!(self.phase, Phase::Opening) {
            return;
        }
        // Whatever an earlier transport said.
        self.blocked = false;
        self.report_insecure(effects);
        let (handshake, properties) = self.connect_properties(now);
        let config = &self.config;
        write::connect(
            &mut self.out,
            &write::Connect {
                version: self.version,
                properties: &properties,
                client_id: &config.client_id,
                clean_session: handshake.clean,
                keepalive: config
                    .keepalive
                    .map_or(0, |ms| ms.div_ceil(1000).min(65_535) as u16),
                will: config.will.as_ref().map(|will| write::Will {
                    properties: &will.properties,
                    topic: &will.topic,
                    payload: &will.payload,
                    qos: will.qos,
                    retain: will.retain,
                }),
                username: config.username.as_deref(),
                password: config.password.as_deref(),
            },
        );
        self.phase = Phase::Handshake(handshake);
    }

    /// Reports, once, the first connection that others can read, or that may lead to others.
    fn report_insecure(&mut self, effects: &mut Effects) {
        let url = self.config.servers.get(self.servers.current);
        let readable = self.config.password.is_some() && url.is_some_and(|url| endpoint::is_public(url));
        if self.insecure_reported || !(readable || self.config.unverified) {
            return;
        }
        self.insecure_reported = true;
        let template = match readable {
            true => "the password is sent to % unencrypted and can be intercepted; use mqtts or wss",
            false => "the certificate of % is not verified, so it may be any server: certs.dangerouslyDisableServerVerification is on; give its CA as certs.ca",
        };
        effects.error(Error::format(Code::Insecure, template, &[&self.server_name()]));
    }

    /// The properties of CONNECT: the user's, and what our settings mean in MQTT 5.
    fn connect_properties(&self, now: Millis) -> (Handshake, Vec<u8>) {
        let config = &self.config;
        let mut handshake = Handshake {
            aliases: Aliases::new(0, self.keys),
            clean: config.clean_session,
            receive_maximum: usize::MAX,
            last_sent: now,
        };
        if self.version == Version::V4 {
            return (handshake, Vec::new());
        }
        let mut list = config.properties.clone();
        let given = |id| number(&config.properties, id);
        let mut default = |id, wanted: bool, value| {
            if given(id).is_none() && wanted {
                put(&mut list, id, Value::Number(value));
            }
        };
        // As CleanSession 0 of 3.1.1 means it.
        default(Property::SessionExpiryInterval, !config.clean_session, u32::MAX);
        default(
            Property::TopicAliasMaximum,
            config.topic_aliases,
            INBOUND_MAXIMUM.into(),
        );
        default(
            Property::ReceiveMaximum,
            config.max_unhandled < 65_535,
            config.max_unhandled as u32,
        );
        let bounded = config.max_packet_size < LARGEST_PACKET;
        default(
            Property::MaximumPacketSize,
            bounded,
            config.max_packet_size as u32,
        );
        // A session that outlives the connection is begun anew by start(), and resumed by a reconnect.
        if given(Property::SessionExpiryInterval).unwrap_or(0) > 0 && self.ever_online {
            handshake.clean = false;
        }
        // Only what the user has asked for is enforced: a broker that knows no such limit is read more slowly.
        handshake.receive_maximum = given(Property::ReceiveMaximum).unwrap_or(65_535) as usize;
        let inbound = number(&list, Property::TopicAliasMaximum).unwrap_or(0) as u16;
        handshake.aliases = Aliases::new(inbound, self.keys);
        (handshake, list)
    }

    /// CONNACK arrived (§3.2).
    pub fn on_connack(
        &mut self,
        now: Millis,
        session_present: bool,
        code: ReasonCode,
        properties: &[u8],
    ) -> Result<Connack, DecodeError> {
        let Phase::Handshake(handshake) = &self.phase else {
            return Err(protocol_error!("a second CONNACK"));
        };
        // A server that says so is believed later, too: it may be another one than before.
        let is_auto = self.config.version == Versions::Auto && self.version == Version::V5;
        if code == ReasonCode::UNSUPPORTED_PROTOCOL_VERSION && is_auto {
            return Ok(Connack::FallBack);
        }
        let method = string(properties, Property::AuthenticationMethod);
        let ours = string(&self.config.properties, Property::AuthenticationMethod);
        if (code == ReasonCode::SUCCESS && self.version == Version::V5 || method.is_some()) && method != ours
        {
            // [MQTT-4.12.0-5], [MQTT-4.12.0-6]
            return Err(protocol_error!(
                "a CONNACK has another authentication method than CONNECT"
            ));
        }
        if code == ReasonCode::SUCCESS && session_present && handshake.clean {
            // [MQTT-3.2.2-4]
            return Err(protocol_error!(
                "CONNACK has a session although a clean one was asked for",
            ));
        }
        let assigned = string(properties, Property::AssignedClientIdentifier).is_some();
        let allowed = self.config.assigned_id || self.generated_client_id;
        if code == ReasonCode::SUCCESS
            && (assigned && !allowed || !assigned && self.config.client_id.is_empty())
        {
            // [MQTT-3.2.2-16], and nobody but the user changes an identifier that the user gave.
            return Err(protocol_error!(
                "CONNACK assigns a client id that was not asked for, or none that was"
            ));
        }
        if code != ReasonCode::SUCCESS {
            let is_unsupported = code == ReasonCode::UNSUPPORTED_PROTOCOL_VERSION;
            let code = match self.version {
                Version::V4 if is_unsupported => UNSUPPORTED,
                _ => code,
            };
            return Ok(self.refusal(code, properties));
        }
        Ok(self.accepted(now, properties))
    }

    fn refusal(&self, code: ReasonCode, properties: &[u8]) -> Connack {
        let (error, passes) = match self.version {
            Version::V4 if code.0 < 0x80 => (Error::refusal(code), code == UNAVAILABLE),
            _ => (Error::refusal_because(code, properties), PASSING.contains(&code)),
        };
        Connack::Refused {
            error,
            lasting: !passes,
        }
    }

    fn accepted(&mut self, now: Millis, properties: &[u8]) -> Connack {
        self.connect_due.clear();
        // What a token allows may end soon.
        let stable = if self.config.ask { FIRST_DELAY } else { STABLE };
        self.stable_due.set(now + stable);
        self.attempts = 0;
        self.reconnects += self.ever_online as u64;
        self.ever_online = true;
        self.servers.begin_round();
        let Phase::Handshake(handshake) = std::mem::replace(&mut self.phase, Phase::Idle) else {
            return Connack::FallBack;
        };
        let mut online = Online {
            aliases: handshake.aliases,
            limits: BrokerLimits::default(),
            keepalive: self.config.keepalive.unwrap_or(NEVER),
            last_sent: handshake.last_sent,
            last_received: now,
            pinged: NEVER,
            reauthenticating: false,
        };
        if self.version == Version::V5 {
            self.apply_connack(&mut online, properties);
        }
        let accepted = Connack::Accepted {
            send_maximum: online.limits.receive_maximum,
            receive_maximum: handshake.receive_maximum,
        };
        self.phase = Phase::Online(online);
        self.arm_keepalive(now);
        accepted
    }

    /// What the broker says of itself in a CONNACK of MQTT 5.
    fn apply_connack(&mut self, online: &mut Online, properties: &[u8]) {
        online.limits = BrokerLimits::read(properties);
        if self.config.topic_aliases {
            online.aliases.allow(online.limits.alias_maximum);
        }
        if let Some(seconds) = number(properties, Property::ServerKeepAlive) {
            online.keepalive = match seconds {
                0 => NEVER,
                _ => Millis::from(seconds) * 1000,
            };
        }
        if let Some(id) = string(properties, Property::AssignedClientIdentifier) {
            self.config.client_id = id.to_owned();
        }
    }

    /// MQTT 5 was tried, and 3.1.1 may be.
    pub(super) fn may_fall_back(&self) -> bool {
        // A broker that spoke MQTT 5 may be in trouble; after several attempts it is more likely another one.
        let is_likely = !self.ever_online || self.fails_again();
        self.config.version == Versions::Auto && self.version == Version::V5 && is_likely
    }

    /// Likewise, and CONNECT was sent.
    pub fn may_fall_back_after_silence(&self) -> bool {
        matches!(self.phase, Phase::Handshake(_)) && self.may_fall_back()
    }

    /// CONNECT got no answer of the version that was spoken: the next attempt begins with MQTT 5 again, as the first did.
    pub(super) fn forget_version(&mut self, error: &Error) {
        let answered = error.reason.is_some_and(|reason| reason != UNSUPPORTED);
        if self.config.version == Versions::Auto && matches!(self.phase, Phase::Handshake(_)) && !answered {
            self.version = Version::V5;
        }
    }

    /// From the next attempt on another protocol is spoken.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
        self.last_error = None;
    }

    /// The servers to which the broker sends us, if the user allows it (§4.11).
    pub fn server_references(&self, reason: ReasonCode, properties: &[u8]) -> Vec<String> {
        let mut urls = Vec::new();
        let elsewhere = matches!(reason, ReasonCode::USE_ANOTHER_SERVER | ReasonCode::SERVER_MOVED);
        let here = self.config.servers.get(self.servers.current);
        let (Some(here), true) = (here, elsewhere && self.config.follow_server_reference) else {
            return urls;
        };
        let mut rest = string(properties, Property::ServerReference).unwrap_or_default();
        while !rest.is_empty() && urls.len() < MOST_REFERENCED {
            let name = before(rest, b' ');
            urls.extend(endpoint::elsewhere(here, name));
            rest = rest.get(name.len() + 1..).unwrap_or_default();
        }
        urls
    }

    /// These servers join the servers, in place of those that were named before, and are tried next, each in turn. True:
    /// at once; false: with a delay, because one server after the other sends us elsewhere.
    pub fn follow(&mut self, mut urls: Vec<String>) -> bool {
        let own = self.config.servers.len() - self.servers.referenced;
        self.config.servers.truncate(own);
        self.servers.current = own;
        self.servers.referenced = urls.len();
        self.config.servers.append(&mut urls);
        self.servers.redirects = self.servers.redirects.saturating_add(1);
        self.servers.begin_round();
        self.servers.redirects <= MOST_REDIRECTS
    }

    /// Takes over credentials: everything that concerns the connection is as given now.
    pub fn adopt(&mut self, mut config: Config) -> Adopted {
        let old = &mut self.config;
        config.ask = true;
        config.reconnect &= old.reconnect;
        // An identifier that the broker has assigned is kept, too.
        if config.client_id.is_empty() && (old.assigned_id || !config.assigned_id) {
            config.client_id = std::mem::take(&mut old.client_id);
        } else {
            self.generated_client_id = false;
        }
        let before = old.servers.len();
        let servers = &mut self.servers;
        if !config.follow_server_reference {
            servers.referenced = 0;
        }
        // Those that a server has named stay the last.
        let own = before - servers.referenced;
        let mut referenced = old.servers.split_off(own);
        let joins = config.servers.len();
        if servers.referenced > 0 {
            config.servers.append(&mut referenced);
        }
        let count = config.servers.len();
        servers.current = match servers.current >= own && servers.referenced > 0 {
            true => joins + servers.current - own,
            false => servers.current % count.max(1),
        };
        // It may have fallen back.
        if config.version != Versions::Auto || old.version != Versions::Auto {
            self.version = first_version(config.version);
        }
        if self.has_credentials {
            config.keep_queue_limits(&self.config);
        }
        self.config = config;
        Adopted {
            first: !std::mem::replace(&mut self.has_credentials, true),
            more_servers: count.saturating_sub(before.max(1)),
        }
    }
}

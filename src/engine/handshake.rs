//! CONNECT and CONNACK: what we introduce ourselves with, what a server answers, and what follows from it: online,
//! another version, another server (§3.1, §3.2).

use super::aliases::{Aliases, INBOUND};
use super::backoff::FIRST_DELAY;
use super::config::Versions;
use super::connection::{Phase, RC_LOST};
use super::event::{Event, Generation, Outcome};
use super::server::Server;
use super::timers::{Millis, Timer};
use super::{endpoint, Code, Config, Engine, Error};
use crate::codec::properties::*;
use crate::codec::{protocol_error, write, DecodeError, Version};

/// CONNACK 3, the one refusal that passes by itself.
const UNAVAILABLE: u8 = 3;
/// CONNACK of MQTT 5: Unsupported Protocol Version.
const UNSUPPORTED: u8 = 0x84;
/// Those that pass by themselves: server unavailable, busy, use another server, quota, rate.
const PASSING: [u8; 5] = [0x88, 0x89, 0x97, 0x9c, 0x9f];
/// Use another server, server moved: 0x9c and 0x9d.
const ELSEWHERE: u8 = 0x9c;

/// A connection that lasts so long was a good one: the reconnect delay starts small again.
const STABLE: Millis = 10_000;

impl Engine {
    /// The transport is open: CONNECT goes out [MQTT-3.1.0-1].
    pub fn opened(&mut self, generation: Generation, now: Millis) {
        if generation != self.link.generation || self.link.phase != Phase::Opening {
            return;
        }
        self.link.phase = Phase::Handshake;
        self.warn_if_unsafe();
        self.link.last_received = now;
        self.link.reauthenticates = false;
        self.link.told = false;
        self.server = Server::default();
        let properties = self.introduce();
        let cfg = &self.cfg;
        write::connect(
            &mut self.out,
            &write::Connect {
                version: self.version,
                properties: &properties,
                client_id: &cfg.client_id,
                clean_session: self.link.clean,
                keepalive: cfg.keepalive.div_ceil(1000).min(65_535) as u16,
                will: cfg.will.as_ref().map(|w| write::Will {
                    properties: &w.properties,
                    topic: &w.topic,
                    payload: &w.payload,
                    qos: w.qos,
                    retain: w.retain,
                }),
                username: cfg.username.as_deref(),
                password: cfg.password.as_deref(),
            },
        );
    }

    /// Told once, of the first connection that others can read, or that may lead to others.
    pub(super) fn warn_if_unsafe(&mut self) {
        let url = self.cfg.servers.get(self.link.server);
        let public = self.cfg.password.is_some() && url.is_some_and(|url| endpoint::is_public(url));
        if self.link.warned || !(public || self.cfg.unverified) {
            return;
        }
        self.link.warned = true;
        let why = match public {
            true => " gets the password unencrypted, for all on the way to read; use mqtts or wss",
            false => " may be anybody: certs.dangerouslyDisableServerVerification is on; give its CA as certs.ca instead",
        };
        let error = Error::say(Code::Insecure, "%%", &[&self.server_name(), why]);
        self.events.push_back(Event::Error(error));
    }

    /// The properties of CONNECT: the user's, and what our settings mean in MQTT 5.
    fn introduce(&mut self) -> Vec<u8> {
        let cfg = &self.cfg;
        self.link.clean = cfg.clean_session;
        self.link.receive_maximum = usize::MAX;
        self.aliases = Aliases::new(0);
        if self.version == Version::V4 {
            return Vec::new();
        }
        let mut list = cfg.properties.clone();
        let given = |id| number(&cfg.properties, id);
        let mut or = |id, wanted: bool, value| {
            if given(id).is_none() && wanted {
                put(&mut list, id, Value::Number(value));
            }
        };
        // As CleanSession 0 of 3.1.1 means it.
        or(Property::SessionExpiryInterval, !cfg.clean_session, u32::MAX);
        or(Property::TopicAliasMaximum, cfg.topic_aliases, INBOUND.into());
        let bounded = cfg.max_packet_size < Config::default().max_packet_size;
        or(Property::MaximumPacketSize, bounded, cfg.max_packet_size as u32);
        // A session that outlives the connection is begun anew by start(), and resumed by a reconnect.
        if given(Property::SessionExpiryInterval).unwrap_or(0) > 0 && self.link.ever_online {
            self.link.clean = false;
        }
        self.link.receive_maximum = given(Property::ReceiveMaximum).unwrap_or(65_535) as usize;
        self.aliases = Aliases::new(number(&list, Property::TopicAliasMaximum).unwrap_or(0) as u16);
        list
    }

    /// CONNACK (§3.2).
    pub(super) fn on_connack(
        &mut self,
        session_present: bool,
        code: u8,
        properties: &[u8],
        now: Millis,
    ) -> Result<(), DecodeError> {
        if code == UNSUPPORTED && self.falls_back() {
            self.close_transport();
            self.inbox.clear();
            self.fall_back(now);
            return Ok(());
        }
        let method = string(properties, Property::AuthenticationMethod);
        let own = string(&self.cfg.properties, Property::AuthenticationMethod);
        if (code == 0 && self.version == Version::V5 || method.is_some()) && method != own {
            // [MQTT-4.12.0-5], [MQTT-4.12.0-6]
            return Err(protocol_error!("a CONNACK of another authentication method"));
        }
        if code == 0 && session_present && self.link.clean {
            // [MQTT-3.2.2-1]
            return Err(protocol_error!(
                "CONNACK says that a session is present although a clean one was asked for",
            ));
        }
        let assigned = string(properties, Property::AssignedClientIdentifier).is_some();
        let may = self.cfg.assigned_id || self.link.made_up_id;
        if code == 0 && (assigned && !may || !assigned && self.cfg.client_id.is_empty()) {
            // [MQTT-3.2.2-16], and nobody but the user changes an identifier that the user gave.
            return Err(protocol_error!("CONNACK has a client id unasked, or none"));
        }
        self.events.push_back(Event::Connected {
            session_present,
            code,
            properties: properties.to_vec(),
        });
        if code != 0 {
            let (error, passes) = match self.version {
                Version::V4 => (Error::refusal(code), code == UNAVAILABLE),
                Version::V5 => (Error::refusal_because(code, properties), PASSING.contains(&code)),
            };
            self.close_transport();
            self.lose_by(RC_LOST, error, now, !passes);
            self.follow(code, properties);
            return Ok(());
        }
        self.timers.clear(Timer::Connect);
        // What a token allows may end soon.
        let stable = if self.cfg.ask { FIRST_DELAY } else { STABLE };
        self.timers.set(Timer::Stable, now + stable);
        self.link.phase = Phase::Online;
        self.link.asked = 0;
        self.link.last_ack = now;
        self.stats.reconnects += self.link.ever_online as u64;
        self.link.ever_online = true;
        self.link.tried = 0;
        self.link.refused = true;
        self.link.resumed = session_present;
        self.link.keepalive = self.cfg.keepalive;
        if self.version == Version::V5 {
            self.heed(properties);
        }
        self.link.quota = self.server.receive_maximum;
        self.arm_keepalive(now);
        self.resume(session_present);
        for (token, _) in std::mem::take(&mut self.link.starters) {
            self.done(token, Ok(Outcome::None));
        }
        self.stop_if_drained(now);
        Ok(())
    }

    /// What a server of MQTT 5 asks for in its CONNACK.
    fn heed(&mut self, properties: &[u8]) {
        self.server = Server::read(properties);
        if self.cfg.topic_aliases {
            self.aliases.allow(self.server.alias_maximum);
        }
        if let Some(seconds) = number(properties, Property::ServerKeepAlive) {
            self.link.keepalive = Millis::from(seconds) * 1000;
        }
        if let Some(id) = string(properties, Property::AssignedClientIdentifier) {
            self.cfg.client_id = id.to_owned();
        }
    }

    /// MQTT 5 was tried, and 3.1.1 may be.
    pub(super) fn falls_back(&self) -> bool {
        self.cfg.version == Versions::Auto && self.version == Version::V5 && !self.link.ever_online
    }

    pub(super) fn fall_back(&mut self, now: Millis) {
        self.speak(Version::V4);
        self.link.last_error = None;
        self.attempt(now);
    }

    /// A server that sends us elsewhere: its word joins the servers and is tried next, if the user allows it.
    pub(super) fn follow(&mut self, reason: u8, properties: &[u8]) {
        let reference =
            string(properties, Property::ServerReference).map(|all| super::text::before(all, b' '));
        let (Some(reference), true, ELSEWHERE) = (reference, self.cfg.follow_server_reference, reason & !1)
        else {
            return;
        };
        let Some(url) = self
            .cfg
            .servers
            .get(self.link.server)
            .and_then(|here| endpoint::elsewhere(here, reference))
        else {
            return;
        };
        if std::mem::replace(&mut self.link.detour, true) {
            self.cfg.servers.pop();
        }
        self.link.server = self.cfg.servers.len();
        self.cfg.servers.push(url);
    }
}

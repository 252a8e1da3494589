//! Packets of the broker: answers, messages, and what no broker may send. `strict_broker.rs` keeps account of them, for
//! it knows what the client may do then.

use mqtt_lib::codec::properties::{put, Property, Value};
use mqtt_lib::codec::{publish, PacketId};
use mqtt_lib::engine::Version;

use super::strict_broker::{Limits, Unanswered};
use super::{list, Transport, World, TOPICS};

impl World<'_> {
    /// A packet of the broker, with properties in MQTT 5.
    fn control(&self, first: u8, head: &[u8], properties: Option<&[u8]>, tail: &[u8]) -> Vec<u8> {
        let mut body = head.to_vec();
        if let Some(properties) = properties.filter(|_| self.broker.version == Some(Version::V5)) {
            assert!(properties.len() < 0x80);
            body.push(properties.len() as u8);
            body.extend_from_slice(properties);
        }
        body.extend_from_slice(tail);
        let mut all = vec![first];
        mqtt_lib::codec::varint::write(&mut all, body.len());
        all.extend(body);
        all
    }

    pub(super) fn connack(&mut self) {
        self.opened();
        let (Some(version), Transport::Open(_)) = (self.broker.version, self.transport) else {
            return;
        };
        if self.broker.accepted {
            return;
        }
        let kind = self.input.byte();
        if kind & 0x0f == 15 {
            let bytes: &[u8] = match version {
                Version::V4 => &[0x20, 2, 0, 3],
                Version::V5 => [
                    &[0x20, 2, 0, 1][..],
                    &[0x20, 3, 0, 0x88, 0],
                    &[0x20, 3, 0, 0x84, 0],
                ][usize::from(kind >> 4) % 3],
            };
            return self.feed(bytes, usize::MAX);
        }
        if kind & 0x0f == 14 && self.broker.method {
            let method = list(&[(Property::AuthenticationMethod, Value::Text("M"))]);
            let auth = self.control(0xf0, &[0x18], Some(&method), &[]);
            return self.feed(&auth, usize::MAX);
        }
        let mut limits = Limits::default();
        let mut says = Vec::new();
        if version == Version::V5 {
            let mut say = |id, value: u32| put(&mut says, id, Value::Number(value));
            if kind & 16 != 0 {
                limits.receive_maximum = self.input.pick(&[1, 2, 10]);
                say(Property::ReceiveMaximum, limits.receive_maximum as u32);
            }
            if kind & 32 != 0 {
                limits.packet = self.input.pick(&[20, 60, 160]);
                say(Property::MaximumPacketSize, limits.packet as u32);
            }
            if kind & 64 != 0 {
                limits.qos = self.input.pick(&[0, 1]);
                say(Property::MaximumQoS, limits.qos.into());
                limits.retain = false;
                say(Property::RetainAvailable, 0);
            }
            if kind & 128 != 0 {
                limits.aliases = self.input.pick(&[1, 2, 1_000]);
                say(Property::TopicAliasMaximum, limits.aliases);
            }
            match self.input.byte() % 16 {
                1 => {
                    limits.wildcards = false;
                    say(Property::WildcardSubscriptionAvailable, 0);
                }
                2 => {
                    limits.shared = false;
                    say(Property::SharedSubscriptionAvailable, 0);
                }
                3 => {
                    limits.identifiers = false;
                    say(Property::SubscriptionIdentifierAvailable, 0);
                }
                4 => say(Property::ServerKeepAlive, 1),
                5 => say(Property::ServerKeepAlive, 0),
                _ => {}
            }
            // For a client that has none, and now and then for one that has its own.
            let unnamed = self.engine.config().client_id.is_empty();
            if unnamed || self.input.one_in(32) {
                put(&mut says, Property::AssignedClientIdentifier, Value::Text("you"));
            }
        }
        let present = self.input.one_in(2) && !self.broker.clean;
        self.broker.limits = limits;
        self.broker.accepted = true;
        // What a resumed session has in flight is not known here.
        self.broker.unknown |= present;
        let connack = self.control(0x20, &[present.into(), 0], Some(&says), &[]);
        self.feed(&connack, usize::MAX);
        if self.broker.unknown && !self.engine.is_online() {
            // It was the rest of a packet that arbitrary bytes had begun.
            self.broker.limits = Limits::default();
            self.broker.accepted = false;
        }
    }

    /// The broker answers something.
    pub(super) fn answer(&mut self) {
        let which = usize::from(self.input.byte());
        let how = self.input.byte();
        let unanswered: Vec<(u16, Unanswered)> = self
            .broker
            .unanswered
            .iter()
            .map(|(&id, &what)| (id, what))
            .collect();
        if unanswered.is_empty() {
            // PINGRESP, or PUBREL for what the client has received.
            let pid = 1 + u16::from(how & 3);
            if how & 4 == 0 {
                return self.feed(&[0xd0, 0], usize::MAX);
            }
            self.broker.deliveries.pubrel(pid);
            return self.feed(&[0x62, 2, 0, pid as u8], usize::MAX);
        }
        let (pid, what) = unanswered[which % unanswered.len()];
        let [high, low] = pid.to_be_bytes();
        let five = self.broker.version == Some(Version::V5);
        let refuses = five && how & 1 != 0;
        let why = list(&[(Property::ReasonString, Value::Text("why"))]);
        let properties: &[u8] = if how & 2 != 0 { &why } else { &[] };
        let codes = |count: usize, good: u8, bad: u8| -> Vec<u8> {
            let bad = if how & 1 != 0 { bad } else { good };
            (0..count).map(|at| if at == 0 { bad } else { good }).collect()
        };
        let (bytes, reason) = match what {
            Unanswered::Subscribe(count) => (
                self.control(0x90, &[high, low], Some(properties), &codes(count, 0, 0x80)),
                0,
            ),
            Unanswered::Unsubscribe(count) if five => (
                self.control(0xb0, &[high, low], Some(properties), &codes(count, 0, 0x11)),
                0,
            ),
            Unanswered::Unsubscribe(_) => (self.control(0xb0, &[high, low], None, &[]), 0),
            Unanswered::Publish(qos) => {
                let first = if qos == 1 { 0x40 } else { 0x50 };
                let reason = if refuses { 0x87 } else { 0 };
                (self.reply(first, pid, reason, properties), reason)
            }
            Unanswered::Release => (
                self.reply(0x70, pid, if refuses { 0x92 } else { 0 }, properties),
                0,
            ),
        };
        self.broker.answers(pid, reason);
        self.feed(&bytes, if how & 8 != 0 { 1 } else { usize::MAX });
    }

    fn reply(&self, first: u8, pid: u16, reason: u8, properties: &[u8]) -> Vec<u8> {
        let [high, low] = pid.to_be_bytes();
        if reason == 0 && properties.is_empty() || self.broker.version != Some(Version::V5) {
            return self.control(first, &[high, low], None, &[]);
        }
        self.control(first, &[high, low, reason], Some(properties), &[])
    }

    /// A message of the broker; one of QoS 1 or 2 has its serial number in its payload.
    pub(super) fn incoming(&mut self) {
        if !self.broker.accepted {
            return;
        }
        let how = self.input.byte();
        let qos = self.input.pick(&[0, 1, 2]);
        let pid = u16::from(self.input.byte() % 8);
        let mut properties = Vec::new();
        let five = self.broker.version == Some(Version::V5);
        let mut topic = TOPICS[usize::from(how >> 5) % TOPICS.len()];
        if five && how & 1 != 0 {
            let alias = u32::from(self.input.byte() % 4);
            put(&mut properties, Property::TopicAlias, Value::Number(alias));
            if how & 2 != 0 {
                topic = "";
            }
        }
        if five && how & 4 != 0 {
            put(&mut properties, Property::UserProperty, Value::Pair("k", "v"));
        }
        let mut payload = vec![0; self.input.pick(&[0, 1, 100])];
        if qos > 0 {
            let serial = self.broker.deliveries.next_serial().to_be_bytes();
            payload.splice(0..0, serial);
        }
        let parts = publish::Parts {
            topic: topic.as_bytes(),
            properties: &properties,
            payload: &payload,
            qos,
            retain: how & 8 != 0,
            alias: 0,
        };
        let mut bytes = Vec::new();
        let version = self.broker.version.unwrap_or(Version::V4);
        publish::encode(&mut bytes, version, &parts, PacketId::new(pid));
        if how & 16 != 0 {
            publish::set_dup(&mut bytes);
        }
        if qos > 0 {
            let too_large = bytes.len() > self.engine.config().max_packet_size;
            let malformed = pid == 0 || five && how & 1 != 0;
            self.broker.deliveries.publish(pid, qos, too_large, malformed);
        }
        let piece = self.input.pick(&[usize::MAX, 1, 7]);
        self.feed(&bytes, piece);
    }

    /// Arbitrary bytes.
    pub(super) fn raw(&mut self) {
        let length = self.input.byte();
        let bytes = self.input.bytes(usize::from(length % 32)).to_vec();
        self.broker.unknown = true;
        self.feed(&bytes, usize::from(length / 32) + 1);
    }

    /// Ends the connection, as a broker may or must not.
    pub(super) fn violate(&mut self) {
        let five = self.broker.version == Some(Version::V5);
        let elsewhere = list(&[(Property::ServerReference, Value::Text("other:1"))]);
        let bytes = match self.input.byte() % 4 {
            0 if five => self.control(0xe0, &[0x9c], Some(&elsewhere), &[]),
            1 if five => vec![0xe0, 1, 0x8e],
            2 if five && self.broker.accepted => vec![0x20, 3, 0, 0, 0],
            _ => vec![0x10],
        };
        self.feed(&bytes, usize::MAX);
    }
}

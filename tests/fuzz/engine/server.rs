//! What comes from the server: answers to what is under way, messages, and what no server may send. `peer.rs` is told of
//! it, for it knows what the client may do then.

use mqtt_lib::codec::properties::{put, Property, Value};
use mqtt_lib::codec::{publish, PacketId};
use mqtt_lib::engine::Version;

use super::{list, Wire, World, TOPICS};
use crate::input::Input;
use crate::peer::{Limits, Open};

impl World {
    /// A packet of the server, with properties in MQTT 5.
    fn control(&self, first: u8, head: &[u8], properties: Option<&[u8]>, tail: &[u8]) -> Vec<u8> {
        let mut body = head.to_vec();
        if let Some(properties) = properties.filter(|_| self.peer.version == Some(Version::V5)) {
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

    pub(super) fn connack(&mut self, input: &mut Input<'_>) {
        self.opened();
        let (Some(version), Wire::Open(_)) = (self.peer.version, self.wire) else {
            return;
        };
        if self.peer.accepted {
            return;
        }
        let kind = input.byte();
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
        if kind & 0x0f == 14 && self.peer.method {
            let method = list(&[(Property::AuthenticationMethod, Value::Text("M"))]);
            let auth = self.control(0xf0, &[0x18], Some(&method), &[]);
            return self.feed(&auth, usize::MAX);
        }
        let mut limits = Limits::default();
        let mut says = Vec::new();
        if version == Version::V5 {
            let mut say = |id, value: u32| put(&mut says, id, Value::Number(value));
            if kind & 16 != 0 {
                limits.receive_maximum = input.pick(&[1, 2, 10]);
                say(Property::ReceiveMaximum, limits.receive_maximum as u32);
            }
            if kind & 32 != 0 {
                limits.packet = input.pick(&[20, 60, 160]);
                say(Property::MaximumPacketSize, limits.packet as u32);
            }
            if kind & 64 != 0 {
                limits.qos = input.pick(&[0, 1]);
                say(Property::MaximumQoS, limits.qos.into());
                limits.retain = false;
                say(Property::RetainAvailable, 0);
            }
            if kind & 128 != 0 {
                limits.aliases = input.pick(&[1, 2, 1_000]);
                say(Property::TopicAliasMaximum, limits.aliases);
            }
            match input.byte() % 16 {
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
            // To whom has none, and for once to whom has one.
            let unnamed = self.engine.config().client_id.is_empty();
            if unnamed || input.one_in(32) {
                put(&mut says, Property::AssignedClientIdentifier, Value::Text("you"));
            }
        }
        let present = input.one_in(2) && !self.peer.clean;
        self.peer.limits = limits;
        self.peer.accepted = true;
        // What a session that is resumed has under way is not known here.
        self.peer.wild |= present;
        let connack = self.control(0x20, &[present.into(), 0], Some(&says), &[]);
        self.feed(&connack, usize::MAX);
        if self.peer.wild && !self.engine.is_online() {
            // It was the rest of a packet that unchecked bytes had begun.
            self.peer.limits = Limits::default();
            self.peer.accepted = false;
        }
    }

    /// The server answers something that is under way.
    pub(super) fn answer(&mut self, input: &mut Input<'_>) {
        let which = usize::from(input.byte());
        let how = input.byte();
        let open: Vec<(u16, Open)> = self.peer.open.iter().map(|(pid, open)| (*pid, *open)).collect();
        if open.is_empty() {
            // PINGRESP, or PUBREL for what the client has received.
            let pid = 1 + u16::from(how & 3);
            if how & 4 == 0 {
                return self.feed(&[0xd0, 0], usize::MAX);
            }
            self.peer.owes(2, pid);
            return self.feed(&[0x62, 2, 0, pid as u8], usize::MAX);
        }
        let (pid, open) = open[which % open.len()];
        let [high, low] = pid.to_be_bytes();
        let five = self.peer.version == Some(Version::V5);
        let refuses = five && how & 1 != 0;
        let why = list(&[(Property::ReasonString, Value::Text("why"))]);
        let properties: &[u8] = if how & 2 != 0 { &why } else { &[] };
        let codes = |count: usize, good: u8, bad: u8| -> Vec<u8> {
            let bad = if how & 1 != 0 { bad } else { good };
            (0..count).map(|at| if at == 0 { bad } else { good }).collect()
        };
        let (bytes, reason) = match open {
            Open::Subscribe(count) => (
                self.control(0x90, &[high, low], Some(properties), &codes(count, 0, 0x80)),
                0,
            ),
            Open::Unsubscribe(count) if five => (
                self.control(0xb0, &[high, low], Some(properties), &codes(count, 0, 0x11)),
                0,
            ),
            Open::Unsubscribe(_) => (self.control(0xb0, &[high, low], None, &[]), 0),
            Open::Publish(qos) => {
                let first = if qos == 1 { 0x40 } else { 0x50 };
                let reason = if refuses { 0x87 } else { 0 };
                (self.reply(first, pid, reason, properties), reason)
            }
            Open::Release => (
                self.reply(0x70, pid, if refuses { 0x92 } else { 0 }, properties),
                0,
            ),
        };
        self.peer.answered(pid, reason);
        self.feed(&bytes, if how & 8 != 0 { 1 } else { usize::MAX });
    }

    fn reply(&self, first: u8, pid: u16, reason: u8, properties: &[u8]) -> Vec<u8> {
        let [high, low] = pid.to_be_bytes();
        if reason == 0 && properties.is_empty() || self.peer.version != Some(Version::V5) {
            return self.control(first, &[high, low], None, &[]);
        }
        self.control(first, &[high, low, reason], Some(properties), &[])
    }

    /// A message from the server.
    pub(super) fn incoming(&mut self, input: &mut Input<'_>) {
        if !self.peer.accepted {
            return;
        }
        let how = input.byte();
        let qos = input.pick(&[0, 1, 2]);
        let pid = u16::from(input.byte() % 8);
        let mut properties = Vec::new();
        let five = self.peer.version == Some(Version::V5);
        let mut topic = TOPICS[usize::from(how >> 5) % TOPICS.len()];
        if five && how & 1 != 0 {
            let alias = u32::from(input.byte() % 4);
            put(&mut properties, Property::TopicAlias, Value::Number(alias));
            if how & 2 != 0 {
                topic = "";
            }
        }
        if five && how & 4 != 0 {
            put(&mut properties, Property::UserProperty, Value::Pair("k", "v"));
        }
        let payload = vec![0; input.pick(&[0, 1, 100])];
        let parts = publish::Parts {
            topic: topic.as_bytes(),
            properties: &properties,
            payload: &payload,
            qos,
            retain: how & 8 != 0,
            alias: 0,
        };
        let mut bytes = Vec::new();
        let version = self.peer.version.unwrap_or(Version::V4);
        publish::encode(&mut bytes, version, &parts, PacketId::new(pid));
        if how & 16 != 0 {
            publish::set_dup(&mut bytes);
        }
        if qos > 0 {
            self.peer.owes(usize::from(qos) - 1, pid);
        }
        self.feed(&bytes, input.pick(&[usize::MAX, 1, 7]));
    }

    /// Bytes that nobody has looked at.
    pub(super) fn raw(&mut self, input: &mut Input<'_>) {
        let length = input.byte();
        let bytes = input.bytes(usize::from(length % 32)).to_vec();
        self.peer.wild = true;
        self.feed(&bytes, usize::from(length / 32) + 1);
    }

    /// What a server may do to end a connection.
    pub(super) fn violate(&mut self, input: &mut Input<'_>) {
        let five = self.peer.version == Some(Version::V5);
        let elsewhere = list(&[(Property::ServerReference, Value::Text("other:1"))]);
        let bytes = match input.byte() % 4 {
            0 if five => self.control(0xe0, &[0x9c], Some(&elsewhere), &[]),
            1 if five => vec![0xe0, 1, 0x8e],
            2 if five && self.peer.accepted => vec![0x20, 3, 0, 0, 0],
            _ => vec![0x10],
        };
        self.feed(&bytes, usize::MAX);
    }
}

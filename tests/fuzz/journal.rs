//! The records of a store, as the engine wrote them and damaged in any way: restoring them never panics, what cannot be read
//! is counted and erased, what is sent afterwards is a packet, and what then is kept is read whole by the next engine.
//!
//! Byte 0 chooses version and what the engine does before the store is damaged; each record after it is a decision.

use std::collections::{BTreeMap, BTreeSet};

use mqtt_lib::codec::{frame::frame, publish, PacketId, PacketType, Version};
use mqtt_lib::engine::{
    drive, Change, Config, Delivery, Engine, Event, Flow, Generation, Io, Message, Millis, Token, Versions,
};

use crate::input::Input;

const NOW: Millis = 1_000_000;

struct Client {
    engine: Engine,
    version: Version,
    generation: Generation,
    kept: BTreeMap<u64, Vec<u8>>,
    sent: Vec<u8>,
}

impl Client {
    fn new(version: Version, kept: BTreeMap<u64, Vec<u8>>) -> (Client, usize) {
        let config = Config {
            version: if version == Version::V5 {
                Versions::V5
            } else {
                Versions::V4
            },
            client_id: "me".into(),
            servers: vec!["mqtt://h:1".into()],
            clean_session: false,
            persist: true,
            publish_interval: 60_000,
            ..Config::default()
        };
        let mut client = Client {
            engine: Engine::new(config, 1).unwrap(),
            version,
            generation: 0,
            sent: Vec::new(),
            kept,
        };
        let before = client.kept.len();
        let entries = client.kept.clone().into_iter().collect();
        let unread = client.engine.restore(NOW, entries);
        assert!(unread <= before);
        drive(&mut client);
        (client, unread)
    }

    fn connect(&mut self, present: bool) {
        self.engine.start(NOW, None);
        drive(self);
        let generation = self.generation;
        self.engine.opened(NOW, generation);
        drive(self);
        let connack: &[u8] = match self.version {
            Version::V4 => &[0x20, 2, u8::from(present), 0],
            Version::V5 => &[0x20, 3, u8::from(present), 0, 0],
        };
        self.sent.clear();
        self.engine.space(connack.len()).copy_from_slice(connack);
        self.engine.received(NOW, generation, connack.len());
        drive(self);
        assert!(self.engine.is_online());
    }

    fn publish(&mut self, how: u8, token: u32) {
        let topic = ["a", "topic/of/some/length", "é"][usize::from(how >> 4) % 3];
        let message = Message {
            topic,
            payload: &vec![b'1'; usize::from(how)],
            qos: 1 + (how & 1),
            retain: how & 2 != 0,
            properties: &[],
        };
        let token = Token::new(token);
        let _ = match how >> 2 & 3 {
            0 | 1 => self.engine.publish(NOW, &message, token).map(drop),
            2 => self.engine.queue(NOW, &message, token),
            _ => self.engine.batch(NOW, &message, token).map(drop),
        };
        drive(self);
    }
}

impl Io for Client {
    fn now(&mut self) -> Millis {
        NOW
    }

    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.engine)
    }

    fn store(&mut self, changes: Vec<Change>) -> Flow {
        for (key, value) in changes {
            match value {
                Some(value) => self.kept.insert(key, value),
                None => self.kept.remove(&key),
            };
        }
        Flow::Ready
    }

    fn transmit(&mut self, _: Generation, bytes: &[u8]) -> Flow {
        self.sent.extend_from_slice(bytes);
        Flow::Ready
    }

    fn deliver(&mut self, _: Delivery) {}

    fn event(&mut self, event: Event) {
        if let Event::Open { generation, .. } = event {
            self.generation = generation;
        }
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let settings = input.byte();
    let version = if settings & 1 == 0 {
        Version::V4
    } else {
        Version::V5
    };
    let (mut first, unread) = Client::new(version, BTreeMap::new());
    assert_eq!(unread, 0);
    if settings & 2 != 0 {
        first.connect(false);
    }
    for token in 1..=u32::from(settings >> 4) {
        first.publish(input.byte(), token);
    }
    let mut kept = std::mem::take(&mut first.kept);
    let mut damaged = false;
    while !input.is_over() {
        damaged = true;
        damage(&mut kept, &mut input);
    }
    // Of the other version now and then: a store outlives a change of the options.
    let version = if settings & 4 == 0 { version } else { Version::V5 };
    let before = kept.clone();
    let (mut second, unread) = Client::new(version, kept);
    assert!(damaged || unread == 0, "{unread} of its own records");
    let flights: Vec<u16> = before
        .iter()
        .filter_map(|(key, value)| in_flight(*key, value))
        .collect();
    let present = settings & 8 != 0;
    second.connect(present);
    check_packets(version, &second.sent);
    if present {
        // The broker may hold a message under each of those, also where it cannot be read here any more.
        second.sent.clear();
        second.publish(1, 99);
        for id in check_packets(version, &second.sent) {
            assert!(!flights.contains(&id), "{id} is in two hands");
        }
    }
    // What it erased stays erased: the next one reads everything.
    let (_, unread) = Client::new(version, second.kept);
    assert_eq!(unread, 0);
}

/// Changes one record, or adds one.
fn damage(kept: &mut BTreeMap<u64, Vec<u8>>, input: &mut Input<'_>) {
    let what = input.byte();
    let chosen = usize::from(input.byte());
    let keys: Vec<u64> = kept.keys().copied().collect();
    let key = if keys.is_empty() {
        1
    } else {
        keys[chosen % keys.len()]
    };
    match what % 6 {
        0 => {
            kept.remove(&key);
        }
        1 => {
            if let Some(value) = kept.get_mut(&key).filter(|value| !value.is_empty()) {
                let at = usize::from(input.byte()) % value.len();
                value[at] ^= 1 << (input.byte() % 8);
            }
        }
        2 => {
            if let Some(value) = kept.get_mut(&key) {
                let length = usize::from(input.byte()) % (value.len() + 1);
                value.truncate(length);
            }
        }
        3 => {
            let length = usize::from(input.byte()) % 32;
            let value = input.bytes(length).to_vec();
            kept.insert(key, value);
        }
        4 => {
            let value = kept.remove(&key).unwrap_or_default();
            kept.insert(key ^ u64::from(input.byte() & 15), value);
        }
        _ => {
            let mut number = [0; 8];
            let bytes = input.bytes(8);
            number[..bytes.len()].copy_from_slice(bytes);
            let length = usize::from(input.byte()) % 32;
            let value = input.bytes(length).to_vec();
            kept.insert(u64::from_le_bytes(number) >> 1, value);
        }
    }
}

/// What was sent behind CONNECT are whole packets, and each PUBLISH is one that `decode` takes.
fn check_packets(version: Version, mut bytes: &[u8]) -> BTreeSet<u16> {
    let mut identifiers = BTreeSet::new();
    while let Some(&first) = bytes.first() {
        // Of a PUBREL the frame is as a server's; nothing else is sent before the broker has answered.
        let found = frame(bytes, version).unwrap().expect("a whole header");
        let body = &bytes[found.header..found.total()];
        let id = match found.packet_type {
            // One of QoS 0 was damaged: its checksum, which js/ looks at, would say so.
            PacketType::Publish => publish::decode(version, first, body)
                .unwrap()
                .packet_id
                .map(PacketId::get),
            PacketType::PubRel => Some(u16::from_be_bytes([body[0], body[1]])),
            other => panic!("{other:?}"),
        };
        assert!(
            id.is_none_or(|id| identifiers.insert(id)),
            "{id:?} is in two hands"
        );
        bytes = &bytes[found.total()..];
    }
    identifiers
}

/// The packet identifier of a record of a message in flight, as `record.rs` writes it: stage, identifier, order.
fn in_flight(key: u64, value: &[u8]) -> Option<u16> {
    match *value {
        [1 | 2, high, low, ..] if key < 1 << 53 && key & 3 == 1 && value.len() == 11 => {
            Some(u16::from_be_bytes([high, low])).filter(|&id| id != 0)
        }
        _ => None,
    }
}

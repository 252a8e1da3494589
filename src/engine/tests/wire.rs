//! A peer that says exactly what a test wants, byte by byte, and sees every byte of the client.

use crate::codec::properties::{put, Property, Value};
use crate::codec::publish::{self, Parts};
use crate::codec::{PacketId, Version};
use crate::engine::{
    Config, Engine, Error, Event, Filter, Generation, Message, Millis, Outcome, Token, Versions, NOBODY,
};

/// A client and the other end of its wire.
pub struct Wire {
    pub engine: Engine,
    pub now: Millis,
    pub generation: Generation,
    pub done: Vec<(Token, Result<Outcome, Error>)>,
    pub events: Vec<Event>,
    pub topics: Vec<String>,
}

pub fn five() -> Config {
    Config {
        version: Versions::V5,
        client_id: "me".into(),
        servers: vec!["mqtt://h:1883".into()],
        ..Config::default()
    }
}

pub fn list(all: &[(Property, Value<'_>)]) -> Vec<u8> {
    let mut list = Vec::new();
    for &(id, value) in all {
        put(&mut list, id, value);
    }
    list
}

pub fn number(id: Property, value: u32) -> Vec<u8> {
    list(&[(id, Value::Number(value))])
}

/// A packet of a server: a body and, behind it, properties with their length.
pub fn packet(first: u8, body: &[u8], properties: &[u8]) -> Vec<u8> {
    let mut all = vec![first, (body.len() + 1 + properties.len()) as u8];
    all.extend_from_slice(body);
    all.push(properties.len() as u8);
    all.extend_from_slice(properties);
    all
}

pub fn incoming(topic: &str, properties: &[u8], qos: u8, pid: u16) -> Vec<u8> {
    let parts = Parts {
        topic: topic.as_bytes(),
        properties,
        payload: b"x",
        qos,
        retain: false,
        alias: 0,
    };
    let mut out = Vec::new();
    publish::encode(&mut out, Version::V5, &parts, PacketId::new(pid));
    out
}

impl Wire {
    pub fn new(cfg: Config) -> Wire {
        let mut wire = Wire {
            engine: Engine::new(cfg, 1),
            now: 1_000_000,
            generation: 0,
            done: Vec::new(),
            events: Vec::new(),
            topics: Vec::new(),
        };
        wire.engine.start(wire.now, NOBODY);
        wire.drain();
        wire
    }

    /// Online with a server that says this in CONNACK.
    pub fn online(cfg: Config, properties: &[u8]) -> Wire {
        let mut wire = Wire::new(cfg);
        wire.open();
        wire.connack(false, properties);
        assert!(wire.engine.is_online());
        wire
    }

    pub fn open(&mut self) -> Vec<Vec<u8>> {
        self.engine.opened(self.generation, self.now);
        self.sent()
    }

    pub fn connack(&mut self, present: bool, properties: &[u8]) {
        self.inject(&packet(0x20, &[present as u8, 0], properties));
    }

    pub fn inject(&mut self, bytes: &[u8]) {
        self.engine.space(bytes.len()).copy_from_slice(bytes);
        self.engine.received(self.generation, bytes.len(), self.now);
        self.drain();
    }

    pub fn drain(&mut self) {
        while let Some(event) = self.engine.next_event() {
            match event {
                Event::Open { generation, .. } => self.generation = generation,
                Event::Done { token, result } => self.done.push((token, result)),
                Event::Messages { from, upto } => {
                    for record in &self.engine.records()[from..upto] {
                        self.topics.push(self.engine.topic(record.topic).to_owned());
                    }
                }
                other => self.events.push(other),
            }
        }
    }

    /// Packets that went out since the last time.
    pub fn sent(&mut self) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let mut bytes = self.engine.outgoing(self.now).to_vec();
            if bytes.is_empty() {
                self.drain();
                return all;
            }
            self.engine.sent(self.now);
            while !bytes.is_empty() {
                // A client's packets: their lengths are read by hand.
                let mut len = 0;
                let mut at = 1;
                loop {
                    len |= usize::from(bytes[at] & 0x7f) << (7 * (at - 1));
                    at += 1;
                    if bytes[at - 1] & 0x80 == 0 {
                        break;
                    }
                }
                let rest = bytes.split_off(at + len);
                all.push(std::mem::replace(&mut bytes, rest));
            }
        }
    }

    pub fn publish(&mut self, topic: &str, qos: u8, properties: &[u8], token: Token) -> Result<(), Error> {
        let message = Message {
            topic,
            payload: b"x",
            qos,
            retain: false,
            properties,
        };
        let taken = self.engine.publish(self.now, &message, token).map(drop);
        self.drain();
        taken
    }

    pub fn subscribe(
        &mut self,
        filter: &str,
        options: u8,
        properties: &[u8],
        token: Token,
    ) -> Result<(), Error> {
        let filter = Filter {
            filter: filter.to_owned(),
            options,
        };
        let asked = self
            .engine
            .subscribe(vec![filter], properties.to_vec(), None, token);
        self.drain();
        asked
    }

    pub fn advance(&mut self, ms: Millis) {
        self.now += ms;
        self.engine.tick(self.now);
        self.drain();
    }

    /// The connection breaks, and the next one is opened: its CONNECT.
    pub fn reconnect(&mut self) -> Vec<u8> {
        self.engine.closed(self.generation, "gone", self.now);
        self.drain();
        self.advance(300_000);
        self.open().remove(0)
    }

    pub fn error(&self, token: Token) -> &Error {
        let ended = self.done.iter().find(|(ended, _)| *ended == token);
        ended.unwrap().1.as_ref().unwrap_err()
    }

    /// Codes of the errors that no call was told.
    pub fn errors(&self) -> Vec<&'static str> {
        let error = |event: &Event| match event {
            Event::Error(error) => Some(error.code.name()),
            _ => None,
        };
        self.events.iter().filter_map(error).collect()
    }

    /// What the other side is told at the end, and the transport is closed.
    pub fn assert_violated(&mut self, reason: u8, what: &str) {
        let sent = self.sent();
        assert_eq!(sent.last(), Some(&vec![0xe0, 1, reason]), "{what}");
        assert!(
            self.events
                .iter()
                .any(|event| matches!(event, Event::Close { .. })),
            "{what}"
        );
        let told = self.events.iter().any(|event| {
            matches!(event, Event::Disconnected { rc: 2, error: Some(error) } if error.reason == Some(reason))
        });
        assert!(told, "{what}: {:?}", self.events);
    }
}

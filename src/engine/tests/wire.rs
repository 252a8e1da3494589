//! A peer that says exactly what a test wants, byte by byte, and sees every byte of the client.

use crate::codec::properties::{put, Property, Value};
use crate::codec::publish::{self, Parts};
use crate::codec::{PacketId, ReasonCode, Version};
use crate::engine::{
    drive, Change, Config, Delivery, Engine, Error, Event, Filter, Flow, Generation, Io, Message, Millis,
    Outcome, Ticket, Token, Versions, NOT_FOR,
};

/// A client and the other end of its wire.
pub struct Wire {
    pub engine: Engine,
    pub now: Millis,
    pub generation: Generation,
    pub done: Vec<(u32, Result<Outcome, Error>)>,
    /// Changes for the store.
    pub kept: Vec<Change>,
    /// Packets that went out since the last time.
    packets: Vec<Vec<u8>>,
    pub events: Vec<Event>,
    pub topics: Vec<String>,
    /// The handlers of each message.
    pub handlers: Vec<Vec<u32>>,
    /// How many bytes of properties each message has for the application.
    pub properties: Vec<u32>,
    /// The tickets of messages that the application goes on with; none: it goes on with none.
    pub deferred: Option<Vec<Ticket>>,
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
            engine: Engine::new(cfg, 1).unwrap(),
            now: 1_000_000,
            generation: 0,
            done: Vec::new(),
            kept: Vec::new(),
            packets: Vec::new(),
            events: Vec::new(),
            topics: Vec::new(),
            handlers: Vec::new(),
            properties: Vec::new(),
            deferred: None,
        };
        wire.engine.start(wire.now, None);
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
        self.engine.opened(self.now, self.generation);
        self.sent()
    }

    pub fn connack(&mut self, present: bool, properties: &[u8]) {
        self.inject(&packet(0x20, &[present as u8, 0], properties));
    }

    pub fn inject(&mut self, bytes: &[u8]) {
        self.engine.space(bytes.len()).copy_from_slice(bytes);
        self.engine.received(self.now, self.generation, bytes.len());
        self.drain();
    }

    pub fn drain(&mut self) {
        drive(self);
    }

    /// Packets that went out since the last time.
    pub fn sent(&mut self) -> Vec<Vec<u8>> {
        self.drain();
        std::mem::take(&mut self.packets)
    }

    pub fn publish(&mut self, topic: &str, qos: u8, properties: &[u8], token: u32) -> Result<(), Error> {
        let message = Message {
            topic,
            payload: b"x",
            qos,
            retain: false,
            properties,
        };
        let taken = self
            .engine
            .publish(self.now, &message, Token::new(token))
            .map(drop);
        self.drain();
        taken
    }

    pub fn subscribe(
        &mut self,
        filter: &str,
        options: u8,
        properties: &[u8],
        token: u32,
    ) -> Result<(), Error> {
        let filter = Filter {
            filter: filter.to_owned(),
            options,
        };
        let asked = self
            .engine
            .subscribe(vec![filter], properties.to_vec(), None, Token::new(token));
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
        self.engine.closed(self.now, self.generation, "gone");
        self.drain();
        self.advance(300_000);
        self.open().remove(0)
    }

    pub fn error(&self, token: u32) -> &Error {
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

    /// What the other side gets at the end, and the transport is closed.
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
            matches!(event, Event::Disconnected { rc: 2, error: Some(error) } if error.reason == Some(ReasonCode(reason)))
        });
        assert!(told, "{what}: {:?}", self.events);
    }
}

impl Io for Wire {
    fn now(&mut self) -> Millis {
        self.now
    }

    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.engine)
    }

    fn store(&mut self, changes: Vec<Change>) -> Flow {
        self.kept.extend(changes);
        Flow::Ready
    }

    fn transmit(&mut self, _: Generation, bytes: &[u8]) -> Flow {
        let mut bytes = bytes.to_vec();
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
            self.packets.push(std::mem::replace(&mut bytes, rest));
        }
        Flow::Ready
    }

    fn deliver(&mut self, delivery: Delivery) {
        for message in &self.engine.messages()[delivery.from..delivery.upto] {
            self.topics.push(self.engine.topic(message.topic).to_owned());
            let mut handlers = self.engine.route(self.engine.topic_key(message.topic));
            handlers.retain(|&number| number & NOT_FOR == 0);
            self.handlers.push(handlers);
            self.properties.push(message.properties_len);
            if let Some(deferred) = &mut self.deferred {
                deferred.push(message.ticket);
            }
        }
        for &ticket in self.deferred.iter().flatten() {
            self.engine.defer(Some(ticket));
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Open { generation, .. } => self.generation = generation,
            Event::Done { token, result } => self.done.push((token.get(), result)),
            other => self.events.push(other),
        }
    }
}

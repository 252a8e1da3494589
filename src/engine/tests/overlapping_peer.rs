//! A broker with subscription identifiers, which knows what it is subscribed to: it sends a copy for each subscription, or
//! one for all, with all identifiers or, against the standard, with one.

use super::wire::{five, incoming, list, Wire};
use crate::codec::properties::{self, Property, Value};
use crate::codec::topic;
use crate::engine::{Config, Filter, Handler, Token};

pub(super) const ID: Property = Property::SubscriptionIdentifier;

/// One filter of a SUBSCRIBE: its options, and the packet's subscription identifier; 0: none.
pub(super) type Asked = (String, u8, u32);

/// What a broker sends of a message that several subscriptions of a client match (§3.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copies {
    /// One for each.
    Each,
    /// One, with all identifiers.
    One,
    /// One, with one of the identifiers, as aedes 2.0.0-beta.1 does.
    OneOfThem,
}

/// The broker at the other end: what it is subscribed to, filter by filter.
pub(super) struct Peer {
    pub wire: Wire,
    pub copies: Copies,
    pub subscriptions: Vec<Asked>,
    /// Each SUBSCRIBE so far.
    pub packets: Vec<Vec<Asked>>,
    /// What it answers to a filter; otherwise it grants QoS 1.
    pub refused: Option<&'static str>,
    next: u32,
}

pub(super) fn subscribe_of(packet: &[u8]) -> (Vec<u8>, Vec<Asked>) {
    let pid = packet[2..4].to_vec();
    let len = packet[4] as usize;
    let id = properties::number(&packet[5..5 + len], ID).unwrap_or(0);
    let mut rest = &packet[5 + len..];
    let mut asked = Vec::new();
    while !rest.is_empty() {
        let len = rest[1] as usize;
        let filter = String::from_utf8(rest[2..2 + len].to_vec()).unwrap();
        asked.push((filter, rest[2 + len], id));
        rest = &rest[3 + len..];
    }
    (pid, asked)
}

impl Peer {
    pub fn new(copies: Copies) -> Peer {
        let cfg = Config {
            clean_session: false,
            ..five()
        };
        Peer::of(Wire::online(cfg, &[]), copies)
    }

    pub fn of(wire: Wire, copies: Copies) -> Peer {
        Peer {
            wire,
            copies,
            subscriptions: Vec::new(),
            packets: Vec::new(),
            refused: None,
            next: 0,
        }
    }

    /// Answers what the client has sent.
    pub fn serve(&mut self) {
        loop {
            let sent = self.wire.sent();
            if sent.is_empty() {
                return;
            }
            for bytes in sent {
                match bytes[0] {
                    0x82 => self.subscribed(&bytes),
                    0xa2 => self.unsubscribed(&bytes),
                    _ => {}
                }
            }
        }
    }

    pub fn subscribed(&mut self, bytes: &[u8]) {
        let (pid, asked) = subscribe_of(bytes);
        let mut body = pid;
        body.push(0);
        for one in &asked {
            let is_refused = self.refused == Some(&*one.0);
            body.push(if is_refused { 0x87 } else { 1 });
            if !is_refused {
                self.subscriptions.retain(|known| known.0 != one.0);
                self.subscriptions.push(one.clone());
            }
        }
        self.packets.push(asked);
        self.wire.inject(&[&[0x90, body.len() as u8], &*body].concat());
    }

    pub fn unsubscribed(&mut self, bytes: &[u8]) {
        let filter = std::str::from_utf8(&bytes[7..]).unwrap().to_owned();
        self.subscriptions.retain(|known| known.0 != filter);
        self.wire.inject(&[0xb0, 4, bytes[2], bytes[3], 0, 0]);
    }

    /// `subscribe` with a handler, unless it is 0.
    pub fn ask(&mut self, filters: &[&str], properties: &[u8], handler: u32) {
        self.next += 1;
        let filters = filters.iter().map(|filter| Filter {
            filter: filter.to_string(),
            options: 1,
        });
        let handler = Some(Handler::new(handler)).filter(|handler| handler.number > 0);
        let token = Token::new(self.next);
        let engine = &mut self.wire.engine;
        engine
            .subscribe_as(filters.collect(), properties.to_vec(), handler, token)
            .unwrap();
    }

    /// Likewise, and the broker answers.
    pub fn subscribe(&mut self, filter: &str, handler: u32) {
        self.ask(&[filter], &[], handler);
        self.serve();
    }

    pub fn unsubscribe(&mut self, filter: &str) {
        let engine = &mut self.wire.engine;
        engine.unsubscribe(vec![filter.into()], Vec::new(), None).unwrap();
        self.serve();
    }

    /// Another client publishes: the handlers of each copy.
    pub fn publish(&mut self, name: &str) -> Vec<Vec<u32>> {
        let matching = self
            .subscriptions
            .iter()
            .filter(|one| topic::matches(&one.0, name));
        let ids: Vec<u32> = matching.map(|one| one.2).collect();
        let some = ids.iter().copied().filter(|&id| id != 0);
        let copies = match self.copies {
            Copies::Each => ids.into_iter().map(|id| vec![id]).collect(),
            Copies::One => vec![some.collect()],
            Copies::OneOfThem => vec![some.take(1).collect()],
        };
        self.deliver(name, copies)
    }

    /// Copies of a message, each with these identifiers.
    pub fn deliver(&mut self, name: &str, copies: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
        self.wire.handlers.clear();
        for ids in copies {
            let ids = ids.iter().filter(|&&id| id != 0);
            let all: Vec<_> = ids.map(|&id| (ID, Value::Number(id))).collect();
            self.wire.inject(&incoming(name, &list(&all), 0, 0));
        }
        std::mem::take(&mut self.wire.handlers)
    }

    /// How often each of these handlers is called for one message.
    pub fn calls(&mut self, name: &str, handlers: &[u32]) -> Vec<usize> {
        let called = self.publish(name).concat();
        let count = |one: &u32| called.iter().filter(|&other| other == one).count();
        handlers.iter().map(count).collect()
    }

    pub fn ids(&self) -> Vec<u32> {
        self.packets.iter().map(|packet| packet[0].2).collect()
    }

    pub fn filters(&self) -> Vec<Vec<&str>> {
        let names = |packet: &'_ Vec<Asked>| -> Vec<usize> { (0..packet.len()).collect() };
        let mut all = Vec::new();
        for packet in &self.packets {
            all.push(names(packet).into_iter().map(|at| &*packet[at].0).collect());
        }
        all
    }

    /// The session is lost, and the client is back.
    pub fn reconnect(&mut self, kept: bool) {
        self.packets.clear();
        if !kept {
            self.subscriptions.clear();
        }
        self.wire.reconnect();
        self.wire.connack(kept, &[]);
        self.serve();
    }
}

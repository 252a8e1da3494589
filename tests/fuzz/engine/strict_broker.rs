//! The broker of the fuzzed engine: reads what the client sends as strictly as the specification is written, keeps what
//! is unanswered on either side, and knows what it has allowed. It never answers by itself.

use std::collections::{BTreeMap, BTreeSet};

use mqtt_lib::codec::properties::{self, check, number, Place, Property};
use mqtt_lib::codec::topic;
use mqtt_lib::engine::Version;

use super::deliveries::Deliveries;

/// What a CONNACK allowed.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) receive_maximum: usize,
    pub(super) packet: usize,
    pub(super) qos: u8,
    pub(super) retain: bool,
    pub(super) aliases: u32,
    pub(super) wildcards: bool,
    pub(super) shared: bool,
    pub(super) identifiers: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            receive_maximum: 65_535,
            packet: usize::MAX,
            qos: 2,
            retain: true,
            aliases: 0,
            wildcards: true,
            shared: true,
            identifiers: true,
        }
    }
}

/// What the client has sent and the broker has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    Publish(u8),
    /// PUBREC was answered with PUBREL.
    Release,
    Subscribe(usize),
    Unsubscribe(usize),
}

#[derive(Default)]
pub(super) struct StrictBroker {
    unread: Vec<u8>,
    pub(super) version: Option<Version>,
    pub(super) clean: bool,
    pub(super) method: bool,
    pub(super) accepted: bool,
    disconnected: bool,
    pub(super) limits: Limits,
    pub(super) unanswered: BTreeMap<u16, Unanswered>,
    /// PUBLISHes of QoS 1 and 2 that count against the receive maximum.
    unacknowledged: BTreeSet<u16>,
    aliases: BTreeSet<u32>,
    /// The client is in a state that is not known here: it was given arbitrary bytes, or resumes a session.
    pub(super) unknown: bool,
    pub(super) deliveries: Deliveries,
}

/// A field of two bytes, or bytes with such a length, at the front.
fn two(body: &mut &[u8]) -> u16 {
    let (two, rest) = body.split_at(2);
    *body = rest;
    u16::from_be_bytes([two[0], two[1]])
}

fn long<'a>(body: &mut &'a [u8]) -> &'a [u8] {
    let len = two(body).into();
    let (bytes, rest) = body.split_at(len);
    *body = rest;
    bytes
}

fn text<'a>(body: &mut &'a [u8]) -> &'a str {
    let text = std::str::from_utf8(long(body)).unwrap();
    assert!(!text.contains('\0'));
    text
}

fn variable(body: &mut &[u8]) -> usize {
    let mut n = 0;
    for at in 0..4 {
        let byte = body[0];
        *body = &body[1..];
        n |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            assert!(at == 0 || byte != 0, "not the shortest form");
            return n;
        }
    }
    panic!("a length of five bytes");
}

impl StrictBroker {
    /// A new connection; its `Limits` come with CONNACK. Serial numbers go on.
    pub(super) fn begin(&mut self) {
        let mut deliveries = std::mem::take(&mut self.deliveries);
        deliveries.begin();
        *self = StrictBroker {
            deliveries,
            ..StrictBroker::default()
        };
    }

    pub(super) fn read(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.unread);
        let mut rest = &all[..];
        while !rest.is_empty() {
            assert!(!self.disconnected, "bytes after DISCONNECT");
            let first = rest[0];
            let mut body = &rest[1..];
            let len = variable(&mut body);
            let header = rest.len() - body.len();
            assert!(
                header + len <= self.limits.packet,
                "larger than the broker takes: {:02x?}",
                &rest[..header + len]
            );
            let (body, after) = body.split_at(len);
            rest = after;
            self.packet(first, body);
        }
    }

    fn five(&self) -> bool {
        self.version == Some(Version::V5)
    }

    fn list<'a>(&self, body: &mut &'a [u8], place: Place) -> &'a [u8] {
        if !self.five() {
            return &[];
        }
        let len = variable(body);
        let (list, rest) = body.split_at(len);
        *body = rest;
        check(list, place).unwrap();
        list
    }

    fn packet(&mut self, first: u8, mut body: &[u8]) {
        let kind = first >> 4;
        match kind {
            1 => return self.connect(first, body),
            15 => {
                assert!(self.five() && self.method && first == 0xf0);
                let reason = body[0];
                body = &body[1..];
                assert_eq!(
                    reason,
                    if self.accepted && reason != 0x18 {
                        0x19
                    } else {
                        0x18
                    }
                );
                let list = self.list(&mut body, Place::Auth);
                assert!(properties::string(list, Property::AuthenticationMethod).is_some());
            }
            _ => assert!(self.accepted, "before CONNACK: {first:#x}"),
        }
        match first {
            0x30..=0x3f => return self.publish(first, body),
            0x40 | 0x50 | 0x62 | 0x70 => return self.ack(kind, body),
            0x82 | 0xa2 => return self.subscribe(kind, body),
            0xc0 => {}
            0xe0 => {
                self.disconnected = true;
                if self.five() && !body.is_empty() {
                    body = &body[1..];
                    if !body.is_empty() {
                        self.list(&mut body, Place::Disconnect);
                    }
                }
            }
            0xf0 => {}
            _ => panic!("a client never sends {first:#x}"),
        }
        assert!(body.is_empty());
    }

    fn connect(&mut self, first: u8, mut body: &[u8]) {
        assert_eq!((first, self.version), (0x10, None));
        assert_eq!(text(&mut body), "MQTT");
        self.version = Some(match body[0] {
            4 => Version::V4,
            5 => Version::V5,
            other => panic!("version {other}"),
        });
        let flags = body[1];
        body = &body[2..];
        assert_eq!(flags & 1, 0);
        self.clean = flags & 2 != 0;
        two(&mut body);
        let list = self.list(&mut body, Place::Connect);
        self.method = properties::string(list, Property::AuthenticationMethod).is_some();
        text(&mut body);
        if flags & 4 != 0 {
            self.list(&mut body, Place::Will);
            text(&mut body);
            long(&mut body);
            assert!(flags >> 3 & 3 < 3);
        } else {
            assert_eq!(flags & 0x38, 0);
        }
        if flags & 0x80 != 0 {
            text(&mut body);
        }
        if flags & 0x40 != 0 {
            assert!(self.five() || flags & 0x80 != 0);
            long(&mut body);
        }
        assert!(body.is_empty());
    }

    fn publish(&mut self, first: u8, mut body: &[u8]) {
        let qos = first >> 1 & 3;
        let dup = first & 8 != 0;
        assert!(qos < 3 && (qos > 0 || !dup));
        assert!(qos <= self.limits.qos, "more than Maximum QoS");
        assert!(self.limits.retain || first & 1 == 0, "Retain Available 0");
        let name = text(&mut body);
        let pid = if qos > 0 { two(&mut body) } else { 0 };
        let list = self.list(&mut body, Place::Publish);
        match number(list, Property::TopicAlias) {
            None => topic::check_name(name).unwrap(),
            Some(alias) => {
                assert!((1..=self.limits.aliases).contains(&alias));
                assert!(!dup, "an alias in a message that is sent again");
                if name.is_empty() {
                    assert!(self.aliases.contains(&alias), "an alias without a topic");
                } else {
                    topic::check_name(name).unwrap();
                    self.aliases.insert(alias);
                }
            }
        }
        if qos > 0 {
            assert_ne!(pid, 0);
            let old = self.unanswered.insert(pid, Unanswered::Publish(qos));
            assert!(self.unknown || old.is_none(), "{pid} is in use");
            self.unacknowledged.insert(pid);
            assert!(
                self.unknown || self.unacknowledged.len() <= self.limits.receive_maximum,
                "more than Receive Maximum"
            );
        }
    }

    fn ack(&mut self, kind: u8, mut body: &[u8]) {
        let pid = two(&mut body);
        assert_ne!(pid, 0);
        let mut reason = 0;
        if !body.is_empty() {
            assert!(self.five());
            reason = body[0];
            body = &body[1..];
            assert!(body.is_empty());
        }
        if kind == 6 {
            // PUBREL, also one that is sent again, or of a message that was never published.
            assert!([0, 0x92].contains(&reason));
            if reason == 0 {
                self.unanswered.insert(pid, Unanswered::Release);
            }
            return;
        }
        if self.unknown {
            return;
        }
        match kind {
            7 => self.deliveries.completed(pid),
            // PUBACK 4, PUBREC 5.
            _ => self.deliveries.acknowledged(pid, kind - 3),
        }
    }

    fn subscribe(&mut self, kind: u8, mut body: &[u8]) {
        let pid = two(&mut body);
        assert_ne!(pid, 0);
        let place = if kind == 8 {
            Place::Subscribe
        } else {
            Place::Unsubscribe
        };
        let list = self.list(&mut body, place);
        assert!(self.limits.identifiers || number(list, Property::SubscriptionIdentifier).is_none());
        let mut filters = 0;
        while !body.is_empty() {
            let filter = text(&mut body);
            topic::check_filter(filter).unwrap();
            filters += 1;
            if kind == 8 {
                let most = if self.five() { 0x2e } else { 2 };
                assert!(body[0] <= most && body[0] & 3 < 3);
                body = &body[1..];
                assert!(self.limits.wildcards || !filter.contains(['+', '#']));
                assert!(self.limits.shared || !filter.starts_with("$share/"));
            }
        }
        assert_ne!(filters, 0);
        let new = if kind == 8 {
            Unanswered::Subscribe(filters)
        } else {
            Unanswered::Unsubscribe(filters)
        };
        let old = self.unanswered.insert(pid, new);
        assert!(self.unknown || old.is_none(), "{pid} is in use");
    }

    /// Arbitrary bytes were a CONNACK: what it allowed is not known.
    pub(super) fn accepted_by_chance(&mut self) {
        assert!(self.unknown);
        self.accepted = true;
        self.limits.aliases = 65_535;
    }

    /// The broker answers a packet of the client; after a PUBREC the exchange goes on.
    pub(super) fn answers(&mut self, packet_id: u16, reason: u8) {
        match self.unanswered.remove(&packet_id) {
            Some(Unanswered::Publish(2)) if reason < 0x80 => {}
            Some(Unanswered::Publish(_) | Unanswered::Release) => {
                self.unacknowledged.remove(&packet_id);
            }
            _ => {}
        }
    }
}

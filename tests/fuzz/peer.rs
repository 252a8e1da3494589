//! The server of the fuzzed engine: reads what the client sends as strictly as the specification is written, keeps
//! what is under way, and knows what it has allowed. It never answers by itself.

use std::collections::{BTreeMap, BTreeSet};

use mqtt_lib::codec::properties::{self, check, number, Place, Property};
use mqtt_lib::codec::topic;
use mqtt_lib::engine::Version;

/// What a CONNACK allowed.
#[derive(Debug, Clone)]
pub struct Limits {
    pub receive_maximum: usize,
    pub packet: usize,
    pub qos: u8,
    pub retain: bool,
    pub aliases: u32,
    pub wildcards: bool,
    pub shared: bool,
    pub identifiers: bool,
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

/// What the client has sent and the server not yet answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    Publish(u8),
    /// PUBREC was answered with PUBREL.
    Release,
    Subscribe(usize),
    Unsubscribe(usize),
}

#[derive(Default)]
pub struct Peer {
    unread: Vec<u8>,
    pub version: Option<Version>,
    pub clean: bool,
    pub method: bool,
    pub accepted: bool,
    pub said_goodbye: bool,
    pub limits: Limits,
    pub open: BTreeMap<u16, Open>,
    /// PUBLISHes of QoS 1 and 2 that count against the receive maximum.
    unacknowledged: BTreeSet<u16>,
    aliases: BTreeSet<u32>,
    /// Bytes that nobody has checked went to the client: what acknowledges what is not known any more.
    pub wild: bool,
    /// Messages of QoS 1 and 2 the client has not acknowledged, and PUBRELs it has not completed.
    pub owed: [BTreeMap<u16, usize>; 3],
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

impl Peer {
    /// A new connection; `Limits` come with CONNACK.
    pub fn begin(&mut self) {
        *self = Peer::default();
    }

    pub fn read(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        let all = std::mem::take(&mut self.unread);
        let mut rest = &all[..];
        while !rest.is_empty() {
            assert!(!self.said_goodbye, "bytes after DISCONNECT");
            let first = rest[0];
            let mut body = &rest[1..];
            let len = variable(&mut body);
            let header = rest.len() - body.len();
            assert!(
                header + len <= self.limits.packet,
                "larger than the server takes: {:02x?}",
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
                self.said_goodbye = true;
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
                assert!(!dup, "an alias in what is sent again");
                if name.is_empty() {
                    assert!(self.aliases.contains(&alias), "an alias of nothing");
                } else {
                    topic::check_name(name).unwrap();
                    self.aliases.insert(alias);
                }
            }
        }
        if qos > 0 {
            assert_ne!(pid, 0);
            let old = self.open.insert(pid, Open::Publish(qos));
            assert!(self.wild || old.is_none(), "{pid} is in use");
            self.unacknowledged.insert(pid);
            assert!(
                self.wild || self.unacknowledged.len() <= self.limits.receive_maximum,
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
            // PUBREL: one that is sent again too, or for what was never published.
            assert!([0, 0x92].contains(&reason));
            if reason == 0 {
                self.open.insert(pid, Open::Release);
            }
            return;
        }
        if self.wild {
            return;
        }
        // PUBACK, PUBREC, PUBCOMP: 4, 5, 7.
        let owed = &mut self.owed[if kind == 7 { 2 } else { usize::from(kind) - 4 }];
        let count = owed.get_mut(&pid).expect("an acknowledgement of nothing");
        *count -= 1;
        if *count == 0 {
            owed.remove(&pid);
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
            Open::Subscribe(filters)
        } else {
            Open::Unsubscribe(filters)
        };
        let old = self.open.insert(pid, new);
        assert!(self.wild || old.is_none(), "{pid} is in use");
    }

    /// Unchecked bytes were a CONNACK: what it allowed is not known.
    pub fn accepted_by_chance(&mut self) {
        assert!(self.wild);
        self.accepted = true;
        self.limits.aliases = 65_535;
    }

    /// The server has answered what is under way; what may follow is under way then.
    pub fn answered(&mut self, pid: u16, reason: u8) {
        match self.open.remove(&pid) {
            Some(Open::Publish(2)) if reason < 0x80 => {}
            Some(Open::Publish(_) | Open::Release) => {
                self.unacknowledged.remove(&pid);
            }
            _ => {}
        }
    }

    pub fn owes(&mut self, what: usize, pid: u16) {
        *self.owed[what].entry(pid).or_default() += 1;
    }
}

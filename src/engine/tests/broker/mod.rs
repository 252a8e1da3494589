//! A broker small enough to trust: reads what the client sends, complains about anything a client
//! may not send, keeps a session, counts what it was given.

mod seen;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::BytesMut;
use mqttbytes::v4::{self, Packet};

use super::dialect::{whole, Dialect};
use crate::codec::{publish, topic, PacketId, Version};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: u8,
    pub retain: bool,
    pub dup: bool,
    pub pid: u16,
}

impl Given {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.payload).unwrap()
    }
}

/// A message on its way to the client; without a payload only its PUBREL is open.
#[derive(Debug, Clone)]
struct Owed {
    pid: u16,
    topic: String,
    payload: Vec<u8>,
    qos: u8,
    sent: bool,
    /// Sent on this connection.
    open: bool,
    released: bool,
}

#[derive(Debug, Default)]
pub struct Session {
    pub subscriptions: BTreeMap<String, u8>,
    /// QoS 2 from the client: PUBLISH seen, PUBREL not.
    pub halfway: BTreeSet<u16>,
    owed: VecDeque<Owed>,
    next_pid: u16,
}

#[derive(Debug)]
pub struct Broker {
    pub session: Option<Session>,
    clean: bool,
    connected: bool,
    inbox: BytesMut,
    pub dialect: Dialect,
    /// Bytes for the client.
    pub out: Vec<u8>,
    /// The broker wants the connection closed once `out` is delivered.
    pub hangup: bool,
    pub said_goodbye: bool,

    // How it behaves.
    pub connack: Option<u8>,
    /// Each CONNACK says that a session is present.
    pub claims_session: bool,
    pub silent: bool,
    pub acks: bool,
    /// The client's Receive Maximum.
    pub window: usize,
    pub subacks: bool,
    /// Filters it refuses, with 0x80.
    pub forbidden: Vec<String>,
    /// Topics and filters at which it closes the connection, and reads no further.
    pub closes_at: Vec<String>,
    /// What it has answered right before is lost then.
    pub loses_answers: bool,
    has_closed: bool,

    // What it saw.
    pub connects: Vec<v4::Connect>,
    pub packets: Vec<Packet>,
    /// Every message once as MQTT counts: each PUBLISH of QoS 0 and 1, each new one of QoS 2.
    pub given: Vec<Given>,
}

impl Default for Broker {
    fn default() -> Self {
        Broker {
            session: None,
            clean: false,
            connected: false,
            inbox: BytesMut::new(),
            dialect: Dialect::default(),
            out: Vec::new(),
            hangup: false,
            said_goodbye: false,
            connack: Some(0),
            claims_session: false,
            silent: false,
            acks: true,
            window: usize::MAX,
            subacks: true,
            forbidden: Vec::new(),
            closes_at: Vec::new(),
            loses_answers: false,
            has_closed: false,
            connects: Vec::new(),
            packets: Vec::new(),
            given: Vec::new(),
        }
    }
}

impl Broker {
    /// A new transport.
    pub fn accept(&mut self) {
        self.gone();
        self.said_goodbye = false;
        self.has_closed = false;
    }

    /// The transport is gone.
    pub fn gone(&mut self) {
        self.connected = false;
        self.inbox.clear();
        self.out.clear();
        self.hangup = false;
        if self.clean {
            self.session = None;
        }
    }

    pub fn lose_session(&mut self) {
        self.session = None;
    }

    pub fn read(&mut self, bytes: &[u8]) {
        assert!(!self.said_goodbye, "bytes after DISCONNECT: {bytes:02x?}");
        self.inbox.extend_from_slice(bytes);
        while let Some((len, _)) = whole(&self.inbox) {
            let raw = self.inbox.split_to(len);
            let mut heard = BytesMut::from(&self.dialect.hear(&raw)[..]);
            match v4::read(&mut heard, usize::MAX >> 1) {
                Ok(packet) => {
                    if self.has_closed {
                        continue;
                    }
                    self.packets.push(packet.clone());
                    assert!(!self.said_goodbye, "a packet after DISCONNECT: {packet:?}");
                    let answer = self.out.len();
                    self.on(packet);
                    self.translate(answer);
                }
                Err(error) => panic!("the client sent what cannot be read: {error:?}"),
            }
        }
    }

    /// What was said from there on, in the client's version.
    fn translate(&mut self, from: usize) {
        let said = self.out.split_off(from.min(self.out.len()));
        self.out.extend(self.dialect.say(&said));
    }

    fn on(&mut self, packet: Packet) {
        if let Packet::Connect(connect) = packet {
            assert!(!self.connected, "a second CONNECT");
            return self.on_connect(connect);
        }
        assert!(self.connected, "before CONNACK: {packet:?}");
        if self.closes_at(&packet) {
            self.has_closed = true;
            self.hangup = true;
            if self.loses_answers {
                self.out.clear();
            }
            return;
        }
        match packet {
            Packet::Disconnect => self.said_goodbye = true,
            Packet::Publish(publish) => self.on_publish(publish),
            _ if self.silent => {}
            Packet::PingReq => self.out.extend_from_slice(&[0xd0, 0]),
            Packet::PubRel(p) => {
                if self.acks {
                    self.session().halfway.remove(&p.pkid);
                    self.ack(0x70, p.pkid);
                }
            }
            Packet::PubAck(p) => {
                self.session().owed.retain(|o| o.pid != p.pkid || o.qos != 1);
                self.write_owed();
            }
            Packet::PubComp(p) => {
                self.session().owed.retain(|o| o.pid != p.pkid || !o.released);
                self.write_owed();
            }
            Packet::PubRec(p) => {
                if let Some(owed) = self.session().owed.iter_mut().find(|o| o.pid == p.pkid) {
                    assert_eq!(owed.qos, 2);
                    owed.released = true;
                }
                self.ack(0x62, p.pkid);
            }
            Packet::Subscribe(p) => self.on_subscribe(p),
            Packet::Unsubscribe(p) => {
                assert!(p.pkid != 0 && !p.topics.is_empty());
                if self.subacks {
                    for filter in &p.topics {
                        self.session().subscriptions.remove(filter);
                    }
                    self.ack(0xb0, p.pkid);
                }
            }
            other => panic!("a client never sends {other:?}"),
        }
    }

    fn closes_at(&self, packet: &Packet) -> bool {
        let names = match packet {
            Packet::Publish(publish) => vec![&publish.topic],
            Packet::Subscribe(p) => p.filters.iter().map(|filter| &filter.path).collect(),
            Packet::Unsubscribe(p) => p.topics.iter().collect(),
            _ => return false,
        };
        names.iter().any(|name| self.closes_at.contains(name))
    }

    fn on_connect(&mut self, connect: v4::Connect) {
        self.clean = connect.clean_session;
        self.connects.push(connect);
        let Some(code) = self.connack else { return };
        if code != 0 {
            self.out.extend_from_slice(&[0x20, 2, 0, code]);
            self.hangup = true;
            return;
        }
        self.connected = true;
        if self.clean {
            self.session = None;
        }
        let present = self.session.is_some() || self.claims_session;
        self.out.extend_from_slice(&[0x20, 2, present as u8, 0]);
        let session = self.session.get_or_insert_with(Session::default);
        for owed in &mut session.owed {
            owed.open = false;
        }
        self.write_owed();
    }

    /// Sends what the window has room for.
    fn write_owed(&mut self) {
        let Some(session) = &mut self.session else {
            return;
        };
        let open = session.owed.iter().filter(|owed| owed.open).count();
        let room = self.window.saturating_sub(open);
        for owed in session.owed.iter_mut().filter(|owed| !owed.open).take(room) {
            write_owed(owed, &mut self.out);
        }
    }

    fn on_publish(&mut self, p: v4::Publish) {
        let given = Given {
            topic: p.topic,
            payload: p.payload.to_vec(),
            qos: p.qos as u8,
            retain: p.retain,
            dup: p.dup,
            pid: p.pkid,
        };
        let again = given.qos == 2 && !self.session().halfway.insert(given.pid);
        assert!(!again || given.dup, "a new message under an identifier in use");
        let reply = match given.qos {
            1 => 0x40,
            2 => 0x50,
            _ => 0,
        };
        let pid = given.pid;
        if !again {
            self.given.push(given);
        }
        if reply != 0 && self.acks && !self.silent {
            self.ack(reply, pid);
        }
    }

    fn on_subscribe(&mut self, p: v4::Subscribe) {
        assert!(p.pkid != 0 && !p.filters.is_empty());
        if !self.subacks {
            return;
        }
        let forbidden = std::mem::take(&mut self.forbidden);
        self.out.extend_from_slice(&[0x90, 2 + p.filters.len() as u8]);
        self.out.extend_from_slice(&p.pkid.to_be_bytes());
        for filter in p.filters {
            let refused = forbidden.contains(&filter.path);
            self.out.push(if refused { 0x80 } else { filter.qos as u8 });
            if !refused {
                self.session().subscriptions.insert(filter.path, filter.qos as u8);
            }
        }
        self.forbidden = forbidden;
    }

    fn ack(&mut self, first: u8, pid: u16) {
        assert_ne!(pid, 0);
        self.out
            .extend_from_slice(&[first, 2, (pid >> 8) as u8, pid as u8]);
    }

    pub fn session(&mut self) -> &mut Session {
        self.session.as_mut().expect("a session")
    }

    /// Another client publishes; true if this client is to have it.
    pub fn publish(&mut self, name: &str, payload: &[u8], qos: u8) -> bool {
        let connected = self.connected;
        let Some(session) = &mut self.session else {
            return false;
        };
        let granted = session
            .subscriptions
            .iter()
            .filter(|(f, _)| topic::matches(f, name));
        let Some(granted) = granted.map(|(_, q)| *q).max() else {
            return false;
        };
        let qos = qos.min(granted);
        let start = self.out.len();
        if qos == 0 {
            if connected {
                write_publish(&mut self.out, name.as_bytes(), payload, 0, 0);
                self.translate(start);
            }
            return connected;
        }
        session.next_pid += 1;
        let owed = Owed {
            pid: session.next_pid,
            topic: name.to_owned(),
            payload: payload.to_vec(),
            qos,
            sent: false,
            open: false,
            released: false,
        };
        session.owed.push_back(owed);
        if connected {
            self.write_owed();
        }
        self.translate(start);
        true
    }
}

/// A PUBLISH of a server.
pub fn write_publish(out: &mut Vec<u8>, topic: &[u8], payload: &[u8], qos: u8, pid: u16) {
    let parts = publish::Parts {
        topic,
        properties: &[],
        payload,
        qos,
        retain: false,
        alias: 0,
    };
    publish::encode(out, Version::V4, &parts, PacketId::new(pid));
}

fn write_owed(owed: &mut Owed, out: &mut Vec<u8>) {
    owed.open = true;
    if owed.released {
        out.extend_from_slice(&[0x62, 2, (owed.pid >> 8) as u8, owed.pid as u8]);
        return;
    }
    let start = out.len();
    write_publish(out, owed.topic.as_bytes(), &owed.payload, owed.qos, owed.pid);
    if owed.sent {
        publish::set_dup(&mut out[start..]);
    }
    owed.sent = true;
}

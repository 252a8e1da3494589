//! The engine under any sequence of calls, packets of a server, faults and clocks: what it sends is always allowed
//! (`peer.rs`), every call ends exactly once, and after `stop` nothing is left.
//!
//! The first bytes choose the settings; each of the others is a step, with what it needs behind it.

use std::collections::{BTreeMap, BTreeSet};

use mqtt_lib::codec::property::{self, put, Value};
use mqtt_lib::codec::publish;
use mqtt_lib::engine::{
    Config, Engine, Error, Event, Filter, Generation, Message, Millis, Outcome, Policy, State, Taken, Token,
    Version, Versions, Will,
};

use crate::input::Input;
use crate::peer::{Limits, Open, Peer};

/// Steps of one run: more of them are slow and show nothing new.
const MOST_STEPS: usize = 300;

pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let mut world = World::new(&mut input);
    for _ in 0..MOST_STEPS {
        if input.is_over() {
            break;
        }
        world.step(&mut input);
    }
    world.finish();
}

#[derive(Clone, Copy, PartialEq)]
enum Wire {
    None,
    Opening(Generation),
    Open(Generation),
    /// Told to close, and has not said that it has.
    Closing(Generation),
}

struct World {
    engine: Engine,
    now: Millis,
    wire: Wire,
    peer: Peer,
    next_token: Token,
    pending: BTreeSet<Token>,
    kept: BTreeMap<u64, Vec<u8>>,
    /// A transport that is told to close says nothing until a later step.
    slow_to_close: bool,
    refuses: bool,
    seed: u64,
    /// What the engine is told when it asks for credentials, and the attempt for which it has asked.
    answer: Config,
    asked: Option<Generation>,
}

fn list(all: &[(u8, Value<'_>)]) -> Vec<u8> {
    let mut list = Vec::new();
    for &(id, value) in all {
        put(&mut list, id, value);
    }
    list
}

const TOPICS: [&str; 6] = ["a", "topic", "topic/of/some/length", "other/topic", "é", "$SYS/x"];
const FILTERS: [&str; 8] = [
    "a",
    "topic/#",
    "+/topic",
    "#",
    "$share/g/topic",
    "$share/g/+",
    "a/#/b",
    "",
];
const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789";

impl World {
    fn new(input: &mut Input<'_>) -> World {
        let mut cfg = Config {
            version: input.pick(&[Versions::V5, Versions::V4, Versions::Auto]),
            client_id: "me".into(),
            servers: vec!["mqtt://h:1".into(); input.pick(&[1, 1, 2])],
            clean_session: input.one_in(2),
            keepalive: input.pick(&[0, 5_000, 60_000]),
            max_inflight: input.pick(&[1_000, 1, 3]),
            offline_size: input.pick(&[100_000, 0, 3]),
            offline_bytes: input.pick(&[1 << 20, 300]),
            offline_policy: input.pick(&[Policy::Refuse, Policy::DropOldest, Policy::Latest]),
            offline_expiry: input.pick(&[0, 500]),
            publish_timeout: input.pick(&[0, 2_000]),
            max_packet_size: input.pick(&[268_435_460, 40]),
            batch_size: input.pick(&[5, 1, 2]),
            queue_size: input.pick(&[5, 1, 2]),
            publish_interval: input.pick(&[60_000, 0, 1_000]),
            ack_timeout: input.pick(&[30_000, 3_000]),
            ..Config::default()
        };
        let more = input.byte();
        cfg.follow_server_reference = more & 1 != 0;
        cfg.topic_aliases = more & 2 == 0;
        cfg.persist = more & 4 != 0;
        cfg.clean_session &= !cfg.persist;
        cfg.reconnect = more & 8 == 0;
        let five = cfg.version != Versions::V4;
        if five && more & 16 != 0 {
            let properties = &mut cfg.properties;
            put(properties, property::RECEIVE_MAXIMUM, Value::Number(2));
            put(properties, property::SESSION_EXPIRY, Value::Number(9));
        }
        if five && more & 32 != 0 {
            put(&mut cfg.properties, property::AUTH_METHOD, Value::Text("M"));
        }
        if more & 64 != 0 {
            cfg.will = Some(Will {
                topic: "will".into(),
                payload: b"x".to_vec(),
                qos: 1,
                retain: true,
                properties: if five {
                    list(&[(24, Value::Number(5))])
                } else {
                    Vec::new()
                },
            });
        }
        if more & 128 != 0 {
            cfg.username = Some("u".into());
            cfg.password = Some(vec![0, 255]);
            if !cfg.persist {
                cfg.client_id.clear();
                cfg.assigned_id = true;
            }
        }
        let asks = more & 0b1000_0111 == 0b1000_0011;
        let mut world = World {
            answer: cfg.clone(),
            asked: None,
            engine: Engine::new(if asks { Config::asking() } else { cfg }, 1),
            now: 1_000_000,
            wire: Wire::None,
            peer: Peer::default(),
            next_token: 0,
            pending: BTreeSet::new(),
            kept: BTreeMap::new(),
            slow_to_close: false,
            refuses: false,
            seed: 1,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        if self.engine.config().persist {
            let kept = self.kept.iter().map(|(key, value)| (*key, value.clone()));
            assert_eq!(
                self.engine.restore(kept.collect(), self.now),
                0,
                "{:02x?}",
                self.kept
            );
            self.drain();
        }
        let token = self.token();
        self.engine.start(self.now, token);
        self.drain();
    }

    // What a driver does.

    fn token(&mut self) -> Token {
        self.next_token += 1;
        self.pending.insert(self.next_token);
        self.next_token
    }

    fn end(&mut self, token: Token) {
        assert!(self.pending.remove(&token), "{token} ended twice or never began");
    }

    fn drain(&mut self) {
        loop {
            self.hand_over();
            let Some(event) = self.engine.next_event() else {
                return;
            };
            self.act(event);
        }
    }

    fn hand_over(&mut self) {
        loop {
            let blocked = self.engine.is_blocked();
            let bytes = match blocked {
                true => Vec::new(),
                false => self.engine.outgoing(self.now).to_vec(),
            };
            for (key, value) in self.engine.take_journal() {
                match value {
                    Some(value) => self.kept.insert(key, value),
                    None => self.kept.remove(&key),
                };
            }
            if bytes.is_empty() {
                return;
            }
            self.engine.sent(self.now);
            match self.wire {
                Wire::Open(_) => self.peer.read(&bytes),
                // The transport is gone, and the engine has not been told.
                Wire::None | Wire::Closing(_) => {}
                Wire::Opening(_) => panic!("bytes for a transport that is not open"),
            }
        }
    }

    fn act(&mut self, event: Event) {
        match event {
            Event::Open { generation, server } => {
                assert!(server < self.engine.config().servers.len());
                assert!(
                    !matches!(self.wire, Wire::Opening(_) | Wire::Open(_)),
                    "two transports"
                );
                self.peer.begin();
                self.wire = Wire::Opening(generation);
                if self.refuses {
                    self.wire = Wire::None;
                    self.engine.closed(generation, "refused", self.now);
                }
            }
            Event::Close { generation } => {
                let current = match self.wire {
                    Wire::Opening(g) | Wire::Open(g) => g == generation,
                    Wire::Closing(_) | Wire::None => false,
                };
                if current && self.slow_to_close {
                    self.wire = Wire::Closing(generation);
                } else {
                    if current {
                        self.wire = Wire::None;
                    }
                    self.engine.closed(generation, "", self.now);
                }
            }
            Event::Messages { from, upto } => {
                for record in &self.engine.records()[from..upto] {
                    let topic = self.engine.topic(record.topic);
                    assert!(!topic.is_empty());
                    let all = self.engine.inbound();
                    assert!(record.range().end <= all.len() && record.properties().end <= all.len());
                    self.engine.route(topic);
                }
            }
            Event::Done { token, result } => {
                if let Ok(Outcome::Granted { codes, .. }) = &result {
                    assert!(!codes.is_empty());
                }
                self.end(token);
            }
            Event::Disconnected { rc, error } => assert_eq!(rc == 0, error.is_none()),
            Event::Ask { generation, .. } => self.asked = Some(generation),
            Event::Connected { .. } | Event::Auth { .. } | Event::Unrouted(_) | Event::Error(_) => {}
        }
    }

    fn taken(&mut self, token: Token, taken: Result<Taken, Error>) {
        match taken {
            Ok(Taken::Later) => {}
            Ok(Taken::Now) | Err(_) => self.end(token),
        }
    }

    fn feed(&mut self, bytes: &[u8], piece: usize) {
        for part in bytes.chunks(piece.max(1)) {
            let generation = match self.wire {
                Wire::Open(generation) | Wire::Closing(generation) => generation,
                _ => return,
            };
            self.engine.space(part.len()).copy_from_slice(part);
            self.engine.received(generation, part.len(), self.now);
            if self.engine.is_online() && !self.peer.accepted {
                self.peer.accepted_by_chance();
            }
            self.drain();
        }
    }

    fn tick(&mut self) {
        self.engine.tick(self.now);
        let next = self.engine.next_deadline();
        assert!(
            next.is_none_or(|at| at > self.now),
            "a deadline that stays in the past"
        );
        self.drain();
    }

    fn cut(&mut self) {
        if let Wire::Opening(g) | Wire::Open(g) | Wire::Closing(g) = self.wire {
            self.wire = Wire::None;
            self.engine.closed(g, "cut", self.now);
            self.drain();
        }
    }

    // Steps.

    fn step(&mut self, input: &mut Input<'_>) {
        match input.byte() % 32 {
            0..=3 => self.publish(input),
            4 => self.subscribe(input),
            5 => self.unsubscribe(input),
            6 | 7 => self.opened(),
            8..=10 => self.connack(input),
            11..=15 => self.answer(input),
            16..=18 => self.incoming(input),
            19 => self.raw(input),
            20 => self.cut(),
            21 => {
                if let Some(at) = self.engine.next_deadline() {
                    self.now = self.now.max(at);
                }
                self.tick();
            }
            22 => {
                self.now += input.pick(&[1, 100, 1_000, 10_000, 100_000]);
                if !input.one_in(2) {
                    self.tick();
                }
            }
            23 => {
                self.engine.flush(self.now);
                self.drain();
            }
            24 => {
                let token = self.token();
                if input.one_in(4) {
                    let properties = list(&[(property::REASON_STRING, Value::Text(LONG))]);
                    let _ = self.engine.say_at_stop(4, &properties);
                }
                self.engine.stop(self.now, token);
                self.drain();
            }
            25 => {
                let token = self.token();
                self.engine.start(self.now, token);
                self.drain();
            }
            26 => {
                let blocked = input.one_in(2);
                self.engine.set_blocked(blocked && self.engine.is_online());
                self.drain();
            }
            27 => {
                let online = input.one_in(2);
                self.engine.network(online, self.now);
                self.drain();
            }
            28 => {
                let data = vec![0; usize::from(input.byte() % 64)];
                let data = list(&[(property::AUTH_DATA, Value::Binary(&data))]);
                let _ = self.engine.authenticate(&data);
                self.drain();
            }
            29 => match input.byte() % 4 {
                0 => self.slow_to_close ^= true,
                1 => match self.asked.take() {
                    Some(generation) => {
                        self.engine.answered(generation, Err(Error::stopped()), self.now);
                        self.drain();
                    }
                    None => self.refuses ^= true,
                },
                2 if self.engine.config().persist => self.restart(),
                _ => {
                    if let Wire::Closing(generation) = self.wire {
                        self.wire = Wire::None;
                        self.engine.closed(generation, "", self.now);
                        self.drain();
                    }
                }
            },
            30 => self.violate(input),
            _ => {
                let never = Generation::MAX - Generation::from(input.byte());
                self.engine.closed(never, "long ago", self.now);
                self.drain();
            }
        }
    }

    /// The process ends, and another begins.
    fn restart(&mut self) {
        self.seed += 1;
        self.wire = Wire::None;
        self.pending.clear();
        self.engine = Engine::new(self.engine.config().clone(), self.seed);
        self.begin();
    }

    fn publish(&mut self, input: &mut Input<'_>) {
        let flags = input.byte();
        let topic = TOPICS[usize::from(flags >> 3) % TOPICS.len()];
        let payload = vec![b'1'; input.pick(&[1, 0, 30, 200, 70_000])];
        let properties = match flags & 7 {
            _ if self.engine.version() == Version::V4 => Vec::new(),
            0..=3 => Vec::new(),
            4 => {
                let seconds = input.pick(&[0, 1, 10, u32::MAX]);
                list(&[(property::MESSAGE_EXPIRY, Value::Number(seconds))])
            }
            5 => list(&[(property::TOPIC_ALIAS, Value::Number(input.pick(&[1, 2, 3, 300])))]),
            _ => {
                let length = usize::from(input.byte());
                let text = "p".repeat(length);
                list(&[(property::USER_PROPERTY, Value::Pair("", &text))])
            }
        };
        let how = input.byte();
        let message = Message {
            topic,
            payload: &payload,
            qos: how & 3,
            retain: how & 4 != 0,
            properties: &properties,
        };
        let token = self.token();
        match how >> 3 & 3 {
            0 | 1 => {
                let taken = self.engine.publish(self.now, &message, token);
                self.taken(token, taken);
            }
            2 => {
                let taken = self.engine.queue(self.now, &message, token);
                self.taken(token, taken.map(|()| Taken::Later));
            }
            _ => match self.engine.batch(self.now, &message, token) {
                Ok(as_token) if as_token == token => {}
                // Ends with the batch it is in.
                Ok(_) | Err(_) => self.end(token),
            },
        }
        if how & 0x80 == 0 {
            self.drain();
        }
    }

    fn subscribe(&mut self, input: &mut Input<'_>) {
        let options = input.byte() & 0x3f;
        let filters = (0..=input.byte() % 3)
            .map(|_| Filter {
                filter: input.pick(&FILTERS).to_owned(),
                options,
            })
            .collect();
        let mut properties = Vec::new();
        if input.one_in(3) && self.engine.version() == Version::V5 {
            put(&mut properties, property::SUBSCRIPTION_ID, Value::Number(300));
        }
        let handler = input.pick(&[None, Some(1), Some(2)]);
        let token = self.token();
        let asked = self.engine.subscribe(filters, properties, handler, token);
        self.taken(token, asked.map(|()| Taken::Later));
        self.drain();
    }

    fn unsubscribe(&mut self, input: &mut Input<'_>) {
        let filters = vec![input.pick(&FILTERS).to_owned(); usize::from(input.byte() % 3)];
        let token = self.token();
        let asked = self.engine.unsubscribe(filters, Vec::new(), token);
        self.taken(token, asked.map(|()| Taken::Later));
        self.drain();
    }

    /// What is asked for is answered, and what is opening is open.
    fn opened(&mut self) {
        if let Some(generation) = self.asked.take() {
            let answer = self.answer.clone();
            self.engine.answered(generation, Ok(answer), self.now);
            self.drain();
        }
        if let Wire::Opening(generation) = self.wire {
            self.wire = Wire::Open(generation);
            self.engine.opened(generation, self.now);
            self.drain();
        }
    }

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
        mqtt_lib::codec::frame::write_remaining_length(&mut all, body.len());
        all.extend(body);
        all
    }

    fn connack(&mut self, input: &mut Input<'_>) {
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
            let method = list(&[(property::AUTH_METHOD, Value::Text("M"))]);
            let auth = self.control(0xf0, &[0x18], Some(&method), &[]);
            return self.feed(&auth, usize::MAX);
        }
        let mut limits = Limits::default();
        let mut says = Vec::new();
        if version == Version::V5 {
            let mut say = |id, value: u32| put(&mut says, id, Value::Number(value));
            if kind & 16 != 0 {
                limits.receive_maximum = input.pick(&[1, 2, 10]);
                say(property::RECEIVE_MAXIMUM, limits.receive_maximum as u32);
            }
            if kind & 32 != 0 {
                limits.packet = input.pick(&[20, 60, 160]);
                say(property::MAXIMUM_PACKET_SIZE, limits.packet as u32);
            }
            if kind & 64 != 0 {
                limits.qos = input.pick(&[0, 1]);
                say(property::MAXIMUM_QOS, limits.qos.into());
                limits.retain = false;
                say(property::RETAIN_AVAILABLE, 0);
            }
            if kind & 128 != 0 {
                limits.aliases = input.pick(&[1, 2, 1_000]);
                say(property::TOPIC_ALIAS_MAXIMUM, limits.aliases);
            }
            match input.byte() % 16 {
                1 => {
                    limits.wildcards = false;
                    say(property::WILDCARD_AVAILABLE, 0);
                }
                2 => {
                    limits.shared = false;
                    say(property::SHARED_AVAILABLE, 0);
                }
                3 => {
                    limits.identifiers = false;
                    say(property::SUBSCRIPTION_ID_AVAILABLE, 0);
                }
                4 => say(property::SERVER_KEEP_ALIVE, 1),
                5 => say(property::SERVER_KEEP_ALIVE, 0),
                _ => {}
            }
            // To whom has none, and for once to whom has one.
            let unnamed = self.engine.config().client_id.is_empty();
            if unnamed || input.one_in(32) {
                put(&mut says, property::ASSIGNED_CLIENT_ID, Value::Text("you"));
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
    fn answer(&mut self, input: &mut Input<'_>) {
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
        let why = list(&[(property::REASON_STRING, Value::Text("why"))]);
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
    fn incoming(&mut self, input: &mut Input<'_>) {
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
            put(&mut properties, property::TOPIC_ALIAS, Value::Number(alias));
            if how & 2 != 0 {
                topic = "";
            }
        }
        if five && how & 4 != 0 {
            put(&mut properties, property::USER_PROPERTY, Value::Pair("k", "v"));
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
        publish::encode(&mut bytes, version, &parts, pid);
        if how & 16 != 0 {
            publish::set_dup(&mut bytes);
        }
        if qos > 0 {
            self.peer.owes(usize::from(qos) - 1, pid);
        }
        self.feed(&bytes, input.pick(&[usize::MAX, 1, 7]));
    }

    /// Bytes that nobody has looked at.
    fn raw(&mut self, input: &mut Input<'_>) {
        let length = input.byte();
        let bytes = input.bytes(usize::from(length % 32)).to_vec();
        self.peer.wild = true;
        self.feed(&bytes, usize::from(length / 32) + 1);
    }

    /// What a server may do to end a connection.
    fn violate(&mut self, input: &mut Input<'_>) {
        let five = self.peer.version == Some(Version::V5);
        let elsewhere = list(&[(property::SERVER_REFERENCE, Value::Text("other:1"))]);
        let bytes = match input.byte() % 4 {
            0 if five => self.control(0xe0, &[0x9c], Some(&elsewhere), &[]),
            1 if five => vec![0xe0, 1, 0x8e],
            2 if five && self.peer.accepted => vec![0x20, 3, 0, 0, 0],
            _ => vec![0x10],
        };
        self.feed(&bytes, usize::MAX);
    }

    /// However things stand: stop ends everything, in bounded time.
    fn finish(&mut self) {
        self.engine.set_blocked(false);
        self.drain();
        let token = self.token();
        self.engine.stop(self.now, token);
        self.drain();
        for _ in 0..1_000 {
            if self.engine.is_stopped() {
                break;
            }
            let at = self.engine.next_deadline().expect("something that ends it");
            self.now = self.now.max(at);
            self.tick();
        }
        // A start() that was called during stop() begins again.
        if !self.engine.is_stopped() || !self.pending.is_empty() {
            let token = self.token();
            self.engine.stop(self.now, token);
            self.drain();
            while let (false, Some(at)) = (self.engine.is_stopped(), self.engine.next_deadline()) {
                self.now = self.now.max(at);
                self.tick();
            }
        }
        assert!(self.engine.is_stopped());
        assert_eq!(self.engine.state(), State::Stopped);
        assert_eq!(self.engine.next_deadline(), None);
        assert!(self.pending.is_empty(), "pending: {:?}", self.pending);
        let stats = self.engine.stats();
        assert_eq!((stats.in_flight, stats.queued), (0, 0));
    }
}

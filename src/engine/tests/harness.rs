//! The world around the engine under test: a clock that only tests move, a transport, a store, and the adapter that
//! `drive` drains the engine with, the same `drive` as everywhere.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::broker::Broker;
use super::store::Store;
use crate::engine::{
    drive, Change, Config, Delivery, Engine, Error, Event, Flow, Generation, Io, Message, Millis, Outcome,
    Ticket, Token,
};

/// What becomes of an attempt to open a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dial {
    Accept,
    Refuse,
    Silent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub topic: String,
    pub payload: Vec<u8>,
    pub qos: u8,
    pub retain: bool,
    pub dup: bool,
    pub handlers: Vec<u32>,
    /// None at QoS 0.
    pub ticket: Option<Ticket>,
}

/// Everything that was reported, in order, in words that tests can compare.
pub type Log = Vec<String>;

pub enum Input {
    Opened(Generation),
    Closed(Generation, &'static str),
}

pub struct Sim {
    pub engine: Engine,
    pub now: Millis,
    pub broker: Broker,
    pub dial: Dial,
    /// Generation of the transport, and whether it is open.
    pub wire: Option<(Generation, bool)>,
    /// Bytes come to the client in pieces of this size at most.
    pub piece: usize,
    /// The broker's answers wait in `broker.out` until `settle` with this true.
    pub auto: bool,
    /// Cuts the connection when this many more bytes have gone to the broker, or come from it.
    pub cut_up: Option<usize>,
    pub cut_down: Option<usize>,
    /// A transport that is asked to close never says that it has.
    pub never_closes: bool,
    /// A call of subscribe for each, within the event of an accepted connection.
    pub on_connect: Vec<(&'static str, u8)>,
    /// Before them, a call of unsubscribe for these.
    pub on_connect_ends: Vec<&'static str>,
    /// Tokens of these calls.
    pub on_connect_calls: Vec<Token>,

    pub opens: Vec<(Millis, usize)>,
    /// `Event::CredentialsRequested`: generation, attempt and the code of the last error.
    pub asks: Vec<(Generation, u32, Option<&'static str>)>,
    pub messages: Vec<Got>,
    /// The application goes on with each message after its handler has returned.
    pub defers: bool,
    /// Those that it goes on with.
    pub deferred: Vec<Got>,
    pub disconnects: Vec<u8>,
    pub errors: Vec<Error>,
    pub connacks: Vec<(bool, u8)>,
    /// AUTH packets: reason and properties.
    pub auths: Vec<(u8, Vec<u8>)>,
    pub unrouted: Vec<u32>,
    pub log: Log,
    /// Calls of the transport's send.
    pub sends: usize,
    /// After so many more sends the transport takes no more.
    pub full_after: Option<usize>,

    pub inputs: VecDeque<Input>,
    pub next_token: u32,
    pub pending: BTreeSet<Token>,
    pub ended: BTreeMap<Token, Result<Outcome, Error>>,
    pub ticks_now: u32,
    /// Records of this chunk that were taken.
    pub taken: usize,
    /// A payload that is kept here, how many bytes it will have, and its connection: see `beside.rs`.
    pub beside: Option<(Vec<u8>, usize, Generation)>,
    /// Payloads that were received so.
    pub besides: usize,
    /// With `persist`: see `store.rs`.
    pub store: Store,
}

pub fn config() -> Config {
    Config {
        client_id: "me".into(),
        servers: vec!["mqtt://h:1883".into()],
        ..Config::default()
    }
}

impl Sim {
    /// Not started.
    pub fn new(cfg: Config) -> Sim {
        Sim::seeded(cfg, 1)
    }

    pub fn seeded(cfg: Config, seed: u64) -> Sim {
        Sim {
            engine: Engine::new(cfg, seed).unwrap(),
            now: 1_000_000,
            broker: Broker::default(),
            dial: Dial::Accept,
            wire: None,
            piece: usize::MAX,
            auto: true,
            cut_up: None,
            cut_down: None,
            never_closes: false,
            on_connect: Vec::new(),
            on_connect_ends: Vec::new(),
            on_connect_calls: Vec::new(),
            opens: Vec::new(),
            asks: Vec::new(),
            messages: Vec::new(),
            defers: false,
            deferred: Vec::new(),
            disconnects: Vec::new(),
            errors: Vec::new(),
            connacks: Vec::new(),
            auths: Vec::new(),
            unrouted: Vec::new(),
            log: Vec::new(),
            sends: 0,
            full_after: None,
            inputs: VecDeque::new(),
            next_token: 0,
            pending: BTreeSet::new(),
            ended: BTreeMap::new(),
            ticks_now: 0,
            taken: 0,
            beside: None,
            besides: 0,
            store: Store::default(),
        }
    }

    /// Started and online.
    pub fn online(cfg: Config) -> Sim {
        let mut sim = Sim::new(cfg);
        sim.start();
        assert!(sim.engine.is_online());
        sim
    }

    // The driver.

    /// Lets everything happen that needs no time.
    pub fn settle(&mut self) {
        self.drain();
        loop {
            match self.inputs.pop_front() {
                Some(Input::Opened(generation)) => {
                    if self.wire == Some((generation, false)) {
                        self.wire = Some((generation, true));
                        self.broker.accept();
                    }
                    self.engine.opened(self.now, generation);
                }
                Some(Input::Closed(generation, why)) => self.engine.closed(self.now, generation, why),
                None if !self.auto || !self.deliver() => return,
                None => {}
            }
            self.drain();
        }
    }

    /// Brings the client what the broker has said; false if there is nothing.
    fn deliver(&mut self) -> bool {
        let Some((generation, true)) = self.wire else {
            return false;
        };
        if self.broker.out.is_empty() {
            if std::mem::take(&mut self.broker.hangup) {
                self.cut(generation);
                return true;
            }
            return false;
        }
        let len = self
            .broker
            .out
            .len()
            .min(self.piece)
            .min(self.cut_down.unwrap_or(usize::MAX));
        let rest = self.broker.out.split_off(len);
        let bytes = std::mem::replace(&mut self.broker.out, rest);
        self.feed(generation, &bytes);
        if let Some(left) = &mut self.cut_down {
            *left -= len;
            if *left == 0 {
                self.cut_down = None;
                self.cut(generation);
            }
        }
        true
    }

    fn cut(&mut self, generation: Generation) {
        if self.wire.is_some_and(|(g, _)| g == generation) {
            self.wire = None;
            self.broker.gone();
            self.inputs.push_back(Input::Closed(generation, "cut"));
        }
    }

    pub fn drain(&mut self) {
        drive(self);
    }

    pub fn write(&mut self, bytes: &[u8]) {
        // Cut a moment ago, and the engine has not been told.
        let Some((generation, open)) = self.wire else {
            return;
        };
        assert!(open, "bytes for a transport that is not open");
        match &mut self.cut_up {
            Some(left) if *left <= bytes.len() => {
                let part = &bytes[..*left];
                self.cut_up = None;
                self.broker.read(part);
                self.cut(generation);
            }
            Some(left) => {
                *left -= bytes.len();
                self.broker.read(bytes);
            }
            None => self.broker.read(bytes),
        }
    }

    pub fn act(&mut self, event: Event) {
        match event {
            Event::CredentialsRequested {
                generation,
                attempt,
                last,
            } => self
                .asks
                .push((generation, attempt, last.map(|error| error.code.name()))),
            Event::Open { generation, server } => {
                assert!(self.wire.is_none(), "two transports");
                self.opens.push((self.now, server));
                match self.dial {
                    Dial::Refuse => self.inputs.push_back(Input::Closed(generation, "refused")),
                    Dial::Silent => self.wire = Some((generation, false)),
                    Dial::Accept => {
                        self.wire = Some((generation, false));
                        self.inputs.push_back(Input::Opened(generation));
                    }
                }
            }
            Event::Close { generation } => {
                if self.wire.is_some_and(|(g, _)| g == generation) {
                    self.wire = None;
                    self.broker.gone();
                }
                if !self.never_closes {
                    self.inputs.push_back(Input::Closed(generation, ""));
                }
            }
            Event::Connected {
                session_present,
                code,
                ..
            } => {
                self.log.push(format!("connected {code}"));
                self.connacks.push((session_present, code));
                let ends = self.on_connect_ends.iter().map(|&filter| filter.into());
                if ends.len() > 0 {
                    let ends = ends.collect();
                    self.engine.unsubscribe(ends, Vec::new(), None).unwrap();
                }
                for filter in self.on_connect.clone() {
                    let call = self.subscribe_undrained(&[filter], None);
                    self.on_connect_calls.push(call);
                }
            }
            Event::Auth { reason, properties } => self.auths.push((reason, properties)),
            Event::Disconnected { rc, error } => {
                assert_eq!(rc == 0, error.is_none());
                self.log.push(format!("disconnected {rc}"));
                self.disconnects.push(rc);
                self.errors.extend(error);
            }
            Event::HandlerRemoved(handler) => self.unrouted.push(handler),
            Event::Done { token, result } => self.end(token, result),
            Event::Error(error) => {
                self.log.push(format!("error {}", error.code.name()));
                self.errors.push(error);
            }
        }
    }

    fn take_messages(&mut self, from: usize, upto: usize) {
        assert_eq!(from, self.taken);
        self.taken = upto;
        let beside = self.beside.take();
        let records = &self.engine.messages()[from..upto];
        let got: Vec<Got> = records
            .iter()
            .map(|r| {
                let topic = self.engine.topic(r.topic);
                assert!(!topic.is_empty());
                Got {
                    topic: topic.to_owned(),
                    payload: match r.flags & 16 {
                        0 => self.engine.received_bytes()[r.payload()].to_vec(),
                        _ => beside.clone().unwrap().0,
                    },
                    qos: r.qos(),
                    retain: r.retain(),
                    dup: r.dup(),
                    handlers: self.engine.route(self.engine.topic_key(r.topic)),
                    ticket: Some(r.ticket).filter(|_| r.qos() > 0),
                }
            })
            .collect();
        for message in &got {
            self.log.push(format!("message {}", message.topic));
            if self.defers {
                self.engine.defer(message.ticket);
                self.deferred.push(message.clone());
            }
        }
        self.messages.extend(got);
    }

    pub fn end(&mut self, token: Token, result: Result<Outcome, Error>) {
        assert!(
            self.pending.remove(&token),
            "{token:?} ended twice: {:?}, {result:?}",
            self.ended.get(&token)
        );
        self.ended.insert(token, result);
    }
}

impl Io for Sim {
    fn now(&mut self) -> Millis {
        self.now
    }

    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.engine)
    }

    fn store(&mut self, changes: Vec<Change>) -> Flow {
        assert!(self.engine.config().persist, "changes without a store");
        self.keep(changes);
        Flow::Ready
    }

    fn transmit(&mut self, generation: Generation, bytes: &[u8]) -> Flow {
        assert!(!bytes.is_empty());
        if self.store.dead {
            return Flow::Ready;
        }
        self.sends += 1;
        if self.wire.is_some_and(|(current, _)| current == generation) {
            self.write(bytes);
        }
        self.store.unsettled = 0;
        self.dies_here();
        match &mut self.full_after {
            Some(left) if *left <= 1 => {
                self.full_after = None;
                Flow::Full
            }
            Some(left) => {
                *left -= 1;
                Flow::Ready
            }
            None => Flow::Ready,
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        if !self.store.dead {
            let before = self.messages.len();
            self.take_messages(delivery.from, delivery.upto);
            self.store.unsettled += self.messages.len() - before;
        }
    }

    fn event(&mut self, event: Event) {
        if !self.store.dead {
            self.act(event);
        }
    }
}

pub fn message<'a>(topic: &'a str, payload: &'a [u8], qos: u8) -> Message<'a> {
    Message {
        topic,
        payload,
        qos,
        retain: false,
        properties: &[],
    }
}

//! The world around the engine under test: a clock that only tests move, a transport and a store. It is drained by the same
//! `drive` as everywhere, with the adapter in `adapter.rs`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::broker::Broker;
use super::store::Store;
use crate::engine::{drive, Config, Engine, Error, Generation, Message, Millis, Outcome, Ticket, Token};

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

    pub(super) fn cut(&mut self, generation: Generation) {
        if self.wire.is_some_and(|(g, _)| g == generation) {
            self.wire = None;
            self.broker.gone();
            self.inputs.push_back(Input::Closed(generation, "cut"));
        }
    }

    pub fn drain(&mut self) {
        drive(self);
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

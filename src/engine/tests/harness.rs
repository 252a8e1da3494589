//! The world around the engine under test: a clock that only tests move, a transport, and a driver
//! that drains after every input as the engine's documentation says.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::broker::Broker;
use crate::engine::{
    Config, Engine, Error, Event, Generation, Message, Millis, Outcome, State, Taken, Token,
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
}

/// Everything that was reported, in order, in words that tests can compare.
pub type Log = Vec<String>;

enum Input {
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
    /// A transport that is told to close never says that it has.
    pub never_closes: bool,

    pub opens: Vec<(Millis, usize)>,
    pub messages: Vec<Got>,
    pub disconnects: Vec<u8>,
    pub errors: Vec<Error>,
    pub connacks: Vec<(bool, u8)>,
    pub unrouted: Vec<u32>,
    pub log: Log,
    /// Calls of the transport's send.
    pub sends: usize,

    inputs: VecDeque<Input>,
    next_token: Token,
    pub pending: BTreeSet<Token>,
    pub ended: BTreeMap<Token, Result<Outcome, Error>>,
    ticks_now: u32,
    /// Records of this chunk that were taken.
    taken: usize,
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
            engine: Engine::new(cfg, seed),
            now: 1_000_000,
            broker: Broker::default(),
            dial: Dial::Accept,
            wire: None,
            piece: usize::MAX,
            auto: true,
            cut_up: None,
            cut_down: None,
            never_closes: false,
            opens: Vec::new(),
            messages: Vec::new(),
            disconnects: Vec::new(),
            errors: Vec::new(),
            connacks: Vec::new(),
            unrouted: Vec::new(),
            log: Vec::new(),
            sends: 0,
            inputs: VecDeque::new(),
            next_token: 0,
            pending: BTreeSet::new(),
            ended: BTreeMap::new(),
            ticks_now: 0,
            taken: 0,
        }
    }

    /// Started and online.
    pub fn online(cfg: Config) -> Sim {
        let mut sim = Sim::new(cfg);
        sim.start();
        assert!(sim.engine.is_online());
        sim
    }

    // Calls of the user. Each ends with a full drain and, if `auto`, with what that leads to.

    pub fn token(&mut self) -> Token {
        self.next_token += 1;
        self.pending.insert(self.next_token);
        self.next_token
    }

    pub fn start(&mut self) -> Token {
        let token = self.token();
        self.engine.start(self.now, token);
        self.settle();
        token
    }

    pub fn stop(&mut self) -> Token {
        let token = self.token();
        self.engine.stop(self.now, token);
        self.settle();
        token
    }

    pub fn publish(&mut self, topic: &str, payload: &str, qos: u8) -> Token {
        self.publish_bytes(topic, payload.as_bytes(), qos)
    }

    pub fn publish_bytes(&mut self, topic: &str, payload: &[u8], qos: u8) -> Token {
        let token = self.publish_undrained(topic, payload, qos);
        self.settle();
        token
    }

    pub fn publish_undrained(&mut self, topic: &str, payload: &[u8], qos: u8) -> Token {
        let token = self.token();
        let taken = self
            .engine
            .publish(self.now, &message(topic, payload, qos), token);
        match taken {
            Ok(Taken::Now) => self.end(token, Ok(Outcome::None)),
            Ok(Taken::Later) => {}
            Err(error) => self.end(token, Err(error)),
        }
        token
    }

    /// The token under which the batch ends.
    pub fn batch(&mut self, topic: &str, json: &str) -> Token {
        self.batch_as(&message(topic, json.as_bytes(), 0))
    }

    pub fn batch_as(&mut self, item: &Message<'_>) -> Token {
        let token = self.token();
        let ends_as = match self.engine.batch(self.now, item, token) {
            Ok(ends_as) => {
                if ends_as != token {
                    self.pending.remove(&token);
                }
                ends_as
            }
            Err(error) => {
                self.end(token, Err(error));
                token
            }
        };
        self.settle();
        ends_as
    }

    pub fn queue(&mut self, topic: &str, payload: &str, qos: u8) -> Token {
        let token = self.token();
        let taken = self
            .engine
            .queue(self.now, &message(topic, payload.as_bytes(), qos), token);
        if let Err(error) = taken {
            self.end(token, Err(error));
        }
        self.settle();
        token
    }

    pub fn flush(&mut self) {
        self.engine.flush();
        self.settle();
    }

    pub fn subscribe(&mut self, filters: &[(&str, u8)], handler: Option<u32>) -> Token {
        let token = self.token();
        let filters = filters.iter().map(|(f, q)| (f.to_string(), *q)).collect();
        if let Err(error) = self.engine.subscribe(filters, handler, token) {
            self.end(token, Err(error));
        }
        self.settle();
        token
    }

    pub fn unsubscribe(&mut self, filters: &[&str]) -> Token {
        let token = self.token();
        let filters = filters.iter().map(|f| f.to_string()).collect();
        if let Err(error) = self.engine.unsubscribe(filters, token) {
            self.end(token, Err(error));
        }
        self.settle();
        token
    }

    pub fn block(&mut self, blocked: bool) {
        self.engine.set_blocked(blocked);
        self.settle();
    }

    // The world.

    /// The transport breaks.
    pub fn drop_connection(&mut self) {
        if let Some((generation, _)) = self.wire.take() {
            self.broker.gone();
            self.engine.closed(generation, "reset", self.now);
        }
        self.settle();
    }

    /// The transport breaks, the broker comes back `ms` later at the latest.
    pub fn reconnect(&mut self) {
        self.drop_connection();
        self.advance(2_000);
        assert!(self.engine.is_online(), "{:?}", self.log);
    }

    /// These bytes come from the broker.
    pub fn inject(&mut self, bytes: &[u8]) {
        let generation = self.generation();
        self.feed(generation, bytes);
        self.settle();
    }

    pub fn generation(&self) -> Generation {
        self.wire.map_or(0, |(generation, _)| generation)
    }

    pub fn feed(&mut self, generation: Generation, bytes: &[u8]) {
        self.taken = 0;
        self.engine.space(bytes.len()).copy_from_slice(bytes);
        self.engine.received(generation, bytes.len(), self.now);
        self.drain();
    }

    /// Another client publishes.
    pub fn incoming(&mut self, topic: &str, payload: &str, qos: u8) -> bool {
        let routed = self.broker.publish(topic, payload.as_bytes(), qos);
        self.settle();
        routed
    }

    /// Time passes, timers are punctual.
    pub fn advance(&mut self, ms: Millis) {
        let end = self.now + ms;
        self.settle();
        while let Some(at) = self.engine.next_deadline().filter(|&at| at <= end) {
            if at > self.now {
                self.now = at;
                self.ticks_now = 0;
            }
            self.tick();
        }
        self.now = end;
        self.ticks_now = 0;
    }

    /// Time passes and no timer fires before its end.
    pub fn sleep(&mut self, ms: Millis) {
        self.now += ms;
        self.ticks_now = 0;
    }

    pub fn tick(&mut self) {
        self.ticks_now += 1;
        assert!(
            self.ticks_now < 100,
            "a busy loop at {}: {:?}",
            self.now,
            self.engine.timers
        );
        self.engine.tick(self.now);
        let next = self.engine.next_deadline();
        assert!(
            next.is_none_or(|at| at > self.now),
            "a deadline that stays in the past"
        );
        self.settle();
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
                    self.engine.opened(generation, self.now);
                }
                Some(Input::Closed(generation, why)) => self.engine.closed(generation, why, self.now),
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
        loop {
            let bytes = self.engine.outgoing(self.now).to_vec();
            if bytes.is_empty() {
                break;
            }
            self.engine.sent(self.now);
            self.sends += 1;
            self.write(&bytes);
        }
        while let Some(event) = self.engine.next_event() {
            self.act(event);
        }
        assert!(self.engine.outgoing(self.now).is_empty());
    }

    fn write(&mut self, bytes: &[u8]) {
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

    fn act(&mut self, event: Event) {
        match event {
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
            } => {
                self.log.push(format!("connected {code}"));
                self.connacks.push((session_present, code));
            }
            Event::Disconnected { rc, error } => {
                assert_eq!(rc == 0, error.is_none());
                self.log.push(format!("disconnected {rc}"));
                self.disconnects.push(rc);
                self.errors.extend(error);
            }
            Event::Messages { from, upto } => self.take_messages(from, upto),
            Event::Unrouted(handler) => self.unrouted.push(handler),
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
        let records = &self.engine.records()[from..upto];
        let got: Vec<Got> = records
            .iter()
            .map(|r| {
                let topic = self.engine.topic(r.topic);
                assert!(!topic.is_empty());
                Got {
                    topic: topic.to_owned(),
                    payload: self.engine.inbound()[r.offset as usize..][..r.len as usize].to_vec(),
                    qos: (r.flags & 3) as u8,
                    retain: r.flags & 4 != 0,
                    dup: r.flags & 8 != 0,
                    handlers: self.engine.route(topic),
                }
            })
            .collect();
        for message in &got {
            self.log.push(format!("message {}", message.topic));
        }
        self.messages.extend(got);
    }

    fn end(&mut self, token: Token, result: Result<Outcome, Error>) {
        assert!(
            self.pending.remove(&token),
            "{token} ended twice: {:?}, {result:?}",
            self.ended.get(&token)
        );
        self.ended.insert(token, result);
    }

    // Questions.

    pub fn is_pending(&self, token: Token) -> bool {
        self.pending.contains(&token)
    }

    #[track_caller]
    pub fn ok(&self, token: Token) -> &Outcome {
        match self.ended.get(&token) {
            Some(Ok(outcome)) => outcome,
            other => panic!("{token} is not done: {other:?}"),
        }
    }

    #[track_caller]
    pub fn error(&self, token: Token) -> &Error {
        match self.ended.get(&token) {
            Some(Err(error)) => error,
            other => panic!("{token} did not fail: {other:?}"),
        }
    }

    /// "OK", "pending" or the code of the error.
    pub fn fate(&self, token: Token) -> &'static str {
        match self.ended.get(&token) {
            None => "pending",
            Some(Ok(_)) => "OK",
            Some(Err(error)) => error.code.name(),
        }
    }

    /// Nothing is kept any more: every operation ended, every counter is back.
    #[track_caller]
    pub fn assert_empty(&self) {
        let e = &self.engine;
        assert!(self.pending.is_empty(), "pending: {:?}", self.pending);
        assert_eq!((e.held.messages, e.held.bytes), (0, 0));
        assert_eq!((e.stats().in_flight, e.stats().queued), (0, 0));
        assert!(e.waiting.is_empty() && e.resend.is_empty() && e.control.is_empty());
        assert!(e.ops.keys().is_empty() && !e.collecting());
    }

    /// Stopped for good: nothing is kept and no timer runs.
    #[track_caller]
    pub fn assert_stopped(&self) {
        self.assert_empty();
        assert_eq!(self.engine.state(), State::Stopped);
        assert_eq!(self.engine.next_deadline(), None);
        assert_eq!(self.wire, None);
    }

    pub fn topics(&self) -> Vec<&str> {
        self.messages.iter().map(|m| &*m.topic).collect()
    }

    pub fn texts(&self) -> Vec<&str> {
        let texts = self
            .messages
            .iter()
            .map(|m| std::str::from_utf8(&m.payload).unwrap());
        texts.collect()
    }
}

pub fn message<'a>(topic: &'a str, payload: &'a [u8], qos: u8) -> Message<'a> {
    Message {
        topic,
        payload,
        qos,
        retain: false,
    }
}

//! The engine under any sequence of commands, packets of a broker, faults and clocks: what it sends is always allowed
//! (`strict_broker.rs`), nothing is acknowledged before it was delivered (`deliveries.rs`), nothing is sent before it is
//! stored, every call ends exactly once, and after `stop` nothing is left.
//!
//! The first bytes choose the configuration; each of the others is a step, followed by its arguments. Here is the order of
//! a run; what a step does is in `engine/`.

use std::collections::{BTreeMap, BTreeSet};

use mqtt_lib::codec::properties::{put, Property, Value};
use mqtt_lib::codec::ReasonCode;
use mqtt_lib::engine::{Change, Config, Engine, Error, Generation, Millis, State, Ticket, Token};

use crate::input::Input;

// With paths, because the targets in fuzz/ include this file with a path.
#[path = "engine/adapter.rs"]
mod adapter;
#[path = "engine/broker_packets.rs"]
mod broker_packets;
#[path = "engine/commands.rs"]
mod commands;
#[path = "engine/config.rs"]
mod config;
#[path = "engine/deliveries.rs"]
mod deliveries;
#[path = "engine/hostility.rs"]
mod hostility;
#[path = "engine/strict_broker.rs"]
mod strict_broker;

use strict_broker::StrictBroker;

/// Steps of one run: more of them are slow and show nothing new.
const MOST_STEPS: usize = 300;

/// A hostile adapter is full, closes, and calls the engine within any step of the drain.
pub fn run(data: &[u8], hostile: bool) {
    World::new(Input(data), hostile).run();
}

#[derive(Clone, Copy, PartialEq)]
enum Transport {
    None,
    Opening(Generation),
    Open(Generation),
    /// It was to close, and has not said that it has.
    Closing(Generation),
}

struct World<'a> {
    input: Input<'a>,
    engine: Engine,
    now: Millis,
    draining: bool,
    transport: Transport,
    /// The transport takes no more.
    transport_full: bool,
    /// It, or the store, was given more nevertheless: the transport has to close before the drain ends.
    closes: bool,
    broker: StrictBroker,
    last_token: u32,
    pending: BTreeSet<Token>,
    /// Messages that the application goes on with: the ticket, and the serial number.
    late: Vec<(Ticket, u32)>,
    kept: BTreeMap<u64, Vec<u8>>,
    /// Changes that the store has taken and not written; it takes no more until then.
    unwritten: Vec<Change>,
    store_full: bool,
    /// Otherwise what it has kept is restored before the next start.
    store_is_open: bool,
    /// A transport that is to close says nothing until a later step.
    slow_to_close: bool,
    refuses: bool,
    seed: u64,
    /// The answer to a request for credentials, and the attempt for which they were requested.
    answer: Config,
    requested: Option<Generation>,
    /// Whether the adapter is hostile, and whether a call of its own is running.
    hostile: bool,
    disturbing: bool,
}

fn list(all: &[(Property, Value<'_>)]) -> Vec<u8> {
    let mut list = Vec::new();
    for &(id, value) in all {
        put(&mut list, id, value);
    }
    list
}

const TOPICS: [&str; 6] = ["a", "topic", "topic/of/some/length", "other/topic", "é", "$SYS/x"];
const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789";

impl<'a> World<'a> {
    fn new(mut input: Input<'a>, hostile: bool) -> World<'a> {
        let (config, asks) = config::choose(&mut input);
        let mut world = World {
            input,
            answer: config.clone(),
            requested: None,
            engine: Engine::new(if asks { Config::asking() } else { config }, 1).unwrap(),
            now: 1_000_000,
            draining: false,
            transport: Transport::None,
            transport_full: false,
            closes: false,
            broker: StrictBroker::default(),
            last_token: 0,
            pending: BTreeSet::new(),
            late: Vec::new(),
            kept: BTreeMap::new(),
            unwritten: Vec::new(),
            store_full: false,
            store_is_open: true,
            slow_to_close: false,
            refuses: false,
            seed: 1,
            hostile,
            disturbing: false,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        self.store_is_open = !self.engine.config().persist;
        self.start();
    }

    fn run(mut self) {
        for _ in 0..MOST_STEPS {
            if self.input.is_over() {
                break;
            }
            if self.store_full && self.input.one_in(4) {
                self.store_is_ready();
            }
            self.step();
        }
        self.finish();
    }

    fn step(&mut self) {
        match self.input.byte() % 32 {
            0..=3 => self.publish(),
            4 => self.subscribe(),
            5 => self.unsubscribe(),
            6 | 7 => self.opened(),
            8..=10 => self.connack(),
            11..=15 => self.answer(),
            16..=18 => self.incoming(),
            19 => self.raw(),
            20 => self.cut(),
            21 => {
                if let Some(at) = self.engine.next_deadline() {
                    self.now = self.now.max(at);
                }
                self.tick();
            }
            22 => {
                self.now += self.input.pick(&[1, 100, 1_000, 10_000, 100_000]);
                if !self.input.one_in(2) {
                    self.tick();
                }
            }
            23 => self.flush(),
            24 => {
                if self.input.one_in(4) {
                    let properties = list(&[(Property::ReasonString, Value::Text(LONG))]);
                    let _ = self
                        .engine
                        .set_disconnect(ReasonCode::DISCONNECT_WITH_WILL_MESSAGE, &properties);
                }
                self.stop();
            }
            25 => self.start(),
            26 => {
                let blocked = self.input.one_in(2);
                self.set_blocked(blocked);
            }
            27 => {
                let online = self.input.one_in(2);
                self.engine.set_network(self.now, online);
                self.drain();
            }
            28 => self.authenticate(),
            29 => match self.input.byte() % 4 {
                0 => self.slow_to_close ^= true,
                1 => match self.requested.take() {
                    Some(generation) => {
                        self.engine
                            .credentials_given(self.now, generation, Err(Error::stopped()));
                        self.drain();
                    }
                    None => self.refuses ^= true,
                },
                2 if self.engine.config().persist => self.restart(),
                _ => self.closed(),
            },
            30 => self.violate(),
            _ => match self.input.byte() {
                chosen @ 0..=191 => self.handle_late(chosen),
                chosen @ 192..=231 => self.withdraw(chosen),
                chosen => {
                    let never = Generation::MAX - Generation::from(chosen);
                    self.engine.closed(self.now, never, "long ago");
                    self.drain();
                }
            },
        }
    }

    /// The process ends, and another begins.
    fn restart(&mut self) {
        self.seed += 1;
        self.transport = Transport::None;
        self.pending.clear();
        self.late.clear();
        self.unwritten.clear();
        self.store_full = false;
        self.engine = Engine::new(self.engine.config().clone(), self.seed).unwrap();
        self.begin();
    }

    /// However things stand: stop ends everything, in bounded time.
    fn finish(&mut self) {
        self.hostile = false;
        self.store_is_ready();
        self.set_blocked(false);
        self.stop();
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
            self.stop();
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
        assert_eq!(stats.queued, 0);
        // A session that is kept has messages of QoS 2 to complete.
        let config = self.engine.config();
        assert!(stats.in_flight == 0 || !config.clean_session && !config.persist);
    }
}

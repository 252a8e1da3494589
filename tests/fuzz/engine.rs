//! The engine under any sequence of calls, packets of a server, faults and clocks: what it sends is always allowed
//! (`peer.rs`), every call ends exactly once, and after `stop` nothing is left.
//!
//! The first bytes choose the settings; each of the others is a step, with what it needs behind it. Here is the order
//! of a run; what a step does is in `engine/`.

use std::collections::{BTreeMap, BTreeSet};

use mqtt_lib::codec::properties::{put, Property, Value};
use mqtt_lib::engine::{Config, Engine, Error, Generation, Millis, State, Token};

use crate::input::Input;
use crate::peer::Peer;

// By their paths, because `fuzz/` includes this file by its own.
#[path = "engine/calls.rs"]
mod calls;
#[path = "engine/driver.rs"]
mod driver;
#[path = "engine/server.rs"]
mod server;
#[path = "engine/settings.rs"]
mod settings;

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

fn list(all: &[(Property, Value<'_>)]) -> Vec<u8> {
    let mut list = Vec::new();
    for &(id, value) in all {
        put(&mut list, id, value);
    }
    list
}

const TOPICS: [&str; 6] = ["a", "topic", "topic/of/some/length", "other/topic", "é", "$SYS/x"];
const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789";

impl World {
    fn new(input: &mut Input<'_>) -> World {
        let (cfg, asks) = settings::choose(input);
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
                    let properties = list(&[(Property::ReasonString, Value::Text(LONG))]);
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
                let data = list(&[(Property::AuthenticationData, Value::Binary(&data))]);
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

//! A driver with a store: what it does, and how it dies. Bytes leave only after the journal made before
//! them is kept; a crash may come before that, after it, and after the bytes have left.

use std::collections::BTreeMap;

use super::harness::Sim;
use crate::engine::{Engine, Event};

#[derive(Default)]
pub struct Store {
    pub kept: BTreeMap<u64, Vec<u8>>,
    /// How often the journal was kept.
    pub writes: usize,
    /// The process dies at this many more points where it can.
    pub crash_in: Option<usize>,
    pub dead: bool,
    /// Messages given to the user since the journal was last kept: after a crash they may come again.
    pub unsettled: usize,
    /// How many messages may have come twice for that reason.
    pub excused: Vec<Vec<u8>>,
    pub crashes: usize,
}

impl Sim {
    /// Takes up what is kept, as a driver does before each start.
    pub fn open_store(&mut self) {
        let entries = self.store.kept.iter().map(|(key, value)| (*key, value.clone()));
        let unread = self.engine.restore(entries.collect(), self.now);
        assert_eq!(unread, 0);
        self.drain();
    }

    /// The process ends, and another begins.
    pub fn restart(&mut self) {
        self.die();
        self.store.dead = false;
        self.store.crash_in = None;
        self.store.crashes += 1;
        let seed = self.store.crashes as u64;
        self.engine = Engine::new(self.engine.config().clone(), seed);
        self.open_store();
        self.start();
    }

    fn die(&mut self) {
        self.store.dead = true;
        self.wire = None;
        self.cut_up = None;
        self.cut_down = None;
        self.broker.gone();
        self.inputs.clear();
        self.pending.clear();
        let unsettled = std::mem::take(&mut self.store.unsettled);
        let last = self.messages.len() - unsettled;
        let payloads = self.messages[last..].iter().map(|m| m.payload.clone());
        self.store.excused.extend(payloads);
    }

    fn dies_here(&mut self) -> bool {
        if let Some(left) = &mut self.store.crash_in {
            if *left == 0 {
                self.die();
            } else {
                *left -= 1;
            }
        }
        self.store.dead
    }

    pub fn drain_stored(&mut self) {
        while !self.store.dead {
            if let Some(event) = self.engine.next_event() {
                if matches!(event, Event::Close { .. }) {
                    self.hand_over();
                }
                if !self.store.dead {
                    let before = self.messages.len();
                    self.act(event);
                    self.store.unsettled += self.messages.len() - before;
                }
                continue;
            }
            let silent = self.engine.outgoing(self.now).is_empty();
            if silent && !self.engine.has_journal() {
                if self.engine.has_events() {
                    continue;
                }
                return;
            }
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let bytes = self.engine.outgoing(self.now).to_vec();
        if self.dies_here() {
            return;
        }
        let changes = self.engine.take_journal();
        self.store.writes += !changes.is_empty() as usize;
        for (key, value) in changes {
            match value {
                Some(value) => self.store.kept.insert(key, value),
                None => self.store.kept.remove(&key),
            };
        }
        self.store.unsettled = 0;
        if self.dies_here() || bytes.is_empty() {
            return;
        }
        self.engine.sent(self.now);
        self.sends += 1;
        self.write(&bytes);
        self.dies_here();
    }
}

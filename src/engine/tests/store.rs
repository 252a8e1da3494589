//! The store of the simulation, and crashes: before changes are written, after that, and after bytes were transmitted.

use std::collections::BTreeMap;

use super::harness::Sim;
use crate::engine::{Change, Engine};

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
        let unread = self.engine.restore(self.now, entries.collect());
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
        self.engine = Engine::new(self.engine.config().clone(), seed).unwrap();
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

    pub fn dies_here(&mut self) -> bool {
        if let Some(left) = &mut self.store.crash_in {
            if *left == 0 {
                self.die();
            } else {
                *left -= 1;
            }
        }
        self.store.dead
    }

    /// Writes changes to the store.
    pub fn keep(&mut self, changes: Vec<Change>) {
        if self.dies_here() {
            return;
        }
        self.store.writes += 1;
        for (key, value) in changes {
            match value {
                Some(value) => self.store.kept.insert(key, value),
                None => self.store.kept.remove(&key),
            };
        }
        self.store.unsettled = 0;
        self.dies_here();
    }
}

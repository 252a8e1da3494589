//! Which requests have a filter, so that none of the others need be looked at. Knows requests by their places only.

use crate::engine::interner::{HashKeys, Interner};

#[derive(Debug)]
pub(super) struct Index {
    filters: Interner,
    /// By number of the filter: the places of the requests that have it.
    of: Vec<Vec<u32>>,
}

impl Index {
    pub fn new(keys: HashKeys) -> Self {
        Index {
            filters: Interner::new(keys),
            of: Vec::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.filters.len() == 0
    }

    pub fn add(&mut self, filter: &str, slot: u32) {
        let number = self.filters.insert(filter.as_bytes()) as usize;
        if number == self.of.len() {
            self.of.push(Vec::new());
        }
        self.of[number].push(slot);
    }

    /// The request in this place does not have the filter any longer.
    pub fn remove(&mut self, filter: &str, slot: u32) {
        let Some(number) = self.filters.find(filter.as_bytes()) else {
            return;
        };
        let of = &mut self.of[number as usize];
        if let Some(at) = of.iter().position(|&other| other == slot) {
            of.swap_remove(at);
        }
        if of.is_empty() {
            self.filters.remove(number);
        }
    }

    /// The places of the requests that have the filter.
    pub fn of(&self, filter: &str) -> &[u32] {
        let number = self.filters.find(filter.as_bytes());
        number.map_or(&[], |number| &self.of[number as usize])
    }
}

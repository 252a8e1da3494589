//! Message handlers by number, so that the engine can route to them without knowing functions.

use js_sys::Function;

/// Numbers of watchers are odd: they see messages without taking them from `on_message`.
#[derive(Default)]
pub struct Handlers {
    functions: Vec<Option<Function>>,
    free: Vec<u32>,
}

impl Handlers {
    pub fn add(&mut self, handler: Function, watcher: bool) -> u32 {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.functions.push(None);
                (self.functions.len() - 1) as u32
            }
        };
        self.functions[slot as usize] = Some(handler);
        slot << 1 | watcher as u32
    }

    pub fn remove(&mut self, number: u32) {
        let slot = number >> 1;
        if let Some(Some(_)) = self.functions.get(slot as usize) {
            self.functions[slot as usize] = None;
            self.free.push(slot);
        }
    }

    /// The functions of these numbers, but of those that get another copy, and whether one of them is more than a watcher.
    pub fn select(&self, numbers: &[u32]) -> (Vec<Function>, bool) {
        let mut found = Vec::with_capacity(numbers.len());
        let mut subscribed = false;
        for &number in numbers {
            subscribed |= number & 1 == 0;
            if let Some(Some(function)) = self.functions.get((number >> 1) as usize) {
                found.push(function.clone());
            }
        }
        (found, subscribed)
    }
}

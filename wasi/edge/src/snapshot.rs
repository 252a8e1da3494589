//! Retained messages that are being collected, the last one of each topic.

use std::collections::BTreeMap;

use crate::events::Message;

#[derive(Default)]
pub struct Snapshot {
    kept: BTreeMap<String, Message>,
    count: usize,
}

impl Snapshot {
    pub fn take(&mut self, message: &Message) {
        if message.retain {
            self.count += 1;
            let mut kept = message.clone();
            kept.ticket = None;
            self.kept.insert(kept.topic.clone(), kept);
        }
    }

    /// How many have come, also several of one topic.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The last one of each topic.
    pub fn into_messages(self) -> Vec<Message> {
        self.kept.into_values().collect()
    }
}

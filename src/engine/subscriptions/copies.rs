//! Copies of a message for filters that overlap. A broker sends one for each filter, with its identifier, or one for all, with
//! all identifiers (§3.3.4); some send one for all with one identifier, and a handler that goes by identifiers gets nothing.
//! Until a broker has shown that it is none of these, what it sends first goes to all handlers, and further copies to none.

use super::overlaps::{is_ours, ALL, OURS, SEPARATOR, SHARED};
use super::Subscriptions;
use crate::codec::properties::{Properties, Property, Value};
use crate::codec::publish::Publish;
use crate::engine::suspecting::hash_of;

/// Bytes of an identifier as a character.
const MARK: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Copies {
    /// The broker sends an identifier for each filter, with one copy or with several.
    trusted: bool,
    /// The hash of topic and payload of the message that went to all handlers last, 0: none did. A payload that is received
    /// beside the engine is empty here.
    hash: u64,
    /// The identifier of its first copy.
    first: u32,
    /// Whether this copy is acknowledged when its handlers have returned.
    acknowledged: bool,
}

impl Copies {
    /// What comes next is no copy of what came before: the session, or what is subscribed, is another one.
    pub fn forget_last(&mut self) {
        self.hash = 0;
    }
}

impl Subscriptions {
    /// The number of a topic with the identifiers of ours in these properties, which are empty if they have nothing else, and
    /// with `ALL` if it goes to the others that match, too. None: they have had it.
    #[inline(never)]
    pub fn with_identifiers(&mut self, topic: u32, message: &Publish<'_>, list: &mut &[u8]) -> Option<u32> {
        let mut marks = String::new();
        let mut has_others = false;
        let mut id = 0;
        for (row, value) in Properties(list) {
            match value {
                Value::Number(ours) if row.property == Property::SubscriptionIdentifier && is_ours(ours) => {
                    marks.extend(char::from_u32(ours - OURS));
                    id = ours;
                }
                _ => has_others = true,
            }
        }
        if marks.is_empty() {
            return Some(topic);
        }
        if !has_others {
            *list = &[];
        }
        let copies = &mut self.copies;
        if marks.len() > MARK {
            copies.trusted = true;
            copies.hash = 0;
        }
        // A retained message is sent for one subscription.
        if !message.retain && (!copies.trusted || copies.hash != 0) {
            let name = self.topics.name(topic).unwrap_or_default();
            let hash = hash_of(name, message.payload);
            let is_acknowledged = message.qos > 0;
            if copies.hash == hash && copies.first != id {
                copies.trusted = true;
                // The acknowledgement of this one must not precede its handlers.
                if id & SHARED == 0 && copies.acknowledged >= is_acknowledged {
                    return None;
                }
            } else {
                copies.hash = 0;
                if !copies.trusted {
                    (copies.first, copies.hash, copies.acknowledged) = (id, hash, is_acknowledged);
                    marks.push(ALL);
                }
            }
        }
        Some(self.topics.extended(topic, SEPARATOR, marks.as_bytes()))
    }
}

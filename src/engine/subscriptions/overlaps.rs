//! Subscription identifiers that the engine chooses (§3.8.2.1.2). Where filters overlap, a broker of MQTT 5 may send a copy of
//! a message for each of them, or one for all: by the identifiers that a copy has, its handlers are found. Only filters
//! that overlap with another one, where one of them has a handler, get an identifier, and a SUBSCRIBE of their own. Which
//! copies there are is `copies`' matter. Never sends.

use super::request::{Request, BEFORE_ALL_CALLS};
use super::router::{NOBODY, WATCHER};
use super::{Filter, Kind, Subscriptions};
use crate::codec::properties::{number, Property};
use crate::codec::topic;
use crate::engine::format::split_once;
use crate::engine::suspecting::hash_of;

/// What the broker knows of a filter: nothing; a subscription without an identifier; one that stays as it is, because the
/// user has given an identifier or the broker has refused ours; otherwise our identifier.
pub(super) type Identity = u32;
pub(super) const NONE: Identity = 0;
pub(super) const PLAIN: Identity = 1;
pub(super) const LEFT: Identity = 2;

/// Our identifiers: the upper bits of each. The others are those of a character, from U+10000 on, which are a hash of the
/// filter, so that a kept session of another process has the same ones.
pub(super) const OURS: u32 = 0x70 << CHARACTER;
const CHARACTER: u32 = 21;
const FIRST: u32 = 0x1_0000;
/// In an identifier: its subscription is a shared one, of which each message is for one member of the group only.
pub(super) const SHARED: u32 = 0x8_0000;
/// What cannot be in a topic separates it from the identifiers of a message, of which each is a character.
pub(super) const SEPARATOR: u8 = 0;
/// Among identifiers: the message goes to all subscriptions that match, but to shared ones only by their identifiers.
pub(super) const ALL: char = '#';
/// With the number of a handler: it handles such messages, and not this copy.
pub const NOT_FOR: u32 = 1 << 31;
/// Without retained messages: the subscription that is repeated has had them.
const RETAIN_HANDLING: u8 = 0x30;
const NO_RETAINED: u8 = 0x20;

/// Whether a subscription identifier is the engine's: the user neither gives nor sees it.
pub fn is_ours(identifier: u32) -> bool {
    identifier >> CHARACTER == OURS >> CHARACTER
}

/// Of those bits of the hash that the last byte of the filter, often its wildcard, changes directly.
fn identifier_of(filter: &str) -> Identity {
    let hash = (hash_of("", filter.as_bytes()) >> 40) as u32;
    let shared = (topic::shared(filter).len() < filter.len()) as u32 * SHARED;
    OURS + FIRST + (hash & 0x3_ffff | shared)
}

/// Whether an identifier is among those behind a topic.
fn has(marks: &str, identity: Identity) -> bool {
    marks
        .chars()
        .any(|mark| OURS | mark as u32 == identity || mark == ALL && identity & SHARED == 0)
}

impl Subscriptions {
    #[inline(never)]
    fn identity(&self, of: u32) -> Identity {
        self.entries
            .get(of as usize)
            .map_or(WATCHER, |entry| entry.identity)
    }

    /// What the broker knows of a filter once this request is sent.
    #[inline(never)]
    pub(super) fn note_identity(&mut self, slot: u32, identifier: Identity) {
        let Some(request) = self.requests.get(slot) else {
            return;
        };
        // What asks for an identifier and goes without, as a suspect, does not ask again.
        let least = PLAIN + request.identifies() as u32;
        let contents = &request.contents;
        let identity = match contents.kind {
            Kind::Unsubscribe => NONE,
            _ if number(&contents.properties, Property::SubscriptionIdentifier).is_some() => LEFT,
            _ => identifier.max(least),
        };
        for Filter { filter, .. } in &contents.filters {
            if let Some(number) = self.filters.find(filter.as_bytes()) {
                self.entries[number as usize].identity = identity;
            }
        }
    }

    /// Whether a filter overlaps with another one, and a message of both has a handler. Those that have a subscription
    /// without an identifier are put into `plain`.
    #[inline(never)]
    pub(super) fn overlaps(&self, filter: &str, plain: &mut Vec<u32>) -> bool {
        let found = self.router.route(topic::shared(filter));
        let own = self.number_of(filter);
        let (mut is_other, mut is_handled) = (false, false);
        let known = plain.len();
        for (of, handler) in found {
            is_handled |= handler != NOBODY;
            if of != own && of != WATCHER {
                is_other = true;
                if self.identity(of) == PLAIN {
                    plain.push(of);
                }
            }
        }
        let overlaps = is_other && is_handled;
        if !overlaps {
            plain.truncate(known);
        }
        overlaps
    }

    /// Prepares the next request for a broker that has identifiers, and answers the one that it is sent with; 0: none.
    /// Filters that overlap are asked for one by one, and those of them that have a subscription without an identifier are
    /// subscribed again before.
    #[inline(never)]
    pub fn tell_apart(&mut self) -> Identity {
        loop {
            let Some((slot, _)) = self.next_request() else {
                return 0;
            };
            let Some(request) = self.requests.look_at(slot) else {
                return 0;
            };
            let Request {
                contents, suspicion, ..
            } = request;
            // A broker may close the connection because of the identifier.
            if contents.kind == Kind::Unsubscribe
                || number(&contents.properties, Property::SubscriptionIdentifier).is_some()
                || suspicion.is_suspect()
            {
                return 0;
            }
            let mut plain = Vec::new();
            let mut overlap = request.identifies();
            for Filter { filter, .. } in &contents.filters {
                overlap |= self.overlaps(filter, &mut plain);
            }
            if !overlap {
                return 0;
            }
            if contents.filters.len() > 1 {
                self.requests.pop_front();
                let mut parts = Vec::new();
                self.split(slot, &mut parts);
                for (_, part) in parts {
                    self.requests.send_first(part);
                }
            } else if plain.is_empty() {
                return identifier_of(&contents.filters[0].filter);
            }
            for other in plain {
                self.identify(other);
            }
        }
    }

    /// Subscribes again to what has no identifier, before all calls.
    #[inline(never)]
    fn identify(&mut self, number: u32) {
        let name = self
            .filters
            .name(number)
            .and_then(|name| std::str::from_utf8(name).ok());
        let entry = &mut self.entries[number as usize];
        if let (Some(filter), PLAIN) = (name, entry.identity) {
            entry.identity = LEFT;
            let filter = Filter {
                filter: filter.to_owned(),
                options: entry.options & !RETAIN_HANDLING | NO_RETAINED,
            };
            let granted = entry.granted.as_ref();
            let properties = granted.map_or_else(Vec::new, |(_, properties)| properties.clone());
            let caller = (BEFORE_ALL_CALLS, None);
            self.push_requests(Kind::Subscribe, caller, vec![(0, filter)], &properties, 1, 0);
            self.requests.send_last_first();
        }
    }

    /// Handlers of a topic, each once. With identifiers behind it, where all that match have one, those of other filters
    /// are `NOT_FOR`. One that watches a filter that nobody has subscribed gets each copy.
    #[inline(never)]
    pub fn route(&self, topic: &str) -> Vec<u32> {
        let (topic, marks) = split_once(topic, SEPARATOR);
        let marks = marks.unwrap_or_default();
        let found = self.router.route(topic);
        let (mut is_known, mut is_chosen) = (true, false);
        for &(of, _) in &found {
            let identity = self.identity(of);
            is_known &= identity > LEFT;
            is_chosen |= has(marks, identity);
        }
        let mut handlers = Vec::new();
        for (of, mut handler) in found {
            if handler == NOBODY {
                continue;
            }
            if is_known && is_chosen && of != WATCHER && !has(marks, self.identity(of)) {
                handler |= NOT_FOR;
            }
            if let Err(place) = handlers.binary_search(&handler) {
                handlers.insert(place, handler);
            }
        }
        handlers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_differ_in_their_last_character_have_different_identifiers_which_are_characters() {
        for i in 0..10_000 {
            let of = |end| identifier_of(&format!("device/{i}/{end}"));
            let all = [of("+"), of("#"), of("a"), of("b")];
            for (at, one) in all.iter().enumerate() {
                assert!(!all[..at].contains(one), "{i}");
                assert!(is_ours(*one) && has(&char::from_u32(one - OURS).unwrap().to_string(), *one));
            }
        }
    }
}

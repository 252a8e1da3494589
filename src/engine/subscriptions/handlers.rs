//! The handlers of a filter: they add up, the answer to the call that gave one decides whether it stays, and what a later
//! call gives in its place takes the place when that is granted. Never asks the broker.

use super::overlaps::LEFT;
use super::request::Request;
use super::{Filter, Subscriptions};
use crate::engine::effects::Effects;
use crate::engine::output::{Event, Generation};
use crate::engine::suspicion::Suspicion;

/// A handler that a call of subscribe gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handler {
    /// Its number, as messages are routed to it: a small one, because tables are as long.
    pub number: u32,
    /// It takes the place of the handler with the same key.
    pub key: u32,
    /// The connection in whose `on_connect` it is given; 0: elsewhere. It takes the place of those that an earlier one gave.
    pub connection: Generation,
}

impl Handler {
    /// Its number tells it from others.
    pub fn new(number: u32) -> Self {
        Handler {
            number,
            key: number,
            connection: 0,
        }
    }

    fn replaces(self, other: Handler) -> bool {
        let is_older = other.connection > 0 && other.connection < self.connection;
        other.key == self.key || is_older
    }
}

/// A handler of a filter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attached {
    handler: Handler,
    /// The call that gave it, by its place in the order of the calls.
    call: u64,
    /// The call that gave another one in its place, and is unanswered: no messages are routed to this one. 0: none.
    replaced: u64,
}

/// How a call has ended for a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted,
    Refused,
    Unsubscribed,
}

impl Subscriptions {
    /// A call gives the filter a handler.
    #[inline(never)]
    pub(super) fn attach(&mut self, filter: &str, handler: Handler, call: u64) {
        self.entry(filter);
        let of = self.number_of(filter);
        let handlers = &mut self.entries[of as usize].handlers;
        let mut replaced = Vec::new();
        for other in &mut *handlers {
            if other.replaced == 0 && handler.replaces(other.handler) {
                other.replaced = call;
                replaced.push(other.handler.number);
            }
        }
        handlers.push(Attached {
            handler,
            call,
            replaced: 0,
        });
        let number = handler.number as usize;
        if number >= self.uses.len() {
            self.uses.resize(number + 1, 0);
        }
        self.uses[number] += 1;
        for number in replaced {
            self.router.remove(filter, of, number);
        }
        self.router.insert(filter, of, handler.number);
        self.topics.renew();
    }

    /// The calls from `first` to `last` have ended for the filter: their handlers stay, or those that they replaced.
    #[inline(never)]
    pub(super) fn detach(
        &mut self,
        filter: &str,
        verdict: Verdict,
        (first, last): (u64, u64),
        effects: &mut Effects,
    ) {
        let of = self.number_of(filter);
        let Some(entry) = self.find(filter) else { return };
        let handlers = std::mem::take(&mut entry.handlers);
        if handlers.is_empty() {
            return;
        }
        let ended = first..=last;
        let all = handlers.clone();
        for mut one in handlers.into_iter().rev() {
            let number = one.handler.number;
            let stays = match verdict {
                Verdict::Granted => !ended.contains(&one.replaced),
                Verdict::Refused => !ended.contains(&one.call),
                Verdict::Unsubscribed => one.call > last,
            };
            let was_routed = one.replaced == 0;
            if !was_routed && ended.contains(&one.replaced) {
                // Another one may have been given in its place since then.
                let mut others = all.iter().filter(|other| {
                    other.call > one.call
                        && !ended.contains(&other.call)
                        && other.handler.replaces(one.handler)
                });
                one.replaced = others.next().map_or(0, |other| other.call);
            }
            // Those whose routes stay are not looked for: there may be thousands.
            match (was_routed, stays && one.replaced == 0) {
                (true, false) => self.router.remove(filter, of, number),
                (false, true) => self.router.insert(filter, of, number),
                _ => {}
            }
            if stays {
                self.entries[of as usize].handlers.push(one);
            } else if self.released(number) {
                effects.push(Event::HandlerRemoved(number));
            }
        }
        self.topics.renew();
    }

    /// A filter has the handler no longer; true if no other has it: one call may have given it to several.
    fn released(&mut self, number: u32) -> bool {
        let uses = &mut self.uses[number as usize];
        *uses -= 1;
        *uses == 0
    }

    /// The filter in this place of the request was granted.
    pub(super) fn granted(&mut self, request: &Request, at: usize, effects: &mut Effects) {
        let Filter { filter, options } = &request.contents.filters[at];
        self.settled(filter);
        if let Some(entry) = self.find(filter).filter(|_| !request.identifies()) {
            entry.granted = Some((*options, request.contents.properties.clone()));
            entry.suspicion = Suspicion::default();
        }
        self.detach(filter, Verdict::Granted, request.calls(at), effects);
    }

    /// It was refused, or the call has ended without an answer: what it gave is gone, and what was granted before stays.
    pub(super) fn refused(&mut self, request: &Request, at: usize, effects: &mut Effects) {
        let filter = &request.contents.filters[at].filter;
        let last = request.last_call(at);
        if let Some(entry) = self.find(filter) {
            entry.identity = LEFT;
        }
        if request.restores && self.find(filter).is_some_and(|entry| entry.last_call <= last) {
            return self.forget(filter, last, effects);
        }
        self.take_back(filter, request.calls(at), effects);
    }

    /// It was unsubscribed by this call; a later one may have asked for it again, and have been answered before.
    pub(super) fn unsubscribed(&mut self, filter: &str, seq: u64, effects: &mut Effects) {
        self.settled(filter);
        if !self.is_granted_after(filter, seq) {
            if let Some(entry) = self.find(filter) {
                entry.granted = None;
            }
        }
        self.detach(filter, Verdict::Unsubscribed, (0, seq), effects);
        self.forget(filter, seq, effects);
    }
}

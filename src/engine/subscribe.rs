//! Subscriptions: asked for, granted, restored after a lost session, and routed to handlers
//! (§3.8 to §3.11).

use super::error::excerpt;
use super::event::{Outcome, Token};
use super::message::check_qos;
use super::names::Names;
use super::ops::{Key, Op, Work};
use super::router::Router;
use super::text::count;
use super::timers::Millis;
use super::{Code, Engine, Error, Event};
use crate::codec::{topic, write, Version};

#[derive(Debug, Default)]
pub(super) struct Subscription {
    qos: u8,
    pub granted: bool,
    handler: Option<u32>,
    /// `Key::seq` of the call that asked for it last: the answer to an older one changes nothing.
    asked: u64,
}

#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    filters: Names,
    /// By number of the filter.
    entries: Vec<Subscription>,
    router: Router,
    /// SUBSCRIBEs that restore what a lost session had.
    pub restoring: Vec<Key>,
}

/// SUBACK's return code for a refused filter (§3.9.3).
const FAILURE: u8 = 0x80;
/// So many bytes of filters one call may have.
const MAX_FILTERS_BYTES: usize = 1 << 20;

impl Subscriptions {
    /// Filters by whether the broker has granted them, with their QoS.
    pub fn list(&self, granted: bool) -> Vec<(String, u8)> {
        let mut list = Vec::new();
        for number in self.filters.numbers() {
            let name = self
                .filters
                .name(number)
                .and_then(|f| std::str::from_utf8(f).ok());
            if let (Some(filter), Some(entry)) = (name, self.entries.get(number as usize)) {
                if entry.granted == granted {
                    list.push((filter.to_owned(), entry.qos));
                }
            }
        }
        list
    }

    pub fn find(&mut self, filter: &str) -> Option<&mut Subscription> {
        let number = self.filters.find(filter.as_bytes())?;
        self.entries.get_mut(number as usize)
    }

    /// The subscription to `filter`, a new one if there is none.
    fn entry(&mut self, filter: &str) -> &mut Subscription {
        let known = self.filters.len();
        let number = self.filters.insert(filter.as_bytes()) as usize;
        if number >= self.entries.len() {
            self.entries.push(Subscription::default());
        }
        if self.filters.len() > known {
            self.entries[number] = Subscription::default();
        }
        &mut self.entries[number]
    }

    fn remove(&mut self, filter: &str) {
        if let Some(number) = self.filters.find(filter.as_bytes()) {
            self.filters.remove(number);
        }
    }
}

impl Engine {
    /// Asks for the filters, all with one SUBSCRIBE. With `handler`, their messages are routed to
    /// that number; without, a handler they had is forgotten.
    pub fn subscribe(
        &mut self,
        filters: Vec<(String, u8)>,
        handler: Option<u32>,
        token: Token,
    ) -> Result<(), Error> {
        self.accepting()?;
        if filters.is_empty() {
            return Err(no_filters("subscribe"));
        }
        check_filters(filters.iter().map(|(filter, _)| filter.as_str()))?;
        for (_, qos) in &filters {
            check_qos(*qos)?;
        }
        self.room_for_control()?;
        let asked = filters.clone();
        let key = self.ops.insert(token, Work::Subscribe(filters));
        self.control.push_back(key);
        for (filter, qos) in &asked {
            self.set_handler(filter, handler);
            let entry = self.subs.entry(filter);
            entry.qos = *qos;
            entry.asked = key.seq;
        }
        Ok(())
    }

    pub fn unsubscribe(&mut self, filters: Vec<String>, token: Token) -> Result<(), Error> {
        self.accepting()?;
        if filters.is_empty() {
            return Err(no_filters("unsubscribe"));
        }
        check_filters(filters.iter().map(String::as_str))?;
        self.room_for_control()?;
        let key = self.ops.insert(token, Work::Unsubscribe(filters));
        self.control.push_back(key);
        Ok(())
    }

    /// Routes messages of `filter` to `handler` too, without subscribing.
    pub fn watch(&mut self, filter: &str, handler: u32) -> Result<(), Error> {
        check_filters(std::iter::once(filter))?;
        self.subs.router.insert(filter, handler);
        self.topics.renew();
        Ok(())
    }

    pub fn unwatch(&mut self, filter: &str, handler: u32) {
        self.subs.router.remove(filter, handler);
        self.topics.renew();
    }

    fn room_for_control(&self) -> Result<(), Error> {
        let (kept, bound) = (self.ops.control_bytes(), self.cfg.offline_bytes);
        if kept < bound.max(MAX_FILTERS_BYTES) {
            return Ok(());
        }
        let text = [
            &count(kept),
            " bytes of topic filters already wait to be acknowledged (offlinebytes ",
            &count(bound),
            "); wait for earlier calls, or raise the bound",
        ];
        Err(Error::say(Code::QueueFull, &text))
    }

    fn set_handler(&mut self, filter: &str, handler: Option<u32>) {
        let old = std::mem::replace(&mut self.subs.entry(filter).handler, handler);
        if old == handler {
            return;
        }
        if let Some(new) = handler {
            self.subs.router.insert(filter, new);
        }
        if let Some(gone) = old {
            self.subs.router.remove(filter, gone);
            // One call may have given it to several filters.
            if !self.subs.entries.iter().any(|e| e.handler == old) {
                self.events.push_back(Event::Unrouted(gone));
            }
        }
        self.topics.renew();
    }

    /// Drops a filter, unless a call later than number `seq` asked for it again.
    pub(super) fn forget(&mut self, filter: &str, seq: u64) {
        if self.subs.find(filter).is_some_and(|entry| entry.asked <= seq) {
            self.set_handler(filter, None);
            self.subs.remove(filter);
        }
    }

    /// Handlers that want a topic; none means `on_message`.
    pub fn route(&self, topic: &str) -> Vec<u32> {
        self.subs.router.route(topic)
    }

    /// Puts a SUBSCRIBE or UNSUBSCRIBE on the wire; false while no packet identifier is free.
    pub(super) fn send_control(&mut self, key: Key, now: Millis) -> bool {
        if self.ops.get(key).is_none() {
            return true;
        }
        if !self.ops.assign_pid(key) {
            return false;
        }
        if let Some(op) = self.ops.put_on_wire(key, now) {
            match &op.work {
                Work::Subscribe(filters) => {
                    let filters = filters.iter().map(|(f, q)| (f.as_str(), *q));
                    write::subscribe(&mut self.out, Version::V4, op.pid, &[], filters);
                }
                Work::Unsubscribe(filters) => {
                    let filters = filters.iter().map(String::as_str);
                    write::unsubscribe(&mut self.out, Version::V4, op.pid, &[], filters);
                }
                Work::Publish(_) => {}
            }
        }
        self.expect_ack(now);
        true
    }

    pub(super) fn on_suback(&mut self, pid: u16, codes: &[u8], now: Millis) -> Result<(), &'static str> {
        let key = match self.ops.by_pid(pid) {
            None => return self.out_of_place(pid),
            Some((key, op)) => match &op.work {
                Work::Subscribe(filters) if filters.len() == codes.len() => key,
                Work::Subscribe(_) => {
                    return Err("a SUBACK with another number of return codes than filters were asked for")
                }
                _ => return Err("a SUBACK for something that is not a SUBSCRIBE"),
            },
        };
        let Some(Op {
            token,
            work: Work::Subscribe(filters),
            ..
        }) = self.ops.remove(key)
        else {
            return Ok(());
        };
        self.link.last_ack = now;

        let mut refused = Vec::new();
        for ((filter, _), &code) in filters.iter().zip(codes) {
            if code == FAILURE {
                self.forget(filter, key.seq);
                refused.push(filter.as_str());
            } else if let Some(entry) = self.subs.find(filter) {
                entry.granted = true;
            }
        }
        if refused.is_empty() {
            self.done(token, Ok(Outcome::Granted(codes.to_vec())));
        } else {
            let text = [
                "the broker refused the subscription to \"",
                &excerpt(&refused.join("\", \"")),
                "\" (SUBACK 128); check the filter and the broker's access rules",
            ];
            let error = Error::say(Code::SubscribeFailed, &text).with_reason(FAILURE);
            self.done(token, Err(error));
        }
        Ok(())
    }

    pub(super) fn on_unsuback(&mut self, pid: u16, now: Millis) -> Result<(), &'static str> {
        let key = match self.ops.by_pid(pid) {
            None => return self.out_of_place(pid),
            Some((key, op)) if matches!(op.work, Work::Unsubscribe(_)) => key,
            Some(_) => return Err("an UNSUBACK for something that is not an UNSUBSCRIBE"),
        };
        let Some(Op {
            token,
            work: Work::Unsubscribe(filters),
            ..
        }) = self.ops.remove(key)
        else {
            return Ok(());
        };
        self.link.last_ack = now;
        for filter in &filters {
            self.forget(filter, key.seq);
        }
        self.done(token, Ok(Outcome::None));
        Ok(())
    }
}

fn no_filters(call: &str) -> Error {
    Error::say(
        Code::InvalidTopic,
        &[
            call,
            " was given no topic filter; give a string, an array of them, or { filter: qos }",
        ],
    )
}

fn check_filters<'a>(filters: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut bytes = 0;
    for filter in filters {
        bytes += filter.len() + 3;
        if let Err(why) = topic::check_filter(filter) {
            let code = if filter.len() > 65_535 {
                Code::OutOfRange
            } else {
                Code::InvalidTopic
            };
            let text = [
                "topic filter \"",
                &excerpt(filter),
                "\" ",
                why,
                "; + stands for one whole level, # for all the rest at the end (a/+/b, a/#)",
            ];
            return Err(Error::say(code, &text));
        }
    }
    if bytes > MAX_FILTERS_BYTES {
        return Err(Error::new(
            Code::OutOfRange,
            "one call takes at most 1 MiB of topic filters; use several calls",
        ));
    }
    Ok(())
}

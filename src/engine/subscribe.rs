//! Subscriptions: asked for, granted, restored after a lost session, and routed to handlers
//! (§3.8 to §3.11).

use std::collections::BTreeMap;

use super::error::excerpt;
use super::event::{Outcome, Token};
use super::ops::{Key, Stage, Work};
use super::receive::out_of_place;
use super::router::Router;
use super::timers::Millis;
use super::{Code, Engine, Error, Event};
use crate::codec::{topic, v4};

#[derive(Debug, Default)]
struct Subscription {
    qos: u8,
    granted: bool,
    handler: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    by_filter: BTreeMap<String, Subscription>,
    router: Router,
}

/// SUBACK's return code for a refused filter (§3.9.3).
const FAILURE: u8 = 0x80;
/// So many bytes of filters go into one SUBSCRIBE when subscriptions are restored.
const MAX_FILTERS_BYTES: usize = 1 << 20;

impl Subscriptions {
    pub fn to_restore(&self) -> Vec<(String, u8)> {
        let granted = self.by_filter.iter().filter(|(_, s)| s.granted);
        granted.map(|(filter, s)| (filter.clone(), s.qos)).collect()
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
        for (filter, qos) in &filters {
            self.set_handler(filter, handler);
            self.subs.by_filter.entry(filter.clone()).or_default().qos = *qos;
        }
        let key = self.ops.insert(token, Work::Subscribe(filters));
        self.control.push_back(key);
        Ok(())
    }

    pub fn unsubscribe(&mut self, filters: Vec<String>, token: Token) -> Result<(), Error> {
        self.accepting()?;
        if filters.is_empty() {
            return Err(no_filters("unsubscribe"));
        }
        check_filters(filters.iter().map(String::as_str))?;
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

    fn set_handler(&mut self, filter: &str, handler: Option<u32>) {
        let sub = self.subs.by_filter.entry(filter.to_owned()).or_default();
        let old = std::mem::replace(&mut sub.handler, handler);
        if let Some(old) = old {
            self.subs.router.remove(filter, old);
            self.events.push_back(Event::Unrouted(old));
        }
        if let Some(new) = handler {
            self.subs.router.insert(filter, new);
        }
        if old.is_some() || handler.is_some() {
            self.topics.renew();
        }
    }

    fn forget(&mut self, filter: &str) {
        self.set_handler(filter, None);
        self.subs.by_filter.remove(filter);
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
        if let Some(op) = self.ops.get(key) {
            op.stage = Stage::Sent;
            op.since = now;
            match &op.work {
                Work::Subscribe(filters) => {
                    let filters: Vec<(&str, u8)> = filters.iter().map(|(f, q)| (f.as_str(), *q)).collect();
                    v4::subscribe(&mut self.out, op.pid, &filters);
                }
                Work::Unsubscribe(filters) => {
                    let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
                    v4::unsubscribe(&mut self.out, op.pid, &filters);
                }
                Work::Publish(_) => {}
            }
        }
        self.expect_ack(now);
        true
    }

    pub(super) fn on_suback(&mut self, pid: u16, codes: Vec<u8>, now: Millis) -> Result<(), &'static str> {
        let found = self.ops.by_pid(pid);
        let Some((key, op)) = found else {
            return out_of_place(self.link.resumed);
        };
        let Work::Subscribe(filters) = &mut op.work else {
            return Err("a SUBACK for something that is not a SUBSCRIBE");
        };
        if filters.len() != codes.len() {
            return Err("a SUBACK with another number of return codes than filters were asked for");
        }
        let filters = std::mem::take(filters);
        let token = op.token;
        self.ops.remove(key);
        self.link.last_ack = now;

        let mut refused = Vec::new();
        for ((filter, qos), &code) in filters.iter().zip(&codes) {
            if code == FAILURE {
                self.forget(filter);
                refused.push(filter.as_str());
            } else if let Some(sub) = self.subs.by_filter.get_mut(filter) {
                sub.granted = true;
                sub.qos = *qos;
            }
        }
        if refused.is_empty() {
            self.done(token, Ok(Outcome::Granted(codes)));
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
        let found = self.ops.by_pid(pid);
        let Some((key, op)) = found else {
            return out_of_place(self.link.resumed);
        };
        let Work::Unsubscribe(filters) = &mut op.work else {
            return Err("an UNSUBACK for something that is not an UNSUBSCRIBE");
        };
        let filters = std::mem::take(filters);
        let token = op.token;
        self.ops.remove(key);
        self.link.last_ack = now;
        for filter in &filters {
            self.forget(filter);
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

//! Subscriptions: asked for, granted, restored after a lost session, and routed to handlers
//! (§3.8 to §3.11).

use super::error::excerpt;
use super::event::{Outcome, Token};
use super::message::{check_qos, needs_5};
use super::names::Names;
use super::ops::{Key, Op, Work};
use super::router::Router;
use super::text::{compose, count};
use super::timers::Millis;
use super::{Code, Engine, Error, Event};
use crate::codec::properties::{number, Property};
use crate::codec::{protocol_error, topic, write, DecodeError, PacketId, Version};

/// What SUBSCRIBE asks for, one filter of it (§3.8.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub filter: String,
    /// QoS in bits 0-1; MQTT 5: No Local 4, Retain As Published 8, Retain Handling 16 and 32.
    pub options: u8,
}

const NO_LOCAL: u8 = 4;

#[derive(Debug, Default)]
pub(super) struct Subscription {
    options: u8,
    properties: Vec<u8>,
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
    /// Filters by whether the broker has granted them, with the properties they were asked for with.
    pub fn list(&self, granted: bool) -> Vec<(Filter, Vec<u8>)> {
        let mut list = Vec::new();
        for number in self.filters.numbers() {
            let name = self
                .filters
                .name(number)
                .and_then(|f| std::str::from_utf8(f).ok());
            if let (Some(filter), Some(entry)) = (name, self.entries.get(number as usize)) {
                if entry.granted == granted {
                    let filter = Filter {
                        filter: filter.to_owned(),
                        options: entry.options,
                    };
                    list.push((filter, entry.properties.clone()));
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
        filters: Vec<Filter>,
        properties: Vec<u8>,
        handler: Option<u32>,
        token: Token,
    ) -> Result<(), Error> {
        self.accepting()?;
        if filters.is_empty() {
            return Err(no_filters("subscribe"));
        }
        check_filters(filters.iter().map(|filter| filter.filter.as_str()))?;
        for filter in &filters {
            self.check_options(filter)?;
        }
        self.check_properties(&properties)?;
        self.check_filters_taken(&filters, &properties)?;
        self.room_for_control()?;
        let asked = filters.clone();
        let work = Work::Subscribe {
            filters,
            properties: properties.clone(),
        };
        let key = self.ops.insert(token, work);
        self.control.push_back(key);
        for Filter { filter, options } in &asked {
            self.set_handler(filter, handler);
            let entry = self.subs.entry(filter);
            entry.options = *options;
            entry.properties.clone_from(&properties);
            entry.asked = key.seq;
        }
        Ok(())
    }

    fn check_options(&self, Filter { filter, options }: &Filter) -> Result<(), Error> {
        check_qos(options & 3)?;
        if *options > 3 && self.version == Version::V4 {
            return Err(needs_5("noLocal, retainAsPublished and retainHandling"));
        }
        if options >> 4 > 2 {
            return Err(Error::new(Code::OutOfRange, "retainHandling must be 0, 1 or 2"));
        }
        if options & NO_LOCAL != 0 && topic::shared(filter) != filter {
            return Err(Error::new(
                Code::InvalidOption,
                "a shared subscription cannot be noLocal [MQTT-3.8.3-4]; leave noLocal out",
            ));
        }
        Ok(())
    }

    fn check_properties(&self, properties: &[u8]) -> Result<(), Error> {
        if self.version == Version::V4 && !properties.is_empty() {
            return Err(needs_5("properties"));
        }
        Ok(())
    }

    /// While there is a connection its server is asked; what waits is looked at again when it is sent.
    fn check_filters_taken(&self, filters: &[Filter], properties: &[u8]) -> Result<(), Error> {
        if !self.is_online() {
            return Ok(());
        }
        let identified = number(properties, Property::SubscriptionIdentifier).is_some();
        let mut filters = filters.iter();
        filters.try_for_each(|filter| self.server.takes_filter(&filter.filter, identified))
    }

    pub fn unsubscribe(
        &mut self,
        filters: Vec<String>,
        properties: Vec<u8>,
        token: Token,
    ) -> Result<(), Error> {
        self.accepting()?;
        if filters.is_empty() {
            return Err(no_filters("unsubscribe"));
        }
        check_filters(filters.iter().map(String::as_str))?;
        self.check_properties(&properties)?;
        self.room_for_control()?;
        let key = self.ops.insert(token, Work::Unsubscribe { filters, properties });
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
        Err(Error::say(
            Code::QueueFull,
            "% bytes of topic filters already wait to be acknowledged (offlinebytes %); wait for earlier calls, or raise the bound",
            &[&count(kept), &count(bound)],
        ))
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
        match self.ops.get(key).map(|op| &op.work) {
            None => return true,
            Some(Work::Subscribe { filters, properties }) if self.version == Version::V5 => {
                let (filters, properties) = (filters.clone(), properties.clone());
                if let Err(error) = self.check_filters_taken(&filters, &properties) {
                    return self.refuse_control(key, error);
                }
            }
            Some(_) => {}
        }
        if !self.ops.assign_pid(key) {
            return false;
        }
        let start = self.out.len();
        if let Some(op) = self.ops.put_on_wire(key, now) {
            // After a fall back to 3.1.1 only the QoS is left of the options.
            let mask = if self.version == Version::V4 { 3 } else { 0xff };
            match (PacketId::new(op.pid), &op.work) {
                (Some(id), Work::Subscribe { filters, properties }) => {
                    let filters = filters.iter().map(|f| (f.filter.as_str(), f.options & mask));
                    write::subscribe(&mut self.out, self.version, id, properties, filters);
                }
                (Some(id), Work::Unsubscribe { filters, properties }) => {
                    let filters = filters.iter().map(String::as_str);
                    write::unsubscribe(&mut self.out, self.version, id, properties, filters);
                }
                _ => {}
            }
        }
        if let Err(error) = self.server.takes_size(self.out.len() - start) {
            self.out.truncate(start);
            return self.refuse_control(key, error);
        }
        self.expect_ack(now);
        true
    }

    /// The server has said that it does not take it: the call ends, and nothing was sent.
    fn refuse_control(&mut self, key: Key, error: Error) -> bool {
        let Some(op) = self.ops.remove(key) else {
            return true;
        };
        if let Work::Subscribe { filters, .. } = &op.work {
            for Filter { filter, .. } in filters {
                self.forget(filter, key.seq);
            }
        }
        self.done(op.token, Err(error));
        true
    }

    pub(super) fn on_suback(
        &mut self,
        pid: u16,
        codes: &[u8],
        properties: &[u8],
        now: Millis,
    ) -> Result<(), DecodeError> {
        let late = self.is_late(pid);
        let key = match self.ops.by_pid(pid) {
            None if late => return Ok(()),
            None => return Err(protocol_error!("a SUBACK of nothing")),
            Some((key, op)) => match &op.work {
                Work::Subscribe { filters, .. } if filters.len() == codes.len() => key,
                Work::Subscribe { .. } => {
                    return Err(protocol_error!(
                        "a SUBACK with another number of return codes than filters were asked for"
                    ))
                }
                _ => return Err(protocol_error!("a SUBACK for something that is not a SUBSCRIBE")),
            },
        };
        let Some(Op {
            token,
            work: Work::Subscribe { filters, .. },
            ..
        }) = self.ops.remove(key)
        else {
            return Ok(());
        };
        self.link.last_ack = now;

        let mut refused = String::new();
        let mut reason = 0;
        for (Filter { filter, .. }, &code) in filters.iter().zip(codes) {
            if code >= FAILURE {
                self.forget(filter, key.seq);
                if !refused.is_empty() {
                    refused.push_str("\", \"");
                }
                refused.push_str(filter);
                reason = code;
            } else if let Some(entry) = self.subs.find(filter) {
                entry.granted = true;
            }
        }
        if refused.is_empty() {
            let granted = Outcome::Granted {
                codes: codes.to_vec(),
                properties: properties.to_vec(),
            };
            self.done(token, Ok(granted));
        } else {
            let error = Error::because(
                Code::SubscribeFailed,
                &compose(
                    "the broker refused the subscription to \"%\"; check the filter and the broker's access rules",
                    &[&excerpt(&refused)],
                ),
                reason,
                properties,
            );
            self.done(token, Err(error));
        }
        Ok(())
    }

    pub(super) fn on_unsuback(
        &mut self,
        pid: u16,
        codes: &[u8],
        properties: &[u8],
        now: Millis,
    ) -> Result<(), DecodeError> {
        let key = match self.ops.by_pid(pid) {
            None => {
                self.out_of_place(pid);
                return Ok(());
            }
            Some((key, op)) => match &op.work {
                Work::Unsubscribe { filters, .. }
                    if self.version == Version::V4 || filters.len() == codes.len() =>
                {
                    key
                }
                Work::Unsubscribe { .. } => {
                    return Err(protocol_error!(
                        "an UNSUBACK with another number of reason codes than filters"
                    ))
                }
                _ => {
                    return Err(protocol_error!(
                        "an UNSUBACK for something that is not an UNSUBSCRIBE"
                    ))
                }
            },
        };
        let Some(Op {
            token,
            work: Work::Unsubscribe { filters, .. },
            ..
        }) = self.ops.remove(key)
        else {
            return Ok(());
        };
        self.link.last_ack = now;
        let mut reason = 0;
        for (at, filter) in filters.iter().enumerate() {
            match codes.get(at) {
                Some(&code @ FAILURE..) => reason = code,
                _ => self.forget(filter, key.seq),
            }
        }
        if reason != 0 {
            let error = Error::because(
                Code::UnsubscribeFailed,
                "the broker refused to unsubscribe",
                reason,
                properties,
            );
            self.done(token, Err(error));
            return Ok(());
        }
        self.done(
            token,
            Ok(match self.version {
                Version::V4 => Outcome::None,
                Version::V5 => Outcome::Granted {
                    codes: codes.to_vec(),
                    properties: properties.to_vec(),
                },
            }),
        );
        Ok(())
    }
}

fn no_filters(call: &str) -> Error {
    Error::say(
        Code::InvalidTopic,
        "% was given no topic filter; give a string, an array of them, or { filter: qos }",
        &[call],
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
            return Err(Error::say(
                code,
                "topic filter \"%\" %; + stands for one whole level, # for all the rest at the end (a/+/b, a/#)",
                &[&excerpt(filter), why],
            ));
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

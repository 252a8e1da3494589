//! Routes SUBSCRIBE and UNSUBSCRIBE (§3.8 to §3.11): from the user to the wire, and their answers back.

use super::connection::Connection;
use super::deadline::Millis;
use super::error::{Code, Error};
use super::message::{check_properties, needs_5};
use super::output::Token;
use super::session::packet_ids::Holder;
use super::subscriptions::{answers_another, Call, Contents, Filter, Handler, Kind};
use super::{Engine, Version};
use crate::codec::properties::{number, put, Place, Property, Value};
use crate::codec::{protocol_error, write, DecodeError, PacketId};

impl Engine {
    /// Asks for the filters, `maxfilters` with one SUBSCRIBE, each with the largest QoS of the calls so far. With `handler`,
    /// their messages are routed to that number too. The token ends when all of them are answered; a filter that is refused
    /// stays as it was before.
    ///
    /// # Errors
    /// What is wrong with the filters; `QUEUE_FULL` where too many calls are pending; `STOPPED`.
    pub fn subscribe(
        &mut self,
        filters: Vec<Filter>,
        properties: Vec<u8>,
        handler: Option<u32>,
        token: Option<Token>,
    ) -> Result<(), Error> {
        self.subscribe_as(filters, properties, handler.map(Handler::new), token)
    }

    /// Likewise, of a handler that may take the place of others.
    ///
    /// # Errors
    /// As `subscribe`.
    pub fn subscribe_as(
        &mut self,
        filters: Vec<Filter>,
        properties: Vec<u8>,
        handler: Option<Handler>,
        token: Option<Token>,
    ) -> Result<(), Error> {
        self.check_accepting()?;
        let offline_bytes = self.outbox.limits().offline_bytes();
        self.subscriptions
            .check_subscribe(self.outbox.version(), &filters, offline_bytes)?;
        self.check_request_properties(&properties, Place::Subscribe)?;
        check_filters(&self.connection, &filters, &properties)?;
        let call = self.call(filters, properties, token);
        self.subscriptions.subscribe(call, handler);
        Ok(())
    }

    /// Ends the subscriptions to these filters, `maxfilters` with one UNSUBSCRIBE; their options mean nothing here.
    ///
    /// # Errors
    /// As `subscribe`.
    pub fn unsubscribe(
        &mut self,
        filters: Vec<Filter>,
        properties: Vec<u8>,
        token: Option<Token>,
    ) -> Result<(), Error> {
        self.check_accepting()?;
        let offline_bytes = self.outbox.limits().offline_bytes();
        self.subscriptions.check_unsubscribe(&filters, offline_bytes)?;
        self.check_request_properties(&properties, Place::Unsubscribe)?;
        let call = self.call(filters, properties, token);
        let is_online = self.is_online();
        self.subscriptions.unsubscribe(call, is_online, &mut self.effects);
        Ok(())
    }

    fn call(&mut self, filters: Vec<Filter>, properties: Vec<u8>, token: Option<Token>) -> Call {
        Call {
            seq: self.outbox.next_seq(),
            filters,
            properties,
            token,
            together: self.config().max_filters,
        }
    }

    fn check_request_properties(&self, properties: &[u8], place: Place) -> Result<(), Error> {
        if self.outbox.version() == Version::V4 && !properties.is_empty() {
            return Err(needs_5("properties"));
        }
        check_properties(properties, place)
    }

    /// Routes messages of `filter` to `handler` too, without subscribing.
    ///
    /// # Errors
    /// `INVALID_TOPIC`.
    pub fn watch(&mut self, filter: &str, handler: u32) -> Result<(), Error> {
        self.subscriptions.watch(filter, handler)
    }

    /// Takes back one `watch`.
    pub fn unwatch(&mut self, filter: &str, handler: u32) {
        self.subscriptions.unwatch(filter, handler);
    }

    /// Handlers whose filters match a topic, or a [`Engine::topic_key`]; none means `on_message`. With
    /// [`NOT_FOR`](super::NOT_FOR): those that get another copy of the message.
    pub fn route(&self, topic: &str) -> Vec<u32> {
        self.subscriptions.route(topic)
    }

    /// Puts the next SUBSCRIBE or UNSUBSCRIBE on the wire; false while no packet identifier is free.
    pub(super) fn send_request(&mut self, now: Millis) -> bool {
        let version = self.connection.version();
        let has_identifiers = self
            .connection
            .online()
            .is_some_and(|online| online.limits().subscription_ids);
        let identifier = match version == Version::V5 && has_identifiers {
            true => self.subscriptions.tell_apart(),
            false => 0,
        };
        let suspicion = self.subscriptions.next_suspicion();
        if !self.may_send(now, suspicion) {
            return false;
        }
        let Some((slot, contents)) = self.subscriptions.next_request() else {
            return true;
        };
        let Some(id) = self.session.take_request_id(slot, &mut self.effects.journal) else {
            return false;
        };
        let mut packet = Vec::new();
        // After a fall back to 3.1.1 only the QoS is left of the options.
        let mask = if version == Version::V4 { 3 } else { 0xff };
        let mut result = Ok(());
        let Contents {
            kind,
            filters,
            properties,
        } = contents;
        match kind {
            Kind::Subscribe => {
                result = check_filters(&self.connection, filters, properties);
                let filters = filters.iter().map(|f| (f.filter.as_str(), f.options & mask));
                let mut properties = properties.clone();
                if identifier > 0 {
                    put(
                        &mut properties,
                        Property::SubscriptionIdentifier,
                        Value::Number(identifier),
                    );
                }
                write::subscribe(&mut packet, version, id, &properties, filters);
            }
            Kind::Unsubscribe => {
                let filters = filters.iter().map(|f| f.filter.as_str());
                write::unsubscribe(&mut packet, version, id, properties, filters);
            }
        }
        if let Some(online) = self.connection.online() {
            result = result.and_then(|()| online.limits().check_size(packet.len()));
        }
        if let Err(error) = result {
            self.session.release_id(id);
            if error.code != Code::PacketTooLarge || !self.subscriptions.split_next() {
                self.subscriptions.refuse_next(error, &mut self.effects);
            }
            return true;
        }
        self.connection.out().extend_from_slice(&packet);
        let ack_timeout = self.config().ack_timeout;
        self.subscriptions.sent(now, slot, id, ack_timeout, identifier);
        true
    }

    /// SUBACK or UNSUBACK arrived.
    pub(super) fn on_answer(
        &mut self,
        now: Millis,
        kind: Kind,
        id: PacketId,
        codes: &[u8],
        properties: &[u8],
    ) -> Result<(), DecodeError> {
        let slot = match self.session.holder(id) {
            Some(Holder::Request(slot)) => slot,
            Some(Holder::Publish(_)) => return Err(answers_another(kind)),
            None if kind == Kind::Unsubscribe => {
                self.report_unexpected_ack(id);
                return Ok(());
            }
            None if self.session.may_be_late(id) => return Ok(()),
            None => return Err(protocol_error!("a SUBACK answers nothing that was sent")),
        };
        let version = self.connection.version();
        self.subscriptions
            .on_answer(version, kind, slot, codes, properties, &mut self.effects)?;
        self.session.release_id(id);
        self.session.acknowledged(now);
        Ok(())
    }
}

/// Whether the broker takes these filters. Offline nobody knows: requests are checked again when they are sent.
fn check_filters(connection: &Connection, filters: &[Filter], properties: &[u8]) -> Result<(), Error> {
    let Some(online) = connection.online() else {
        return Ok(());
    };
    let identified = number(properties, Property::SubscriptionIdentifier).is_some();
    for Filter { filter, .. } in filters {
        online.limits().check_filter(filter, identified)?;
    }
    Ok(())
}

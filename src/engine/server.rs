//! What the server says of itself in CONNACK (§3.2.2.3), and that it is obeyed. In 3.1.1 it says
//! nothing, and nothing is limited.

use super::error::{Code, Error};
use super::text::{compose, count};
use crate::codec::frame::MAX_REMAINING_LENGTH;
use crate::codec::properties::{number, Property};
use crate::codec::publish::{self, Parts};
use crate::codec::{topic, Version};

#[derive(Debug)]
pub(super) struct Server {
    /// QoS 1 and 2 publishes that may be unacknowledged on this connection.
    pub receive_maximum: usize,
    /// Bytes of the largest packet it takes.
    pub max_packet: usize,
    pub max_qos: u8,
    pub retain: bool,
    pub wildcards: bool,
    pub shared: bool,
    pub subscription_ids: bool,
    pub alias_maximum: u16,
}

impl Default for Server {
    fn default() -> Self {
        Server {
            receive_maximum: usize::MAX,
            max_packet: usize::MAX,
            max_qos: 2,
            retain: true,
            wildcards: true,
            shared: true,
            subscription_ids: true,
            alias_maximum: 0,
        }
    }
}

impl Server {
    /// What a CONNACK of MQTT 5 says; what it leaves out has the specification's default.
    pub fn read(properties: &[u8]) -> Self {
        let flag = |id| number(properties, id) != Some(0);
        Server {
            receive_maximum: number(properties, Property::ReceiveMaximum).unwrap_or(65_535) as usize,
            max_packet: number(properties, Property::MaximumPacketSize)
                .map_or(usize::MAX, |n| n as usize)
                .min(5 + MAX_REMAINING_LENGTH),
            max_qos: number(properties, Property::MaximumQoS).unwrap_or(2) as u8,
            retain: flag(Property::RetainAvailable),
            wildcards: flag(Property::WildcardSubscriptionAvailable),
            shared: flag(Property::SharedSubscriptionAvailable),
            subscription_ids: flag(Property::SubscriptionIdentifierAvailable),
            alias_maximum: number(properties, Property::TopicAliasMaximum).unwrap_or(0) as u16,
        }
    }

    /// May this be published [MQTT-3.2.2-11, MQTT-3.2.2-14]? Only MQTT 5 asks.
    pub fn takes(&self, parts: &Parts<'_>) -> Result<(), Error> {
        if parts.qos > self.max_qos {
            return Err(refuses(
                &compose(
                    "messages of QoS % (Maximum QoS %)",
                    &[&count(parts.qos.into()), &count(self.max_qos.into())],
                ),
                0x9b,
            ));
        }
        if parts.retain && !self.retain {
            return Err(refuses("retained messages (Retain Available 0)", 0x9a));
        }
        self.takes_size(publish::size(Version::V5, parts))?;
        match number(parts.properties, Property::TopicAlias) {
            Some(alias) => self.takes_alias(alias),
            None => Ok(()),
        }
    }

    /// May a packet of so many bytes be sent [MQTT-3.2.2-15]?
    #[inline(never)]
    pub fn takes_size(&self, size: usize) -> Result<(), Error> {
        if size <= self.max_packet {
            return Ok(());
        }
        Err(Error::say(
            Code::PacketTooLarge,
            "a packet of % bytes is too large for the server, which takes % (Maximum Packet Size); nothing was sent, so send it in parts",
            &[&count(size), &count(self.max_packet)],
        ).with_reason(0x95))
    }

    /// May the user's topic alias be used [MQTT-3.3.2-9]?
    fn takes_alias(&self, alias: u32) -> Result<(), Error> {
        if alias <= self.alias_maximum.into() {
            return Ok(());
        }
        let most = count(self.alias_maximum.into());
        Err(refuses(
            &compose(
                "topic alias % (Topic Alias Maximum %)",
                &[&count(alias as usize), &most],
            ),
            0x94,
        ))
    }

    /// May this filter be subscribed to (§3.2.2.3.11 to 13)?
    pub fn takes_filter(&self, filter: &str, identified: bool) -> Result<(), Error> {
        if !self.shared && topic::shared(filter) != filter {
            return Err(refuses(
                "shared subscriptions (Shared Subscription Available 0)",
                0x9e,
            ));
        }
        if !self.wildcards && filter.contains(['+', '#']) {
            return Err(refuses(
                "wildcards in filters (Wildcard Subscription Available 0)",
                0xa2,
            ));
        }
        if identified && !self.subscription_ids {
            return Err(refuses(
                "subscription identifiers (Subscription Identifiers Available 0)",
                0xa1,
            ));
        }
        Ok(())
    }
}

#[inline(never)]
fn refuses(what: &str, reason: u8) -> Error {
    Error::say(
        Code::NotSupported,
        "the server does not take %; nothing was sent, use what it takes",
        &[what],
    )
    .with_reason(reason)
}

//! What the broker allows, as its CONNACK says (§3.2.2.3). In 3.1.1 CONNACK says nothing, and nothing is limited.

use crate::codec::frame::LARGEST_PACKET;
use crate::codec::properties::{number, Property};
use crate::codec::publish::{self, Parts};
use crate::codec::{topic, ReasonCode, Version};
use crate::engine::error::{Code, Error};
use crate::engine::format::{count, find, format};

#[derive(Debug)]
pub(in crate::engine) struct BrokerLimits {
    /// QoS 1 and 2 publishes that may be unacknowledged on this connection.
    pub receive_maximum: usize,
    /// Bytes of the largest packet that it takes.
    pub max_packet_size: usize,
    pub max_qos: u8,
    pub retain: bool,
    pub wildcards: bool,
    pub shared: bool,
    pub subscription_ids: bool,
    pub alias_maximum: u16,
}

impl Default for BrokerLimits {
    fn default() -> Self {
        BrokerLimits {
            receive_maximum: usize::MAX,
            max_packet_size: usize::MAX,
            max_qos: 2,
            retain: true,
            wildcards: true,
            shared: true,
            subscription_ids: true,
            alias_maximum: 0,
        }
    }
}

impl BrokerLimits {
    /// Reads the properties of a CONNACK of MQTT 5; those left out have the specification's defaults.
    pub fn read(properties: &[u8]) -> Self {
        let flag = |id| number(properties, id) != Some(0);
        BrokerLimits {
            receive_maximum: number(properties, Property::ReceiveMaximum).unwrap_or(65_535) as usize,
            max_packet_size: number(properties, Property::MaximumPacketSize)
                .map_or(usize::MAX, |n| n as usize)
                .min(LARGEST_PACKET),
            max_qos: number(properties, Property::MaximumQoS).unwrap_or(2) as u8,
            retain: flag(Property::RetainAvailable),
            wildcards: flag(Property::WildcardSubscriptionAvailable),
            shared: flag(Property::SharedSubscriptionAvailable),
            subscription_ids: flag(Property::SubscriptionIdentifierAvailable),
            alias_maximum: number(properties, Property::TopicAliasMaximum).unwrap_or(0) as u16,
        }
    }

    /// Whether a message may be published [MQTT-3.2.2-11, MQTT-3.2.2-14]. Only MQTT 5 has such limits.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn check_publish(&self, parts: &Parts<'_>) -> Result<(), Error> {
        if parts.qos > self.max_qos {
            return Err(refuses(
                &format(
                    "messages of QoS % (Maximum QoS %)",
                    &[&count(parts.qos.into()), &count(self.max_qos.into())],
                ),
                ReasonCode::QOS_NOT_SUPPORTED,
            ));
        }
        if parts.retain && !self.retain {
            return Err(refuses(
                "retained messages (Retain Available 0)",
                ReasonCode::RETAIN_NOT_SUPPORTED,
            ));
        }
        self.check_size(publish::size(Version::V5, parts))?;
        match number(parts.properties, Property::TopicAlias) {
            Some(alias) => self.check_alias(alias),
            None => Ok(()),
        }
    }

    /// Whether a packet of so many bytes may be sent [MQTT-3.2.2-15].
    #[inline(never)]
    pub fn check_size(&self, size: usize) -> Result<(), Error> {
        if size <= self.max_packet_size {
            return Ok(());
        }
        Err(Error::format(
            Code::PacketTooLarge,
            "a packet of % bytes is too large for the broker, which takes % (Maximum Packet Size); nothing was sent, so send it in parts",
            &[&count(size), &count(self.max_packet_size)],
        ).with_reason(ReasonCode::PACKET_TOO_LARGE))
    }

    /// Whether the user's topic alias may be used [MQTT-3.3.2-9].
    fn check_alias(&self, alias: u32) -> Result<(), Error> {
        if alias <= self.alias_maximum.into() {
            return Ok(());
        }
        let most = count(self.alias_maximum.into());
        Err(refuses(
            &format(
                "topic alias % (Topic Alias Maximum %)",
                &[&count(alias as usize), &most],
            ),
            ReasonCode::TOPIC_ALIAS_INVALID,
        ))
    }

    /// Whether a filter may be subscribed to (§3.2.2.3.11 to 13).
    pub fn check_filter(&self, filter: &str, identified: bool) -> Result<(), Error> {
        if !self.shared && topic::shared(filter) != filter {
            return Err(refuses(
                "shared subscriptions (Shared Subscription Available 0)",
                ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
            ));
        }
        let has_wildcard = find(filter, b'+').or(find(filter, b'#')).is_some();
        if !self.wildcards && has_wildcard {
            return Err(refuses(
                "wildcards in filters (Wildcard Subscription Available 0)",
                ReasonCode::WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED,
            ));
        }
        if identified && !self.subscription_ids {
            return Err(refuses(
                "subscription identifiers (Subscription Identifiers Available 0)",
                ReasonCode::SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED,
            ));
        }
        Ok(())
    }
}

#[inline(never)]
fn refuses(what: &str, reason: ReasonCode) -> Error {
    Error::format(
        Code::NotSupported,
        "the broker does not take %; nothing was sent, use what it takes",
        &[what],
    )
    .with_reason(reason)
}

//! A message as a user gives it, and what may be wrong with it.

use super::deadline::{Millis, NEVER};
use super::error::{Code, Error};
use super::format::count;
use crate::codec::frame::MAX_REMAINING_LENGTH;
use crate::codec::properties::{self, number, Place, Property};
use crate::codec::{publish, topic, Version};

/// A message to be published.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// A topic name (§4.7).
    pub topic: &'a str,
    /// Any bytes.
    pub payload: &'a [u8],
    /// 0, 1 or 2.
    pub qos: u8,
    /// The broker keeps it for later subscribers (§3.3.1.3).
    pub retain: bool,
    /// An encoded list that may stand in a PUBLISH, MQTT 5; empty otherwise.
    pub properties: &'a [u8],
}

impl<'a> Message<'a> {
    pub(super) fn parts(&self) -> publish::Parts<'a> {
        publish::Parts {
            topic: self.topic.as_bytes(),
            properties: self.properties,
            payload: self.payload,
            qos: self.qos,
            retain: self.retain,
            alias: 0,
        }
    }

    /// When it is of no more use (§3.3.2.3.3).
    #[cfg_attr(small_code, optimize(speed))]
    pub(super) fn expires(&self, now: Millis) -> Millis {
        match number(self.properties, Property::MessageExpiryInterval) {
            Some(seconds) => now + Millis::from(seconds) * 1000,
            None => NEVER,
        }
    }
}

/// Whether a topic name may be published to (§4.7).
///
/// # Errors
/// `INVALID_TOPIC`, or `OUT_OF_RANGE` beyond 65,535 bytes.
pub fn check_topic(name: &str) -> Result<(), Error> {
    topic::check_name(name).map_err(|why| {
        Error::format(
            if name.len() > 65_535 {
                Code::OutOfRange
            } else {
                Code::InvalidTopic
            },
            "topic \"%\" %; a topic name to publish to is 1 to 65,535 bytes of UTF-8 without +, # and control characters",
            &[&super::error::excerpt(name), why],
        )
    })
}

/// Checks size, QoS and properties; `check_topic` checks the topic.
#[inline(always)]
pub(super) fn check_message(version: Version, message: &Message<'_>) -> Result<(), Error> {
    // Most messages pass here.
    if message.qos <= 2 && message.properties.is_empty() && message.payload.len() <= SHORT {
        return Ok(());
    }
    check_all(version, message)
}

/// A payload up to this is far from the largest packet, with a topic of any length.
const SHORT: usize = 1 << 20;

#[cold]
#[cfg_attr(small_code, optimize(speed))]
fn check_all(version: Version, message: &Message<'_>) -> Result<(), Error> {
    check_qos(message.qos)?;
    if version == Version::V4 && !message.properties.is_empty() {
        return Err(needs_5("properties"));
    }
    check_properties(message.properties, Place::Publish)?;
    let length = publish::remaining_length(version, &message.parts());
    if length <= MAX_REMAINING_LENGTH {
        return Ok(());
    }
    Err(too_large(message.payload.len()))
}

/// A message with a payload of so many bytes fits into no packet.
pub(crate) fn too_large(len: usize) -> Error {
    Error::format(
        Code::PacketTooLarge,
        "a message of % bytes is too large; an MQTT packet holds at most 268,435,455 bytes, so send it in parts",
        &[&count(len)],
    )
}

/// Whether an encoded list of properties may stand in this packet.
pub(super) fn check_properties(list: &[u8], place: Place) -> Result<(), Error> {
    match list.is_empty() {
        true => Ok(()),
        false => properties::check(list, place).map_err(|why| {
            Error::format(
                Code::InvalidOption,
                "the properties cannot be sent: %; give an encoded list that may stand in this packet",
                &[why.sentence],
            )
        }),
    }
}

pub(super) fn needs_5(what: &str) -> Error {
    Error::format(
        Code::InvalidOption,
        "% belong to MQTT 5.0, and this connection speaks 3.1.1 (mqttversion 4); leave them out, or set mqttversion to 5",
        &[what],
    )
}

pub(super) fn check_qos(qos: u8) -> Result<(), Error> {
    if qos <= 2 {
        return Ok(());
    }
    Err(Error::format(
        Code::OutOfRange,
        "qos must be 0, 1 or 2; % was given",
        &[&count(qos as usize)],
    ))
}

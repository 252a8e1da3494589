//! What may be published: a message as a user gives it, and what is wrong with it.

use super::text::count;
use super::timers::Millis;
use super::{Code, Error};
use crate::codec::frame::MAX_REMAINING_LENGTH;
use crate::codec::properties::{number, Property};
use crate::codec::{publish, topic, Version};

#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub qos: u8,
    pub retain: bool,
    /// An encoded list that may stand in a PUBLISH, MQTT 5; empty otherwise.
    pub properties: &'a [u8],
}

/// `Op::expires` of a message that does not.
pub(super) const NEVER: Millis = 0;

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
    pub(super) fn expires(&self, now: Millis) -> Millis {
        match number(self.properties, Property::MessageExpiryInterval) {
            Some(seconds) => now + Millis::from(seconds) * 1000,
            None => NEVER,
        }
    }
}

/// Whether a topic name may be published to (§4.7).
pub fn check_topic(name: &str) -> Result<(), Error> {
    topic::check_name(name).map_err(|why| {
        Error::say(
            if name.len() > 65_535 {
                Code::OutOfRange
            } else {
                Code::InvalidTopic
            },
            "topic \"%\" %; a topic name to publish to is 1 to 65,535 bytes of UTF-8 without +, # and U+0000",
            &[&super::error::excerpt(name), why],
        )
    })
}

/// Size and QoS; the topic is looked at by `check_topic`.
#[inline(always)]
pub(super) fn check_message(version: Version, message: &Message<'_>) -> Result<(), Error> {
    // What most are is seen at once.
    if message.qos <= 2 && message.properties.is_empty() && message.payload.len() <= SHORT {
        return Ok(());
    }
    check_all(version, message)
}

/// With a topic and properties of any length it is far from the largest packet.
const SHORT: usize = 1 << 20;

#[cold]
fn check_all(version: Version, message: &Message<'_>) -> Result<(), Error> {
    check_qos(message.qos)?;
    if version == Version::V4 && !message.properties.is_empty() {
        return Err(needs_5("properties"));
    }
    let length = publish::remaining_length(version, &message.parts());
    if length <= MAX_REMAINING_LENGTH {
        return Ok(());
    }
    Err(Error::say(
        Code::PacketTooLarge,
        "a message of % bytes is too large; an MQTT packet holds at most 268,435,455 bytes, so send it in parts",
        &[&count(message.payload.len())],
    ))
}

pub(super) fn needs_5(what: &str) -> Error {
    Error::say(
        Code::InvalidOption,
        "% belong to MQTT 5.0, and this connection speaks 3.1.1 (mqttversion 4); leave them out, or set mqttversion to 5",
        &[what],
    )
}

pub(super) fn check_qos(qos: u8) -> Result<(), Error> {
    if qos <= 2 {
        return Ok(());
    }
    Err(Error::say(
        Code::OutOfRange,
        "qos must be 0, 1 or 2; % was given",
        &[&count(qos as usize)],
    ))
}

//! What may be published: a message as a user gives it, and what is wrong with it.

use super::text::count;
use super::{Code, Error};
use crate::codec::frame::MAX_REMAINING_LENGTH;
use crate::codec::{publish, topic, Version};

#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
    pub qos: u8,
    pub retain: bool,
}

impl<'a> Message<'a> {
    pub(super) fn parts(&self) -> publish::Parts<'a> {
        publish::Parts {
            topic: self.topic.as_bytes(),
            properties: &[],
            payload: self.payload,
            qos: self.qos,
            retain: self.retain,
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
            &[
                "topic \"",
                &super::error::excerpt(name),
                "\" ",
                why,
                "; a topic name to publish to is 1 to 65,535 bytes of UTF-8 without +, # and U+0000",
            ],
        )
    })
}

/// Size and QoS; the topic is looked at by `check_topic`.
pub(super) fn check_message(message: &Message<'_>) -> Result<(), Error> {
    check_qos(message.qos)?;
    let length = publish::remaining_length(Version::V4, &message.parts());
    if length <= MAX_REMAINING_LENGTH {
        return Ok(());
    }
    Err(Error::say(
        Code::PacketTooLarge,
        &[
            "a message of ",
            &count(message.payload.len()),
            " bytes is too large; an MQTT packet holds at most 268,435,455 bytes, so send it in parts",
        ],
    ))
}

pub(super) fn check_qos(qos: u8) -> Result<(), Error> {
    if qos <= 2 {
        return Ok(());
    }
    let text = ["qos must be 0, 1 or 2; ", &count(qos as usize), " was given"];
    Err(Error::say(Code::OutOfRange, &text))
}

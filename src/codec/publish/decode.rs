//! Reads the body of a received PUBLISH.

use crate::codec::decode_error::{malformed, protocol_error, DecodeError};
use crate::codec::frame::{check_publish_flags, DUP, QOS, RETAIN};
use crate::codec::packet_id::PacketId;
use crate::codec::packet_type::PacketType;
use crate::codec::properties::{number, split, string, Place, Property};
use crate::codec::topic::is_received_name;
use crate::codec::varint;
use crate::codec::version::Version;

/// A PUBLISH that borrows from the bytes it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publish<'a> {
    /// Empty only in MQTT 5, where a topic alias stands for it.
    pub topic: &'a [u8],
    /// An encoded list.
    pub properties: &'a [u8],
    /// The application message.
    pub payload: &'a [u8],
    /// None at QoS 0.
    pub packet_id: Option<PacketId>,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Whether it was a retained message, or is to be one.
    pub retain: bool,
    /// Whether it may have been sent before.
    pub dup: bool,
}

/// Reads the body of a PUBLISH whose fixed header begins with `first`.
pub fn decode(version: Version, first: u8, body: &[u8]) -> Result<Publish<'_>, DecodeError> {
    if PacketType::of(first) != Some(PacketType::Publish) {
        return Err(malformed!("this is not a PUBLISH"));
    }
    check_publish_flags(first)?;
    let message = read(version, first, body)?;
    check_topic(message.topic)?;
    Ok(message)
}

/// Likewise, after [`frame`](crate::codec::frame::frame) has checked the first byte, for a caller that checks the
/// topic with [`check_topic`] or has checked it before.
#[inline(always)]
#[cfg_attr(small_code, optimize(speed))]
pub fn read(version: Version, first: u8, body: &[u8]) -> Result<Publish<'_>, DecodeError> {
    let (message, rest) = variable_header(first, body)?;
    if message.qos != 0 && message.packet_id.is_none() {
        return Err(protocol_error!(
            "a PUBLISH has packet identifier 0 [MQTT-2.3.1-1]"
        ));
    }
    let (properties, payload) = match version {
        Version::V4 => (&[][..], rest),
        Version::V5 => split(rest, Place::ReceivedPublish)?,
    };
    if message.topic.is_empty() && number(properties, Property::TopicAlias).is_none() {
        return Err(protocol_error!("the topic of a PUBLISH is empty [MQTT-4.7.3-1]"));
    }
    Ok(Publish {
        properties,
        payload,
        ..message
    })
}

/// Whether what a broker merely forwards with a received message is valid: the payload format indicator is 0 or 1
/// (section 3.3.2.3.2), the response topic a topic name [MQTT-3.3.2-14]. Brokers forward others.
pub fn is_content_valid(properties: &[u8]) -> bool {
    number(properties, Property::PayloadFormatIndicator).is_none_or(|format| format < 2)
        && string(properties, Property::ResponseTopic)
            .is_none_or(|topic| !topic.is_empty() && is_received_name(topic))
}

/// Topic, packet identifier and flags, and the bytes after them.
#[cfg_attr(small_code, optimize(speed))]
pub(super) fn variable_header(first: u8, body: &[u8]) -> Result<(Publish<'_>, &[u8]), DecodeError> {
    let (topic, rest) = body
        .split_first_chunk()
        .and_then(|(length, rest)| rest.split_at_checked(u16::from_be_bytes(*length).into()))
        .ok_or(malformed!("the topic of a PUBLISH passes the packet's end"))?;
    let qos = (first & QOS) >> 1;
    let (packet_id, rest) = match qos {
        0 => (None, rest),
        _ => match rest.split_first_chunk() {
            Some((id, rest)) => (PacketId::new(u16::from_be_bytes(*id)), rest),
            None => return Err(malformed!("a PUBLISH ends before its packet identifier")),
        },
    };
    let message = Publish {
        topic,
        properties: &[],
        payload: &[],
        packet_id,
        qos,
        retain: first & RETAIN != 0,
        dup: first & DUP != 0,
    };
    Ok((message, rest))
}

/// How many bytes stand before the payload in a PUBLISH whose body will have `whole` bytes, once so many of them have
/// arrived that [`decode`] can read them. `Ok(None)`: more bytes are needed.
pub fn head(version: Version, first: u8, body: &[u8], whole: usize) -> Result<Option<usize>, DecodeError> {
    let Some(length) = body.first_chunk() else {
        return Ok(None);
    };
    let packet_id = if first & QOS == 0 { 0 } else { 2 };
    let mut head = 2 + usize::from(u16::from_be_bytes(*length)) + packet_id;
    if version == Version::V5 {
        let Some((list, rest)) = varint::read(body.get(head..).unwrap_or_default())? else {
            return Ok(None);
        };
        head = body.len() - rest.len() + list as usize;
    }
    if head > whole {
        return Err(malformed!("the topic of a PUBLISH passes the packet's end"));
    }
    Ok(Some(head).filter(|&head| head <= body.len()))
}

/// The topic of a PUBLISH as text, if it may be one.
pub fn check_topic(topic: &[u8]) -> Result<&str, DecodeError> {
    let topic = core::str::from_utf8(topic)
        .map_err(|_| malformed!("the topic of a PUBLISH is not UTF-8 [MQTT-1.5.3-1]"))?;
    if !is_received_name(topic) {
        return Err(malformed!(
            "a PUBLISH has a wildcard or U+0000 in its topic [MQTT-3.3.2-2, MQTT-1.5.3-2]",
        ));
    }
    Ok(topic)
}

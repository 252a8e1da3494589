//! Whether a list of properties is well formed and may appear in a packet.

use super::list::{Properties, Value, CUT_SHORT};
use super::place::Place;
use super::table::{may_repeat, Property, ValueType};
use crate::codec::decode_error::{decode_error, malformed, protocol_error, DecodeError};
use crate::codec::reason_code::ReasonCode;
use crate::codec::topic::check_name;
use crate::codec::varint;

const ALIAS_0: DecodeError = decode_error!(
    ReasonCode::TOPIC_ALIAS_INVALID,
    "a topic alias is 0 [MQTT-3.3.2-8]"
);

/// Checks a list that appears in this place.
#[inline(never)]
pub fn check(list: &[u8], place: Place) -> Result<(), DecodeError> {
    let mut seen = 0u64;
    let mut rest = Properties(list);
    while let Some((row, value)) = rest.read()? {
        if !row.may_appear_in(place) {
            return Err(protocol_error!("a property stands where it is not allowed"));
        }
        if seen & bit(row.property) != 0 && !may_repeat(row.property, place) {
            return Err(protocol_error!("a property appears twice"));
        }
        seen |= bit(row.property);
        match value {
            Value::Number(0) if row.property == Property::TopicAlias => return Err(ALIAS_0),
            Value::Number(0) if row.nonzero => {
                return Err(protocol_error!("a property is 0 and must not be"))
            }
            // What a broker merely forwards is judged by `publish::is_content_valid`.
            Value::Number(2..) if row.value_type == ValueType::Byte && place != Place::ReceivedPublish => {
                return Err(protocol_error!("a property is neither 0 nor 1"))
            }
            Value::Text(topic)
                if row.property == Property::ResponseTopic
                    && place != Place::ReceivedPublish
                    && check_name(topic).is_err() =>
            {
                return Err(protocol_error!("a response topic is no topic name"))
            }
            _ => {}
        }
    }
    let needs_method = matches!(place, Place::Connect | Place::Auth);
    if needs_method && seen & METHOD_AND_DATA == bit(Property::AuthenticationData) {
        return Err(protocol_error!("authentication data stands without its method"));
    }
    Ok(())
}

const METHOD_AND_DATA: u64 = bit(Property::AuthenticationMethod) | bit(Property::AuthenticationData);

const fn bit(property: Property) -> u64 {
    1 << property as u8
}

/// A list with its length in front, checked, and the bytes after it.
pub(in crate::codec) fn split(bytes: &[u8], place: Place) -> Result<(&[u8], &[u8]), DecodeError> {
    let (len, rest) = match bytes.first() {
        Some(&len @ 0..=0x7f) => (len.into(), &bytes[1..]),
        _ => varint::read(bytes)?.ok_or(CUT_SHORT)?,
    };
    let (list, rest) = rest
        .split_at_checked(len as usize)
        .ok_or(malformed!("the properties pass the packet's end"))?;
    if len > 0 {
        check(list, place)?;
    }
    Ok((list, rest))
}

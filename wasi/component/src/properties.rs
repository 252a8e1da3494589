//! Properties of a message, from the record of the interface to the engine's list and back.

use mqtt_lib_edge::property::{self, check, place, put, Value, MESSAGE_EXPIRY, PAYLOAD_FORMAT};
use mqtt_lib_edge::property::{RESPONSE_TOPIC, USER_PROPERTY};
use mqtt_lib_edge::{Code, Error};

use crate::exports::mqtt_lib::client::mqtt::Properties;

const CONTENT_TYPE: u8 = 3;
const CORRELATION_DATA: u8 = 9;

/// What MQTT can carry, as an encoded list.
pub fn list(given: Option<&Properties>) -> Result<Vec<u8>, Error> {
    let mut list = Vec::new();
    let Some(given) = given else {
        return Ok(list);
    };
    let mut values = Vec::new();
    if let Some(flag) = given.payload_format_indicator {
        values.push((PAYLOAD_FORMAT, Value::Number(flag.into())));
    }
    if let Some(seconds) = given.message_expiry_interval {
        values.push((MESSAGE_EXPIRY, Value::Number(seconds)));
    }
    if let Some(text) = &given.content_type {
        values.push((CONTENT_TYPE, Value::Text(text)));
    }
    if let Some(topic) = &given.response_topic {
        values.push((RESPONSE_TOPIC, Value::Text(topic)));
    }
    if let Some(bytes) = &given.correlation_data {
        values.push((CORRELATION_DATA, Value::Binary(bytes)));
    }
    for (name, value) in given.user_properties.iter().flatten() {
        values.push((USER_PROPERTY, Value::Pair(name, value)));
    }
    for (id, value) in values {
        let before = list.len();
        put(&mut list, id, value);
        if list.len() == before {
            let text = "properties: a text or bytes have more than 65,535 bytes, which is what MQTT allows";
            return Err(Error::new(Code::OutOfRange, text));
        }
    }
    check(&list, place::PUBLISH)
        .map_err(|flaw| Error::new(Code::InvalidOption, ["properties: ", flaw.what].concat()))?;
    Ok(list)
}

/// Of a received message; none for none.
pub fn record(list: &[u8]) -> Option<Properties> {
    if list.is_empty() {
        return None;
    }
    let number = |id| property::number(list, id);
    let text = |id| property::string(list, id).map(str::to_owned);
    let users: Vec<_> = property::Properties(list)
        .filter_map(|(_, value)| match value {
            Value::Pair(name, value) => Some((name.to_owned(), value.to_owned())),
            _ => None,
        })
        .collect();
    Some(Properties {
        payload_format_indicator: number(PAYLOAD_FORMAT).map(|flag| flag != 0),
        message_expiry_interval: number(MESSAGE_EXPIRY),
        content_type: text(CONTENT_TYPE),
        response_topic: text(RESPONSE_TOPIC),
        correlation_data: match property::find(list, CORRELATION_DATA) {
            Some(Value::Binary(bytes)) => Some(bytes.to_vec()),
            _ => None,
        },
        user_properties: Some(users).filter(|users| !users.is_empty()),
    })
}

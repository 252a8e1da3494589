//! Converts the properties of a message: the record of the interface to an encoded list, and back.

use mqtt_lib_edge::properties::{self, check, put, Place, Property, Value};
use mqtt_lib_edge::{Code, Error};

use crate::exports::mqtt_lib::client::mqtt::Properties;

/// The encoded list of a record.
///
/// # Errors
/// `OUT_OF_RANGE`, or `INVALID_OPTION` for a value that MQTT does not allow.
pub fn list(given: Option<&Properties>) -> Result<Vec<u8>, Error> {
    let mut list = Vec::new();
    let Some(given) = given else {
        return Ok(list);
    };
    let mut values = Vec::new();
    // BEGIN GENERATED given
    if let Some(value) = given.payload_format_indicator {
        values.push((Property::PayloadFormatIndicator, Value::Number(value.into())));
    }
    if let Some(value) = given.message_expiry_interval {
        values.push((Property::MessageExpiryInterval, Value::Number(value)));
    }
    if let Some(value) = &given.content_type {
        values.push((Property::ContentType, Value::Text(value)));
    }
    if let Some(value) = &given.response_topic {
        values.push((Property::ResponseTopic, Value::Text(value)));
    }
    if let Some(value) = &given.correlation_data {
        values.push((Property::CorrelationData, Value::Binary(value)));
    }
    // END GENERATED given
    for (name, value) in given.user_properties.iter().flatten() {
        values.push((Property::UserProperty, Value::Pair(name, value)));
    }
    for (property, value) in values {
        let before = list.len();
        put(&mut list, property, value);
        if list.len() == before {
            let text = "properties: a text or bytes have more than 65,535 bytes, which is what MQTT allows";
            return Err(Error::new(Code::OutOfRange, text));
        }
    }
    check(&list, Place::Publish)
        .map_err(|error| Error::new(Code::InvalidOption, &["properties: ", error.sentence].concat()))?;
    Ok(list)
}

/// The record of a received message; none if it has no properties.
pub fn record(list: &[u8]) -> Option<Properties> {
    if list.is_empty() {
        return None;
    }
    let number = |property| properties::number(list, property);
    let text = |property| properties::string(list, property).map(str::to_owned);
    let bytes = |property| match properties::find(list, property) {
        Some(Value::Binary(bytes)) => Some(bytes.to_vec()),
        _ => None,
    };
    let users: Vec<_> = properties::Properties(list)
        .filter_map(|(_, value)| match value {
            Value::Pair(name, value) => Some((name.to_owned(), value.to_owned())),
            _ => None,
        })
        .collect();
    Some(Properties {
        // BEGIN GENERATED received
        payload_format_indicator: number(Property::PayloadFormatIndicator).map(|flag| flag != 0),
        message_expiry_interval: number(Property::MessageExpiryInterval),
        content_type: text(Property::ContentType),
        response_topic: text(Property::ResponseTopic),
        correlation_data: bytes(Property::CorrelationData),
        // END GENERATED received
        user_properties: Some(users).filter(|users| !users.is_empty()),
    })
}

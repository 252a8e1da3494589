//! Converts properties of MQTT 5: the record of the interface to an encoded list, and back.

use mqtt_lib_edge::properties::{self, check, put, Place, Property, Value, ValueType, TABLE};
use mqtt_lib_edge::{Code, Error};

use crate::mqtt_lib::client::types::Properties;

/// The encoded list of a record that is to stand in a packet.
///
/// # Errors
/// `OUT_OF_RANGE`, or `INVALID_OPTION` for a value that MQTT does not allow there.
#[rustfmt::skip] // one property a line
pub fn list(given: Option<&Properties>, place: Place) -> Result<Vec<u8>, Error> {
    let mut list = List::default();
    let Some(given) = given else {
        return Ok(list.encoded);
    };
    // BEGIN GENERATED given
    list.flag(Property::PayloadFormatIndicator, given.payload_format_indicator);
    list.number(Property::MessageExpiryInterval, given.message_expiry_interval);
    list.text(Property::ContentType, &given.content_type);
    list.text(Property::ResponseTopic, &given.response_topic);
    list.bytes(Property::CorrelationData, &given.correlation_data);
    list.numbers(Property::SubscriptionIdentifier, &given.subscription_identifier);
    list.number(Property::SessionExpiryInterval, given.session_expiry_interval);
    list.text(Property::AssignedClientIdentifier, &given.assigned_client_identifier);
    list.number(Property::ServerKeepAlive, given.server_keep_alive);
    list.text(Property::AuthenticationMethod, &given.authentication_method);
    list.bytes(Property::AuthenticationData, &given.authentication_data);
    list.flag(Property::RequestProblemInformation, given.request_problem_information);
    list.number(Property::WillDelayInterval, given.will_delay_interval);
    list.flag(Property::RequestResponseInformation, given.request_response_information);
    list.text(Property::ResponseInformation, &given.response_information);
    list.text(Property::ServerReference, &given.server_reference);
    list.text(Property::ReasonString, &given.reason_string);
    list.number(Property::ReceiveMaximum, given.receive_maximum);
    list.number(Property::TopicAliasMaximum, given.topic_alias_maximum);
    list.number(Property::TopicAlias, given.topic_alias);
    list.number(Property::MaximumQoS, given.maximum_qos);
    list.flag(Property::RetainAvailable, given.retain_available);
    list.pairs(Property::UserProperty, &given.user_properties);
    list.number(Property::MaximumPacketSize, given.maximum_packet_size);
    list.flag(Property::WildcardSubscriptionAvailable, given.wildcard_subscription_available);
    list.flag(Property::SubscriptionIdentifierAvailable, given.subscription_identifiers_available);
    list.flag(Property::SharedSubscriptionAvailable, given.shared_subscription_available);
    // END GENERATED given
    if let Some(property) = list.unfit {
        let text = format!(
            "properties: the value of {} has more than MQTT allows: 65,535 bytes, or the range of its number",
            name(property)
        );
        return Err(Error::new(Code::OutOfRange, &text));
    }
    check(&list.encoded, place).map_err(|error| {
        Error::new(
            Code::InvalidOption,
            &format!("properties of {place:?}: {}", error.sentence),
        )
    })?;
    Ok(list.encoded)
}

/// The record of a received list; none if it has no properties.
pub fn record(list: &[u8]) -> Option<Properties> {
    if list.is_empty() {
        return None;
    }
    let received = Received(list);
    Some(Properties {
        // BEGIN GENERATED received
        payload_format_indicator: received.flag(Property::PayloadFormatIndicator),
        message_expiry_interval: received.number(Property::MessageExpiryInterval),
        content_type: received.text(Property::ContentType),
        response_topic: received.text(Property::ResponseTopic),
        correlation_data: received.bytes(Property::CorrelationData),
        subscription_identifier: received.numbers(Property::SubscriptionIdentifier),
        session_expiry_interval: received.number(Property::SessionExpiryInterval),
        assigned_client_identifier: received.text(Property::AssignedClientIdentifier),
        server_keep_alive: received.number(Property::ServerKeepAlive),
        authentication_method: received.text(Property::AuthenticationMethod),
        authentication_data: received.bytes(Property::AuthenticationData),
        request_problem_information: received.flag(Property::RequestProblemInformation),
        will_delay_interval: received.number(Property::WillDelayInterval),
        request_response_information: received.flag(Property::RequestResponseInformation),
        response_information: received.text(Property::ResponseInformation),
        server_reference: received.text(Property::ServerReference),
        reason_string: received.text(Property::ReasonString),
        receive_maximum: received.number(Property::ReceiveMaximum),
        topic_alias_maximum: received.number(Property::TopicAliasMaximum),
        topic_alias: received.number(Property::TopicAlias),
        maximum_qos: received.number(Property::MaximumQoS),
        retain_available: received.flag(Property::RetainAvailable),
        user_properties: received.pairs(Property::UserProperty),
        maximum_packet_size: received.number(Property::MaximumPacketSize),
        wildcard_subscription_available: received.flag(Property::WildcardSubscriptionAvailable),
        subscription_identifiers_available: received.flag(Property::SubscriptionIdentifierAvailable),
        shared_subscription_available: received.flag(Property::SharedSubscriptionAvailable),
        // END GENERATED received
    })
}

#[derive(Default)]
struct List {
    encoded: Vec<u8>,
    /// One whose value cannot be encoded.
    unfit: Option<Property>,
}

impl List {
    fn put(&mut self, property: Property, value: Value<'_>) {
        let before = self.encoded.len();
        put(&mut self.encoded, property, value);
        if self.encoded.len() == before {
            self.unfit = Some(property);
        }
    }

    fn flag(&mut self, property: Property, given: Option<bool>) {
        self.number(property, given.map(u32::from));
    }

    fn number(&mut self, property: Property, given: Option<u32>) {
        let Some(number) = given else { return };
        if number > largest(property) {
            self.unfit = Some(property);
        } else {
            self.put(property, Value::Number(number));
        }
    }

    fn numbers(&mut self, property: Property, given: &Option<Vec<u32>>) {
        for &number in given.iter().flatten() {
            self.number(property, Some(number));
        }
    }

    fn text(&mut self, property: Property, given: &Option<String>) {
        if let Some(text) = given {
            self.put(property, Value::Text(text));
        }
    }

    fn bytes(&mut self, property: Property, given: &Option<Vec<u8>>) {
        if let Some(bytes) = given {
            self.put(property, Value::Binary(bytes));
        }
    }

    fn pairs(&mut self, property: Property, given: &Option<Vec<(String, String)>>) {
        for (name, value) in given.iter().flatten() {
            self.put(property, Value::Pair(name, value));
        }
    }
}

fn largest(property: Property) -> u32 {
    let row = TABLE.iter().find(|row| row.property == property);
    match row.map(|row| row.value_type) {
        Some(ValueType::Byte) => u8::MAX.into(),
        Some(ValueType::TwoByteInteger) => u16::MAX.into(),
        Some(ValueType::VariableByteInteger) => 268_435_455,
        _ => u32::MAX,
    }
}

fn name(property: Property) -> &'static str {
    let row = TABLE.iter().find(|row| row.property == property);
    row.map_or("", |row| row.name)
}

struct Received<'a>(&'a [u8]);

impl Received<'_> {
    fn flag(&self, property: Property) -> Option<bool> {
        self.number(property).map(|flag| flag != 0)
    }

    fn number(&self, property: Property) -> Option<u32> {
        properties::number(self.0, property)
    }

    fn numbers(&self, property: Property) -> Option<Vec<u32>> {
        let all = properties::Properties(self.0).filter_map(|(row, value)| match value {
            Value::Number(number) if row.property == property => Some(number),
            _ => None,
        });
        Some(all.collect::<Vec<_>>()).filter(|all| !all.is_empty())
    }

    fn text(&self, property: Property) -> Option<String> {
        properties::string(self.0, property).map(str::to_owned)
    }

    fn bytes(&self, property: Property) -> Option<Vec<u8>> {
        match properties::find(self.0, property) {
            Some(Value::Binary(bytes)) => Some(bytes.to_vec()),
            _ => None,
        }
    }

    fn pairs(&self, _: Property) -> Option<Vec<(String, String)>> {
        let all = properties::Properties(self.0).filter_map(|(_, value)| match value {
            Value::Pair(name, value) => Some((name.to_owned(), value.to_owned())),
            _ => None,
        });
        Some(all.collect::<Vec<_>>()).filter(|all| !all.is_empty())
    }
}

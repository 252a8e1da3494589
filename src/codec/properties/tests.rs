//! Properties: read as written, where they may appear, and which values are refused.

use super::*;
use crate::codec::ReasonCode;

fn list(rows: &[(Property, Value<'_>)]) -> Vec<u8> {
    let mut list = Vec::new();
    for &(property, value) in rows {
        put(&mut list, property, value);
    }
    list
}

/// A value that the property may have.
fn good(row: &Definition) -> Value<'static> {
    match row.value_type {
        ValueType::Byte => Value::Number(1),
        ValueType::TwoByteInteger => Value::Number(0x1234),
        ValueType::FourByteInteger => Value::Number(0x1234_5678),
        ValueType::VariableByteInteger => Value::Number(268_435_455),
        ValueType::Utf8String => Value::Text("é/日本"),
        ValueType::BinaryData => Value::Binary(&[0, 255]),
        ValueType::Utf8StringPair => Value::Pair("", "b"),
    }
}

#[test]
fn every_property_is_read_as_written_where_it_may_appear_and_refused_elsewhere() {
    for row in TABLE {
        let bytes = list(&[(row.property, good(row))]);
        for place in Place::ALL {
            let data_alone =
                row.property == Property::AuthenticationData && matches!(place, Place::Connect | Place::Auth);
            let answer = check(&bytes, place);
            if !row.may_appear_in(place) || data_alone {
                assert_eq!(
                    answer.unwrap_err().reason,
                    ReasonCode::PROTOCOL_ERROR,
                    "{} {place:?}",
                    row.name
                );
            } else {
                assert_eq!(answer, Ok(()), "{} {place:?}", row.name);
            }
        }
        let read: Vec<_> = Properties(&bytes)
            .map(|(row, value)| (row.property, value))
            .collect();
        assert_eq!(read, [(row.property, good(row))]);
        assert_eq!(find(&bytes, row.property), Some(good(row)));
        for cut in 1..bytes.len() {
            assert!(
                Place::ALL
                    .iter()
                    .all(|&place| check(&bytes[..cut], place).is_err()),
                "{} {cut}",
                row.name
            );
        }
    }
}

#[test]
fn a_property_appears_once_except_user_properties_and_received_subscription_identifiers() {
    for row in TABLE {
        let twice = list(&[(row.property, good(row)), (row.property, good(row))]);
        for place in Place::ALL {
            if !row.may_appear_in(place) {
                continue;
            }
            let may = row.property == Property::UserProperty
                || row.property == Property::SubscriptionIdentifier && place == Place::ReceivedPublish;
            let answer = check(&twice, place).map_err(|error| error.reason);
            assert_eq!(
                answer,
                if may {
                    Ok(())
                } else {
                    Err(ReasonCode::PROTOCOL_ERROR)
                },
                "{} {place:?}",
                row.name
            );
        }
    }
}

#[test]
fn a_value_out_of_range_is_a_protocol_error_and_the_rest_is_malformed() {
    let wildcard = list(&[(Property::ResponseTopic, Value::Text("a/+"))]);
    for (bytes, place, reason) in [
        (&[1, 2][..], Place::Publish, ReasonCode::PROTOCOL_ERROR),
        (&[11, 0], Place::ReceivedPublish, ReasonCode::PROTOCOL_ERROR),
        (
            &[11, 0x80, 0],
            Place::ReceivedPublish,
            ReasonCode::MALFORMED_PACKET,
        ),
        (
            &[11, 0xff, 0xff, 0xff, 0xff, 1],
            Place::ReceivedPublish,
            ReasonCode::MALFORMED_PACKET,
        ),
        (
            &[35, 0, 0],
            Place::ReceivedPublish,
            ReasonCode::TOPIC_ALIAS_INVALID,
        ),
        (&[33, 0, 0], Place::ConnAck, ReasonCode::PROTOCOL_ERROR),
        (&[39, 0, 0, 0, 0], Place::ConnAck, ReasonCode::PROTOCOL_ERROR),
        (&[36, 2], Place::ConnAck, ReasonCode::PROTOCOL_ERROR),
        (
            &[3, 0, 1, 0xff],
            Place::ReceivedPublish,
            ReasonCode::MALFORMED_PACKET,
        ),
        (
            &[3, 0, 1, 0],
            Place::ReceivedPublish,
            ReasonCode::MALFORMED_PACKET,
        ),
        (&[8, 0, 0], Place::Publish, ReasonCode::PROTOCOL_ERROR),
        (
            &[3, 0, 3, 0xed, 0xa0, 0x80],
            Place::ReceivedPublish,
            ReasonCode::MALFORMED_PACKET,
        ),
        (
            &[38, 0, 1, b'a', 0, 1, 0xc0],
            Place::ReceivedPublish,
            ReasonCode::MALFORMED_PACKET,
        ),
        (&[0], Place::ReceivedPublish, ReasonCode::MALFORMED_PACKET),
        (&[43], Place::ReceivedPublish, ReasonCode::MALFORMED_PACKET),
        (&[0x81, 0], Place::ReceivedPublish, ReasonCode::MALFORMED_PACKET),
        (&wildcard, Place::Publish, ReasonCode::PROTOCOL_ERROR),
    ] {
        assert_eq!(check(bytes, place).unwrap_err().reason, reason, "{bytes:02x?}");
    }
}

#[test]
fn a_list_is_split_from_the_bytes_after_it() {
    assert_eq!(split(&[0, 7], Place::ReceivedPublish), Ok((&[][..], &[7][..])));
    assert_eq!(
        split(&[2, 1, 1, 7], Place::ReceivedPublish),
        Ok((&[1, 1][..], &[7][..]))
    );
    for bad in [
        &[][..],
        &[0x80],
        &[0x80, 0],
        &[3, 1, 1],
        &[0xff, 0xff, 0xff, 0xff, 1],
    ] {
        assert_eq!(
            split(bad, Place::ReceivedPublish).unwrap_err().reason,
            ReasonCode::MALFORMED_PACKET,
            "{bad:02x?}"
        );
    }
}

#[test]
fn a_number_is_replaced_and_the_rest_stays_in_its_order() {
    let before = list(&[
        (Property::UserProperty, Value::Pair("a", "1")),
        (Property::MessageExpiryInterval, Value::Number(10)),
        (Property::UserProperty, Value::Pair("b", "2")),
    ]);
    let after = with_number(&before, Property::MessageExpiryInterval, 7);
    assert_eq!(number(&after, Property::MessageExpiryInterval), Some(7));
    assert_eq!(
        without(&after, Property::MessageExpiryInterval),
        without(&before, Property::MessageExpiryInterval)
    );
    assert_eq!(without(&before, Property::ContentType), before);
}

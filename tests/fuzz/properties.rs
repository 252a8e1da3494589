//! Lists of properties: what is accepted is read and written the same and means the same to every function that reads it,
//! and what was written is accepted. Nothing panics, whatever the bytes.
//!
//! Byte 0 chooses the place, byte 1 a property that is looked for; the rest is the list.

use mqtt_lib::codec::properties::{
    check, find, number, put, string, with_number, without, Place, Properties, Property, Value, ValueType,
    TABLE,
};
use mqtt_lib::codec::{publish, Version};

pub fn run(data: &[u8]) {
    let &[place, wanted, ref list @ ..] = data else {
        return;
    };
    let place = Place::ALL[usize::from(place) % Place::ALL.len()];
    let wanted = &TABLE[usize::from(wanted) % TABLE.len()];
    accepted(place, wanted.property as u8, list);
    written(place, list);
    in_a_publish(list);
}

/// What `check` takes has one meaning.
fn accepted(place: Place, wanted: u8, list: &[u8]) {
    let wanted = TABLE.iter().find(|row| row.property as u8 == wanted).unwrap();
    if check(list, place).is_err() {
        // A reader of a list that nobody has checked ends; it does not go on for ever.
        assert!(Properties(list).count() <= list.len());
        return;
    }
    let mut again = Vec::new();
    for (row, value) in Properties(list) {
        assert!(row.may_appear_in(place));
        assert!(!matches!(value, Value::Number(0)) || !row.nonzero);
        put(&mut again, row.property, value);
    }
    assert_eq!(again, list);
    let first = Properties(list).find(|(row, _)| row.property == wanted.property);
    let first = first.map(|(_, value)| value);
    assert_eq!(find(list, wanted.property), first);
    match first {
        Some(Value::Number(n)) => assert_eq!(number(list, wanted.property), Some(n)),
        Some(Value::Text(text)) => assert_eq!(string(list, wanted.property), Some(text)),
        _ => assert_eq!(
            (number(list, wanted.property), string(list, wanted.property)),
            (None, None)
        ),
    }
    let rest = without(list, wanted.property);
    let others = Properties(list).filter(|(row, _)| row.property != wanted.property);
    assert!(Properties(&rest)
        .map(|(_, value)| value)
        .eq(others.map(|(_, value)| value)));
    if wanted.value_type == ValueType::FourByteInteger {
        assert_eq!(
            number(&with_number(list, wanted.property, 7), wanted.property),
            Some(7)
        );
    }
    // A list that is cut in the middle of a property is none; one that is cut between two is shorter.
    for cut in 0..list.len() {
        let whole: usize = Properties(&list[..cut]).count();
        assert!(whole < Properties(list).count());
    }
}

/// A list that is written property by property, with the bytes as decisions, is accepted where each may stand.
fn written(place: Place, mut decisions: &[u8]) {
    let mut list = Vec::new();
    let mut values = Vec::new();
    let mut seen = [false; 256];
    while let [chosen, length, after @ ..] = decisions {
        let row = &TABLE[usize::from(*chosen) % TABLE.len()];
        let (bytes, rest) = after.split_at(usize::from(*length).min(after.len()));
        decisions = rest;
        let text: String = bytes
            .iter()
            .map(|&byte| char::from(byte.clamp(b'a', b'z')))
            .collect();
        let n = u32::from(*length) + 1;
        let value = match row.value_type {
            ValueType::Byte => Value::Number(n & 1 | u32::from(row.nonzero)),
            ValueType::TwoByteInteger | ValueType::FourByteInteger | ValueType::VariableByteInteger => {
                Value::Number(n << (n % 8))
            }
            ValueType::Utf8String => Value::Text(if text.is_empty() { "t" } else { &text }),
            ValueType::BinaryData => Value::Binary(bytes),
            ValueType::Utf8StringPair => Value::Pair(&text, "v"),
        };
        let before = list.len();
        put(&mut list, row.property, value);
        let fits = row.may_appear_in(place) && !std::mem::replace(&mut seen[row.property as usize], true);
        if fits {
            values.push(format!("{value:?}"));
        } else {
            list.truncate(before);
        }
    }
    // Data of an authentication needs a method, which is a rule of two properties.
    if check(&list, place).is_ok() {
        let read: Vec<_> = Properties(&list).map(|(_, value)| format!("{value:?}")).collect();
        assert_eq!(read, values);
    } else {
        assert!(
            matches!(place, Place::Connect | Place::Auth),
            "{place:?} {list:02x?}"
        );
    }
}

/// As a broker sends it, whole and cut off.
fn in_a_publish(list: &[u8]) {
    let mut body = vec![0, 1, b't'];
    mqtt_lib::codec::varint::write(&mut body, list.len());
    body.extend_from_slice(list);
    let read = publish::decode(Version::V5, 0x30, &body);
    assert_eq!(read.is_ok(), check(list, Place::ReceivedPublish).is_ok());
    if let Ok(message) = read {
        assert_eq!((message.properties, message.payload), (list, &[][..]));
        let topic = string(list, Property::ResponseTopic);
        let valid =
            topic.is_none_or(|topic| !topic.is_empty() && mqtt_lib::codec::topic::is_received_name(topic));
        let format = number(list, Property::PayloadFormatIndicator);
        assert_eq!(publish::is_content_valid(list), valid && format.unwrap_or(0) < 2);
    }
    for cut in 3..body.len() {
        assert!(publish::decode(Version::V5, 0x30, &body[..cut]).is_err());
    }
}

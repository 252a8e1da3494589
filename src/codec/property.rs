//! MQTT 5 properties (§2.2.2): one table says what each is, where it may stand and what it may hold.
//!
//! Everywhere outside this file a list of properties is its encoded bytes, without the length in
//! front of it; no properties is the empty slice. What came from a peer has been through [`check`],
//! so [`find`] and [`Properties`] need not fail.
//!
//! Nothing here is hot, and one copy of each is half a KiB less of a download: hence `inline(never)`.

use super::topic::check_name;
use super::{flaw, malformed, protocol, Malformed};

/// Where a list stands, one bit each.
pub mod place {
    pub const CONNECT: u16 = 1;
    pub const CONNACK: u16 = 2;
    /// PUBLISH from a server.
    pub const RECEIVED: u16 = 4;
    /// PUBLISH to a server: without subscription identifiers [MQTT-3.3.4-6].
    pub const PUBLISH: u16 = 8;
    pub const WILL: u16 = 16;
    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK.
    pub const ACK: u16 = 32;
    pub const SUBSCRIBE: u16 = 64;
    pub const UNSUBSCRIBE: u16 = 128;
    /// DISCONNECT to a server.
    pub const DISCONNECT: u16 = 256;
    /// DISCONNECT from a server: it has no say in the session's expiry [MQTT-3.14.2-2].
    pub const DISCONNECTED: u16 = 512;
    pub const AUTH: u16 = 1024;
    /// What a user answers an AUTH with: the method is added.
    pub const AUTH_ANSWER: u16 = 2048;
    pub(super) const MESSAGE: u16 = RECEIVED | PUBLISH | WILL;
    pub(super) const ALL: u16 = 4095;
}
use place::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A byte, 0 or 1.
    Flag,
    Two,
    Four,
    /// A variable byte integer.
    Var,
    Text,
    Binary,
    Pair,
}

#[derive(Debug)]
pub struct Property {
    pub id: u8,
    pub kind: Kind,
    /// 0 is not allowed.
    pub nonzero: bool,
    pub places: u16,
    /// As JavaScript names it.
    pub name: &'static str,
}

pub const PAYLOAD_FORMAT: u8 = 1;
pub const MESSAGE_EXPIRY: u8 = 2;
pub const RESPONSE_TOPIC: u8 = 8;
pub const SUBSCRIPTION_ID: u8 = 11;
pub const SESSION_EXPIRY: u8 = 17;
pub const ASSIGNED_CLIENT_ID: u8 = 18;
pub const SERVER_KEEP_ALIVE: u8 = 19;
pub const AUTH_METHOD: u8 = 21;
pub const AUTH_DATA: u8 = 22;
pub const PROBLEM_INFORMATION: u8 = 23;
pub const SERVER_REFERENCE: u8 = 28;
pub const REASON_STRING: u8 = 31;
pub const RECEIVE_MAXIMUM: u8 = 33;
pub const TOPIC_ALIAS_MAXIMUM: u8 = 34;
pub const TOPIC_ALIAS: u8 = 35;
pub const MAXIMUM_QOS: u8 = 36;
pub const RETAIN_AVAILABLE: u8 = 37;
pub const USER_PROPERTY: u8 = 38;
pub const MAXIMUM_PACKET_SIZE: u8 = 39;
pub const WILDCARD_AVAILABLE: u8 = 40;
pub const SUBSCRIPTION_ID_AVAILABLE: u8 = 41;
pub const SHARED_AVAILABLE: u8 = 42;

const fn row(id: u8, kind: Kind, nonzero: bool, places: u16, name: &'static str) -> Property {
    Property {
        id,
        kind,
        nonzero,
        places,
        name,
    }
}

/// Table 2-4 of the specification.
#[rustfmt::skip]
pub const TABLE: [Property; 27] = [
    row(PAYLOAD_FORMAT, Kind::Flag, false, MESSAGE, "payloadFormatIndicator"),
    row(MESSAGE_EXPIRY, Kind::Four, false, MESSAGE, "messageExpiryInterval"),
    row(3, Kind::Text, false, MESSAGE, "contentType"),
    row(RESPONSE_TOPIC, Kind::Text, false, MESSAGE, "responseTopic"),
    row(9, Kind::Binary, false, MESSAGE, "correlationData"),
    row(SUBSCRIPTION_ID, Kind::Var, true, RECEIVED | SUBSCRIBE, "subscriptionIdentifier"),
    row(SESSION_EXPIRY, Kind::Four, false, CONNECT | CONNACK | DISCONNECT, "sessionExpiryInterval"),
    row(ASSIGNED_CLIENT_ID, Kind::Text, false, CONNACK, "assignedClientIdentifier"),
    row(SERVER_KEEP_ALIVE, Kind::Two, false, CONNACK, "serverKeepAlive"),
    row(AUTH_METHOD, Kind::Text, false, CONNECT | CONNACK | AUTH | AUTH_ANSWER, "authenticationMethod"),
    row(AUTH_DATA, Kind::Binary, false, CONNECT | CONNACK | AUTH | AUTH_ANSWER, "authenticationData"),
    row(PROBLEM_INFORMATION, Kind::Flag, false, CONNECT, "requestProblemInformation"),
    row(24, Kind::Four, false, WILL, "willDelayInterval"),
    row(25, Kind::Flag, false, CONNECT, "requestResponseInformation"),
    row(26, Kind::Text, false, CONNACK, "responseInformation"),
    row(SERVER_REFERENCE, Kind::Text, false, CONNACK | DISCONNECTED, "serverReference"),
    row(REASON_STRING, Kind::Text, false, CONNACK | ACK | DISCONNECT | DISCONNECTED | AUTH | AUTH_ANSWER, "reasonString"),
    row(RECEIVE_MAXIMUM, Kind::Two, true, CONNECT | CONNACK, "receiveMaximum"),
    row(TOPIC_ALIAS_MAXIMUM, Kind::Two, false, CONNECT | CONNACK, "topicAliasMaximum"),
    row(TOPIC_ALIAS, Kind::Two, true, RECEIVED | PUBLISH, "topicAlias"),
    row(MAXIMUM_QOS, Kind::Flag, false, CONNACK, "maximumQoS"),
    row(RETAIN_AVAILABLE, Kind::Flag, false, CONNACK, "retainAvailable"),
    row(USER_PROPERTY, Kind::Pair, false, ALL, "userProperties"),
    row(MAXIMUM_PACKET_SIZE, Kind::Four, true, CONNECT | CONNACK, "maximumPacketSize"),
    row(WILDCARD_AVAILABLE, Kind::Flag, false, CONNACK, "wildcardSubscriptionAvailable"),
    row(SUBSCRIPTION_ID_AVAILABLE, Kind::Flag, false, CONNACK, "subscriptionIdentifiersAvailable"),
    row(SHARED_AVAILABLE, Kind::Flag, false, CONNACK, "sharedSubscriptionAvailable"),
];

/// The row of an identifier.
pub fn property(id: u8) -> Option<&'static Property> {
    TABLE.iter().find(|property| property.id == id)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    Number(u32),
    Text(&'a str),
    Binary(&'a [u8]),
    Pair(&'a str, &'a str),
}

/// Walks over a list. As an iterator it is for lists that were checked: it ends at a flaw.
#[derive(Debug, Clone)]
pub struct Properties<'a>(pub &'a [u8]);

const CUT: Malformed = malformed!("a property passes the end of its list");

impl<'a> Properties<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self, len: usize) -> Result<u32, Malformed> {
        let bytes = self.take(len)?.iter();
        Ok(bytes.fold(0, |number, &byte| number << 8 | u32::from(byte)))
    }

    fn binary(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.number(2)?;
        self.take(len as usize)
    }

    fn text(&mut self) -> Result<&'a str, Malformed> {
        text(self.binary()?)
    }

    fn read(&mut self) -> Result<Option<(&'static Property, Value<'a>)>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        // Identifiers are variable byte integers, and all there are have one byte.
        let row = property(self.take(1)?[0]).ok_or(malformed!("a property has an unknown identifier"))?;
        let value = match row.kind {
            Kind::Flag => Value::Number(self.number(1)?),
            Kind::Two => Value::Number(self.number(2)?),
            Kind::Four => Value::Number(self.number(4)?),
            Kind::Var => {
                let (number, rest) = variable(self.0)?.ok_or(CUT)?;
                self.0 = rest;
                Value::Number(number)
            }
            Kind::Text => Value::Text(self.text()?),
            Kind::Binary => Value::Binary(self.binary()?),
            Kind::Pair => Value::Pair(self.text()?, self.text()?),
        };
        Ok(Some((row, value)))
    }
}

impl<'a> Iterator for Properties<'a> {
    type Item = (&'static Property, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.read().ok().flatten()
    }
}

/// UTF-8 as MQTT wants it (§1.5.4).
pub(super) fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    match core::str::from_utf8(bytes) {
        Ok(text) if !bytes.contains(&0) => Ok(text),
        _ => Err(malformed!(
            "a text is not UTF-8 or contains U+0000 [MQTT-1.5.4-1]"
        )),
    }
}

/// A variable byte integer (§1.5.5) and what follows it; none if more bytes are needed.
pub(super) fn variable(bytes: &[u8]) -> Result<Option<(u32, &[u8])>, Malformed> {
    let mut number = 0;
    for (at, &byte) in bytes.iter().enumerate().take(4) {
        number |= u32::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            if byte == 0 && at > 0 {
                return Err(malformed!("a length has more bytes than it needs [MQTT-1.5.5-1]"));
            }
            return Ok(Some((number, &bytes[at + 1..])));
        }
    }
    if bytes.len() < 4 {
        return Ok(None);
    }
    Err(malformed!("a length has more than four bytes"))
}

/// Is this a list that may stand there?
#[inline(never)]
pub fn check(list: &[u8], place: u16) -> Result<(), Malformed> {
    let mut seen = 0u64;
    let mut rest = Properties(list);
    while let Some((row, value)) = rest.read()? {
        if row.places & place == 0 {
            return Err(protocol!("a property stands where it is not allowed"));
        }
        let repeatable = row.id == USER_PROPERTY || row.id == SUBSCRIPTION_ID && place == RECEIVED;
        if seen & 1 << row.id != 0 && !repeatable {
            return Err(protocol!("a property appears twice"));
        }
        seen |= 1 << row.id;
        match value {
            Value::Number(0) if row.id == TOPIC_ALIAS => return Err(ALIAS_0),
            Value::Number(0) if row.nonzero => return Err(protocol!("a property is 0 and must not be")),
            Value::Number(2..) if row.kind == Kind::Flag => {
                return Err(protocol!("a property is neither 0 nor 1"))
            }
            Value::Text(topic) if row.id == RESPONSE_TOPIC && check_name(topic).is_err() => {
                return Err(protocol!("a response topic is no topic name"))
            }
            _ => {}
        }
    }
    if place & (CONNECT | AUTH) != 0 && seen & 1 << AUTH_DATA != 0 && seen & 1 << AUTH_METHOD == 0 {
        return Err(protocol!("authentication data stands without its method"));
    }
    Ok(())
}

const ALIAS_0: Malformed = flaw!(0x94, "a topic alias is 0 [MQTT-3.3.2-8]");

/// A list with its length in front, checked, and what follows it.
pub(super) fn split(bytes: &[u8], place: u16) -> Result<(&[u8], &[u8]), Malformed> {
    let (len, rest) = match bytes.first() {
        Some(&len @ 0..=0x7f) => (len.into(), &bytes[1..]),
        _ => variable(bytes)?.ok_or(CUT)?,
    };
    let (list, rest) = rest
        .split_at_checked(len as usize)
        .ok_or(malformed!("the properties pass the packet's end"))?;
    if len > 0 {
        check(list, place)?;
    }
    Ok((list, rest))
}

/// The first value of a property in a checked list.
#[inline(never)]
pub fn find(list: &[u8], id: u8) -> Option<Value<'_>> {
    let found = Properties(list).find(|(row, _)| row.id == id);
    found.map(|(_, value)| value)
}

#[inline(never)]
pub fn number(list: &[u8], id: u8) -> Option<u32> {
    match find(list, id) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    }
}

#[inline(never)]
pub fn string(list: &[u8], id: u8) -> Option<&str> {
    match find(list, id) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// Appends a property. The caller has checked the value; one that cannot be written is left out.
#[inline(never)]
pub fn put(list: &mut Vec<u8>, id: u8, value: Value<'_>) {
    let Some(row) = property(id) else { return };
    let fits = match value {
        Value::Number(_) => true,
        Value::Text(text) => text.len() <= LONGEST,
        Value::Binary(bytes) => bytes.len() <= LONGEST,
        Value::Pair(name, value) => name.len().max(value.len()) <= LONGEST,
    };
    if !fits {
        return;
    }
    list.push(id);
    match value {
        Value::Number(number) => match row.kind {
            Kind::Two => put_u16(list, number as u16),
            Kind::Four => list.extend_from_slice(&number.to_be_bytes()),
            Kind::Var => super::frame::write_remaining_length(list, number as usize),
            _ => list.push(number as u8),
        },
        Value::Text(text) => put_bytes(list, text.as_bytes()),
        Value::Binary(bytes) => put_bytes(list, bytes),
        Value::Pair(name, value) => {
            put_bytes(list, name.as_bytes());
            put_bytes(list, value.as_bytes());
        }
    }
}

pub(super) const LONGEST: usize = 65_535;

/// Byte by byte: a copy of memory costs as much for two bytes as for a hundred.
pub(super) fn put_u16(out: &mut Vec<u8>, number: u16) {
    let [high, low] = number.to_be_bytes();
    out.push(high);
    out.push(low);
}

/// Bytes with their length in front. The caller has seen to it that they are at most [`LONGEST`].
#[inline(never)]
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u16(out, bytes.len() as u16);
    out.extend_from_slice(bytes);
}

/// The list without a property.
pub fn without(list: &[u8], id: u8) -> Vec<u8> {
    let mut kept = Vec::with_capacity(list.len());
    let mut rest = Properties(list);
    loop {
        let from = rest.0;
        let Some((row, _)) = rest.next() else { return kept };
        if row.id != id {
            kept.extend_from_slice(&from[..from.len() - rest.0.len()]);
        }
    }
}

/// The list with one value of a property in place of any it had.
pub fn with_number(list: &[u8], id: u8, number: u32) -> Vec<u8> {
    let mut changed = without(list, id);
    put(&mut changed, id, Value::Number(number));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: &[(u8, Value<'_>)]) -> Vec<u8> {
        let mut list = Vec::new();
        for &(id, value) in rows {
            put(&mut list, id, value);
        }
        list
    }

    /// A value that the property may have.
    fn good(row: &Property) -> Value<'static> {
        match row.kind {
            Kind::Flag => Value::Number(1),
            Kind::Two => Value::Number(0x1234),
            Kind::Four => Value::Number(0x1234_5678),
            Kind::Var => Value::Number(268_435_455),
            Kind::Text => Value::Text("é/日本"),
            Kind::Binary => Value::Binary(&[0, 255]),
            Kind::Pair => Value::Pair("", "b"),
        }
    }

    #[test]
    fn every_property_goes_there_and_back_where_it_may_stand_and_nowhere_else() {
        for row in &TABLE {
            let bytes = list(&[(row.id, good(row))]);
            for bit in 0..12 {
                let place = 1 << bit;
                let data_alone = row.id == AUTH_DATA && place & (CONNECT | AUTH) != 0;
                let answer = check(&bytes, place);
                if row.places & place == 0 || data_alone {
                    assert_eq!(answer.unwrap_err().reason, 0x82, "{} {place}", row.name);
                } else {
                    assert_eq!(answer, Ok(()), "{} {place}", row.name);
                }
            }
            let read: Vec<_> = Properties(&bytes).map(|(row, value)| (row.id, value)).collect();
            assert_eq!(read, [(row.id, good(row))]);
            assert_eq!(find(&bytes, row.id), Some(good(row)));
            for cut in 1..bytes.len() {
                assert!(check(&bytes[..cut], row.places).is_err(), "{} {cut}", row.name);
            }
        }
    }

    #[test]
    fn a_property_appears_once_but_user_properties_and_received_subscription_identifiers() {
        for row in &TABLE {
            let twice = list(&[(row.id, good(row)), (row.id, good(row))]);
            for bit in 0..12 {
                let place = 1 << bit;
                if row.places & place == 0 {
                    continue;
                }
                let may = row.id == USER_PROPERTY || row.id == SUBSCRIPTION_ID && place == RECEIVED;
                let answer = check(&twice, place).map_err(|flaw| flaw.reason);
                assert_eq!(
                    answer,
                    if may { Ok(()) } else { Err(0x82) },
                    "{} {place}",
                    row.name
                );
            }
        }
    }

    #[test]
    fn values_out_of_range_are_told_from_what_cannot_be_read() {
        let wildcard = list(&[(RESPONSE_TOPIC, Value::Text("a/+"))]);
        for (bytes, place, reason) in [
            (&[1, 2][..], RECEIVED, 0x82),
            (&[11, 0], RECEIVED, 0x82),
            (&[11, 0x80, 0], RECEIVED, 0x81),
            (&[11, 0xff, 0xff, 0xff, 0xff, 1], RECEIVED, 0x81),
            (&[35, 0, 0], RECEIVED, 0x94),
            (&[33, 0, 0], CONNACK, 0x82),
            (&[39, 0, 0, 0, 0], CONNACK, 0x82),
            (&[36, 2], CONNACK, 0x82),
            (&[3, 0, 1, 0xff], RECEIVED, 0x81),
            (&[3, 0, 1, 0], RECEIVED, 0x81),
            (&[8, 0, 0], RECEIVED, 0x82),
            (&[3, 0, 3, 0xed, 0xa0, 0x80], RECEIVED, 0x81),
            (&[38, 0, 1, b'a', 0, 1, 0xc0], RECEIVED, 0x81),
            (&[0], RECEIVED, 0x81),
            (&[43], RECEIVED, 0x81),
            (&[0x81, 0], RECEIVED, 0x81),
            (&wildcard, RECEIVED, 0x82),
        ] {
            assert_eq!(check(bytes, place).unwrap_err().reason, reason, "{bytes:02x?}");
        }
    }

    #[test]
    fn a_list_is_cut_from_what_follows_it() {
        assert_eq!(split(&[0, 7], RECEIVED), Ok((&[][..], &[7][..])));
        assert_eq!(split(&[2, 1, 1, 7], RECEIVED), Ok((&[1, 1][..], &[7][..])));
        for bad in [
            &[][..],
            &[0x80],
            &[0x80, 0],
            &[3, 1, 1],
            &[0xff, 0xff, 0xff, 0xff, 1],
        ] {
            assert_eq!(split(bad, RECEIVED).unwrap_err().reason, 0x81, "{bad:02x?}");
        }
    }

    #[test]
    fn a_number_is_replaced_and_the_rest_stays_in_its_order() {
        let before = list(&[
            (USER_PROPERTY, Value::Pair("a", "1")),
            (MESSAGE_EXPIRY, Value::Number(10)),
            (USER_PROPERTY, Value::Pair("b", "2")),
        ]);
        let after = with_number(&before, MESSAGE_EXPIRY, 7);
        assert_eq!(number(&after, MESSAGE_EXPIRY), Some(7));
        assert_eq!(without(&after, MESSAGE_EXPIRY), without(&before, MESSAGE_EXPIRY));
        assert_eq!(without(&before, 3), before);
    }
}

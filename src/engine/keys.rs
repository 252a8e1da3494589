//! The values of `credentials`: checks each against the table of keys, and says what is wrong with it. The table,
//! `keys/table.rs`, is generated from schema/options.json. What a value means is the builder's, in `validate.rs`.

mod table;

use super::deadline::Millis;
use super::error::{excerpt, Code, Error};
use super::format::{self, count, format, number};

pub(super) use table::*;

/// A value as it came from outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// undefined or null.
    Absent,
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// true or false.
    Bool(bool),
    /// A buffer source.
    Bytes(Vec<u8>),
    /// An array of strings.
    List(Vec<String>),
    /// Anything else, by the name of its kind ("an array", "a function").
    Other(&'static str),
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    TextOrBytes,
    TextOrList,
    Bool,
    Whole(f64, f64),
    Seconds(f64, f64),
    Store,
    Version,
    /// Encoded by the adapter, which knows the user's values.
    Properties,
    /// Its keys are in `INNER`; the transport reads it.
    Object,
    /// A path, or the content of the file, of any length.
    Content,
}

pub(super) type Row = (&'static str, Key, Kind);

/// The key's own name, and the value as `check` leaves it.
#[inline(never)]
pub(super) fn find(
    table: &'static [Row],
    given: &str,
    value: Value,
) -> Result<(&'static str, Key, Value), Error> {
    let Some(&(name, key, kind)) = table.iter().find(|row| row.0 == given) else {
        return Err(unknown("credentials", given, &|number| {
            table.get(number).map(|row| row.0)
        }));
    };
    match value {
        Value::Absent => Ok((name, key, value)),
        value => Ok((name, key, check(name, kind, value)?)),
    }
}

fn has_nul(text: &str) -> bool {
    format::find(text, 0).is_some()
}

/// The value in its one form (text for bytes becomes bytes), or an error.
fn check(name: &str, kind: Kind, value: Value) -> Result<Value, Error> {
    match (kind, value) {
        (Kind::Text | Kind::TextOrBytes | Kind::TextOrList, Value::Text(text)) if text.len() > 65_535 => {
            Err(Error::format(
                Code::OutOfRange,
                "% has % bytes; MQTT allows at most 65,535",
                &[name, &count(text.len())],
            ))
        }
        (Kind::Text | Kind::TextOrList, Value::Text(text)) if has_nul(&text) => Err(Error::format(
            Code::InvalidOption,
            "% contains U+0000, which MQTT does not allow [MQTT-1.5.3-2]; take it out",
            &[name],
        )),
        (Kind::Text, value @ Value::Text(_)) => Ok(value),
        (Kind::TextOrBytes, Value::Text(text)) => Ok(Value::Bytes(text.into_bytes())),
        (Kind::TextOrList, Value::Text(text)) => Ok(Value::List(vec![text])),
        (Kind::TextOrList, Value::List(list)) if !list.is_empty() => Ok(Value::List(list)),
        (Kind::TextOrBytes, Value::Bytes(bytes)) if bytes.len() > 65_535 => Err(Error::format(
            Code::OutOfRange,
            "% has % bytes; MQTT allows at most 65,535",
            &[name, &count(bytes.len())],
        )),
        (Kind::TextOrBytes, value @ Value::Bytes(_)) => Ok(value),
        (Kind::Bool, value @ Value::Bool(_)) => Ok(value),
        (Kind::Version, value @ Value::Number(4.0 | 5.0)) => Ok(value),
        (Kind::Version, Value::Text(text)) if text == "auto" => Ok(Value::Text(text)),
        (Kind::Properties, value @ Value::Bytes(_)) => Ok(value),
        (Kind::Object, value @ Value::Other("an object")) => Ok(value),
        (Kind::Content, value @ (Value::Text(_) | Value::Bytes(_))) => Ok(value),
        (Kind::Store, Value::Text(text)) if text == "memory" => Ok(Value::Bool(false)),
        (Kind::Store, Value::Text(text)) if text == "persistent" => Ok(Value::Bool(true)),
        (Kind::Store, Value::Other("an object")) => Ok(Value::Bool(true)),
        (Kind::Whole(min, max), Value::Number(n)) if n.fract() == 0.0 && n >= min && n <= max => {
            Ok(Value::Number(n))
        }
        (Kind::Seconds(min, max), Value::Number(n)) if n >= min && n <= max => Ok(Value::Number(n)),
        (kind, value) => {
            let is_number = matches!(value, Value::Number(_));
            let bounds =
                |what: &str, min: f64, max: f64| format("% from % to %", &[what, &number(min), &number(max)]);
            let allowed = match kind {
                Kind::Text => "a string".to_owned(),
                Kind::TextOrBytes => "a string or bytes".to_owned(),
                Kind::TextOrList => "a string or an array of strings".to_owned(),
                Kind::Bool => "true or false".to_owned(),
                Kind::Version => "4 (MQTT 3.1.1), 5 or \"auto\"".to_owned(),
                Kind::Properties => "an object of MQTT 5 properties".to_owned(),
                Kind::Store => "\"memory\", \"persistent\" or a store".to_owned(),
                Kind::Object => "an object".to_owned(),
                Kind::Content => "a path, PEM text or bytes".to_owned(),
                Kind::Whole(min, max) if min == max => number(min),
                Kind::Whole(min, max) => bounds("a whole number", min, max),
                Kind::Seconds(min, max) => bounds("a number of seconds", min, max),
            };
            let mut error = wrong(name, &value, &allowed);
            if is_number && matches!(kind, Kind::Whole(..) | Kind::Seconds(..) | Kind::Version) {
                error.code = Code::OutOfRange;
            }
            Err(error)
        }
    }
}

/// Seconds as the engine counts time.
fn millis(seconds: f64) -> Millis {
    // Only a true 0 turns something off.
    ((seconds * 1000.0).round() as Millis).max((seconds > 0.0) as Millis)
}

pub(super) fn wrong(name: &str, given: &Value, allowed: &str) -> Error {
    let shown = match given {
        // What may be a secret is not shown.
        _ if name == "mqttpassword" || format::find(name, b'.').is_some() => "something else".to_owned(),
        Value::Absent => "nothing".to_owned(),
        Value::Text(text) => format("the string \"%\"", &[&excerpt(text)]),
        Value::Number(n) => number(*n),
        Value::Bool(b) => (if *b { "true" } else { "false" }).to_owned(),
        Value::Bytes(_) => "bytes".to_owned(),
        Value::List(list) if list.is_empty() => "an empty array".to_owned(),
        Value::List(_) => "an array".to_owned(),
        Value::Other(kind) => (*kind).to_owned(),
    };
    Error::format(
        Code::InvalidOption,
        "credentials.% must be %; % was given",
        &[name, allowed, &shown],
    )
}

/// An unknown key, with the nearest of those that `known` has by number.
#[inline(never)]
pub fn unknown(place: &str, key: &str, known: &dyn Fn(usize) -> Option<&'static str>) -> Error {
    let (mut nearest, mut least) = ("", usize::MAX);
    let mut number = 0;
    // No typing error is that long.
    while let Some(name) = known(number).filter(|_| key.len() <= 64) {
        let edits = distance(key, name);
        if edits <= name.len() / 2 && edits < least {
            (nearest, least) = (name, edits);
        }
        number += 1;
    }
    let hint = match nearest {
        "" => "; see https://github.com/mqtt-lib/mqtt-lib/blob/main/docs/reference/options.md".to_owned(),
        _ => format("; did you mean \"%\"?", &[nearest]),
    };
    Error::format(
        Code::InvalidOption,
        "% has no key \"%\"%",
        &[place, &excerpt(key), &hint],
    )
}

/// Edits between two words, without regard to case.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<u8> = b.bytes().map(|c| c.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().map(|c| c.to_ascii_lowercase()).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + (x != y) as usize;
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

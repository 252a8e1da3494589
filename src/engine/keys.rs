//! The values of `credentials`: checks each against the table of keys, and says what is wrong with it. The table,
//! `keys/table.rs`, is generated from schema/options.json. `Builder` in `validate.rs` decides what a value means.

mod table;

#[cfg(not(feature = "package"))]
use super::config::Config;
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
    Function,
    /// A path, or the content of the file, of any length.
    Content,
}

pub(super) type Row = (&'static str, Key, Kind);

/// The key's own name; the value is in its one form then, see `check`.
#[inline(never)]
pub(super) fn find(
    table: &'static [Row],
    given: &str,
    value: &mut Value,
) -> Result<(&'static str, Key), Error> {
    let Some(&(name, key, kind)) = table.iter().find(|row| row.0 == given) else {
        return Err(unknown("credentials", given, &|number| {
            table.get(number).map(|row| row.0)
        }));
    };
    if !matches!(value, Value::Absent) {
        check(name, kind, value)?;
    }
    Ok((name, key))
}

fn has_nul(text: &str) -> bool {
    format::find(text, 0).is_some()
}

fn check_length(name: &str, length: usize) -> Result<(), Error> {
    if length <= 65_535 {
        return Ok(());
    }
    Err(Error::format(
        Code::OutOfRange,
        "% has % bytes; MQTT allows at most 65,535",
        &[name, &count(length)],
    ))
}

/// Brings the value into its one form: text for bytes becomes bytes.
fn check(name: &str, kind: Kind, value: &mut Value) -> Result<(), Error> {
    match (kind, &mut *value) {
        (Kind::Text | Kind::TextOrBytes | Kind::TextOrList, Value::Text(text)) => {
            check_length(name, text.len())?;
            if !matches!(kind, Kind::TextOrBytes) && has_nul(text) {
                return Err(Error::format(
                    Code::InvalidOption,
                    "% contains U+0000, which MQTT does not allow [MQTT-1.5.3-2]; take it out",
                    &[name],
                ));
            }
            let text = std::mem::take(text);
            *value = match kind {
                Kind::TextOrBytes => Value::Bytes(text.into_bytes()),
                Kind::TextOrList => Value::List(vec![text]),
                _ => Value::Text(text),
            };
            Ok(())
        }
        (Kind::TextOrBytes, Value::Bytes(bytes)) => check_length(name, bytes.len()),
        (Kind::Store, Value::Text(text)) if text == "memory" || text == "persistent" => {
            *value = Value::Bool(text == "persistent");
            Ok(())
        }
        (Kind::Store, Value::Other("an object")) => {
            *value = Value::Bool(true);
            Ok(())
        }
        (Kind::TextOrList, Value::List(list)) if !list.is_empty() => Ok(()),
        (Kind::Version, Value::Text(text)) if text == "auto" => Ok(()),
        (Kind::Whole(min, max), Value::Number(n)) if n.fract() == 0.0 && *n >= min && *n <= max => Ok(()),
        (Kind::Seconds(min, max), Value::Number(n)) if *n >= min && *n <= max => Ok(()),
        (Kind::Bool, Value::Bool(_))
        | (Kind::Version, Value::Number(4.0 | 5.0))
        | (Kind::Properties, Value::Bytes(_))
        | (Kind::Object, Value::Other("an object"))
        | (Kind::Function, Value::Other("a function"))
        | (Kind::Content, Value::Text(_) | Value::Bytes(_)) => Ok(()),
        _ => Err(not_allowed(name, kind, value)),
    }
}

/// Whether settings that a Rust program has filled in are within the bounds of the options. Left out of the package, whose
/// settings all come through `find`.
#[cfg(not(feature = "package"))]
pub(super) fn check_settings(config: &Config) -> Result<(), Error> {
    let mut config = config.clone();
    for (name, key, kind) in KEYS {
        let Some(mut value) = value_of(&mut config, key) else {
            continue;
        };
        check(name, kind, &mut value)?;
    }
    match &config.will {
        Some(will) => check_length("willsetpayload", will.payload.len()),
        None => Ok(()),
    }
}

/// A setting as a user gives it; none: it is off, or has no bounds.
#[cfg(not(feature = "package"))]
fn value_of(config: &mut Config, key: Key) -> Option<Value> {
    let text = |text: &String| Value::Text(text.clone());
    match key {
        Key::ClientId => return Some(text(&config.client_id)),
        Key::Username => return config.username.as_ref().map(text),
        Key::Password => return config.password.clone().map(Value::Bytes),
        _ => {}
    }
    let seconds = |millis: &mut Millis| Value::Number(*millis as f64 / 1000.0);
    if let Some(value) = table::seconds(config, key) {
        Some(seconds(value))
    } else if let Some(limit) = table::limit(config, key) {
        limit.as_mut().map(seconds)
    } else {
        whole(config, key).map(|value| Value::Number(*value as f64))
    }
}

fn not_allowed(name: &str, kind: Kind, value: &Value) -> Error {
    let bounds;
    let allowed = match kind {
        Kind::Text => "a string",
        Kind::TextOrBytes => "a string or bytes",
        Kind::TextOrList => "a string or an array of strings",
        Kind::Bool => "true or false",
        Kind::Version => "4 (MQTT 3.1.1), 5 or \"auto\"",
        Kind::Properties => "an object of MQTT 5 properties",
        Kind::Store => "\"memory\", \"persistent\" or a store",
        Kind::Object => "an object",
        Kind::Function => "a function",
        Kind::Content => "a path, PEM text or bytes",
        Kind::Whole(min, max) | Kind::Seconds(min, max) => {
            let what = match kind {
                Kind::Whole(..) => "a whole number",
                _ => "a number of seconds",
            };
            bounds = match min == max {
                true => number(min),
                false => format("% from % to %", &[what, &number(min), &number(max)]),
            };
            &bounds
        }
    };
    let mut error = wrong(name, value, allowed);
    let takes_number = matches!(kind, Kind::Whole(..) | Kind::Seconds(..) | Kind::Version);
    if takes_number && matches!(value, Value::Number(_)) {
        error.code = Code::OutOfRange;
    }
    error
}

/// Seconds as the engine counts time.
fn millis(seconds: f64) -> Millis {
    // Only a true 0 turns something off.
    ((seconds * 1000.0 + 0.5) as Millis).max((seconds > 0.0) as Millis)
}

pub(super) fn wrong(name: &str, given: &Value, allowed: &str) -> Error {
    let text;
    let shown = match given {
        // What may be a secret is not shown.
        _ if name == "mqttpassword" || format::find(name, b'.').is_some() => "something else",
        Value::Absent => "nothing",
        Value::Text(given) => {
            text = format("the string \"%\"", &[&excerpt(given)]);
            &text
        }
        Value::Number(n) => {
            text = number(*n);
            &text
        }
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Bytes(_) => "bytes",
        Value::List(list) if list.is_empty() => "an empty array",
        Value::List(_) => "an array",
        Value::Other(kind) => kind,
    };
    Error::format(
        Code::InvalidOption,
        "credentials.% must be %; % was given",
        &[name, allowed, shown],
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
        _ if KEYS.iter().any(|row| row.0 == key) => "; put it into credentials".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::distance;
    use crate::engine::validate::{Builder, Value};

    #[test]
    fn a_version_is_a_number_or_auto() {
        let set = |value| Builder::default().set("mqttversion", value).is_ok();
        assert!(set(Value::Text("auto".into())));
        for text in ["", "Auto", "6", "autos"] {
            assert!(!set(Value::Text(text.into())), "{text}");
        }
    }

    #[test]
    fn the_edits_between_two_words_are_counted() {
        for (a, b, edits) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("abc", "ABC", 0),
            ("xabc", "abc", 1),
            ("abc", "abxc", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }
}

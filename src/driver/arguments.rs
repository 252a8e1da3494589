//! JavaScript values taken apart: payloads, options, filters. Everything a user can get wrong in
//! the arguments of a call is refused here, by name.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;

use super::argument_codec::{flat, Argument, Object};
use super::platform::set;
use super::{argument_codec, handling, memory, properties};
use crate::codec::properties::Place;
use crate::engine::error::excerpt;
use crate::engine::format::{format, number};
use crate::engine::message::too_large;
use crate::engine::validate::{unknown, Value};
use crate::engine::{Code, Error, Filter};

#[derive(Debug, Default)]
pub struct PublishOptions {
    pub qos: u8,
    pub retain: bool,
    pub properties: Vec<u8>,
}

impl PublishOptions {
    pub fn to_js(&self) -> JsValue {
        let mut object = Object::default();
        object.number("qos", self.qos.into());
        object.flag("retain", self.retain);
        let object = object.to_js();
        set(&object, "properties", &properties::to_js(&self.properties));
        object
    }
}

/// The options of one call of subscribe or unsubscribe.
#[derive(Debug, Clone, Default)]
pub struct FilterOptions {
    /// As in SUBSCRIBE (§3.8.3.1).
    pub bits: u8,
    pub properties: Vec<u8>,
    /// They say how messages are handled.
    pub handled: bool,
}

pub fn payload(value: &JsValue) -> Result<Vec<u8>, Error> {
    if value.is_undefined() || value.is_null() {
        return Ok(Vec::new());
    }
    bytes(
        argument_codec::payload(value),
        "a payload cannot be %; give a string, a Uint8Array or other buffer source, number, boolean, or null for an empty one (for an object: JSON.stringify(it))",
    )
}

/// One item of a batch as JSON, as it is at the time of the call.
pub fn json(value: &JsValue) -> Result<Vec<u8>, Error> {
    bytes(
        argument_codec::json(value),
        "a batch item cannot be %; batches are JSON: give a string, number, boolean, null, array or plain object (for bytes: publish, or encode them as text)",
    )
}

/// A copy of bytes that were not refused for what they are, or for their length.
fn bytes(read: Result<Uint8Array, JsValue>, refused: &'static str) -> Result<Vec<u8>, Error> {
    let read = read.map_err(|what| match what.as_f64() {
        Some(len) => too_large(len as usize),
        None => Error::format(
            Code::InvalidPayload,
            refused,
            &[&what.as_string().unwrap_or_default()],
        ),
    })?;
    memory::copy(&read)
}

pub fn topic(value: &JsValue) -> Result<String, Error> {
    let given = flat(value, 0, "");
    let given = Argument::read(&given);
    let text = given.text().ok_or_else(|| no_topic(given.kind()))?;
    Ok(text.to_owned())
}

fn no_topic(kind: &str) -> Error {
    Error::format(
        Code::InvalidTopic,
        "a topic must be a string; % was given",
        &[kind],
    )
}

pub fn publish_options(options: &JsValue) -> Result<PublishOptions, Error> {
    let mut parsed = PublishOptions::default();
    if options.is_undefined() {
        return Ok(parsed);
    }
    let options = flat(options, 4, "");
    for (key, value) in Argument::read(&options).entries("options")? {
        match key {
            "qos" => parsed.qos = qos("options.qos", value)?,
            "retain" => parsed.retain = flag("options.retain", value)?,
            "properties" => {
                parsed.properties = properties::read("options.properties", value, Place::Publish)?
            }
            _ => return Err(unknown("options", key, &|number| PUBLISH.get(number).copied())),
        }
    }
    Ok(parsed)
}

fn qos(name: &str, value: Argument<'_>) -> Result<u8, Error> {
    match value {
        Argument::Undefined => Ok(0),
        Argument::Number(n) if n == 0.0 || n == 1.0 || n == 2.0 => Ok(n as u8),
        Argument::Number(n) => Err(no_qos(Code::OutOfRange, name, &number(n))),
        _ => Err(no_qos(Code::InvalidOption, name, value.kind())),
    }
}

fn no_qos(code: Code, name: &str, shown: &str) -> Error {
    Error::format(code, "% must be 0, 1 or 2; % was given", &[name, shown])
}

pub fn flag(name: &str, value: Argument<'_>) -> Result<bool, Error> {
    match value {
        Argument::Bool(flag) => Ok(flag),
        Argument::Undefined => Ok(false),
        _ => Err(Error::format(
            Code::InvalidOption,
            "% must be true or false; % was given",
            &[name, value.kind()],
        )),
    }
}

const PUBLISH: [&str; 3] = ["qos", "retain", "properties"];
const SUBSCRIBE: [&str; 5] = [
    "qos",
    "noLocal",
    "retainAsPublished",
    "retainHandling",
    "properties",
];

/// `{ qos, noLocal, retainAsPublished, retainHandling }`, or what holds where it is not said.
fn subscription(place: &str, options: Argument<'_>, default: u8) -> Result<FilterOptions, Error> {
    let mut chosen = FilterOptions {
        bits: default,
        ..FilterOptions::default()
    };
    for (key, value) in options.entries(place)? {
        let name = format("%.%", &[place, key]);
        let (mask, bits) = match key {
            _ if value.is_undefined() => continue,
            "qos" => (3, qos(&name, value)?),
            "noLocal" => (4, u8::from(flag(&name, value)?) << 2),
            "retainAsPublished" => (8, u8::from(flag(&name, value)?) << 3),
            "retainHandling" => (0x30, qos(&name, value)? << 4),
            "properties" => {
                chosen.properties = properties::read(&name, value, Place::Subscribe)?;
                continue;
            }
            _ if handling::KEYS.contains(&key) => {
                handling::check(&name, key, value)?;
                chosen.handled = true;
                continue;
            }
            _ => {
                let known = |number| SUBSCRIBE.iter().chain(&handling::KEYS).nth(number).copied();
                return Err(unknown(place, key, &known));
            }
        };
        chosen.bits = chosen.bits & !mask | bits;
    }
    Ok(chosen)
}

/// The properties of `reauthenticate` and the answer of `on_auth`, which `name` names.
pub fn auth_properties(name: &str, value: &JsValue) -> Result<Vec<u8>, Error> {
    let given = flat(value, 3, "");
    properties::read(name, Argument::read(&given), Place::AuthAnswer)
}

/// `{ properties }` of unsubscribe.
pub fn unsubscribe_options(options: &JsValue) -> Result<Vec<u8>, Error> {
    end_options(options, Place::Unsubscribe, &["properties"]).map(|(_, list)| list)
}

/// `{ reasonCode, properties }` of stop.
pub fn stop_options(options: &JsValue) -> Result<(u8, Vec<u8>), Error> {
    end_options(options, Place::Disconnect, &["properties", "reasonCode"])
}

fn end_options(options: &JsValue, place: Place, known: &[&'static str]) -> Result<(u8, Vec<u8>), Error> {
    let (mut reason, mut list) = (0, Vec::new());
    let options = flat(options, 4, "");
    for (key, value) in Argument::read(&options).entries("options")? {
        match (known.iter().position(|known| *known == key), value) {
            (Some(0), _) => list = properties::read("options.properties", value, place)?,
            (Some(_), Argument::Undefined) => {}
            (Some(_), Argument::Number(n)) if is_reason(n) => reason = n as u8,
            (Some(_), _) => return Err(Error::format(
                Code::OutOfRange,
                "options.reasonCode must be 0, 4 (the broker publishes the will) or 128 to 255; % was given",
                &[&value.shown()],
            )),
            (None, _) => return Err(unknown("options", key, &|number| known.get(number).copied())),
        }
    }
    Ok((reason, list))
}

/// Of a client's DISCONNECT.
fn is_reason(n: f64) -> bool {
    n == 0.0 || n == 4.0 || (128.0..=255.0).contains(&n) && n.fract() == 0.0
}

/// `"a/b"`, `["a", "b"]` or `{ "a": 1, "b": { qos: 2 } }`, and what holds for all of them.
pub fn filters(topics: &JsValue, options: &JsValue) -> Result<(Vec<Filter>, Vec<u8>), Error> {
    let options = flat(options, 4, "");
    let all = subscription("options", Argument::read(&options), 0)?;
    let topics = flat(topics, 4, "");
    let topics = Argument::read(&topics);
    let mut list = Vec::new();
    let mut add = |filter: &str, options: u8| {
        let filter = filter.to_owned();
        list.push(Filter { filter, options });
    };
    match topics {
        Argument::Text(filter) => add(filter, all.bits),
        Argument::Array(filters) => {
            for filter in filters {
                add(filter.text().ok_or_else(|| no_topic(filter.kind()))?, all.bits);
            }
        }
        Argument::Object(_) => {
            for (filter, value) in topics.entries("topics")? {
                add(filter, bits_of(filter, value, all.bits)?);
            }
        }
        _ => {
            return Err(Error::format(
                Code::InvalidTopic,
                "a topic filter must be a string, an array of strings, or { filter: qos }; % was given",
                &[topics.kind()],
            ))
        }
    }
    Ok((list, all.properties))
}

/// What `{ filter: value }` says of it, beside what holds for all.
fn bits_of(filter: &str, value: Argument<'_>, all: u8) -> Result<u8, Error> {
    let name = |what: &str| format("% \"%\"", &[what, &excerpt(filter)]);
    match value {
        Argument::Undefined => Ok(all),
        Argument::Object(_) | Argument::Array(_) => {
            let one = subscription(&name("topics"), value, all)?;
            if !one.properties.is_empty() || one.handled {
                return Err(Error::format(
                    Code::InvalidOption,
                    "% cannot have properties, or say how messages are handled: give both in the options",
                    &[&name("topics")],
                ));
            }
            Ok(one.bits)
        }
        _ => Ok(all & !3 | qos(&name("the QoS of"), value)?),
    }
}

pub fn optional_function(name: &str, value: &JsValue) -> Result<Option<Function>, Error> {
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    match value.dyn_ref::<Function>() {
        Some(function) => Ok(Some(function.clone())),
        None => Err(Error::format(
            Code::InvalidOption,
            "% must be a function; % was given",
            &[name, &argument_codec::kind(value)],
        )),
    }
}

/// What `Argument::Other` may be.
const KINDS: [&str; 6] = [
    "what cannot be read",
    "a string with a lone surrogate",
    "an object",
    "a function",
    "a symbol",
    "a bigint",
];

/// A value for the validator of credentials.
pub fn option_value(value: Argument<'_>) -> Value {
    match value {
        Argument::Undefined | Argument::Null => Value::Absent,
        Argument::Text(text) => Value::Text(text.to_owned()),
        Argument::Number(number) => Value::Number(number),
        Argument::Bool(flag) => Value::Bool(flag),
        Argument::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        Argument::Array(list) => {
            let mut texts = Vec::new();
            for one in list {
                match one.text() {
                    Some(text) => texts.push(text.to_owned()),
                    None => return Value::Other("an array"),
                }
            }
            Value::List(texts)
        }
        Argument::Object(_) => Value::Other("an object"),
        Argument::Other(kind) => {
            let known = KINDS.iter().find(|known| **known == kind);
            Value::Other(known.unwrap_or(&KINDS[0]))
        }
    }
}

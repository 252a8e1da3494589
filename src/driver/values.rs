//! JavaScript values taken apart: payloads, options, filters. Everything a user can get wrong in
//! the arguments of a call is refused here, by name.

use js_sys::{Array, ArrayBuffer, Function, Object, Uint8Array, JSON};
use wasm_bindgen::prelude::*;

use super::{host, properties};
use crate::codec::property::place;
use crate::engine::error::excerpt;
use crate::engine::validate::{unknown, Value};
use crate::engine::{Code, Error, Filter};

#[derive(Debug, Default)]
pub struct PublishOptions {
    pub qos: u8,
    pub retain: bool,
    pub properties: Vec<u8>,
}

/// The options of one call of subscribe or unsubscribe.
#[derive(Debug, Clone, Default)]
pub struct FilterOptions {
    /// As in SUBSCRIBE (§3.8.3.1).
    pub bits: u8,
    pub properties: Vec<u8>,
}

/// What a value is, for a sentence.
pub fn kind(value: &JsValue) -> &'static str {
    match () {
        _ if value.is_undefined() => "undefined",
        _ if value.is_null() => "null",
        _ if value.is_string() => "a string",
        _ if value.as_f64().is_some() => "a number",
        _ if value.as_bool().is_some() => "a boolean",
        _ if value.is_function() => "a function",
        _ if value.is_symbol() => "a symbol",
        _ if value.is_bigint() => "a bigint",
        _ if Array::is_array(value) => "an array",
        _ => "an object",
    }
}

/// What was thrown says of itself.
pub fn said(thrown: &JsValue) -> String {
    let message = host::get(thrown, "message").as_string();
    message.or_else(|| thrown.as_string()).unwrap_or_default()
}

/// The bytes of a `Uint8Array` or any other buffer source.
fn buffer_source(value: &JsValue) -> Option<Vec<u8>> {
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Some(bytes.to_vec());
    }
    if ArrayBuffer::is_view(value) {
        let buffer = host::get(value, "buffer");
        let number = |key| host::get(value, key).as_f64().unwrap_or_default() as u32;
        let view =
            Uint8Array::new_with_byte_offset_and_length(&buffer, number("byteOffset"), number("byteLength"));
        return Some(view.to_vec());
    }
    if value.is_instance_of::<ArrayBuffer>() {
        return Some(Uint8Array::new(value).to_vec());
    }
    None
}

pub fn payload(value: &JsValue) -> Result<Vec<u8>, Error> {
    if value.is_undefined() || value.is_null() {
        return Ok(Vec::new());
    }
    if let Some(text) = value.as_string() {
        return Ok(text.into_bytes());
    }
    if value.as_f64().is_some() || value.as_bool().is_some() {
        return Ok(host::string(value).into_bytes());
    }
    buffer_source(value).ok_or_else(|| {
        Error::say(
            Code::InvalidPayload,
            &[
                "a payload cannot be ",
                kind(value),
                "; give a string, a Uint8Array or other buffer source, a number, a boolean, or null for an empty one (for an object: JSON.stringify(it))",
            ],
        )
    })
}

/// One item of a batch as JSON, as it is at the time of the call.
pub fn json(value: &JsValue) -> Result<String, Error> {
    let wrong = |what: &str| {
        Error::say(
            Code::InvalidPayload,
            &[
                "a batch item cannot be ",
                what,
                "; batches are JSON arrays, so give a string, number, boolean, null, array or plain object (for bytes: publish, or encode them as text)",
            ],
        )
    };
    if value.is_object() && buffer_source(value).is_some() {
        return Err(wrong("bytes"));
    }
    match JSON::stringify(value) {
        Ok(text) => text.as_string().ok_or_else(|| wrong(kind(value))),
        Err(thrown) => {
            let why = host::get(&thrown, "message").as_string().unwrap_or_default();
            let why = why.lines().next().unwrap_or_default();
            Err(wrong(
                &["something JSON cannot say (", &excerpt(why), ")"].concat(),
            ))
        }
    }
}

pub fn topic(value: &JsValue) -> Result<String, Error> {
    value.as_string().ok_or_else(|| {
        Error::say(
            Code::InvalidTopic,
            &["a topic must be a string; ", kind(value), " was given"],
        )
    })
}

pub fn publish_options(options: &JsValue) -> Result<PublishOptions, Error> {
    let mut parsed = PublishOptions::default();
    for (key, value) in entries("options", options)? {
        match key.as_str() {
            "qos" => parsed.qos = qos("options.qos", &value)?,
            "retain" => parsed.retain = flag("options.retain", &value)?,
            "properties" => {
                parsed.properties = properties::read("options.properties", &value, place::PUBLISH)?
            }
            _ => {
                return Err(unknown(
                    "options",
                    &key,
                    ["qos", "retain", "properties"].into_iter(),
                ))
            }
        }
    }
    Ok(parsed)
}

/// Own enumerable properties; none for undefined and null.
pub fn entries(place: &str, object: &JsValue) -> Result<Vec<(String, JsValue)>, Error> {
    if object.is_undefined() || object.is_null() {
        return Ok(Vec::new());
    }
    if !object.is_object() || Array::is_array(object) || object.is_function() {
        return Err(no_object(place, object));
    }
    let keys = Object::keys(object.unchecked_ref::<Object>());
    Ok(keys
        .iter()
        .filter_map(|key| key.as_string())
        .map(|key| {
            let value = host::get(object, &key);
            (key, value)
        })
        .collect())
}

pub fn no_object(place: &str, given: &JsValue) -> Error {
    Error::say(
        Code::InvalidOption,
        &[place, " must be an object; ", kind(given), " was given"],
    )
}

fn qos(name: &str, value: &JsValue) -> Result<u8, Error> {
    match value.as_f64() {
        None if value.is_undefined() => Ok(0),
        Some(0.0) => Ok(0),
        Some(1.0) => Ok(1),
        Some(2.0) => Ok(2),
        given => {
            let code = if given.is_some() {
                Code::OutOfRange
            } else {
                Code::InvalidOption
            };
            let shown = given.map_or(kind(value).to_owned(), crate::engine::text::number);
            Err(Error::say(
                code,
                &[name, " must be 0, 1 or 2; ", &shown, " was given"],
            ))
        }
    }
}

pub fn flag(name: &str, value: &JsValue) -> Result<bool, Error> {
    match value.as_bool() {
        Some(flag) => Ok(flag),
        None if value.is_undefined() => Ok(false),
        None => Err(Error::say(
            Code::InvalidOption,
            &[name, " must be true or false; ", kind(value), " was given"],
        )),
    }
}

const SUBSCRIBE: [&str; 5] = [
    "qos",
    "noLocal",
    "retainAsPublished",
    "retainHandling",
    "properties",
];

/// `{ qos, noLocal, retainAsPublished, retainHandling }`, or what holds where it is not said.
fn subscription(place: &str, options: &JsValue, default: u8) -> Result<FilterOptions, Error> {
    let mut chosen = FilterOptions {
        bits: default,
        ..FilterOptions::default()
    };
    for (key, value) in entries(place, options)? {
        let name = [place, ".", &key].concat();
        let (mask, bits) = match key.as_str() {
            _ if value.is_undefined() => continue,
            "qos" => (3, qos(&name, &value)?),
            "noLocal" => (4, u8::from(flag(&name, &value)?) << 2),
            "retainAsPublished" => (8, u8::from(flag(&name, &value)?) << 3),
            "retainHandling" => (0x30, qos(&name, &value)? << 4),
            "properties" => {
                chosen.properties = properties::read(&name, &value, place::SUBSCRIBE)?;
                continue;
            }
            _ => return Err(unknown(place, &key, &mut SUBSCRIBE.into_iter())),
        };
        chosen.bits = chosen.bits & !mask | bits;
    }
    Ok(chosen)
}

/// `{ properties }` of unsubscribe.
pub fn unsubscribe_options(options: &JsValue) -> Result<Vec<u8>, Error> {
    let mut list = Vec::new();
    for (key, value) in entries("options", options)? {
        match key.as_str() {
            "properties" => list = properties::read("options.properties", &value, place::UNSUBSCRIBE)?,
            _ => return Err(unknown("options", &key, &mut ["properties"].into_iter())),
        }
    }
    Ok(list)
}

/// `{ reasonCode, properties }` of stop.
pub fn stop_options(options: &JsValue) -> Result<(u8, Vec<u8>), Error> {
    let (mut reason, mut list) = (0, Vec::new());
    for (key, value) in entries("options", options)? {
        match key.as_str() {
            "reasonCode" if value.is_undefined() => {}
            "reasonCode" => match value.as_f64() {
                Some(n @ (0.0 | 4.0 | 128.0..=255.0)) if n.fract() == 0.0 => reason = n as u8,
                _ => {
                    return Err(Error::new(
                        Code::OutOfRange,
                        "options.reasonCode must be 0, 4 (the broker publishes the will) or 128 to 255",
                    ))
                }
            },
            "properties" => list = properties::read("options.properties", &value, place::DISCONNECT)?,
            _ => {
                return Err(unknown(
                    "options",
                    &key,
                    &mut ["reasonCode", "properties"].into_iter(),
                ))
            }
        }
    }
    Ok((reason, list))
}

/// `"a/b"`, `["a", "b"]` or `{ "a": 1, "b": { qos: 2 } }`, and what holds for all of them.
pub fn filters(topics: &JsValue, options: &JsValue) -> Result<(Vec<Filter>, Vec<u8>), Error> {
    let all = subscription("options", options, 0)?;
    let with = |filter: String, options: u8| Filter { filter, options };
    if let Some(filter) = topics.as_string() {
        return Ok((vec![with(filter, all.bits)], all.properties));
    }
    let mut list = Vec::new();
    if Array::is_array(topics) {
        for filter in Array::from(topics).iter() {
            list.push(with(topic(&filter)?, all.bits));
        }
        return Ok((list, all.properties));
    }
    if !topics.is_object() || topics.is_function() {
        return Err(Error::say(
            Code::InvalidTopic,
            &[
                "a topic filter must be a string, an array of strings, or { filter: qos }; ",
                kind(topics),
                " was given",
            ],
        ));
    }
    for (filter, value) in entries("topics", topics)? {
        let name = |what: &str| [what, " \"", &excerpt(&filter), "\""].concat();
        let bits = match () {
            _ if value.is_object() => {
                let one = subscription(&name("topics"), &value, all.bits)?;
                if !one.properties.is_empty() {
                    return Err(Error::say(
                        Code::InvalidOption,
                        &[&name("topics"), " cannot have properties of its own: they belong to the whole call, so give them in the options"],
                    ));
                }
                one.bits
            }
            _ if value.is_undefined() => all.bits,
            _ => all.bits & !3 | qos(&name("the QoS of"), &value)?,
        };
        list.push(with(filter, bits));
    }
    Ok((list, all.properties))
}

pub fn optional_function(name: &str, value: &JsValue) -> Result<Option<Function>, Error> {
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    match value.dyn_ref::<Function>() {
        Some(function) => Ok(Some(function.clone())),
        None => Err(Error::say(
            Code::InvalidOption,
            &[name, " must be a function; ", kind(value), " was given"],
        )),
    }
}

/// A value for the validator of credentials.
pub fn option_value(value: &JsValue) -> Value {
    if value.is_undefined() || value.is_null() {
        return Value::Absent;
    }
    if let Some(text) = value.as_string() {
        return Value::Text(text);
    }
    if let Some(number) = value.as_f64() {
        return Value::Number(number);
    }
    if let Some(flag) = value.as_bool() {
        return Value::Bool(flag);
    }
    if Array::is_array(value) {
        let list = value.unchecked_ref::<Array>().iter();
        return match list.map(|one| one.as_string()).collect() {
            Some(list) => Value::List(list),
            None => Value::Other("an array"),
        };
    }
    match buffer_source(value) {
        Some(bytes) => Value::Bytes(bytes),
        None => Value::Other(kind(value)),
    }
}

//! MQTT 5 properties as JavaScript has them: an object with the names that MQTT.js uses. One table, the
//! codec's, and one loop in each direction.

use wasm_bindgen::JsValue;

use super::argument_codec::{Argument, Object};
use crate::codec::properties::{
    check, put, Definition, Place, Properties, Property, Value, ValueType, TABLE,
};
use crate::engine::error::excerpt;
use crate::engine::format::{count, find, format, number};
use crate::engine::validate::unknown;
use crate::engine::{check_topic, is_ours, Code, Error};

/// An object as an encoded list that may stand in `place`; `name` is what errors call it.
pub fn read(name: &str, object: Argument<'_>, place: Place) -> Result<Vec<u8>, Error> {
    let mut list = Vec::new();
    for (key, value) in object.entries(name)? {
        if value.is_nothing() {
            continue;
        }
        let known = || TABLE.iter().filter(|row| row.may_appear_in(place));
        let Some(row) = known().find(|row| row.name == key) else {
            return Err(unknown(name, key, &|number| {
                known().nth(number).map(|row| row.name)
            }));
        };
        let place = format("%.%", &[name, key]);
        if row.property == Property::UserProperty {
            user_properties(&mut list, &place, value)?;
        } else {
            one(&mut list, row, &place, value)?;
        }
    }
    check(&list, place)
        .map_err(|error| Error::format(Code::InvalidOption, "%: %", &[name, error.sentence]))?;
    Ok(list)
}

fn one(list: &mut Vec<u8>, row: &Definition, name: &str, value: Argument<'_>) -> Result<(), Error> {
    let most = match row.value_type {
        ValueType::Byte => 1.0,
        ValueType::TwoByteInteger => 65_535.0,
        ValueType::FourByteInteger => 4_294_967_295.0,
        ValueType::VariableByteInteger => 268_435_455.0,
        ValueType::Utf8String => {
            let text = text(name, value)?;
            if row.property == Property::ResponseTopic {
                check_topic(text)
                    .map_err(|error| Error::format(Code::InvalidOption, "%: %", &[name, &error.message]))?;
            }
            put(list, row.property, Value::Text(text));
            return Ok(());
        }
        ValueType::BinaryData | ValueType::Utf8StringPair => {
            let short;
            let bytes = match value {
                Argument::Bytes(bytes) => bytes,
                Argument::Text(text) => text.as_bytes(),
                Argument::Number(n) => {
                    short = number(n);
                    short.as_bytes()
                }
                Argument::Bool(flag) => if flag { "true" } else { "false" }.as_bytes(),
                _ => return Err(wrong(name, BINARY, value.kind())),
            };
            fits(name, BINARY, bytes)?;
            put(list, row.property, Value::Binary(bytes));
            return Ok(());
        }
    };
    let given = match value {
        Argument::Bool(flag) if row.value_type == ValueType::Byte => Some(f64::from(u8::from(flag))),
        Argument::Number(n) => Some(n),
        _ => None,
    };
    let least = f64::from(u8::from(row.nonzero));
    match given.filter(|n| n.fract() == 0.0 && *n >= least && *n <= most) {
        Some(n) => put(list, row.property, Value::Number(n as u32)),
        None => {
            let allowed = format("a whole number from % to %", &[&number(least), &number(most)]);
            let mut error = wrong(name, &allowed, &value.shown());
            if let Argument::Number(_) = value {
                error.code = Code::OutOfRange;
            }
            return Err(error);
        }
    }
    Ok(())
}

/// `{ name: "value", other: ["several", "values"] }`
fn user_properties(list: &mut Vec<u8>, name: &str, object: Argument<'_>) -> Result<(), Error> {
    for (key, value) in object.entries(name)? {
        text(&format("a name in %", &[name]), Argument::Text(key))?;
        let name = format("%.%", &[name, &excerpt(key)]);
        let mut put = |value| {
            put(
                list,
                Property::UserProperty,
                Value::Pair(key, text(&name, value)?),
            );
            Ok(())
        };
        match value {
            Argument::Array(mut several) => several.try_for_each(&mut put)?,
            value => put(value)?,
        }
    }
    Ok(())
}

const TEXT: &str = "a string of at most 65,535 bytes without U+0000";
const BINARY: &str = "a string or bytes, at most 65,535 of them";

fn text<'a>(name: &str, value: Argument<'a>) -> Result<&'a str, Error> {
    let text = value.text().ok_or_else(|| wrong(name, TEXT, &value.shown()))?;
    if find(text, 0).is_some() {
        return Err(wrong(name, TEXT, "one with U+0000"));
    }
    fits(name, TEXT, text.as_bytes())?;
    Ok(text)
}

fn fits(name: &str, allowed: &str, bytes: &[u8]) -> Result<(), Error> {
    if bytes.len() <= 65_535 {
        return Ok(());
    }
    let mut error = wrong(name, allowed, &format("one of % bytes", &[&count(bytes.len())]));
    error.code = Code::OutOfRange;
    Err(error)
}

fn wrong(name: &str, allowed: &str, shown: &str) -> Error {
    Error::format(
        Code::InvalidOption,
        "% must be %; % was given",
        &[name, allowed, shown],
    )
}

/// A checked list as an object, without subscription identifiers of the engine; what comes more than once is an array.
pub fn to_js(list: &[u8]) -> JsValue {
    let mut object = Object::default();
    let mut user = Object::default();
    let mut name = "";
    for (row, value) in Properties(list) {
        match value {
            Value::Number(n) if row.value_type == ValueType::Byte && row.property != Property::MaximumQoS => {
                object.flag(row.name, n != 0);
            }
            Value::Number(n) if row.property == Property::SubscriptionIdentifier && is_ours(n) => {}
            Value::Number(n) => object.number(row.name, n.into()),
            Value::Text(text) => object.text(row.name, text),
            Value::Binary(bytes) => object.bytes(row.name, bytes),
            Value::Pair(key, value) => {
                name = row.name;
                user.text(key, value);
            }
        }
    }
    if !name.is_empty() {
        object.object(name, user);
    }
    object.to_js()
}

//! MQTT 5 properties as JavaScript has them: an object with the names that MQTT.js uses. One table, the
//! codec's, and one loop in each direction.

use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::prelude::*;

use super::errors::set;
use super::{host, values};
use crate::codec::property::{
    check, put, Kind, Properties, Property, Value, MAXIMUM_QOS, TABLE, USER_PROPERTY,
};
use crate::engine::text::number;
use crate::engine::validate::unknown;
use crate::engine::{Code, Error};

/// An object as an encoded list that may stand in `place`; `name` is what errors call it.
pub fn read(name: &str, object: &JsValue, place: u16) -> Result<Vec<u8>, Error> {
    let mut list = Vec::new();
    for (key, value) in values::entries(name, object)? {
        if value.is_undefined() || value.is_null() {
            continue;
        }
        let mut known = TABLE.iter().filter(|row| row.places & place != 0);
        let Some(row) = known.clone().find(|row| row.name == key) else {
            return Err(unknown(name, &key, &mut known.by_ref().map(|row| row.name)));
        };
        let place = [name, ".", &key].concat();
        if row.id == USER_PROPERTY {
            user_properties(&mut list, &place, &value)?;
        } else {
            one(&mut list, row, &place, &value)?;
        }
    }
    check(&list, place).map_err(|flaw| Error::say(Code::InvalidOption, &[name, ": ", flaw.what]))?;
    Ok(list)
}

fn one(list: &mut Vec<u8>, row: &Property, name: &str, value: &JsValue) -> Result<(), Error> {
    let most = match row.kind {
        Kind::Flag => 1.0,
        Kind::Two => 65_535.0,
        Kind::Four => 4_294_967_295.0,
        Kind::Var => 268_435_455.0,
        Kind::Text => {
            put(list, row.id, Value::Text(&text(name, value)?));
            return Ok(());
        }
        Kind::Binary | Kind::Pair => {
            let bytes = values::payload(value)
                .ok()
                .filter(|bytes| bytes.len() <= 65_535)
                .ok_or_else(|| wrong(name, "a string or bytes, at most 65,535 of them", value))?;
            put(list, row.id, Value::Binary(&bytes));
            return Ok(());
        }
    };
    let given = match value.as_bool() {
        Some(flag) if row.kind == Kind::Flag => Some(f64::from(u8::from(flag))),
        _ => value.as_f64(),
    };
    let least = f64::from(u8::from(row.nonzero));
    match given.filter(|n| n.fract() == 0.0 && *n >= least && *n <= most) {
        Some(n) => put(list, row.id, Value::Number(n as u32)),
        None => {
            let allowed = ["a whole number from ", &number(least), " to ", &number(most)].concat();
            let mut error = wrong(name, &allowed, value);
            if value.as_f64().is_some() {
                error.code = Code::OutOfRange;
            }
            return Err(error);
        }
    }
    Ok(())
}

/// `{ name: "value", other: ["several", "values"] }`
fn user_properties(list: &mut Vec<u8>, name: &str, object: &JsValue) -> Result<(), Error> {
    for (key, value) in values::entries(name, object)? {
        let name = [name, ".", &key].concat();
        let several = match Array::is_array(&value) {
            true => Array::from(&value),
            false => Array::of1(&value),
        };
        for value in several.iter() {
            let value = text(&name, &value)?;
            put(list, USER_PROPERTY, Value::Pair(&key, &value));
        }
    }
    Ok(())
}

fn text(name: &str, value: &JsValue) -> Result<String, Error> {
    let text = value
        .as_string()
        .filter(|text| text.len() <= 65_535 && !text.contains('\0'));
    text.ok_or_else(|| wrong(name, "a string of at most 65,535 bytes without U+0000", value))
}

fn wrong(name: &str, allowed: &str, given: &JsValue) -> Error {
    let shown = given
        .as_f64()
        .map_or_else(|| values::kind(given).to_owned(), number);
    Error::say(
        Code::InvalidOption,
        &[name, " must be ", allowed, "; ", &shown, " was given"],
    )
}

/// A checked list as an object; what comes more than once is an array.
pub fn to_js(list: &[u8]) -> JsValue {
    let object = Object::new();
    for (row, value) in Properties(list) {
        match value {
            Value::Number(n) if row.kind == Kind::Flag && row.id != MAXIMUM_QOS => {
                add(&object, row.name, (n != 0).into());
            }
            Value::Number(n) => add(&object, row.name, n.into()),
            Value::Text(text) => add(&object, row.name, text.into()),
            Value::Binary(bytes) => add(&object, row.name, Uint8Array::from(bytes).into()),
            Value::Pair(key, value) => {
                let mut users = host::get(&object, row.name);
                if users.is_undefined() {
                    users = Object::new().into();
                    set(&object, row.name, &users);
                }
                add(&users, key, value.into());
            }
        }
    }
    object.into()
}

fn add(object: &JsValue, key: &str, value: JsValue) {
    let before = host::get(object, key);
    let value = match () {
        _ if before.is_undefined() || !Object::has_own(object.unchecked_ref::<Object>(), &key.into()) => {
            value
        }
        _ if Array::is_array(&before) => {
            before.unchecked_ref::<Array>().push(&value);
            return;
        }
        _ => Array::of2(&before, &value).into(),
    };
    if key == "__proto__" {
        // A name like any other, which a plain assignment would take for something else.
        let descriptor = Object::new();
        set(&descriptor, "value", &value);
        set(&descriptor, "enumerable", &JsValue::TRUE);
        set(&descriptor, "configurable", &JsValue::TRUE);
        Object::define_property(object.unchecked_ref::<Object>(), &key.into(), &descriptor);
        return;
    }
    set(object, key, &value);
}

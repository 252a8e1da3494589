//! Engine errors as JavaScript errors: `MqttError`, `TypeError` or `RangeError`, each with `code`.

use wasm_bindgen::prelude::*;

use super::{host, Hooks};
use crate::engine::{Class, Code, Error};

/// `hooks` build the package's own `MqttError`; without them a plain `Error` carries the same properties.
#[inline(never)]
pub fn to_js(error: &Error, cause: &JsValue, hooks: &Hooks) -> JsValue {
    let class = match error.code.class() {
        Class::Mqtt => 0,
        Class::Type => 1,
        Class::Range => 2,
    };
    let reason = error.reason.map(u32::from);
    let object = host::error(
        hooks.errors(),
        class,
        &error.message,
        error.code.name(),
        reason,
        cause,
    );
    if !error.properties.is_empty() {
        host::set(
            &object,
            "properties",
            &super::properties::to_js(&error.properties),
        );
    }
    object
}

/// A callback of the user threw `thrown`.
pub fn callback_failed(name: &str, thrown: &JsValue) -> Error {
    let text = super::values::said(thrown);
    Error::say(
        Code::Callback,
        "% threw: %; nothing else was disturbed, mend the callback",
        &[name, &text],
    )
}

/// What the function that gives credentials threw, which is the `cause`.
pub fn credentials_failed(thrown: &JsValue) -> Error {
    let text = super::values::said(thrown);
    Error::say(
        Code::CredentialsFailed,
        "the credentials function failed: %; see to it that it gives credentials",
        &[&text],
    )
}

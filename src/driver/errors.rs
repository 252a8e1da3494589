//! Engine errors as JavaScript errors: `MqttError`, `TypeError` or `RangeError`, each with `code`.

use wasm_bindgen::prelude::*;

use super::hooks::{Hooks, JsHooks};
use super::platform;
use crate::engine::{Class, Code, Error};

#[wasm_bindgen(module = "/src/driver/argument_codec.js")]
extern "C" {
    fn error(
        hooks: Option<&JsHooks>,
        class: u32,
        message: &str,
        code: &str,
        reason: Option<u32>,
        reason_name: Option<&str>,
        cause: &JsValue,
    ) -> JsValue;
}

/// `hooks` build the package's own `MqttError`; without them a plain `Error` carries the same properties.
#[inline(never)]
pub fn to_js(failure: &Error, cause: &JsValue, hooks: &Hooks) -> JsValue {
    let class = match failure.code.class() {
        Class::Mqtt => 0,
        Class::Type => 1,
        Class::Range => 2,
    };
    let reason = failure.reason.map(|reason| reason.0.into());
    // Below that, the codes of the versions differ.
    let named = failure.reason.filter(|reason| reason.0 >= 128);
    let object = self::error(
        hooks.errors(),
        class,
        &failure.message,
        failure.code.name(),
        reason,
        named.map(|reason| reason.name()),
        cause,
    );
    if !failure.properties.is_empty() {
        platform::set(
            &object,
            "properties",
            &super::properties::to_js(&failure.properties),
        );
    }
    object
}

/// A callback of the user threw `thrown`.
pub fn callback_failed(name: &str, thrown: &JsValue) -> Error {
    let text = super::arguments::message_of(thrown);
    Error::format(
        Code::Callback,
        "% threw: %; the client is unaffected; fix the callback",
        &[name, &text],
    )
}

/// What the function that gives credentials threw, which is the `cause`.
pub fn credentials_failed(thrown: &JsValue) -> Error {
    let text = super::arguments::message_of(thrown);
    Error::format(
        Code::CredentialsFailed,
        "the credentials function failed: %; it must return credentials, or a promise of them",
        &[&text],
    )
}

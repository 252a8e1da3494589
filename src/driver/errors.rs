//! Engine errors as JavaScript errors: `MqttError`, `TypeError` or `RangeError`, each with `code`.

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;

use crate::engine::{Class, Code, Error};

/// `make` is the hook that builds an `MqttError(message, code, reasonCode, cause)`; without it a
/// plain `Error` carries the same properties.
pub fn to_js(error: &Error, cause: &JsValue, make: Option<&Function>) -> JsValue {
    let message = &*error.message;
    let object: JsValue = match error.code.class() {
        Class::Type => js_sys::TypeError::new(message).into(),
        Class::Range => js_sys::RangeError::new(message).into(),
        Class::Mqtt => {
            let made = make.and_then(|make| {
                make.call4(
                    &JsValue::UNDEFINED,
                    &message.into(),
                    &error.code.name().into(),
                    &error.reason.into(),
                    cause,
                )
                .ok()
            });
            if let Some(made) = made {
                tell_properties(&made, error);
                return made;
            }
            let plain = js_sys::Error::new(message);
            plain.set_name("MqttError");
            if !cause.is_undefined() {
                plain.set_cause(cause);
            }
            plain.into()
        }
    };
    set(&object, "code", &error.code.name().into());
    if let Some(reason) = error.reason {
        set(&object, "reasonCode", &reason.into());
    }
    tell_properties(&object, error);
    object
}

fn tell_properties(object: &JsValue, error: &Error) {
    if !error.properties.is_empty() {
        set(object, "properties", &super::properties::to_js(&error.properties));
    }
}

/// A callback of the user threw `thrown`.
pub fn callback_failed(name: &str, thrown: &JsValue) -> Error {
    let text = super::values::said(thrown);
    Error::say(
        Code::Callback,
        &[
            name,
            " threw: ",
            &text,
            "; nothing else was disturbed, mend the callback",
        ],
    )
}

/// What the function that gives credentials threw, which is the `cause`.
pub fn credentials_failed(thrown: &JsValue) -> Error {
    let text = super::values::said(thrown);
    Error::say(
        Code::CredentialsFailed,
        &[
            "the credentials function failed: ",
            &text,
            "; see to it that it gives credentials",
        ],
    )
}

pub fn set(object: &JsValue, key: &str, value: &JsValue) {
    // Only fails on frozen objects, and these are ours.
    let _ = Reflect::set(object, &JsValue::from_str(key), value);
}

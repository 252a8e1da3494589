//! What the tests that run inside the wasm share: promises awaited, errors taken apart, values made
//! from JavaScript source.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// A property of a value, as text.
pub fn text(value: &JsValue, key: &str) -> String {
    let got = Reflect::get(value, &key.into()).unwrap_or(JsValue::UNDEFINED);
    String::from(js_sys::JsString::from(show(&got)))
}

/// Any value as JavaScript's `String()` says it.
pub fn show(value: &JsValue) -> String {
    let string = js_sys::global().unchecked_into::<JsValue>();
    let string: Function = Reflect::get(&string, &"String".into()).unwrap().unchecked_into();
    string.call1(&JsValue::NULL, value).unwrap().as_string().unwrap()
}

/// What a method of the client gives.
pub type Given = Result<Promise, JsValue>;

pub trait Promised {
    fn promise(self) -> Promise;
}

impl Promised for Promise {
    fn promise(self) -> Promise {
        self
    }
}

impl Promised for Given {
    fn promise(self) -> Promise {
        self.unwrap()
    }
}

/// The value of a promise that must be fulfilled.
pub async fn ok(given: impl Promised) -> JsValue {
    match JsFuture::from(given.promise()).await {
        Ok(value) => value,
        Err(error) => panic!("rejected: {}", said(&error)),
    }
}

/// The error of a promise that must be rejected.
pub async fn err(given: impl Promised) -> JsValue {
    match JsFuture::from(given.promise()).await {
        Ok(value) => panic!("fulfilled with {}", show(&value)),
        Err(error) => error,
    }
}

/// "name code: sentence" of an error.
pub fn said(error: &JsValue) -> String {
    format!(
        "{} {}: {}",
        text(error, "name"),
        text(error, "code"),
        text(error, "message")
    )
}

/// Fails unless the error says all of these, in this order.
#[track_caller]
pub fn says(error: &JsValue, parts: &[&str]) {
    let all = said(error);
    let mut rest = all.as_str();
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => panic!("{part:?} is missing (or out of order) in {all:?}"),
        }
    }
}

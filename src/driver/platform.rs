//! What the JavaScript platform offers everywhere: a clock, a microtask, a console; and small functions that are shorter
//! in JavaScript than here. The only place that asks for the time.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use crate::engine::endpoint::Platform;
use crate::engine::Millis;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_name = queueMicrotask)]
    pub fn queue_microtask(work: &Function);
}

#[wasm_bindgen(module = "/src/driver/platform.js")]
extern "C" {
    pub fn get(object: &JsValue, key: &str) -> JsValue;
    pub fn set(object: &JsValue, key: &str, value: &JsValue);
    pub fn warn(text: &str, detail: &JsValue);
    #[wasm_bindgen(js_name = isLoadedBy)]
    fn is_loaded_by(protocol: &str) -> bool;
    #[wasm_bindgen(catch)]
    pub fn persistent() -> Result<JsValue, JsValue>;
    pub fn listen(listener: &Function, on: bool);
    #[wasm_bindgen(catch, js_name = layOver)]
    pub fn lay_over(base: &JsValue, over: &JsValue) -> Result<JsValue, JsValue>;
    /// The options of a one-shot in two: `overrides` and `message`.
    #[wasm_bindgen(catch)]
    pub fn divide(options: &JsValue) -> Result<JsValue, JsValue>;
}

pub fn now() -> Millis {
    performance_now() as Millis
}

pub fn seed() -> u64 {
    let half = || (js_sys::Math::random() * 4_294_967_296.0) as u64;
    half() << 32 | half()
}

/// Calls a function, which may throw.
pub fn call(function: &Function, this: &JsValue, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
    function.apply(this, &list(arguments))
}

pub fn list(items: &[&JsValue]) -> Array {
    let list = Array::new();
    for item in items {
        list.push(item);
    }
    list
}

pub fn function(object: &JsValue, key: &str) -> Option<Function> {
    get(object, key).dyn_into().ok()
}

/// A page or worker, as far as transports go; Node's sockets come with hooks that say so.
pub fn browser(streams: bool) -> Platform {
    Platform::Browser {
        secure: is_loaded_by("https:"),
        streams,
    }
}

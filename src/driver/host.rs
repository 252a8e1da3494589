//! What the JavaScript host offers everywhere: a clock, a microtask, a console. The only place
//! that asks for the time.

use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;

use crate::engine::endpoint::Host;
use crate::engine::Millis;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_name = queueMicrotask)]
    pub fn queue_microtask(work: &Function);
    /// JavaScript's own idea of a number or boolean as text.
    #[wasm_bindgen(js_name = String)]
    pub fn string(value: &JsValue) -> String;
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    pub fn warn(text: &str, detail: &JsValue);

    /// A function that takes numbers only: one crossing, and no object is made for any of them.
    pub type Plain;
    #[wasm_bindgen(method, catch, js_name = call)]
    pub fn tell(this: &Plain, itself: &JsValue, a: u32, b: u32, c: u32, d: u32) -> Result<(), JsValue>;
}

pub fn now() -> Millis {
    performance_now() as Millis
}

pub fn seed() -> u64 {
    let half = || (js_sys::Math::random() * 4_294_967_296.0) as u64;
    half() << 32 | half()
}

/// Property of an object; undefined if there is none or it cannot be read.
pub fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED)
}

pub fn function(object: &JsValue, key: &str) -> Option<Function> {
    get(object, key).dyn_into().ok()
}

/// A page or worker, as far as transports go; Node's sockets come with hooks that say so.
pub fn browser() -> Host {
    let protocol = get(&get(&js_sys::global(), "location"), "protocol");
    Host::Browser {
        secure: protocol.as_string().is_some_and(|p| p == "https:"),
    }
}

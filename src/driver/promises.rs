//! Promises that Rust hands out and settles. Each pending one has a token with the top bit set;
//! tokens without it belong to JavaScript, which settles its own promises in bulk.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::given::Object;
use super::host::set;
use super::properties;
use crate::api::MqttCustom;
use crate::engine::{Outcome, Token};

#[wasm_bindgen(module = "/src/driver/promises.js")]
extern "C" {
    pub type Pending;
    fn pending() -> Pending;
    #[wasm_bindgen(method, getter)]
    fn promise(this: &Pending) -> Promise;
    #[wasm_bindgen(method)]
    pub fn settle(this: &Pending, failed: bool, value: &JsValue);
    pub fn rejected(error: &JsValue) -> Promise;
    /// Starts the client, publishes, stops it.
    pub fn deliver(client: MqttCustom, topic: &str, payload: Vec<u8>, options: &JsValue) -> Promise;
}

const OURS: Token = 1 << 31;

#[derive(Default)]
pub struct Promises {
    pending: Vec<Option<Pending>>,
    free: Vec<u32>,
}

impl Promises {
    pub fn make(&mut self) -> (Token, Promise) {
        let made = pending();
        let promise = made.promise();
        let index = self.free.pop().unwrap_or_else(|| {
            self.pending.push(None);
            (self.pending.len() - 1) as u32
        });
        self.pending[index as usize] = Some(made);
        (OURS | index, promise)
    }

    pub fn is_ours(token: Token) -> bool {
        token & OURS != 0
    }

    /// Gives up `token` for the promise that is pending under `other`.
    pub fn join(&mut self, token: Token, other: Token) -> Option<Promise> {
        let own = self.end(token)?;
        match self.pending.get((other & !OURS) as usize) {
            Some(Some(pending)) if Self::is_ours(other) => Some(pending.promise()),
            _ => Some(own.promise()),
        }
    }

    /// Removes the promise of `token`, which the caller settles.
    pub fn end(&mut self, token: Token) -> Option<Pending> {
        let index = token & !OURS;
        let pending = self.pending.get_mut(index as usize)?.take();
        if pending.is_some() {
            self.free.push(index);
        }
        pending
    }
}

pub fn outcome(outcome: &Outcome) -> JsValue {
    match outcome {
        Outcome::None => JsValue::UNDEFINED,
        Outcome::Acked { reason, properties } => {
            let mut result = Object::default();
            result.number("reasonCode", (*reason).into());
            let result = result.to_js();
            tell(&result, properties);
            result
        }
        Outcome::Granted { codes, properties } => {
            // A sequence of numbers cannot fail.
            let granted = serde_wasm_bindgen::to_value(codes).unwrap_or_default();
            tell(&granted, properties);
            granted
        }
    }
}

fn tell(result: &JsValue, list: &[u8]) {
    if !list.is_empty() {
        set(result, "properties", &properties::to_js(list));
    }
}

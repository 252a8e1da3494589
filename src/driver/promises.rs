//! Promises that Rust hands out and settles. Each pending one has a token with the top bit set;
//! tokens without it belong to JavaScript, which settles its own promises in bulk.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::argument_codec::Object;
use super::platform::set;
use super::properties;
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
    /// Gives `tell` what a promise has become, as `{ failed, value }`.
    pub fn settled(promise: &JsValue, tell: &JsValue);
    /// A promise whose `then` is the platform's, of what has `then`.
    pub fn thenable(value: &JsValue) -> Option<Promise>;
    /// A promise of what a store answers; rejected if that is late.
    pub fn answer(store: &JsValue, value: &JsValue) -> JsValue;
    /// From now on the store must answer within so many milliseconds; none: whenever it likes.
    pub fn expire(store: &JsValue, limit: Option<u32>);
    /// Starts the client, publishes, stops it.
    pub fn deliver(client: &JsValue, topic: &str, payload: Vec<u8>, options: &JsValue) -> Promise;
}

const OURS: u32 = 1 << 31;

#[derive(Default)]
pub struct Promises {
    pending: Vec<Option<Pending>>,
    free: Vec<u32>,
}

impl Promises {
    pub fn make(&mut self) -> (Option<Token>, Promise) {
        let made = pending();
        let promise = made.promise();
        let index = self.free.pop().unwrap_or_else(|| {
            self.pending.push(None);
            (self.pending.len() - 1) as u32
        });
        self.pending[index as usize] = Some(made);
        (Token::new(OURS | index), promise)
    }

    pub fn is_ours(token: Token) -> bool {
        token.get() & OURS != 0
    }

    /// Ends `token`, and gives the promise that is pending under `other` in its place. Of one that js/ has made it gives
    /// the number, by which js/ finds it.
    pub fn join(&mut self, token: Token, other: Token) -> Promise {
        self.end(token);
        match Self::is_ours(other) {
            true => self.promise(other.get()),
            false => JsValue::from(other.get()).unchecked_into(),
        }
    }

    /// The promise that is pending under this number, or undefined.
    pub fn promise(&self, number: u32) -> Promise {
        match self.pending.get((number & !OURS) as usize) {
            Some(Some(pending)) => pending.promise(),
            _ => JsValue::UNDEFINED.unchecked_into(),
        }
    }

    /// Removes the promise of `token`, which the caller settles.
    pub fn end(&mut self, token: Token) -> Option<Pending> {
        let index = token.get() & !OURS;
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
            set_properties(&result, properties);
            result
        }
        Outcome::Granted { codes, properties } => {
            // A sequence of numbers cannot fail.
            let granted = serde_wasm_bindgen::to_value(codes).unwrap_or_default();
            set_properties(&granted, properties);
            granted
        }
    }
}

fn set_properties(result: &JsValue, list: &[u8]) {
    if !list.is_empty() {
        set(result, "properties", &properties::to_js(list));
    }
}

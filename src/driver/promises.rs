//! Promises that Rust hands out and settles. Each pending one has a token with the top bit set;
//! tokens without it belong to JavaScript, which settles its own promises in bulk.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::errors::set;
use super::given::Object;
use super::properties;
use crate::engine::{Outcome, Token};

const OURS: Token = 1 << 31;

struct Pending {
    promise: Promise,
    resolve: Function,
    reject: Function,
}

#[derive(Default)]
pub struct Promises {
    pending: Vec<Option<Pending>>,
    free: Vec<u32>,
}

impl Promises {
    /// Nobody need look at the promise: its rejection never ends a Node process.
    pub fn make(&mut self) -> (Token, Promise) {
        let mut functions = None;
        let promise = Promise::new(&mut |resolve, reject| functions = Some((resolve, reject)));
        quiet(&promise);
        let index = self.free.pop().unwrap_or_else(|| {
            self.pending.push(None);
            (self.pending.len() - 1) as u32
        });
        self.pending[index as usize] = functions.map(|(resolve, reject)| Pending {
            promise: promise.clone(),
            resolve,
            reject,
        });
        (OURS | index, promise)
    }

    pub fn is_ours(token: Token) -> bool {
        token & OURS != 0
    }

    /// Gives up `token` for the promise that is pending under `other`.
    pub fn join(&mut self, token: Token, other: Token) -> Option<Promise> {
        let own = self.take(token)?.promise;
        match self.pending.get((other & !OURS) as usize) {
            Some(Some(pending)) if Self::is_ours(other) => Some(pending.promise.clone()),
            _ => Some(own),
        }
    }

    fn take(&mut self, token: Token) -> Option<Pending> {
        let index = token & !OURS;
        let pending = self.pending.get_mut(index as usize)?.take();
        if pending.is_some() {
            self.free.push(index);
        }
        pending
    }

    /// Removes the promise of `token`; what is returned settles it.
    pub fn end(&mut self, token: Token, failed: bool) -> Option<Function> {
        let pending = self.take(token)?;
        Some(if failed { pending.reject } else { pending.resolve })
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

pub fn rejected(error: &JsValue) -> Promise {
    let promise = Promise::reject(error);
    quiet(&promise);
    promise
}

pub fn quiet(promise: &Promise) {
    thread_local! {
        static IGNORE: Closure<dyn FnMut(JsValue)> = Closure::wrap(Box::new(|_| {}));
    }
    IGNORE.with(|ignore| {
        let _ = promise.catch(ignore);
    });
}

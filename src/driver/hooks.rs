//! The hooks with which js/ takes over what JavaScript does better: sockets in Node, its own error class, promises and
//! messages in bulk.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use super::platform;
use crate::engine::endpoint::Platform;
use crate::engine::{Generation, MessageView, Token};

#[wasm_bindgen]
extern "C" {
    /// What js/ does itself: `js/client.mjs` says how.
    #[derive(Clone)]
    pub type JsHooks;
    /// What callbacks get as their first argument; js/ holds it weakly, so that an abandoned one is collected.
    #[wasm_bindgen(method)]
    pub fn client(this: &JsHooks) -> JsValue;
    /// The client's number, and how many messages and bytes of them may be unhandled.
    #[wasm_bindgen(method)]
    pub fn begin(this: &JsHooks, number: u32, count: f64, bytes: f64);
    /// Calls the listeners of an event, by the slot of its callback or by `callbacks::STATE` and the like; false if there is none.
    #[wasm_bindgen(method)]
    pub fn emit(this: &JsHooks, slot: usize, arguments: &Array) -> bool;
    /// Whether there is an accepted connection: js/ needs to know when the core has failed.
    #[wasm_bindgen(method, setter)]
    pub fn set_accepted(this: &JsHooks, accepted: bool);
    /// Takes what the socket receives the short way, see `bulk_space`.
    #[wasm_bindgen(method)]
    pub fn listen(this: &JsHooks, socket: &JsValue, generation: Generation);
    /// Tokens that ended well, as 32-bit words.
    #[wasm_bindgen(method)]
    pub fn settle(this: &JsHooks, at: *const Token, count: usize);
    #[wasm_bindgen(method)]
    pub fn fail(this: &JsHooks, token: u32, error: &JsValue);
    /// One that ended well with something to say.
    #[wasm_bindgen(method)]
    pub fn answer(this: &JsHooks, token: u32, value: &JsValue);
    /// See `engine::MessageView`. Throws where there is no memory for the payloads.
    #[wasm_bindgen(method, catch)]
    pub fn messages(
        this: &JsHooks,
        messages: *const MessageView,
        count: usize,
        base: *const u8,
        epoch: u32,
    ) -> Result<(), JsValue>;
}

#[derive(Clone)]
pub struct Hooks {
    js: Option<JsHooks>,
    /// For a client within: the same sockets and errors, nothing of the caller's own.
    inner: bool,
    pub platform: Platform,
    /// `(url, subprotocols, credentials) => WebSocket`, in Node and with `transport`.
    pub connect: Option<Function>,
}

impl Hooks {
    pub fn parse(given: &JsValue) -> Hooks {
        let js = given.is_object().then(|| JsHooks::from(given.clone()));
        Hooks {
            platform: match platform::get(given, "node").is_truthy() {
                true => Platform::Node,
                false => platform::browser(platform::get(given, "streams").is_truthy()),
            },
            connect: platform::function(given, "connect"),
            // With sockets and errors alone, messages and promises are a matter of Rust.
            inner: platform::function(given, "settle").is_none(),
            js,
        }
    }

    pub fn inner(&self) -> Hooks {
        Hooks {
            inner: true,
            ..self.clone()
        }
    }

    /// None where this class is used without js/.
    pub fn js(&self) -> Option<&JsHooks> {
        self.js.as_ref().filter(|_| !self.inner)
    }

    /// With `error(message, code, reasonCode, cause)`, an `MqttError`.
    pub fn errors(&self) -> Option<&JsHooks> {
        self.js.as_ref()
    }
}

//! The user's callbacks: kept, replaced, called with the original library's positional arguments.
//! What a callback throws, or what the promise it returns is rejected with, goes to `on_error`.

use std::cell::RefCell;

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use super::argument_codec::Object;
use super::{arguments, errors, platform, promises, properties, Client};
use crate::engine::{Code, Delivery, Engine, Error, Generation, Millis, Version};

/// In the order of their slots.
pub const NAMES: [&str; 5] = ["on_connect", "on_disconnect", "on_message", "on_error", "on_auth"];
const ON_CONNECT: usize = 0;
const ON_DISCONNECT: usize = 1;
pub(super) const ON_MESSAGE: usize = 2;
const ON_ERROR: usize = 3;
const ON_AUTH: usize = 4;
/// Events without a callback: the state has changed; another attempt to connect waits for its time.
const STATE: usize = 5;
const RECONNECTING: usize = 6;
const CLOSE: usize = 7;
/// In place of the time of the next attempt.
const STOPPED: Millis = Millis::MAX;

const NO_ON_AUTH: &str = "the broker asks for authentication, and there is no on_auth to answer it; give one";

#[derive(Default)]
pub struct Callbacks {
    slots: RefCell<[Option<Function>; 5]>,
    pub userdata: JsValue,
    /// A promise carries everything: nothing goes to the console.
    silent: bool,
    /// Codes of errors that were put on the console.
    warned: RefCell<Vec<&'static str>>,
}

impl Callbacks {
    pub fn silent() -> Self {
        Callbacks {
            silent: true,
            ..Default::default()
        }
    }

    pub fn slot(name: &str) -> Option<usize> {
        NAMES.iter().position(|known| *known == name)
    }

    pub fn set(&self, slot: usize, function: Option<Function>) {
        self.slots.borrow_mut()[slot] = function;
    }

    pub fn get(&self, slot: usize) -> Option<Function> {
        self.slots.borrow()[slot].clone()
    }
}

impl Client {
    /// What callbacks are given as their first argument.
    fn handle(&self) -> JsValue {
        match (self.hooks.js(), self.me.upgrade()) {
            (Some(js), _) => js.client(),
            // In the package a client without js/ is a one-shot, which has no callbacks.
            #[cfg(not(feature = "package"))]
            (None, Some(client)) => (self.class)(client),
            _ => JsValue::UNDEFINED,
        }
    }

    /// Calls the callback, then the listeners of its event; false if there is neither.
    fn call_user(&self, slot: usize, arguments: &[&JsValue]) -> bool {
        let all = self.arguments(arguments);
        let function = self.callbacks.get(slot);
        if let Some(function) = &function {
            self.guard(NAMES[slot], function.apply(&JsValue::UNDEFINED, &all));
        }
        self.emit(slot, &all) | function.is_some()
    }

    #[inline(never)]
    fn emit(&self, slot: usize, arguments: &Array) -> bool {
        self.hooks.js().is_some_and(|js| js.emit(slot, arguments))
    }

    #[inline(never)]
    fn arguments(&self, arguments: &[&JsValue]) -> Array {
        let all = platform::list(&[&self.handle(), &self.callbacks.userdata]);
        for argument in arguments {
            all.push(argument);
        }
        all
    }

    #[cfg(not(feature = "package"))]
    pub(super) fn apply(&self, function: &Function, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
        function.apply(&JsValue::UNDEFINED, &self.arguments(arguments))
    }

    /// Events of what has no callback: after each drain, and before an event that tells why the state is another one.
    #[inline(never)]
    #[cfg_attr(small_code, optimize(speed))]
    pub(super) fn report_state(&self) {
        let state = self.state();
        if self.state_seen.replace(state) != state {
            self.emit(STATE, &self.arguments(&[]));
        }
    }

    /// Another attempt is planned, or none will follow.
    #[inline(never)]
    #[cfg_attr(small_code, optimize(speed))]
    pub(super) fn report_retry(&self, stopped: bool) {
        let at = match stopped {
            true => Some(STOPPED),
            false => self.engine(Engine::retries_at),
        };
        let is_new = self.retry_seen.replace(at) != at;
        let Some(at) = at.filter(|_| is_new) else {
            return;
        };
        if at == STOPPED {
            self.emit(CLOSE, &self.arguments(&[]));
            return;
        }
        let (attempts, error) = self.engine(|engine| {
            let (attempts, error) = engine.last_attempt();
            (
                attempts,
                error.map(|error| self.error(error, &JsValue::UNDEFINED)),
            )
        });
        let delay = at.saturating_sub(self.now()) as f64 / 1000.0;
        let arguments = self.arguments(&[&(attempts + 1).into(), &delay.into(), &error.unwrap_or_default()]);
        self.emit(RECONNECTING, &arguments);
    }

    /// Reports what user code threw, now or later.
    pub fn guard(&self, name: &'static str, result: Result<JsValue, JsValue>) {
        match result {
            Ok(value) => {
                let Some(promise) = promises::thenable(&value) else {
                    return;
                };
                let me = self.me.clone();
                let report = Closure::once_into_js(move |thrown: JsValue| {
                    if let Some(client) = me.upgrade() {
                        client.report_thrown(name, &thrown);
                    }
                });
                if let Some(then) = platform::function(&promise, "then") {
                    let _ = platform::call(&then, &promise, &[&JsValue::UNDEFINED, &report]);
                }
            }
            Err(thrown) => self.report_thrown(name, &thrown),
        }
    }

    pub fn report_thrown(&self, name: &str, thrown: &JsValue) {
        let error = errors::callback_failed(name, thrown);
        if name == NAMES[ON_ERROR] {
            platform::warn("mqtt-lib: on_error itself threw:", thrown);
        } else {
            self.report(&error, thrown);
        }
    }

    pub fn report(&self, error: &Error, cause: &JsValue) {
        let shown = self.error(error, cause);
        if self.call_user(ON_ERROR, &[&shown]) || self.callbacks.silent {
            return;
        }
        let name = error.code.name();
        // Not borrowed when the console is called, which may be the user's and call back.
        let is_new = !self.callbacks.warned.borrow().contains(&name);
        if is_new {
            self.callbacks.warned.borrow_mut().push(name);
            platform::warn("mqtt-lib (set on_error to handle this):", &shown);
        }
    }

    fn set_accepted(&self, accepted: bool) {
        if let Some(js) = self.hooks.js() {
            js.set_accepted(accepted);
        }
    }

    pub(super) fn call_on_connect(&self, session_present: bool, code: u8, list: &[u8]) {
        self.set_accepted(code == 0);
        let mut flags = Object::default();
        flags.flag("sessionPresent", session_present);
        let flags = flags.to_js();
        match self.engine(|engine| engine.version()) {
            Version::V4 => self.call_user(ON_CONNECT, &[&flags, &code.into()]),
            Version::V5 => self.call_user(ON_CONNECT, &[&flags, &code.into(), &properties::to_js(list)]),
        };
    }

    /// AUTH: the user's answer goes back, now or later, on the same connection.
    pub(super) fn call_on_auth(&self, reason: u8, list: &[u8]) {
        let Some(function) = self.callbacks.get(ON_AUTH) else {
            return self.report(&Error::new(Code::NotAuthorized, NO_ON_AUTH), &JsValue::UNDEFINED);
        };
        let mut packet = Object::default();
        packet.number("reasonCode", reason.into());
        let packet = packet.to_js();
        platform::set(&packet, "properties", &properties::to_js(list));
        let called = function.apply(&JsValue::UNDEFINED, &self.arguments(&[&packet]));
        let generation = self
            .socket
            .borrow()
            .as_ref()
            .map_or(0, |socket| socket.generation);
        // At the end of the exchange there is nothing to answer.
        match reason {
            0 => self.guard(NAMES[ON_AUTH], called),
            _ => self.await_answer(called, generation, Client::authenticate),
        }
    }

    fn authenticate(&self, generation: Generation, answer: Result<JsValue, JsValue>) {
        if !self.is_current(generation) {
            return;
        }
        let list = match answer {
            Ok(answer) => arguments::auth_properties("the answer of on_auth", &answer),
            Err(thrown) => return self.report_thrown(NAMES[ON_AUTH], &thrown),
        };
        let sent = list.and_then(|list| self.call(|engine, _| engine.authenticate(&list)));
        if let Err(error) = sent {
            self.report(&error, &JsValue::UNDEFINED);
        }
    }

    pub(super) fn call_on_disconnect(&self, rc: u8, error: Option<&Error>) {
        self.set_accepted(false);
        let shown = match error {
            Some(error) => self.error(error, &JsValue::UNDEFINED),
            None => JsValue::UNDEFINED,
        };
        let is_called = self.call_user(ON_DISCONNECT, &[&rc.into(), &shown]);
        if let (false, Some(error)) = (is_called, error) {
            self.report(error, &JsValue::UNDEFINED);
        }
    }

    /// Hands messages to the application: all in one crossing where js/ takes them; without it, one call each.
    #[cfg_attr(small_code, optimize(speed))]
    pub(super) fn deliver(&self, Delivery { from, upto, .. }: Delivery) {
        #[cfg(not(feature = "package"))]
        if self.hooks.js().is_none() {
            self.hand_out(from, upto);
        }
        if let Some(js) = self.hooks.js() {
            let (views, base, epoch) = self.engine(|engine| {
                let views = engine.messages().get(from..upto).unwrap_or_default();
                (
                    views.as_ptr(),
                    engine.received_bytes().as_ptr(),
                    engine.topic_epoch(),
                )
            });
            if let Err(thrown) = js.messages(views, upto - from, base, epoch) {
                self.report_thrown(NAMES[ON_MESSAGE], &thrown);
            }
        }
    }
}

//! The user's callbacks: kept, replaced, called with the original library's positional arguments.
//! What a callback throws, or what the promise it returns is rejected with, goes to `on_error`.

use std::cell::RefCell;

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;

use super::given::Object;
use super::{errors, host, properties, values, Client};
use crate::api::MqttCustom;
use crate::engine::{Code, Error, Generation, Record, Version};

/// In the order of their slots.
pub const NAMES: [&str; 5] = ["on_connect", "on_disconnect", "on_message", "on_error", "on_auth"];
const ON_CONNECT: usize = 0;
const ON_DISCONNECT: usize = 1;
const ON_MESSAGE: usize = 2;
const ON_ERROR: usize = 3;
const ON_AUTH: usize = 4;

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
            (None, Some(client)) => MqttCustom::from(client).into(),
            (None, None) => JsValue::UNDEFINED,
        }
    }

    /// False if there is no such callback.
    fn call_user(&self, slot: usize, arguments: &[&JsValue]) -> bool {
        let Some(function) = self.callbacks.get(slot) else {
            return false;
        };
        let all = Array::of2(&self.handle(), &self.callbacks.userdata);
        for argument in arguments {
            all.push(argument);
        }
        self.guard(NAMES[slot], function.apply(&JsValue::UNDEFINED, &all));
        true
    }

    /// Reports what user code threw, now or later.
    pub fn guard(&self, name: &'static str, result: Result<JsValue, JsValue>) {
        match result {
            Ok(value) if value.is_object() => {
                if let Ok(promise) = value.dyn_into::<Promise>() {
                    let me = self.me.clone();
                    let report = Closure::once_into_js(move |thrown: JsValue| {
                        if let Some(client) = me.upgrade() {
                            client.tell_thrown(name, &thrown);
                        }
                    });
                    if let Some(then) = host::function(&promise, "then") {
                        let _ = then.call2(&promise, &JsValue::UNDEFINED, &report);
                    }
                }
            }
            Ok(_) => {}
            Err(thrown) => self.tell_thrown(name, &thrown),
        }
    }

    pub fn tell_thrown(&self, name: &str, thrown: &JsValue) {
        let error = errors::callback_failed(name, thrown);
        if name == NAMES[ON_ERROR] {
            host::warn("mqtt-lib: on_error itself threw:", thrown);
        } else {
            self.tell_error(&error, thrown);
        }
    }

    pub(super) fn tell_error(&self, error: &Error, cause: &JsValue) {
        let shown = self.error(error, cause);
        if self.call_user(ON_ERROR, &[&shown]) || self.callbacks.silent {
            return;
        }
        let name = error.code.name();
        let mut warned = self.callbacks.warned.borrow_mut();
        if !warned.contains(&name) {
            warned.push(name);
            host::warn("mqtt-lib (set on_error to handle this):", &shown);
        }
    }

    pub(super) fn tell_connected(&self, session_present: bool, code: u8, list: &[u8]) {
        let mut flags = Object::default();
        flags.flag("sessionPresent", session_present);
        let flags = flags.to_js();
        match self.engine(|engine| engine.version()) {
            Version::V4 => self.call_user(ON_CONNECT, &[&flags, &code.into()]),
            Version::V5 => self.call_user(ON_CONNECT, &[&flags, &code.into(), &properties::to_js(list)]),
        };
    }

    /// AUTH: the user's answer goes back, now or later, on the same connection.
    pub(super) fn ask_auth(&self, reason: u8, list: &[u8]) {
        let Some(function) = self.callbacks.get(ON_AUTH) else {
            return self.tell_error(&Error::new(Code::NotAuthorized, NO_ON_AUTH), &JsValue::UNDEFINED);
        };
        let mut packet = Object::default();
        packet.number("reasonCode", reason.into());
        let packet = packet.to_js();
        host::set(&packet, "properties", &properties::to_js(list));
        let called = function.call3(
            &JsValue::UNDEFINED,
            &self.handle(),
            &self.callbacks.userdata,
            &packet,
        );
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
            Ok(answer) => values::auth_properties("the answer of on_auth", &answer),
            Err(thrown) => return self.tell_thrown(NAMES[ON_AUTH], &thrown),
        };
        if let Err(error) = list.and_then(|list| self.call(|engine, _| engine.authenticate(&list))) {
            self.tell_error(&error, &JsValue::UNDEFINED);
        }
    }

    pub(super) fn tell_disconnected(&self, rc: u8, error: Option<&Error>) {
        let shown = match error {
            Some(error) => self.error(error, &JsValue::UNDEFINED),
            None => JsValue::UNDEFINED,
        };
        let told = self.call_user(ON_DISCONNECT, &[&rc.into(), &shown]);
        if let (false, Some(error)) = (told, error) {
            self.tell_error(error, &JsValue::UNDEFINED);
        }
    }

    /// JavaScript takes a whole run of messages in one crossing; without it, one call each.
    pub(super) fn tell_messages(&self, from: usize, upto: usize) {
        if let Some(js) = self.hooks.js() {
            let (records, base, epoch) = {
                let engine = self.engine.borrow();
                let records = engine.records().get(from..upto).unwrap_or_default();
                (records.as_ptr(), engine.inbound().as_ptr(), engine.topic_epoch())
            };
            if let Err(thrown) = js.messages(records, upto - from, base, epoch) {
                self.tell_thrown(NAMES[ON_MESSAGE], &thrown);
            }
            return;
        }
        let messages: Vec<(String, JsValue)> = {
            let engine = self.engine.borrow();
            let records = engine.records().get(from..upto).unwrap_or_default();
            let message = |record: &Record| {
                let payload = engine.inbound().get(record.range()).unwrap_or_default();
                let topic = engine.topic(record.topic);
                let message = message(topic, payload, record);
                if let Some(list) = engine
                    .inbound()
                    .get(record.properties())
                    .filter(|list| !list.is_empty())
                {
                    host::set(&message, "properties", &properties::to_js(list));
                }
                (topic.to_owned(), message)
            };
            records.iter().map(message).collect()
        };
        for (topic, message) in messages {
            let (handlers, subscribed) = self.route(&topic);
            for handler in handlers {
                let called = handler.call3(
                    &JsValue::UNDEFINED,
                    &self.handle(),
                    &self.callbacks.userdata,
                    &message,
                );
                self.guard("a message handler", called);
            }
            if !subscribed {
                self.call_user(ON_MESSAGE, &[&message]);
            }
        }
    }
}

fn message(topic: &str, payload: &[u8], record: &Record) -> JsValue {
    let mut message = Object::default();
    message.text("topic", topic);
    message.bytes("payload", payload);
    message.number("qos", record.qos().into());
    message.flag("retain", record.retain());
    message.flag("dup", record.dup());
    message.to_js()
}

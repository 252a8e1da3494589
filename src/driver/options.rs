//! The argument of the constructor, and the hooks with which js/ takes over what JavaScript does
//! better: sockets in Node, its own error class, promises and messages in bulk.

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::callbacks::{Callbacks, NAMES};
use super::store::Store;
use super::{host, properties, values};
use crate::codec::property::place;
use crate::engine::endpoint::Host;
use crate::engine::validate::{unknown, Builder, Value};
use crate::engine::{Config, Error, Token};

pub struct Options {
    pub config: Config,
    pub callbacks: Callbacks,
    pub hooks: Hooks,
    pub credentials: JsValue,
    /// They come from this function.
    pub ask: Option<Function>,
    /// What a one-shot lays over them.
    pub over: JsValue,
    pub autostart: bool,
    pub store: Option<Store>,
}

impl Options {
    pub fn parse(options: &JsValue, hooks: Hooks) -> Result<Options, Error> {
        let mut callbacks = Callbacks::default();
        let mut credentials = JsValue::UNDEFINED;
        let mut autostart = true;
        for (key, value) in values::entries("the argument of MqttCustom", options)? {
            match key.as_str() {
                "credentials" => credentials = value,
                "userdata" => callbacks.userdata = value,
                "autostart" if value.is_undefined() => {}
                "autostart" => autostart = values::flag("autostart", &value)?,
                name => match Callbacks::slot(name) {
                    Some(slot) => callbacks.set(slot, values::optional_function(name, &value)?),
                    None => {
                        let known = ["credentials", "userdata", "autostart"].into_iter().chain(NAMES);
                        return Err(unknown("the argument of MqttCustom", name, known));
                    }
                },
            }
        }
        let ask = credentials.dyn_ref::<Function>().cloned();
        if ask.is_some() {
            credentials = JsValue::UNDEFINED;
        }
        Ok(Options {
            config: match ask {
                Some(_) => Config::asking(),
                None => config(&credentials, &JsValue::UNDEFINED, false, &hooks)?,
            },
            store: Store::find(&host::get(&credentials, "store"))?,
            callbacks,
            hooks,
            credentials,
            ask,
            over: JsValue::UNDEFINED,
            autostart,
        })
    }
}

/// What is in force, with what a one-shot has laid `over` it, through the one validator. `asked`: it is a
/// function's answer.
pub fn config(credentials: &JsValue, over: &JsValue, asked: bool, hooks: &Hooks) -> Result<Config, Error> {
    let mut builder = builder(credentials)?;
    builder.port_wins = !host::get(over, "mqttport").is_undefined();
    builder.asked = asked;
    builder.finish(hooks.host)
}

#[inline(never)]
fn builder(credentials: &JsValue) -> Result<Builder, Error> {
    let mut builder = Builder::default();
    fill(&mut builder, PLACE, credentials)?;
    Ok(builder)
}

const PLACE: &str = "credentials";

/// Also from the objects in there: what "credentials.certs" has.
fn fill(builder: &mut Builder, at: &str, object: &JsValue) -> Result<(), Error> {
    for (key, value) in values::entries(at, object)? {
        let name = [at, ".", &key].concat();
        let given = match &*name {
            "credentials.properties" => list(&name, &value, place::CONNECT)?,
            "credentials.willProperties" => list(&name, &value, place::WILL)?,
            _ => values::option_value(&value),
        };
        if given == Value::Other("an object") && ["certs", "websocket"].contains(&&*key) {
            fill(builder, &name, &value)?;
        }
        match at.len() == PLACE.len() {
            true => builder.set(&key, given)?,
            false => builder.set_inner(&name[PLACE.len() + 1..], given)?,
        }
    }
    Ok(())
}

fn list(name: &str, value: &JsValue, place: u16) -> Result<Value, Error> {
    match value.is_undefined() || value.is_null() {
        true => Ok(Value::Absent),
        false => Ok(Value::Bytes(properties::read(name, value, place)?)),
    }
}

#[derive(Clone)]
pub struct Hooks {
    /// `() => client`: what callbacks get as their first argument. A function, so that js/ can hold
    /// its client weakly and an abandoned one is collected.
    pub client: Option<Function>,
    pub host: Host,
    /// `(url, subprotocols, credentials) => WebSocket`
    pub connect: Option<Function>,
    /// `(socket, generation)`: takes what the socket receives the short way, see `bulk_space`.
    pub listen: Option<Function>,
    /// `(message, code, reasonCode, cause) => MqttError`
    pub error: Option<Function>,
    /// `(pointer, count)`: tokens that ended well, as 32-bit words.
    settle: Option<Function>,
    /// `(token, error)`
    fail: Option<Function>,
    /// `(token, value)`: one that ended well with something to say.
    answer: Option<Function>,
    /// `(records, count, base, epoch)`: see `engine::Record`.
    pub messages: Option<Function>,
}

impl Hooks {
    pub fn parse(hooks: &JsValue) -> Hooks {
        if !hooks.is_object() {
            return Hooks {
                client: None,
                host: host::browser(),
                connect: None,
                listen: None,
                error: None,
                settle: None,
                fail: None,
                answer: None,
                messages: None,
            };
        }
        let node = host::get(hooks, "node").is_truthy();
        Hooks {
            client: host::function(hooks, "client"),
            host: if node { Host::Node } else { host::browser() },
            connect: host::function(hooks, "connect"),
            listen: host::function(hooks, "listen"),
            error: host::function(hooks, "error"),
            settle: host::function(hooks, "settle"),
            fail: host::function(hooks, "fail"),
            answer: host::function(hooks, "answer"),
            messages: host::function(hooks, "messages"),
        }
    }

    /// For a client within: the same sockets and errors, nothing of the caller's own.
    pub fn inner(&self) -> Hooks {
        Hooks {
            client: None,
            listen: None,
            settle: None,
            fail: None,
            answer: None,
            messages: None,
            ..self.clone()
        }
    }

    pub fn settle(&self, tokens: &[Token]) {
        if let Some(settle) = &self.settle {
            let (at, count) = (tokens.as_ptr() as u32, tokens.len() as u32);
            let settle = settle.unchecked_ref::<host::Plain>();
            let _ = settle.tell(&JsValue::UNDEFINED, at, count, 0, 0);
        }
    }

    pub fn answer(&self, token: Token, value: &JsValue) {
        if let Some(answer) = &self.answer {
            let _ = answer.call2(&JsValue::UNDEFINED, &token.into(), value);
        }
    }

    pub fn fail(&self, token: Token, error: &JsValue) {
        if let Some(fail) = &self.fail {
            let _ = fail.call2(&JsValue::UNDEFINED, &token.into(), error);
        }
    }
}

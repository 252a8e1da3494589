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
use crate::engine::{Config, Error, Generation, Token};

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

#[wasm_bindgen]
extern "C" {
    /// What js/ keeps of one client, and what is told to it. Nothing of it throws.
    #[derive(Clone)]
    pub type Own;
    /// What callbacks get as their first argument. Held weakly there, so that an abandoned one is collected.
    #[wasm_bindgen(method)]
    pub fn client(this: &Own) -> JsValue;
    /// Takes what the socket receives the short way, see `bulk_space`.
    #[wasm_bindgen(method)]
    pub fn listen(this: &Own, socket: &JsValue, generation: Generation);
    /// Tokens that ended well, as 32-bit words.
    #[wasm_bindgen(method)]
    pub fn settle(this: &Own, pointer: u32, count: u32);
    #[wasm_bindgen(method)]
    pub fn fail(this: &Own, token: Token, error: &JsValue);
    /// One that ended well with something to say.
    #[wasm_bindgen(method)]
    pub fn answer(this: &Own, token: Token, value: &JsValue);
    /// See `engine::Record`.
    #[wasm_bindgen(method)]
    pub fn messages(this: &Own, records: u32, count: u32, base: u32, epoch: u32);
}

#[derive(Clone)]
pub struct Hooks {
    pub host: Host,
    /// `(url, subprotocols, credentials) => WebSocket`
    pub connect: Option<Function>,
    /// `(message, code, reasonCode, cause) => MqttError`
    pub error: Option<Function>,
    pub own: Option<Own>,
}

impl Hooks {
    pub fn parse(hooks: &JsValue) -> Hooks {
        if !hooks.is_object() {
            return Hooks {
                host: host::browser(),
                connect: None,
                error: None,
                own: None,
            };
        }
        let node = host::get(hooks, "node").is_truthy();
        let whole = host::function(hooks, "settle").is_some();
        Hooks {
            host: if node { Host::Node } else { host::browser() },
            connect: host::function(hooks, "connect"),
            error: host::function(hooks, "error"),
            own: whole.then(|| hooks.clone().unchecked_into()),
        }
    }

    /// For a client within: the same sockets and errors, nothing of the caller's own.
    pub fn inner(&self) -> Hooks {
        Hooks {
            own: None,
            ..self.clone()
        }
    }
}

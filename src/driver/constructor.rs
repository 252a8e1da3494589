//! The argument of the constructor: options, callbacks, and credentials through the one validator.

use std::rc::Rc;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::argument_codec::{flat, no_object, Argument};
use super::callbacks::{Callbacks, NAMES};
use super::hooks::Hooks;
use super::store::Store;
use super::{arguments, platform, properties, Client};
use crate::codec::properties::Place;
use crate::engine::format::format;
use crate::engine::validate::{unknown, Builder, Value};
use crate::engine::{Config, Error};

const KNOWN: [&str; 10] = [
    "credentials",
    "userdata",
    "autostart",
    "logger",
    "wire",
    NAMES[0],
    NAMES[1],
    NAMES[2],
    NAMES[3],
    NAMES[4],
];

/// Makes the object that JavaScript sees of a client.
pub type Class = fn(Rc<Client>) -> JsValue;

pub struct Options {
    pub config: Config,
    pub callbacks: Callbacks,
    pub hooks: Hooks,
    pub credentials: JsValue,
    /// Gives the credentials of each attempt.
    pub credentials_function: Option<Function>,
    /// Options of a one-shot that take precedence over them.
    pub overrides: JsValue,
    pub autostart: bool,
    pub store: Option<Box<Store>>,
}

impl Options {
    pub fn parse(options: &JsValue, hooks: Hooks) -> Result<Options, Error> {
        let mut callbacks = Callbacks::default();
        let mut credentials = JsValue::UNDEFINED;
        let mut autostart = true;
        let flat = flat(options, 1, ".userdata.logger.wire.");
        for (key, value) in Argument::read(&flat).entries("the argument of MqttCustom")? {
            match key {
                "credentials" => credentials = platform::get(options, key),
                "userdata" => callbacks.userdata = platform::get(options, key),
                "autostart" if value.is_undefined() => {}
                "autostart" => autostart = arguments::flag(key, value)?,
                // Used by js/.
                "wire" => {
                    arguments::optional_function(key, &platform::get(options, key))?;
                }
                // An object or a function, which nothing looks into.
                "logger" if value.is_nothing() || matches!(value, Argument::Other(_)) => {}
                "logger" => return Err(no_object(key, value.kind())),
                name => match Callbacks::slot(name) {
                    Some(slot) => {
                        let function = arguments::optional_function(name, &platform::get(options, name))?;
                        callbacks.set(slot, function);
                    }
                    None => {
                        return Err(unknown("the argument of MqttCustom", name, &|number| {
                            KNOWN.get(number).copied()
                        }))
                    }
                },
            }
        }
        let credentials_function = credentials.dyn_ref::<Function>().cloned();
        if credentials_function.is_some() {
            credentials = JsValue::UNDEFINED;
        }
        Ok(Options {
            config: match credentials_function {
                Some(_) => Config::asking(),
                None => config(&credentials, &JsValue::UNDEFINED, false, &hooks)?,
            },
            store: store(&credentials)?,
            callbacks,
            hooks,
            credentials,
            credentials_function,
            overrides: JsValue::UNDEFINED,
            autostart,
        })
    }
}

/// Credentials through the one validator. `overrides` are the options of a one-shot, `asked` says that a function gave
/// them.
pub fn config(
    credentials: &JsValue,
    overrides: &JsValue,
    asked: bool,
    hooks: &Hooks,
) -> Result<Config, Error> {
    let mut builder = builder(credentials)?;
    builder.port_wins = !platform::get(overrides, "mqttport").is_undefined();
    builder.asked = asked;
    builder.finish(hooks.platform)
}

/// Where a store is asked for js/ has loaded what belongs to it, which may be a file of its own; elsewhere nothing of it runs.
fn store(credentials: &JsValue) -> Result<Option<Box<Store>>, Error> {
    let given = platform::get(credentials, "store");
    match given.is_falsy() {
        true => Ok(None),
        false => Store::find(&given),
    }
}

#[inline(never)]
fn builder(credentials: &JsValue) -> Result<Builder, Error> {
    let mut builder = Builder::default();
    let flat = flat(credentials, 4, ".store.agent.headers.");
    fill(&mut builder, PLACE, Argument::read(&flat))?;
    Ok(builder)
}

const PLACE: &str = "credentials";

/// Also from the objects in there: what "credentials.certs" has.
fn fill(builder: &mut Builder, at: &str, object: Argument<'_>) -> Result<(), Error> {
    for (key, value) in object.entries(at)? {
        let name = format("%.%", &[at, key]);
        let given = match &*name {
            "credentials.properties" => list(&name, value, Place::Connect)?,
            "credentials.willProperties" => list(&name, value, Place::Will)?,
            _ => arguments::option_value(value),
        };
        if let (Value::Other("an object"), "certs" | "websocket") = (&given, key) {
            fill(builder, &name, value)?;
        }
        match at.len() == PLACE.len() {
            true => builder.set(key, given)?,
            false => builder.set_inner(&name[PLACE.len() + 1..], given)?,
        }
    }
    Ok(())
}

fn list(name: &str, value: Argument<'_>, place: Place) -> Result<Value, Error> {
    match value.is_nothing() {
        true => Ok(Value::Absent),
        false => Ok(Value::Bytes(properties::read(name, value, place)?)),
    }
}

//! `publish_high_priority`: one message over a connection of its own, which is then closed. Needs no client; called on
//! one, the options that are not given come from that client's credentials.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::argument_codec::{flat, no_object, Argument};
use super::callbacks::Callbacks;
use super::constructor::{config, Class, Options};
use super::hooks::Hooks;
use super::{arguments, errors, platform, promises, Client};
use crate::engine::{Config, Error};

/// The message, as it was when the call was made.
struct Shot {
    topic: String,
    payload: Vec<u8>,
    options: JsValue,
}

/// `base` are the credentials of the client it is called on, or the function that gives them.
pub fn publish(
    topic: &JsValue,
    payload: &JsValue,
    options: &JsValue,
    base: &JsValue,
    hooks: &Hooks,
    class: Class,
) -> Promise {
    let prepared = prepare(topic, payload, options, base, hooks)
        .and_then(|(options, message)| Ok((Client::new(options, class)?, message)));
    match prepared {
        Ok((client, message)) => {
            promises::deliver(&class(client), &message.topic, message.payload, &message.options)
        }
        Err(error) => promises::rejected(&errors::to_js(&error, &JsValue::UNDEFINED, hooks)),
    }
}

fn prepare(
    topic: &JsValue,
    payload: &JsValue,
    options: &JsValue,
    base: &JsValue,
    hooks: &Hooks,
) -> Result<(Options, Shot), Error> {
    let flat = flat(options, 1, "");
    Argument::read(&flat).entries("options")?;
    let unreadable = |_| no_object("options", "what cannot be read");
    let divided = platform::divide(options).map_err(unreadable)?;
    let overrides = platform::get(&divided, "overrides");
    let credentials_function = base.dyn_ref::<Function>().cloned();
    let credentials = platform::lay_over(base, &overrides).map_err(unreadable)?;
    let mut config = match credentials_function {
        Some(_) => Config::asking(),
        None => config(&credentials, &overrides, false, hooks)?,
    };
    config.reconnect = false;
    let topic = arguments::topic(topic)?;
    crate::engine::check_topic(&topic)?;
    let shot = Shot {
        topic,
        payload: arguments::payload(payload)?,
        options: arguments::publish_options(&platform::get(&divided, "message"))?.to_js(),
    };
    let client = Options {
        config,
        callbacks: Callbacks::silent(),
        hooks: hooks.inner(),
        credentials,
        credentials_function,
        overrides,
        autostart: true,
        store: None,
    };
    Ok((client, shot))
}

//! `publish_high_priority`: one message over a connection of its own, which is then closed. Needs
//! no client; called on one, what is not given comes from that client's credentials.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::callbacks::Callbacks;
use super::given::{flat, no_object, Given};
use super::options::{config, Hooks, Options};
use super::{errors, host, promises, values, Client};
use crate::engine::{Config, Error};

/// As they were when the call was made.
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
) -> Promise {
    match prepare(topic, payload, options, base, hooks) {
        Ok((client, message)) => {
            let client = Client::new(client).into();
            promises::deliver(client, &message.topic, message.payload, &message.options)
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
    Given::read(&flat).entries("options")?;
    let divided = host::divide(options).map_err(|_| no_object("options", "what cannot be read"))?;
    let over = divided.over();
    let ask = base.dyn_ref::<Function>().cloned();
    let credentials = host::lay_over(base, &over);
    let mut config = match ask {
        Some(_) => Config::asking(),
        None => config(&credentials, &over, false, hooks)?,
    };
    config.reconnect = false;
    let topic = values::topic(topic)?;
    crate::engine::check_topic(&topic)?;
    let shot = Shot {
        topic,
        payload: values::payload(payload)?,
        options: values::publish_options(&divided.message())?.to_js(),
    };
    let client = Options {
        config,
        callbacks: Callbacks::silent(),
        hooks: hooks.inner(),
        credentials,
        ask,
        over,
        autostart: true,
        store: None,
    };
    Ok((client, shot))
}

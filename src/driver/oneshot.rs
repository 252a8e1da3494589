//! `publish_high_priority`: one message over a connection of its own, which is then closed. Needs
//! no client; called on one, what is not given comes from that client's credentials.

use js_sys::{Function, Object, Promise};
use wasm_bindgen::prelude::*;

use super::callbacks::Callbacks;
use super::given::{flat, Given};
use super::options::{config, Hooks, Options};
use super::{errors, host, promises, values, Client};
use crate::engine::{Config, Error};

/// Keys of credentials that belong to the client itself, not to the connection it makes.
const OWN: [&str; 8] = [
    "mqttclientid",
    "mqttcleansession",
    "willsettopic",
    "willsetpayload",
    "willsetqos",
    "willsetretain",
    "mqttkeepalive",
    "store",
];

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
    let over = Object::new();
    let message = Object::new();
    let flat = flat(options, 1, "");
    for (key, _) in Given::read(&flat).entries("options")? {
        let value = host::get(options, key);
        match key {
            "hostname" => errors::set(&over, "mqttserver", &value),
            "port" => errors::set(&over, "mqttport", &value),
            "qos" | "retain" | "properties" => errors::set(&message, key, &value),
            _ => errors::set(&over, key, &value),
        }
    }
    let over = JsValue::from(over);
    let ask = base.dyn_ref::<Function>().cloned();
    let credentials = lay_over(base, &over);
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
        options: values::publish_options(&message)?.to_js(),
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

/// `base`, as far as it does not belong to the client itself, and what the call says itself.
pub fn lay_over(base: &JsValue, over: &JsValue) -> JsValue {
    let credentials = Object::new();
    // Of what is no object nothing comes.
    Object::assign(&credentials, base.unchecked_ref());
    for key in OWN {
        errors::set(&credentials, key, &JsValue::UNDEFINED);
    }
    Object::assign(&credentials, over.unchecked_ref()).into()
}

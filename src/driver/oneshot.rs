//! `publish_high_priority`: one message over a connection of its own, which is then closed. Needs
//! no client; called on one, what is not given comes from that client's credentials.

use std::rc::Rc;

use js_sys::{Function, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{future_to_promise, JsFuture};

use super::callbacks::Callbacks;
use super::given::{flat, Given};
use super::options::{config, Hooks, Options};
use super::{errors, host, promises, values, Client};
use crate::engine::{Config, Error, Message};

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

struct Shot {
    options: Options,
    topic: String,
    payload: Vec<u8>,
    publish: values::PublishOptions,
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
        Ok(shot) => quiet(future_to_promise(fire(shot))),
        Err(error) => promises::rejected(&errors::to_js(&error, &JsValue::UNDEFINED, hooks)),
    }
}

fn prepare(
    topic: &JsValue,
    payload: &JsValue,
    options: &JsValue,
    base: &JsValue,
    hooks: &Hooks,
) -> Result<Shot, Error> {
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
    Ok(Shot {
        options: Options {
            config,
            callbacks: Callbacks::silent(),
            hooks: hooks.inner(),
            credentials,
            ask,
            over,
            autostart: true,
            store: None,
        },
        topic,
        payload: values::payload(payload)?,
        publish: values::publish_options(&message)?,
    })
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

async fn fire(shot: Shot) -> Result<JsValue, JsValue> {
    let client = Client::new(shot.options);
    let result = deliver(&client, &shot.topic, &shot.payload, shot.publish).await;
    let stopped = client.promise(&mut |engine, now, token| {
        engine.stop(now, token);
        Ok(())
    });
    JsFuture::from(stopped).await?;
    result
}

async fn deliver(
    client: &Rc<Client>,
    topic: &str,
    payload: &[u8],
    options: values::PublishOptions,
) -> Result<JsValue, JsValue> {
    let started = client.promise(&mut |engine, now, token| {
        engine.start(now, token);
        Ok(())
    });
    JsFuture::from(started).await?;
    let message = Message {
        topic,
        payload,
        qos: options.qos,
        retain: options.retain,
        properties: &options.properties,
    };
    JsFuture::from(client.publish(&message)).await
}

fn quiet(promise: Promise) -> Promise {
    promises::quiet(&promise);
    promise
}

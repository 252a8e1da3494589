//! `publish_high_priority`: one message over a connection of its own, which is then closed. Needs
//! no client; called on one, what is not given comes from that client's credentials.

use std::rc::Rc;

use js_sys::{Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{future_to_promise, JsFuture};

use super::callbacks::Callbacks;
use super::options::{config, Hooks, Options};
use super::{errors, promises, values, Client};
use crate::engine::endpoint::Host;
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
    config: Config,
    credentials: JsValue,
    topic: String,
    payload: Vec<u8>,
    options: values::PublishOptions,
}

pub fn publish(
    topic: &JsValue,
    payload: &JsValue,
    options: &JsValue,
    base: &JsValue,
    hooks: &Hooks,
) -> Promise {
    match prepare(topic, payload, options, base, hooks.host, hooks) {
        Ok(shot) => quiet(future_to_promise(fire(shot, hooks.inner()))),
        Err(error) => promises::rejected(&errors::to_js(&error, &JsValue::UNDEFINED, hooks.error.as_ref())),
    }
}

fn prepare(
    topic: &JsValue,
    payload: &JsValue,
    options: &JsValue,
    base: &JsValue,
    host: Host,
    hooks: &Hooks,
) -> Result<Shot, Error> {
    let credentials = Object::new();
    let message = Object::new();
    let mut port_given = false;
    for (key, value) in values::entries("credentials", base)? {
        if !OWN.contains(&key.as_str()) {
            errors::set(&credentials, &key, &value);
        }
    }
    for (key, value) in values::entries("options", options)? {
        match key.as_str() {
            "hostname" => errors::set(&credentials, "mqttserver", &value),
            "port" => {
                port_given = !value.is_undefined();
                errors::set(&credentials, "mqttport", &value);
            }
            "qos" | "retain" | "properties" => errors::set(&message, &key, &value),
            _ => errors::set(&credentials, &key, &value),
        }
    }
    let mut settings = config(&credentials, hooks)?;
    settings.port_wins = port_given;
    let mut config = settings.finish(host)?;
    config.reconnect = false;
    let topic = values::topic(topic)?;
    crate::engine::check_topic(&topic)?;
    Ok(Shot {
        config,
        credentials: credentials.into(),
        topic,
        payload: values::payload(payload)?,
        options: values::publish_options(&message)?,
    })
}

async fn fire(shot: Shot, hooks: Hooks) -> Result<JsValue, JsValue> {
    let client = Client::new(Options {
        config: shot.config,
        callbacks: Callbacks::silent(),
        hooks,
        credentials: shot.credentials,
        autostart: true,
        store: None,
    });
    let result = deliver(&client, &shot.topic, &shot.payload, shot.options).await;
    let stopped = client.promise(|engine, now, token| {
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
    let started = client.promise(|engine, now, token| {
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

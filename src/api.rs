//! `MqttCustom` as JavaScript sees it: the whole API, complete without js/. Methods return promises that settle in every
//! case; a wrong argument is a rejection that names it.

use std::mem::take;
use std::rc::Rc;

#[cfg(not(feature = "package"))]
use js_sys::Function;
use js_sys::Promise;
use wasm_bindgen::prelude::*;

use crate::codec::ReasonCode;
use crate::driver::{arguments, errors, oneshot, Client, Hooks, Object, Options};
use crate::engine::{Error, Message};
use crate::export::{export, Export};
use crate::fast_path;

/// An MQTT client.
#[wasm_bindgen]
pub struct MqttCustom {
    client: Rc<Client>,
}

/// The object that callbacks get, where js/ does not give another one.
fn class(client: Rc<Client>) -> JsValue {
    MqttCustom { client }.into()
}

#[wasm_bindgen]
impl MqttCustom {
    /// `hooks` is for js/ alone; see `driver::Hooks`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, hooks: &JsValue) -> Result<MqttCustom, JsValue> {
        let hooks = Hooks::parse(hooks);
        let made = Options::parse(options, hooks.clone()).and_then(|options| {
            let autostart = options.autostart;
            Ok((Client::new(options, class)?, autostart))
        });
        let (client, autostart) = made.map_err(|error| errors::to_js(&error, &JsValue::UNDEFINED, &hooks))?;
        fast_path::begin(&client);
        if autostart {
            client.start(None);
        }
        Ok(MqttCustom { client })
    }

    /// An operation by its number in the lowest four bits: js/ calls this in place of ten methods, each of which has an entry
    /// of its own. Above them is the identity of a handler.
    pub fn call(
        &self,
        operation: u32,
        #[wasm_bindgen(unchecked_optional_param_type = "any")] a: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "any")] b: &JsValue,
        #[wasm_bindgen(unchecked_optional_param_type = "any")] c: &JsValue,
    ) -> Export<Promise> {
        match operation & 15 {
            0 => self.start(),
            1 => self.stop(a),
            2 => self.publish(a, b, c),
            3 => self.qpublish(a, b, c),
            4 => self.batch_publish(a, b, c),
            5 => self.batch_json(a, b, c),
            6 => self.flush(),
            7 => self.subscribe_as(a, b, c, operation >> 4),
            8 => self.unsubscribe(a, b),
            9 => self.reauthenticate(a),
            10 => self.batch_promise(a),
            _ => self.publish_high_priority(a, b, c),
        }
    }
}

/// By their names; in the package js/ has them.
#[cfg_attr(not(feature = "package"), wasm_bindgen)]
impl MqttCustom {
    /// Connects; resolves once connected.
    pub fn start(&self) -> Export<Promise> {
        export(self.client.promise_for(Client::start))
    }

    /// Sends what is pending, disconnects, and ends everything.
    pub fn stop(&self, options: &JsValue) -> Export<Promise> {
        let set = arguments::stop_options(options).and_then(|(reason, list)| {
            self.client
                .call(|engine, _| engine.set_disconnect(ReasonCode(reason), &list))
        });
        self.promised(set.map(|()| self.client.promise_for(Client::stop)))
    }

    /// Begins to authenticate anew on the connection there is (MQTT 5, §4.12.1); `on_auth` goes on with it.
    pub fn reauthenticate(&self, properties: &JsValue) -> Export<Promise> {
        let list = arguments::auth_properties("properties", properties);
        self.promised(list.map(|list| {
            self.client.promise(&mut |engine, _, token| {
                engine.authenticate(&list)?;
                engine.ended(token);
                Ok(())
            })
        }))
    }

    /// Publishes a message.
    pub fn publish(&self, topic: &JsValue, payload: &JsValue, options: &JsValue) -> Export<Promise> {
        self.with_message(topic, arguments::payload(payload), options, Client::publish)
    }

    /// Adds an item to the batch of its topic.
    pub fn batch_publish(&self, topic: &JsValue, payload: &JsValue, options: &JsValue) -> Export<Promise> {
        let item = arguments::json(payload);
        self.with_message(topic, item, options, Client::batch)
    }

    /// Puts a message into the timed queue.
    pub fn qpublish(&self, topic: &JsValue, payload: &JsValue, options: &JsValue) -> Export<Promise> {
        self.with_message(topic, arguments::payload(payload), options, Client::queue)
    }

    /// Sends batches and the timed queue now.
    pub fn flush(&self) -> Export<Promise> {
        export(self.client.flush())
    }

    /// Subscribes to one or more topic filters.
    pub fn subscribe(&self, topic: &JsValue, options: &JsValue, handler: &JsValue) -> Export<Promise> {
        self.subscribe_as(topic, options, handler, 0)
    }

    /// Ends subscriptions.
    pub fn unsubscribe(&self, topic: &JsValue, options: &JsValue) -> Export<Promise> {
        let parsed = arguments::filters(topic, &JsValue::UNDEFINED)
            .and_then(|(filters, _)| Ok((filters, arguments::unsubscribe_options(options)?)));
        self.promised(parsed.map(|(mut filters, mut properties)| {
            self.client.promise(&mut |engine, _, token| {
                engine.unsubscribe(take(&mut filters), take(&mut properties), token)
            })
        }))
    }

    /// One message over a connection of its own.
    pub fn publish_high_priority(
        &self,
        topic: &JsValue,
        payload: &JsValue,
        options: &JsValue,
    ) -> Export<Promise> {
        let base = self.client.base();
        export(oneshot::publish(
            topic,
            payload,
            options,
            &base,
            &self.client.hooks,
            class,
        ))
    }

    /// Whether there is an accepted connection.
    #[cfg_attr(not(feature = "package"), wasm_bindgen(getter))]
    pub fn connected(&self) -> bool {
        self.client.engine(|engine| engine.is_online())
    }

    /// 4 or 5; 0 without a connection.
    #[cfg_attr(not(feature = "package"), wasm_bindgen(getter))]
    pub fn mqttversion(&self) -> u8 {
        self.client.version()
    }

    /// "idle", "connecting", "connected", "reconnecting" or "stopped".
    #[cfg_attr(not(feature = "package"), wasm_bindgen(getter))]
    pub fn state(&self) -> String {
        self.client.state().name().to_owned()
    }

    /// Counters.
    pub fn stats(&self) -> Export<js_sys::Object> {
        let stats = self.client.engine(|engine| engine.stats());
        let counters = [
            ("sent", stats.sent),
            ("received", stats.received),
            ("bytesSent", stats.bytes_sent),
            ("bytesReceived", stats.bytes_received),
            ("inFlight", stats.in_flight),
            ("queued", stats.queued),
            ("dropped", stats.dropped),
            ("reconnects", stats.reconnects),
            ("suspects", stats.suspects),
        ];
        let mut object = Object::default();
        for (name, count) in counters {
            object.number(name, count as f64);
        }
        if let Some(wait) = self.client.retries_in() {
            object.number("reconnectIn", wait as f64 / 1000.0);
        }
        export(object.to_js().unchecked_into())
    }

    /// The callback of a slot: `on_connect`, `on_disconnect`, `on_message`, `on_error`, `on_auth`.
    #[cfg(not(feature = "package"))]
    pub fn callback(&self, slot: usize) -> Export<Option<Function>> {
        export(self.client.callbacks.get(slot))
    }

    /// Sets that callback; null removes it.
    pub fn set_callback(&self, slot: usize, callback: &JsValue) -> Result<(), JsValue> {
        let set = self.client.set_callback(slot, callback);
        set.map_err(|error| self.client.error(&error, &JsValue::UNDEFINED))
    }
}

/// What js/ makes itself, out of the above.
#[cfg(not(feature = "package"))]
#[wasm_bindgen]
impl MqttCustom {
    /// `subscribe`, under the name of the original library.
    pub fn subscribe_topics(
        &self,
        topics: &JsValue,
        options: &JsValue,
        handler: &JsValue,
    ) -> Export<Promise> {
        self.subscribe(topics, options, handler)
    }

    /// The callback `on_connect`, if there is one.
    #[wasm_bindgen(getter)]
    pub fn on_connect(&self) -> Export<Option<Function>> {
        self.callback(0)
    }

    /// Sets the callback `on_connect`; null removes it.
    #[wasm_bindgen(setter)]
    pub fn set_on_connect(&self, callback: &JsValue) -> Result<(), JsValue> {
        self.set_callback(0, callback)
    }

    /// The callback `on_disconnect`, if there is one.
    #[wasm_bindgen(getter)]
    pub fn on_disconnect(&self) -> Export<Option<Function>> {
        self.callback(1)
    }

    /// Sets the callback `on_disconnect`; null removes it.
    #[wasm_bindgen(setter)]
    pub fn set_on_disconnect(&self, callback: &JsValue) -> Result<(), JsValue> {
        self.set_callback(1, callback)
    }

    /// The callback `on_message`, if there is one.
    #[wasm_bindgen(getter)]
    pub fn on_message(&self) -> Export<Option<Function>> {
        self.callback(2)
    }

    /// Sets the callback `on_message`; null removes it.
    #[wasm_bindgen(setter)]
    pub fn set_on_message(&self, callback: &JsValue) -> Result<(), JsValue> {
        self.set_callback(2, callback)
    }

    /// The callback `on_error`, if there is one.
    #[wasm_bindgen(getter)]
    pub fn on_error(&self) -> Export<Option<Function>> {
        self.callback(3)
    }

    /// Sets the callback `on_error`; null removes it.
    #[wasm_bindgen(setter)]
    pub fn set_on_error(&self, callback: &JsValue) -> Result<(), JsValue> {
        self.set_callback(3, callback)
    }

    /// The callback `on_auth`, if there is one.
    #[wasm_bindgen(getter)]
    pub fn on_auth(&self) -> Export<Option<Function>> {
        self.callback(4)
    }

    /// Sets the callback `on_auth`; null removes it.
    #[wasm_bindgen(setter)]
    pub fn set_on_auth(&self, callback: &JsValue) -> Result<(), JsValue> {
        self.set_callback(4, callback)
    }
}

impl MqttCustom {
    /// The promise of a batch, by the number that `bulk_batch` has returned.
    fn batch_promise(&self, number: &JsValue) -> Export<Promise> {
        let number = number.as_f64().unwrap_or_default() as i64 as u32;
        export(self.client.batch_promise(number))
    }

    /// `batch_publish` of an item that is JSON text already.
    fn batch_json(&self, topic: &JsValue, json: &JsValue, options: &JsValue) -> Export<Promise> {
        self.with_message(topic, arguments::payload(json), options, Client::batch)
    }

    #[inline(never)]
    fn with_message(
        &self,
        topic: &JsValue,
        payload: Result<Vec<u8>, Error>,
        options: &JsValue,
        send: fn(&Client, &Message<'_>) -> Promise,
    ) -> Export<Promise> {
        let parts = || {
            Ok((
                arguments::topic(topic)?,
                payload?,
                arguments::publish_options(options)?,
            ))
        };
        self.promised(parts().map(|(topic, payload, options)| {
            let message = Message {
                topic: &topic,
                payload: &payload,
                qos: options.qos,
                retain: options.retain,
                properties: &options.properties,
            };
            send(&self.client, &message)
        }))
    }

    /// Wrong arguments of a call are a rejection.
    #[inline(never)]
    fn promised(&self, made: Result<Promise, Error>) -> Export<Promise> {
        export(made.unwrap_or_else(|error| self.client.refuse(&error)))
    }
}

/// One message without a client.
#[wasm_bindgen]
pub fn publish_high_priority(
    topic: &JsValue,
    payload: &JsValue,
    options: &JsValue,
    hooks: &JsValue,
) -> Export<Promise> {
    let hooks = Hooks::parse(hooks);
    export(oneshot::publish(
        topic,
        payload,
        options,
        &JsValue::UNDEFINED,
        &hooks,
        class,
    ))
}

impl MqttCustom {
    fn subscribe_as(
        &self,
        topic: &JsValue,
        options: &JsValue,
        handler: &JsValue,
        identity: u32,
    ) -> Export<Promise> {
        // subscribe(topic, handler) is a common way to write it.
        let (options, handler) = match options.is_function() && handler.is_undefined() {
            true => (&JsValue::UNDEFINED, options),
            false => (options, handler),
        };
        let parsed = arguments::filters(topic, options)
            .and_then(|filters| Ok((filters, arguments::optional_function("handler", handler)?)));
        self.promised(parsed.map(|(filters, handler)| self.client.subscribe(filters, handler, identity)))
    }
}

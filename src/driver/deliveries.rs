//! Hands messages to handlers where js/ does not: one call each. A message of QoS 1 or 2 is acknowledged when the promises
//! that its handlers returned have settled. The package has js/inbound.mjs instead.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{spawn_local, JsFuture};

use super::argument_codec::Object;
use super::callbacks::{NAMES, ON_MESSAGE};
use super::{platform, promises, properties, Client};
use crate::engine::{MessageView, Ticket};

/// A message of the engine as an object of JavaScript.
struct Received {
    /// As `route` takes it.
    topic_key: String,
    message: JsValue,
    /// None at QoS 0.
    ticket: Option<Ticket>,
}

impl Client {
    pub(super) fn hand_out(&self, from: usize, upto: usize) {
        for received in self.copied(from, upto) {
            let (handlers, subscribed) = self.route(&received.topic_key);
            let awaited = Array::new();
            for handler in handlers {
                self.hand("a message handler", &handler, &received.message, &awaited);
            }
            if let (false, Some(function)) = (subscribed, self.callbacks.get(ON_MESSAGE)) {
                self.hand(NAMES[ON_MESSAGE], &function, &received.message, &awaited);
            }
            if let (true, Some(ticket)) = (awaited.length() > 0, received.ticket) {
                self.acknowledge_after(&awaited, ticket);
            }
        }
    }

    fn hand(&self, name: &'static str, handler: &js_sys::Function, message: &JsValue, awaited: &Array) {
        let called = self.apply(handler, &[message]);
        if let Some(promise) = called.as_ref().ok().and_then(promises::thenable) {
            awaited.push(&promise);
        }
        self.guard(name, called);
    }

    fn acknowledge_after(&self, promises: &Array, ticket: Ticket) {
        self.engine.borrow_mut().defer(Some(ticket));
        let settled = JsFuture::from(Promise::all_settled(promises));
        let me = self.me.clone();
        spawn_local(async move {
            let _ = settled.await;
            if let Some(client) = me.upgrade() {
                client.settle_message(ticket, 1, 1);
                client.schedule();
            }
        });
    }

    fn copied(&self, from: usize, upto: usize) -> Vec<Received> {
        self.engine(|engine| {
            let mut all = Vec::new();
            for view in engine.messages().get(from..upto).unwrap_or_default() {
                let part = |range| engine.received_bytes().get(range).unwrap_or_default();
                let topic = engine.topic(view.topic);
                let message = message(topic, part(view.payload()), view);
                let list = part(view.properties());
                if !list.is_empty() {
                    platform::set(&message, "properties", &properties::to_js(list));
                }
                all.push(Received {
                    topic_key: engine.topic_key(view.topic).to_owned(),
                    message,
                    ticket: Some(view.ticket).filter(|_| view.qos() > 0),
                });
            }
            all
        })
    }
}

fn message(topic: &str, payload: &[u8], view: &MessageView) -> JsValue {
    let mut message = Object::default();
    message.text("topic", topic);
    message.bytes("payload", payload);
    message.number("qos", view.qos().into());
    message.flag("retain", view.retain());
    message.flag("dup", view.dup());
    message.to_js()
}

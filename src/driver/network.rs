//! `online` and `offline` of a page or worker, as long as a client is in use. Node has neither.

use std::rc::Weak;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::{host, Client};

const EVENTS: [&str; 2] = ["online", "offline"];

pub struct Network {
    listener: Closure<dyn FnMut(JsValue)>,
}

impl Network {
    pub fn listen(client: &Weak<Client>) -> Network {
        let client = client.clone();
        let network = Network {
            listener: Closure::wrap(Box::new(move |event: JsValue| {
                if let Some(client) = client.upgrade() {
                    let kind = host::get(&event, "type").as_string();
                    client.on_network(kind.as_deref() == Some(EVENTS[0]));
                }
            })),
        };
        network.call("addEventListener");
        network
    }

    fn call(&self, method: &str) {
        let global = js_sys::global();
        if let Some(method) = host::function(&global, method) {
            let listener: &Function = self.listener.as_ref().unchecked_ref();
            for event in EVENTS {
                let _ = method.call2(&global, &event.into(), listener);
            }
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.call("removeEventListener");
    }
}

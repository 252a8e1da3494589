//! The class as `wasm-pack` puts it out, without js/, in Node: over scripted sockets, with a clock
//! that only moves when a test moves it. See support/fake-websocket.js for the world they live in.
#![cfg(target_arch = "wasm32")]

#[path = "wasm_node/arguments.rs"]
mod arguments;
#[path = "wasm_node/bad_brokers.rs"]
mod bad_brokers;
#[path = "wasm_node/batches.rs"]
mod batches;
#[path = "wasm_node/callbacks.rs"]
mod callbacks;
#[path = "wasm_node/connection.rs"]
mod connection;
#[path = "wasm_node/counters.rs"]
mod counters;
#[path = "wasm_node/credentials.rs"]
mod credentials;
#[path = "wasm_node/one_shot.rs"]
mod one_shot;
#[path = "wasm_node/options.rs"]
mod options;
#[path = "wasm_node/payloads.rs"]
mod payloads;
#[path = "wasm_node/sends.rs"]
mod sends;
#[path = "wasm_node/stop.rs"]
mod stop;
#[path = "support/wasm.rs"]
mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use mqtt_lib::{publish_high_priority, MqttCustom};
use support::{err, ok, said, says, show, text, Given};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen]
extern "C" {
    type Host;
    #[wasm_bindgen(method)]
    fn js(this: &Host, source: &str) -> JsValue;
    #[wasm_bindgen(method)]
    fn run(this: &Host, statements: &str) -> JsValue;
    #[wasm_bindgen(method)]
    fn settle(this: &Host) -> Promise;
    #[wasm_bindgen(method)]
    fn advance(this: &Host, milliseconds: f64) -> Promise;
    #[wasm_bindgen(method)]
    fn published(this: &Host) -> String;
    #[wasm_bindgen(method)]
    fn kinds(this: &Host) -> String;
    #[wasm_bindgen(method, getter)]
    fn timers(this: &Host) -> u32;
    #[wasm_bindgen(method, getter)]
    fn log(this: &Host) -> Array;
    #[wasm_bindgen(method, getter)]
    fn warnings(this: &Host) -> Array;
    #[wasm_bindgen(method, getter)]
    fn unhandled(this: &Host) -> Array;
    #[wasm_bindgen(method)]
    fn leave(this: &Host);
}

thread_local! {
    static NEW_WORLD: Function = js_sys::eval(include_str!("support/fake-websocket.js"))
        .expect("support/fake-websocket.js is an expression")
        .unchecked_into();
}

const UNDEFINED: JsValue = JsValue::UNDEFINED;

struct World(Host);

impl World {
    fn new() -> World {
        let world = NEW_WORLD.with(|make| make.call0(&UNDEFINED)).unwrap();
        World(world.unchecked_into())
    }

    fn js(&self, source: &str) -> JsValue {
        self.0.js(source)
    }

    fn number(&self, source: &str) -> f64 {
        self.js(source).as_f64().unwrap_or(f64::NAN)
    }

    /// A client whose options are JavaScript source, on this world's sockets.
    fn try_client(&self, options: &str) -> Result<MqttCustom, JsValue> {
        let hooks = self.js("{ connect: world.connect }");
        MqttCustom::new(&self.js(options), &hooks)
    }

    fn client(&self, options: &str) -> MqttCustom {
        match self.try_client(options) {
            Ok(client) => client,
            Err(error) => panic!("refused: {}", said(&error)),
        }
    }

    /// A client that is connected.
    async fn connected(&self, options: &str) -> MqttCustom {
        let client = self.client(options);
        ok(client.start()).await;
        client
    }

    /// A client that logs what its callbacks get, with more options.
    async fn logging(&self, more: &str) -> MqttCustom {
        self.connected(&format!("{{ {LOGGING}, {more} }}")).await
    }

    async fn settle(&self) {
        JsFuture::from(self.0.settle()).await.unwrap();
    }

    async fn advance(&self, milliseconds: u32) {
        JsFuture::from(self.0.advance(milliseconds.into())).await.unwrap();
    }

    fn log(&self) -> String {
        self.0.log().join("\n").into()
    }

    /// The client is stopped and has left nothing that lives: no timer, no open socket, no handler
    /// on one, no rejection that nobody handled, nothing on the console.
    async fn ends(self, client: &MqttCustom) {
        let stopped = client.stop(&JsValue::UNDEFINED);
        self.advance(0).await;
        ok(stopped).await;
        assert_eq!(client.state(), "stopped");
        self.leaves_nothing().await;
    }

    async fn leaves_nothing(self) {
        self.settle().await;
        assert_eq!(self.0.timers(), 0, "timers");
        let open =
            "world.sockets.filter((s) => s.readyState < 2 || s.onmessage || s.onclose || s.ondrain).length";
        assert_eq!(self.number(open), 0.0, "sockets that are open or listened to");
        assert_eq!(self.0.unhandled().length(), 0, "{:?}", self.0.unhandled());
        assert_eq!(self.0.warnings().length(), 0, "{:?}", self.0.warnings());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.0.leave();
    }
}

const LOGGING: &str = "
    on_connect: (c, u, flags, rc) => world.log.push(`connect ${flags.sessionPresent} ${rc}`),
    on_disconnect: (c, u, rc, error) => world.log.push(`disconnect ${rc} ${error?.code}`),
    on_message: (c, u, { topic, payload }) => world.log.push(`message ${topic}=${text(payload)}`),
    on_error: (c, u, error) => world.log.push(`error ${error.code}: ${error.message}`)";

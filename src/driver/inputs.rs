//! What comes in from the socket, the clock and the network: each is fed to the engine, then the
//! pump drains it.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::MessageEvent;

use super::{host, network, socket, Client, PIECE};
use crate::engine::{Code, Generation};

impl Client {
    /// Whatever the host calls comes in here: a microtask, which says nothing, and the events of the network and
    /// of the socket in use, which is the only one that has us for a listener.
    pub(super) fn hear(&self, event: &JsValue) {
        if event.is_undefined() {
            self.scheduled.set(false);
            self.turn.set(None);
            return self.pump();
        }
        let said = |key| host::get(event, key).as_string().unwrap_or_default();
        let kind = said("type");
        if let Some(online) = network::says(&kind) {
            return self.on_network(online);
        }
        let generation = self.socket.borrow().as_ref().map(|socket| socket.generation);
        let Some(generation) = generation else { return };
        match &*kind {
            "message" => {
                let data = event.unchecked_ref::<MessageEvent>().data();
                self.on_data(generation, &socket::bytes(data));
            }
            "open" => self.on_open(generation),
            "drain" => self.on_drain(),
            // In the socket's own words; browsers say nothing.
            "error" => self.on_failure(generation, said("message"), host::get(event, "kind").as_f64()),
            "close" => self.on_close(generation, said("reason")),
            _ => {}
        }
    }

    fn on_open(&self, generation: Generation) {
        let now = self.fresh_now();
        self.engine.borrow_mut().opened(generation, now);
        self.pump();
    }

    pub(super) fn on_data(&self, generation: Generation, data: &Option<Uint8Array>) {
        match data {
            Some(data) if self.pumping.get() => {
                let copy = Uint8Array::new(data);
                self.late.borrow_mut().push((generation, copy));
            }
            Some(data) => {
                self.feed(generation, data);
                self.pump();
            }
            None => {
                self.close_socket(generation);
                let why = "a WebSocket text frame came, and MQTT travels in binary frames [MQTT-6.0.0-1]";
                self.on_close(generation, why.to_owned());
            }
        }
    }

    /// Room for bytes that js/ has received, if they need not wait; then `received` follows at once.
    pub fn space(&self, len: usize) -> *mut u8 {
        if self.pumping.get() || len > PIECE as usize {
            return std::ptr::null_mut();
        }
        self.engine.borrow_mut().space(len).as_mut_ptr()
    }

    pub fn received(&self, generation: Generation, len: usize) {
        let now = self.fresh_now();
        self.engine.borrow_mut().received(generation, len, now);
        self.pump();
    }

    pub(super) fn feed(&self, generation: Generation, data: &Uint8Array) {
        let length = data.length();
        if length > PIECE {
            // The rest waits until the engine has been drained.
            let rest = data.subarray(PIECE, length);
            self.late.borrow_mut().insert(0, (generation, rest));
            return self.feed(generation, &data.subarray(0, PIECE));
        }
        let now = self.fresh_now();
        let len = length as usize;
        let mut engine = self.engine.borrow_mut();
        data.copy_to(engine.space(len));
        engine.received(generation, len, now);
    }

    /// `kind` is of `Code::of_transport`.
    pub(super) fn on_failure(&self, generation: Generation, why: String, kind: Option<f64>) {
        if self.is_current(generation) {
            *self.failure.borrow_mut() = why;
            self.engine.borrow_mut().blame(kind.and_then(Code::of_transport));
        }
    }

    pub(super) fn on_close(&self, generation: Generation, reason: String) {
        let mut why = String::new();
        if self.is_current(generation) {
            why = self.failure.take();
            if why.is_empty() {
                why = reason;
            }
            self.drop_socket();
        }
        let now = self.fresh_now();
        self.engine.borrow_mut().closed(generation, &why, now);
        self.pump();
    }

    pub(super) fn on_drain(&self) {
        *self.recheck.borrow_mut() = None;
        self.engine.borrow_mut().set_blocked(false);
        self.pump();
    }

    pub(super) fn on_network(&self, online: bool) {
        let now = self.fresh_now();
        self.engine.borrow_mut().network(online, now);
        self.pump();
    }

    pub(super) fn on_timer(&self) {
        self.timer.borrow_mut().fired();
        let now = self.fresh_now();
        self.engine.borrow_mut().tick(now);
        self.pump();
    }
}

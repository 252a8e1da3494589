//! What comes in from the socket, the clock and the page: each is fed to the engine, then the engine is drained.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::page_events::PageEvent;
use super::{memory, platform, socket, Client, PIECE};
use crate::engine::{Code, Generation};

/// A connection ends with it.
const NO_ROOM: &str = "the clients of this process or page together have no memory for a message";

impl Client {
    /// Whatever the platform calls comes in here: a microtask, which has no event, and the events of the page and of the
    /// socket in use, which is the only one that has us for a listener.
    pub(super) fn on_event(&self, event: &JsValue) {
        if event.is_undefined() {
            self.scheduled.set(false);
            self.turn.set(None);
            return self.drain_at_last();
        }
        let text = |key| platform::get(event, key).as_string().unwrap_or_default();
        let event_type = text("type");
        if let Some(event) = PageEvent::named(&event_type) {
            return self.on_page_event(event);
        }
        let generation = self.socket.borrow().as_ref().map(|socket| socket.generation);
        let Some(generation) = generation else { return };
        match &*event_type {
            "message" => {
                let data = platform::get(event, "data");
                self.on_data(generation, socket::bytes(data));
            }
            "open" => self.on_open(generation),
            "drain" => self.on_writable(),
            // In the socket's own words. Browsers say nothing, and it is the end: of what a content security policy forbids,
            // Chromium sends no more than this.
            "error" => match text("message") {
                why if why.is_empty() => self.on_close(generation, why),
                why => self.on_error(generation, why, platform::get(event, "kind").as_f64()),
            },
            "close" => self.on_close(generation, text("reason")),
            _ => {}
        }
    }

    fn on_open(&self, generation: Generation) {
        let now = self.fresh_now();
        self.engine.borrow_mut().opened(now, generation);
        self.drain();
    }

    fn on_data(&self, generation: Generation, data: Option<Uint8Array>) {
        match data {
            Some(data) => {
                if self.draining.get() {
                    let copy = Uint8Array::new(&data);
                    self.delayed.borrow_mut().push_back((generation, copy));
                } else {
                    self.feed(generation, data);
                }
                self.drain();
            }
            None => {
                self.close_socket(generation);
                let why = "a text frame came; MQTT allows binary frames only [MQTT-6.0.0-1]";
                self.on_close(generation, why.to_owned());
            }
        }
    }

    /// Room for bytes that js/ has received, if they can be processed at once; then `received` follows.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn space(&self, len: usize) -> *mut u8 {
        if self.draining.get() || len > PIECE as usize {
            return std::ptr::null_mut();
        }
        let mut engine = self.engine.borrow_mut();
        if engine.growth(len) > PIECE as usize {
            return std::ptr::null_mut();
        }
        engine.space(len).as_mut_ptr()
    }

    #[cfg_attr(small_code, optimize(speed))]
    pub fn received(&self, generation: Generation, len: usize) {
        let now = self.fresh_now();
        self.engine.borrow_mut().received(now, generation, len);
        self.drain();
    }

    /// A payload that js/ keeps has begun: see `Engine::payload_begun`; here it has an address.
    #[inline(always)]
    pub fn payload_begun(&self, generation: Generation) -> Option<[usize; 3]> {
        let mut engine = self.engine.borrow_mut();
        let [begins, len, whole] = engine.payload_begun(generation)?;
        Some([engine.received_bytes().as_ptr() as usize + begins, len, whole])
    }

    /// Bytes of it have arrived there.
    pub fn received_beside(&self, generation: Generation, len: usize) {
        let now = self.fresh_now();
        let whole = self.engine.borrow_mut().received_beside(now, generation, len);
        if whole {
            // After what has arrived before.
            let none = Uint8Array::new_with_length(0);
            self.delayed.borrow_mut().push_back((generation, none));
            self.drain();
        }
    }

    /// Gives bytes to the engine; of many only a piece, and the rest once the engine has been drained.
    pub(super) fn feed(&self, generation: Generation, data: Uint8Array) {
        let length = data.length();
        let piece = match length > PIECE {
            true => {
                let rest = data.subarray(PIECE, length);
                self.delayed.borrow_mut().push_front((generation, rest));
                data.subarray(0, PIECE)
            }
            false => data,
        };
        let now = self.fresh_now();
        let len = piece.length() as usize;
        let mut engine = self.engine.borrow_mut();
        if !memory::has_room(engine.growth(len), memory::MOST_RECEIVED) {
            drop(engine);
            self.close_socket(generation);
            self.drop_socket();
            return self.tell_closed(generation, NO_ROOM);
        }
        piece.copy_to(engine.space(len));
        engine.received(now, generation, len);
    }

    /// `error_kind` is of `Code::of_transport`.
    fn on_error(&self, generation: Generation, why: String, error_kind: Option<f64>) {
        if self.is_current(generation) {
            *self.failure.borrow_mut() = why;
            let code = error_kind.and_then(Code::of_transport);
            self.engine.borrow_mut().set_transport_error(code);
        }
    }

    fn on_close(&self, generation: Generation, reason: String) {
        let mut why = String::new();
        if self.is_current(generation) {
            why = self.failure.take();
            if why.is_empty() {
                why = reason;
            }
            self.drop_socket();
        }
        let now = self.fresh_now();
        self.engine.borrow_mut().closed(now, generation, &why);
        self.drain();
    }

    /// The socket may take more.
    pub(super) fn on_writable(&self) {
        *self.recheck.borrow_mut() = None;
        if self.is_socket_full() {
            return self.look_again();
        }
        self.engine.borrow_mut().set_blocked(false);
        self.drain();
    }

    fn on_page_event(&self, event: PageEvent) {
        match event {
            PageEvent::Online | PageEvent::Offline => {
                let now = self.fresh_now();
                let online = event == PageEvent::Online;
                self.engine.borrow_mut().set_network(now, online);
            }
            PageEvent::Left | PageEvent::Shown => {
                let Some(store) = &self.store else { return };
                store.collects.set(event == PageEvent::Shown);
                let flow = store.flow();
                self.engine.borrow_mut().stored(flow);
            }
        }
        self.drain();
    }

    pub(super) fn on_timer(&self) {
        self.timer.borrow_mut().fired();
        let now = self.fresh_now();
        self.engine.borrow_mut().tick(now);
        self.drain();
    }
}

//! The pump: drains the engine after every input. Bytes to the socket, events to whom they concern,
//! until there is neither; then one timer for what comes next.

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use super::network::Network;
use super::promises::{self, Promises};
use super::socket::Socket;
use super::store::Store;
use super::{host, Client, RECHECK};
use crate::engine::{Error, Event, Generation, Outcome, Token, SEND_CAP};

impl Client {
    /// Drains the engine: bytes, then events, until there is neither.
    pub fn pump(&self) {
        if self.pumping.replace(true) {
            return;
        }
        loop {
            // A message is given to the user before the journal says that it was.
            if self.store.is_none() || !self.engine.borrow().has_events() {
                self.send();
            }
            let event = self.engine.borrow_mut().next_event();
            match event {
                Some(Event::Done {
                    token,
                    result: Ok(Outcome::None),
                }) if !Promises::is_ours(token) => {
                    self.done.borrow_mut().push(token);
                    continue;
                }
                Some(event) => {
                    self.tell_done();
                    self.act(event);
                    continue;
                }
                None => self.tell_done(),
            }
            self.end_flushes();
            if !self.late.borrow().is_empty() {
                let (generation, data) = self.late.borrow_mut().remove(0);
                self.feed(generation, &data);
            } else if self.is_drained() {
                break;
            }
        }
        self.pumping.set(false);
        self.rest();
    }

    /// After the pump: one timer for what comes next, nothing at all once stopped.
    pub(super) fn rest(&self) {
        let (deadline, stopped) = {
            let engine = self.engine.borrow();
            (engine.next_deadline(), engine.is_stopped())
        };
        let now = self.now();
        self.timer
            .borrow_mut()
            .arm(deadline, now, |delay| self.after(delay, Client::on_timer));
        if !self.scheduled.get() {
            self.turn.set(None);
        }
        if stopped {
            self.drop_socket();
            self.close_store();
            *self.recheck.borrow_mut() = None;
            *self.network.borrow_mut() = None;
            // Last, because it may be the last reference.
            drop(self.alive.take());
        }
    }

    /// Everything outgoing, in pieces of about the cap, until the socket has enough.
    pub(super) fn send(&self) {
        if let Some(store) = &self.store {
            return self.send_stored(store);
        }
        let socket = self.socket.borrow();
        let Some(socket) = socket.as_ref() else { return };
        let now = self.now();
        let mut engine = self.engine.borrow_mut();
        loop {
            // Asking the socket is a call out of here, so not when there is nothing for it.
            if engine.has_outgoing() && socket.has_enough(0) {
                engine.set_blocked(true);
                return self.look_again();
            }
            let bytes = engine.outgoing(now);
            if bytes.is_empty() {
                return;
            }
            socket.send(bytes);
            engine.sent(now);
        }
    }

    /// A loop of publishes hands over each full buffer at once.
    pub fn send_if_full(&self) {
        if self.engine.borrow().pending_bytes() >= SEND_CAP && !(self.store.is_some() && self.pumping.get()) {
            self.send();
        }
    }

    pub(super) fn is_drained(&self) -> bool {
        let engine = self.engine.borrow();
        if self.store.as_ref().is_some_and(|store| store.is_busy()) {
            return !engine.has_events();
        }
        !engine.has_events() && !engine.has_journal() && (engine.pending_bytes() == 0 || engine.is_blocked())
    }

    pub(super) fn look_again(&self) {
        let mut recheck = self.recheck.borrow_mut();
        if recheck.is_none() {
            *recheck = Some(self.after(RECHECK, Client::on_drain));
        }
    }

    /// In so many milliseconds, if there still is a client.
    fn after(&self, delay: u32, then: fn(&Client)) -> Timeout {
        let me = self.me.clone();
        Timeout::new(delay, move || {
            if let Some(client) = me.upgrade() {
                then(&client);
            }
        })
    }

    pub(super) fn schedule(&self) {
        if !self.scheduled.replace(true) {
            host::queue_microtask(self.ears());
        }
    }

    pub(super) fn act(&self, event: Event) {
        match event {
            Event::Ask {
                generation,
                attempt,
                last,
            } => self.ask(generation, attempt, last.as_ref()),
            Event::Open { generation, server } => self.open(generation, server),
            Event::Close { generation } => {
                if let Some(store) = &self.store {
                    self.send_stored(store);
                }
                if !self.close_socket(generation) {
                    self.on_close_of_nothing(generation);
                }
            }
            Event::Connected {
                session_present,
                code,
                properties,
            } => self.tell_connected(session_present, code, &properties),
            Event::Auth { reason, properties } => self.ask_auth(reason, &properties),
            Event::Disconnected { rc, error } => self.tell_disconnected(rc, error.as_ref()),
            Event::Messages { from, upto } => self.tell_messages(from, upto),
            Event::Unrouted(handler) => self.handlers.borrow_mut().remove(handler),
            Event::Done { token, result } => match result {
                Ok(outcome) => self.settle(token, Ok(&promises::outcome(&outcome))),
                Err(error) => self.settle_refused(token, &error),
            },
            Event::Error(error) => self.tell_error(&error, &JsValue::UNDEFINED),
        }
    }

    /// An attempt begins.
    pub(super) fn begin_attempt(&self) {
        self.drop_socket();
        *self.alive.borrow_mut() = self.me.upgrade();
        let mut network = self.network.borrow_mut();
        network.get_or_insert_with(|| Network::listen(self.ears()));
    }

    pub(super) fn open(&self, generation: Generation, server: usize) {
        self.begin_attempt();
        let url = self.engine.borrow().config().servers[server].clone();
        // Node's hook may call a proxy agent of the user's.
        let credentials = self.credentials.borrow().clone();
        match Socket::open(
            &url,
            self.hooks.connect.as_ref(),
            &credentials,
            generation,
            self.ears(),
        ) {
            Ok(socket) => {
                if let Some(js) = self.hooks.js() {
                    js.listen(socket.as_js(), generation);
                }
                *self.socket.borrow_mut() = Some(socket);
            }
            Err(thrown) => {
                // It shows the whole of a URL or subprotocol, which may have a token in it.
                let why = match host::get(&thrown, "name") == "SyntaxError" {
                    true => "invalid URL or subprotocol".into(),
                    false => super::values::said(&thrown),
                };
                let now = self.now();
                self.engine.borrow_mut().closed(generation, &why, now);
            }
        }
    }

    /// The transport to be closed never came to be, so no event of it will follow.
    pub(super) fn on_close_of_nothing(&self, generation: Generation) {
        let now = self.now();
        self.engine.borrow_mut().closed(generation, "", now);
    }

    pub(super) fn settle(&self, token: Token, result: Result<&JsValue, &JsValue>) {
        if !Promises::is_ours(token) {
            return match (self.hooks.js(), result) {
                (None, _) => {}
                (Some(js), Ok(value)) => js.answer(token, value),
                (Some(js), Err(error)) => js.fail(token, error),
            };
        }
        let pending = self.promises.borrow_mut().end(token);
        if let Some(pending) = pending {
            let (Ok(value) | Err(value)) = result;
            pending.settle(result.is_err(), value);
        }
    }

    pub(super) fn settle_refused(&self, token: Token, error: &Error) {
        self.settle(token, Err(&self.error(error, &JsValue::UNDEFINED)));
    }

    pub(super) fn tell_done(&self) {
        let mut done = self.done.take();
        if !done.is_empty() {
            if let Some(js) = self.hooks.js() {
                js.settle(done.as_ptr(), done.len());
            }
            done.clear();
            *self.done.borrow_mut() = done;
        }
    }

    pub(super) fn end_flushes(&self) {
        if self.flushes.borrow().is_empty() {
            return;
        }
        let engine = self.engine.borrow();
        let mut ended = Vec::new();
        self.flushes.borrow_mut().retain(|&(mark, token)| {
            let all_ended = engine.ended_up_to(mark);
            if all_ended {
                ended.push(token);
            }
            !all_ended
        });
        drop(engine);
        for token in ended {
            self.settle(token, Ok(&JsValue::UNDEFINED));
        }
    }

    pub(super) fn is_current(&self, generation: Generation) -> bool {
        let socket = self.socket.borrow();
        socket.as_ref().is_some_and(|s| s.generation == generation)
    }

    /// False if the socket of this generation is gone.
    pub(super) fn close_socket(&self, generation: Generation) -> bool {
        let socket = self.socket.borrow();
        let current = socket.as_ref().filter(|s| s.generation == generation);
        let waits = |store: &Store| current.is_some() && store.close_after_gate();
        if self.store.as_ref().is_some_and(waits) {
            return true;
        }
        current.inspect(|socket| socket.close()).is_some()
    }

    pub(super) fn drop_socket(&self) {
        let waits = self.store.as_ref().is_some_and(Store::forget_gate);
        if let Some(socket) = self.socket.borrow_mut().take() {
            socket.abandon();
            if waits {
                socket.close();
            }
        }
        self.failure.borrow_mut().clear();
    }
}

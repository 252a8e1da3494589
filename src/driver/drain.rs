//! Drains the engine after every input, with the `drive` that every adapter uses: changes to the store, bytes to the
//! socket, messages and events to JavaScript; then one timer for what comes next.

use gloo_timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use super::page_events::PageEvents;
use super::promises::{self, Promises};
use super::socket::Socket;
use super::{platform, Client, RECHECK};
use crate::engine::{
    drive, transmit_if_full, Change, Code, Delivery, Engine, Error, Event, Flow, Generation, Io, Millis,
    Outcome, Token,
};

const CUT_OFF: &str = "a callback was cut off, as by a timeout of vm; start() begins anew";

/// What the engine is driven with: a client, which user code may call again at any step.
struct Adapter<'a>(&'a Client);

impl Io for Adapter<'_> {
    fn now(&mut self) -> Millis {
        self.0.now()
    }

    #[inline(always)]
    fn with_engine<R>(&mut self, step: impl FnOnce(&mut Engine) -> R) -> R {
        step(&mut self.0.engine.borrow_mut())
    }

    fn store(&mut self, changes: Vec<Change>) -> Flow {
        match &self.0.store {
            Some(store) => self.0.write(store, changes),
            None => Flow::Ready,
        }
    }

    #[cfg_attr(small_code, optimize(speed))]
    fn transmit(&mut self, generation: Generation, bytes: &[u8]) -> Flow {
        if let Some(socket) = self.0.socket.borrow().as_ref() {
            let store = self.0.store.as_ref();
            if socket.generation == generation && !store.is_some_and(|store| store.hold_back(bytes)) {
                socket.send(bytes);
            }
        }
        match self.0.is_socket_full() {
            true => {
                self.0.look_again();
                Flow::Full
            }
            false => Flow::Ready,
        }
    }

    #[cfg_attr(small_code, optimize(speed))]
    fn deliver(&mut self, delivery: Delivery) {
        self.0.settle_in_bulk();
        self.0.deliver(delivery);
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Done {
                token,
                result: Ok(Outcome::None),
            } if !Promises::is_ours(token) => self.0.done.borrow_mut().push(token),
            event => {
                self.0.settle_in_bulk();
                self.0.act(event);
            }
        }
    }
}

impl Client {
    /// Does everything that the engine says, until it is idle. During a drain it does nothing: the drain goes on.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn drain(&self) {
        if self.draining.replace(true) {
            return self.schedule();
        }
        let deadline = loop {
            let deadline = drive(&mut Adapter(self));
            self.settle_in_bulk();
            let delayed = self.delayed.borrow_mut().pop_front();
            match delayed {
                Some((generation, data)) => self.feed(generation, data),
                None => break deadline,
            }
        };
        // What a callback sent may have been cut off, and the callback went on.
        let cut_off = self.sending.replace(false);
        self.draining.set(cut_off);
        if cut_off {
            self.schedule();
        }
        self.after_drain(deadline);
    }

    /// The stack is empty. A drain that has not ended by now never will: what it called was cut off, and with it whatever
    /// was to follow. Nothing else can be said of what the client has, so it ends.
    pub fn drain_at_last(&self) {
        if self.draining.replace(false) {
            let error = Error::new(Code::Callback, CUT_OFF);
            // The end of a connection is reported by its own event.
            if !self.engine(Engine::is_online) {
                self.report(&error, &JsValue::UNDEFINED);
            }
            self.fail(&error);
        }
        self.drain();
    }

    /// A loop of calls hands over each full buffer at once.
    #[cfg_attr(small_code, optimize(speed))]
    pub fn transmit_if_full(&self) {
        if self.engine(Engine::is_full) {
            self.transmit_full();
        }
    }

    /// A part of a drain: where it is cut off, nothing else can be said of what the socket has.
    #[inline(never)]
    fn transmit_full(&self) {
        let draining = self.draining.replace(true);
        self.sending.set(true);
        transmit_if_full(&mut Adapter(self));
        self.sending.set(false);
        self.draining.set(draining);
    }

    /// One timer for what comes next; nothing at all once stopped.
    #[cfg_attr(small_code, optimize(speed))]
    fn after_drain(&self, deadline: Option<Millis>) {
        let me = self.me.upgrade();
        let stopped = self.engine(Engine::is_stopped);
        let now = self.now();
        self.timer
            .borrow_mut()
            .arm(deadline, now, |delay| self.after(delay, Client::on_timer));
        if !self.scheduled.get() {
            self.turn.set(None);
        }
        if stopped {
            self.drop_socket();
            if let Some(store) = &self.store {
                self.close_store(store);
            }
            *self.recheck.borrow_mut() = None;
            *self.page_events.borrow_mut() = None;
            self.alive.take();
        }
        self.report_state();
        self.report_retry(stopped);
        // Last, because it may be the last reference.
        drop(me);
    }

    /// The socket has enough for now: Node's sockets say when they take more, others are asked.
    pub(super) fn look_again(&self) {
        let mut recheck = self.recheck.borrow_mut();
        if recheck.is_none() {
            *recheck = Some(self.after(RECHECK, Client::on_writable));
        }
    }

    /// Whether the socket in use takes no more for now, with the bytes that are held back for it.
    pub(super) fn is_socket_full(&self) -> bool {
        let held_back = self.store.as_ref().map_or(0, |store| store.held_back());
        let socket = self.socket.borrow();
        socket.as_ref().is_some_and(|socket| socket.has_enough(held_back))
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

    /// Drains at the end of this turn.
    pub(super) fn schedule(&self) {
        if !self.scheduled.get() {
            platform::queue_microtask(self.listener());
            self.scheduled.set(true); // not before: the call may be cut off
        }
    }

    #[cfg_attr(small_code, optimize(speed))]
    fn act(&self, event: Event) {
        self.report_state();
        match event {
            Event::CredentialsRequested {
                generation,
                attempt,
                last,
            } => self.ask_credentials(generation, attempt, last.as_ref()),
            Event::Open { generation, server } => self.open(generation, server),
            Event::Close { generation } => {
                if !self.close_socket(generation) {
                    self.tell_closed(generation, "");
                }
            }
            Event::Connected {
                session_present,
                code,
                properties,
            } => self.call_on_connect(session_present, code, &properties),
            Event::Auth { reason, properties } => self.call_on_auth(reason, &properties),
            Event::Disconnected { rc, error } => self.call_on_disconnect(rc, error.as_ref()),
            Event::HandlerRemoved(handler) => self.handlers.borrow_mut().remove(handler),
            Event::Done { token, result } => match result {
                Ok(outcome) => self.settle(token, Ok(&promises::outcome(&outcome))),
                Err(error) => self.settle_refused(token, &error),
            },
            Event::Error(error) => self.report(&error, &JsValue::UNDEFINED),
        }
    }

    /// An attempt begins.
    pub(super) fn begin_attempt(&self) {
        self.drop_socket();
        *self.alive.borrow_mut() = self.me.upgrade();
        let mut page_events = self.page_events.borrow_mut();
        page_events.get_or_insert_with(|| PageEvents::listen(self.listener()));
    }

    fn open(&self, generation: Generation, server: usize) {
        self.begin_attempt();
        let url = self.engine(|engine| engine.config().servers[server].clone());
        // Node's hook may call a proxy agent of the user's.
        let credentials = self.credentials.borrow().clone();
        match Socket::open(
            &url,
            self.hooks.connect.as_ref(),
            &credentials,
            generation,
            self.listener(),
        ) {
            Ok(socket) => {
                if let Some(js) = self.hooks.js() {
                    js.listen(socket.as_js(), generation);
                }
                *self.socket.borrow_mut() = Some(socket);
            }
            Err(thrown) => {
                // It shows the whole of a URL or subprotocol, which may have a token in it.
                let why = match platform::get(&thrown, "name") == "SyntaxError" {
                    true => "invalid URL or subprotocol".into(),
                    false => super::argument_codec::message_of(&thrown),
                };
                self.tell_closed(generation, &why);
            }
        }
    }

    /// Says it to the engine: the transport never came to be, or is gone, so no event of it will follow. Does not drain.
    pub(super) fn tell_closed(&self, generation: Generation, why: &str) {
        let now = self.now();
        self.engine.borrow_mut().closed(now, generation, why);
    }

    pub(super) fn settle(&self, token: Token, result: Result<&JsValue, &JsValue>) {
        if !Promises::is_ours(token) {
            return match (self.hooks.js(), result) {
                (None, _) => {}
                (Some(js), Ok(value)) => js.answer(token.get(), value),
                (Some(js), Err(error)) => js.fail(token.get(), error),
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

    /// JavaScript settles its own promises, all that ended in one crossing.
    #[cfg_attr(small_code, optimize(speed))]
    fn settle_in_bulk(&self) {
        let mut done = self.done.take();
        if !done.is_empty() {
            if let Some(js) = self.hooks.js() {
                js.settle(done.as_ptr(), done.len());
            }
            done.clear();
            *self.done.borrow_mut() = done;
        }
    }

    pub(super) fn is_current(&self, generation: Generation) -> bool {
        let socket = self.socket.borrow();
        socket
            .as_ref()
            .is_some_and(|socket| socket.generation == generation)
    }

    /// False if the socket of this generation is gone.
    pub(super) fn close_socket(&self, generation: Generation) -> bool {
        let socket = self.socket.borrow();
        let Some(socket) = socket.as_ref().filter(|socket| socket.generation == generation) else {
            return false;
        };
        let waits = self.store.as_ref().is_some_and(|store| store.close_after_gate());
        if !waits {
            socket.close();
        }
        true
    }

    pub(super) fn drop_socket(&self) {
        let waits = self.store.as_ref().is_some_and(|store| store.forget_gate());
        let socket = self.socket.take();
        if let Some(socket) = socket {
            socket.abandon();
            if waits {
                socket.close();
            }
        }
        self.failure.borrow_mut().clear();
    }
}

//! The pump between the engine and the world: one socket, one timer, one microtask. Every input is
//! fed to the engine, then bytes and events are drained; user code only runs between these steps,
//! never while the engine is borrowed, so any method may be called from any callback.

mod callbacks;
mod calls;
pub mod errors;
mod handlers;
mod host;
mod network;
pub mod oneshot;
mod options;
mod promises;
mod socket;
mod store;
mod timer;
pub mod values;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::engine::{Engine, Error, Event, Generation, Millis, Token, SEND_CAP};
use callbacks::Callbacks;
use handlers::Handlers;
use network::Network;
use promises::Promises;
use socket::Socket;
use store::Store;
use timer::Timer;

pub use options::{Hooks, Options};

pub struct Client {
    me: Weak<Client>,
    /// Itself, from start() until it is stopped: a client in use is not collected.
    alive: RefCell<Option<Rc<Client>>>,
    engine: RefCell<Engine>,
    socket: RefCell<Option<Socket>>,
    timer: RefCell<Timer>,
    network: RefCell<Option<Network>>,
    /// Looks again at a socket that had enough.
    recheck: RefCell<Option<Timeout>>,
    /// What the socket said before it closed.
    failure: RefCell<String>,
    pumping: Cell<bool>,
    /// A microtask will pump.
    scheduled: Cell<bool>,
    pump_later: Closure<dyn FnMut(JsValue)>,
    /// The time, asked for once a turn.
    turn: Cell<Option<Millis>>,
    /// Bytes that came while a callback ran.
    late: RefCell<VecDeque<(Generation, Uint8Array)>>,
    promises: RefCell<Promises>,
    /// flush(): its token ends when all up to this operation has ended.
    flushes: RefCell<Vec<(u64, Token)>>,
    /// JavaScript's tokens that ended well and were not told yet.
    done: RefCell<Vec<Token>>,
    handlers: RefCell<Handlers>,
    pub callbacks: Callbacks,
    pub hooks: Hooks,
    pub credentials: JsValue,
    pub store: Option<Store>,
}

/// How soon a socket that had enough is looked at again; Node's sockets say it themselves.
const RECHECK: u32 = 10;
/// So many bytes are taken at once: of a packet that is passed over no more is ever in memory here.
const PIECE: u32 = 1 << 20;

impl Client {
    pub fn new(options: Options) -> Rc<Client> {
        Rc::new_cyclic(|me: &Weak<Client>| {
            let weak = me.clone();
            Client {
                me: me.clone(),
                alive: RefCell::default(),
                engine: RefCell::new(Engine::new(options.config, host::seed())),
                socket: RefCell::default(),
                timer: RefCell::default(),
                network: RefCell::default(),
                recheck: RefCell::default(),
                failure: RefCell::default(),
                pumping: Cell::new(false),
                scheduled: Cell::new(false),
                pump_later: Closure::wrap(Box::new(move |_| {
                    if let Some(client) = weak.upgrade() {
                        client.scheduled.set(false);
                        client.turn.set(None);
                        client.pump();
                    }
                })),
                turn: Cell::new(None),
                late: RefCell::default(),
                promises: RefCell::default(),
                flushes: RefCell::default(),
                done: RefCell::default(),
                handlers: RefCell::default(),
                callbacks: options.callbacks,
                hooks: options.hooks,
                credentials: options.credentials,
                store: options.store,
            }
        })
    }

    // ---- inputs from the user

    /// A call into the engine, followed by a pump at the end of this turn.
    pub fn call<R>(&self, work: impl FnOnce(&mut Engine, Millis) -> R) -> R {
        let now = self.now();
        let result = work(&mut self.engine.borrow_mut(), now);
        self.send_if_full();
        self.schedule();
        result
    }

    /// A call that ends with a promise of ours.
    pub fn promise(&self, work: impl FnOnce(&mut Engine, Millis, Token) -> Result<(), Error>) -> Promise {
        let (token, promise) = self.promises.borrow_mut().make();
        if let Err(error) = self.call(|engine, now| work(engine, now, token)) {
            self.settle(token, Err(&self.error(&error, &JsValue::UNDEFINED)));
        }
        promise
    }

    /// Likewise, of something that settles the token itself.
    pub fn promise_for(&self, work: fn(&Client, Token)) -> Promise {
        let (token, promise) = self.promises.borrow_mut().make();
        work(self, token);
        promise
    }

    pub fn refuse(&self, error: &Error) -> Promise {
        promises::rejected(&self.error(error, &JsValue::UNDEFINED))
    }

    /// Ends when everything that is pending now has ended.
    pub fn flush(&self) -> Promise {
        let (token, promise) = self.promises.borrow_mut().make();
        let mark = self.call(|engine, now| {
            engine.flush(now);
            engine.mark()
        });
        self.flushes.borrow_mut().push((mark, token));
        promise
    }

    pub fn engine<R>(&self, look: impl FnOnce(&Engine) -> R) -> R {
        look(&self.engine.borrow())
    }

    /// Handlers of a topic, and whether one of them is more than a watcher.
    pub fn route(&self, topic: &str) -> (Vec<Function>, bool) {
        let numbers = self.engine.borrow().route(topic);
        self.handlers.borrow().select(&numbers)
    }

    // ---- inputs from the socket and the clock

    fn on_open(&self, generation: Generation) {
        let now = self.fresh_now();
        self.engine.borrow_mut().opened(generation, now);
        self.pump();
    }

    fn on_data(&self, generation: Generation, data: &Option<Uint8Array>) {
        match data {
            Some(data) if self.pumping.get() => {
                let copy = Uint8Array::new(data);
                self.late.borrow_mut().push_back((generation, copy));
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

    fn feed(&self, generation: Generation, data: &Uint8Array) {
        let length = data.length();
        if length > PIECE {
            // The rest waits until the engine has been drained.
            let rest = data.subarray(PIECE, length);
            self.late.borrow_mut().push_front((generation, rest));
            return self.feed(generation, &data.subarray(0, PIECE));
        }
        let now = self.fresh_now();
        let len = length as usize;
        let mut engine = self.engine.borrow_mut();
        data.copy_to(engine.space(len));
        engine.received(generation, len, now);
    }

    fn on_failure(&self, generation: Generation, why: String) {
        if self.is_current(generation) {
            *self.failure.borrow_mut() = why;
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
        self.engine.borrow_mut().closed(generation, &why, now);
        self.pump();
    }

    fn on_drain(&self) {
        *self.recheck.borrow_mut() = None;
        self.engine.borrow_mut().set_blocked(false);
        self.pump();
    }

    fn on_network(&self, online: bool) {
        let now = self.fresh_now();
        self.engine.borrow_mut().network(online, now);
        self.pump();
    }

    fn on_timer(&self) {
        self.timer.borrow_mut().fired();
        let now = self.fresh_now();
        self.engine.borrow_mut().tick(now);
        self.pump();
    }

    // ---- the pump

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
                Some(Event::Done { token, result: Ok(_) }) if !Promises::is_ours(token) => {
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
            let late = self.late.borrow_mut().pop_front();
            if let Some((generation, data)) = late {
                self.feed(generation, &data);
            } else if self.is_drained() {
                break;
            }
        }
        self.pumping.set(false);
        self.rest();
    }

    /// After the pump: one timer for what comes next, nothing at all once stopped.
    fn rest(&self) {
        let (deadline, stopped) = {
            let engine = self.engine.borrow();
            (engine.next_deadline(), engine.is_stopped())
        };
        let me = self.me.clone();
        self.timer.borrow_mut().arm(deadline, self.now(), move || {
            if let Some(client) = me.upgrade() {
                client.on_timer();
            }
        });
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
    fn send(&self) {
        if let Some(store) = &self.store {
            return self.send_stored(store);
        }
        let socket = self.socket.borrow();
        let Some(socket) = socket.as_ref() else { return };
        let now = self.now();
        let mut engine = self.engine.borrow_mut();
        loop {
            if engine.is_online() && socket.has_enough(0) {
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

    fn is_drained(&self) -> bool {
        let engine = self.engine.borrow();
        if self.store.as_ref().is_some_and(|store| store.is_busy()) {
            return !engine.has_events();
        }
        !engine.has_events() && !engine.has_journal() && (engine.pending_bytes() == 0 || engine.is_blocked())
    }

    fn look_again(&self) {
        let mut recheck = self.recheck.borrow_mut();
        if recheck.is_none() {
            let me = self.me.clone();
            *recheck = Some(Timeout::new(RECHECK, move || {
                if let Some(client) = me.upgrade() {
                    client.on_drain();
                }
            }));
        }
    }

    fn schedule(&self) {
        if !self.scheduled.replace(true) {
            host::queue_microtask(self.pump_later.as_ref().unchecked_ref());
        }
    }

    fn act(&self, event: Event) {
        match event {
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
            } => self.tell_connected(session_present, code),
            Event::Disconnected { rc, error } => self.tell_disconnected(rc, error.as_ref()),
            Event::Messages { from, upto } => self.tell_messages(from, upto),
            Event::Unrouted(handler) => self.handlers.borrow_mut().remove(handler),
            Event::Done { token, result } => match result {
                Ok(outcome) => self.settle(token, Ok(&promises::outcome(&outcome))),
                Err(error) => self.settle(token, Err(&self.error(&error, &JsValue::UNDEFINED))),
            },
            Event::Error(error) => self.tell_error(&error, &JsValue::UNDEFINED),
        }
    }

    fn open(&self, generation: Generation, server: usize) {
        self.drop_socket();
        *self.alive.borrow_mut() = self.me.upgrade();
        let mut network = self.network.borrow_mut();
        network.get_or_insert_with(|| Network::listen(&self.me));
        drop(network);
        let url = self.engine.borrow().config().servers[server].clone();
        match Socket::open(&url, self.hooks.connect.as_ref(), generation, &self.me) {
            Ok(socket) => *self.socket.borrow_mut() = Some(socket),
            Err(thrown) => {
                let why = host::get(&thrown, "message").as_string().unwrap_or_default();
                let now = self.now();
                self.engine.borrow_mut().closed(generation, &why, now);
            }
        }
    }

    /// The transport to be closed never came to be, so no event of it will follow.
    fn on_close_of_nothing(&self, generation: Generation) {
        let now = self.now();
        self.engine.borrow_mut().closed(generation, "", now);
    }

    fn settle(&self, token: Token, result: Result<&JsValue, &JsValue>) {
        if !Promises::is_ours(token) {
            if let Err(error) = result {
                self.hooks.fail(token, error);
            }
            return;
        }
        let end = self.promises.borrow_mut().end(token, result.is_err());
        if let Some(end) = end {
            let (Ok(value) | Err(value)) = result;
            let _ = end.call1(&JsValue::UNDEFINED, value);
        }
    }

    fn tell_done(&self) {
        let mut done = self.done.take();
        if !done.is_empty() {
            self.hooks.settle(&done);
            done.clear();
            *self.done.borrow_mut() = done;
        }
    }

    fn end_flushes(&self) {
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

    fn is_current(&self, generation: Generation) -> bool {
        let socket = self.socket.borrow();
        socket.as_ref().is_some_and(|s| s.generation == generation)
    }

    /// False if the socket of this generation is gone.
    fn close_socket(&self, generation: Generation) -> bool {
        let socket = self.socket.borrow();
        let current = socket.as_ref().filter(|s| s.generation == generation);
        let waits = |store: &Store| current.is_some() && store.close_after_gate();
        if self.store.as_ref().is_some_and(waits) {
            return true;
        }
        current.inspect(|socket| socket.close()).is_some()
    }

    fn drop_socket(&self) {
        let waits = self.store.as_ref().is_some_and(Store::forget_gate);
        if let Some(socket) = self.socket.borrow_mut().take() {
            socket.abandon();
            if waits {
                socket.close();
            }
        }
        self.failure.borrow_mut().clear();
    }

    pub fn error(&self, error: &Error, cause: &JsValue) -> JsValue {
        errors::to_js(error, cause, self.hooks.error.as_ref())
    }

    /// The time, asked for once a turn in which something was called.
    fn now(&self) -> Millis {
        match self.turn.get() {
            Some(now) => now,
            None => self.fresh_now(),
        }
    }

    fn fresh_now(&self) -> Millis {
        let now = host::now();
        self.turn.set(Some(now));
        now
    }
}

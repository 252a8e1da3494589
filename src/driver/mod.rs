//! The JavaScript adapter of the engine: one socket, one timer, one microtask. Every input is fed to the engine
//! (`commands.rs`, `transport_events.rs`), then the engine is drained (`drain.rs`). User code runs only between these
//! steps, never while the engine is borrowed, so any method may be called from any callback. Never knows the class that
//! JavaScript sees: it is handed in.

mod argument_codec;
pub mod arguments;
mod callbacks;
mod commands;
mod constructor;
mod credentials;
#[cfg(not(feature = "package"))]
mod deliveries;
mod drain;
pub mod errors;
mod handlers;
pub mod handling;
mod hooks;
pub mod memory;
pub mod oneshot;
mod page_events;
mod persistence;
pub mod platform;
mod promises;
pub mod properties;
mod socket;
mod store;
mod timer;
mod transport_events;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::engine::{Code, Engine, Error, Generation, Millis, State, Token};
use callbacks::Callbacks;
use handlers::Handlers;
use page_events::PageEvents;
use promises::Promises;
use socket::Socket;
use store::Store;
use timer::Timer;

pub use argument_codec::Object;
pub use constructor::{Class, Options};
pub use hooks::Hooks;

pub struct Client {
    me: Weak<Client>,
    /// Itself, from start() until it is stopped: a client in use is not collected.
    alive: RefCell<Option<Rc<Client>>>,
    engine: RefCell<Engine>,
    socket: RefCell<Option<Socket>>,
    timer: RefCell<Timer>,
    page_events: RefCell<Option<PageEvents>>,
    /// Asks a socket that had enough whether it takes more.
    recheck: RefCell<Option<Timeout>>,
    /// What the socket said before it closed.
    failure: RefCell<String>,
    draining: Cell<bool>,
    /// A full buffer is sent.
    sending: Cell<bool>,
    /// A microtask will drain.
    scheduled: Cell<bool>,
    /// What the platform calls: one function for all events, because JavaScript keeps half a KiB for each.
    listener: Closure<dyn Fn(JsValue)>,
    /// The time, asked for once a turn.
    turn: Cell<Option<Millis>>,
    /// Bytes that arrived during a drain.
    delayed: RefCell<VecDeque<(Generation, Uint8Array)>>,
    promises: RefCell<Promises>,
    /// JavaScript's tokens of operations that succeeded; settled together.
    done: RefCell<Vec<Token>>,
    handlers: RefCell<Handlers>,
    pub callbacks: Callbacks,
    pub hooks: Hooks,
    /// Gives the credentials of each attempt.
    credentials_function: Option<Function>,
    /// Those in force.
    credentials: RefCell<JsValue>,
    /// Options of a one-shot that take precedence over credentials.
    overrides: JsValue,
    /// What the credentials function threw the last time.
    thrown: RefCell<JsValue>,
    pub store: Option<Box<Store>>,
    /// That of the last promise that was made.
    pub last_token: Cell<u32>,
    /// What listeners of `statechange` and `reconnecting` know.
    state_seen: Cell<State>,
    retry_seen: Cell<Option<Millis>>,
    /// Makes the object that callbacks get as their first argument.
    #[cfg_attr(feature = "package", expect(dead_code))]
    class: Class,
}

/// A call of the engine under the token that settles its promise.
pub type Call<'a> = dyn FnMut(&mut Engine, Millis, Option<Token>) -> Result<(), Error> + 'a;

/// How soon a socket that had enough is asked again, in milliseconds; Node's sockets say it themselves.
const RECHECK: u32 = 10;
/// So many bytes are processed at once: of a packet that is skipped no more is ever in memory.
const PIECE: u32 = 1 << 20;

impl Client {
    pub fn new(options: Options, class: Class) -> Result<Rc<Client>, Error> {
        let engine = Engine::new(options.config, platform::seed())?;
        Ok(Rc::new_cyclic(|me: &Weak<Client>| {
            let weak = me.clone();
            Client {
                me: me.clone(),
                alive: RefCell::default(),
                engine: RefCell::new(engine),
                socket: RefCell::default(),
                timer: RefCell::default(),
                page_events: RefCell::default(),
                recheck: RefCell::default(),
                failure: RefCell::default(),
                draining: Cell::new(false),
                sending: Cell::new(false),
                scheduled: Cell::new(false),
                listener: Closure::wrap(Box::new(move |event| {
                    if let Some(client) = weak.upgrade() {
                        client.on_event(&event);
                    }
                })),
                turn: Cell::new(None),
                delayed: RefCell::default(),
                promises: RefCell::default(),
                done: RefCell::default(),
                handlers: RefCell::default(),
                callbacks: options.callbacks,
                hooks: options.hooks,
                credentials_function: options.credentials_function,
                credentials: RefCell::new(options.credentials),
                overrides: options.overrides,
                thrown: RefCell::default(),
                store: options.store,
                last_token: Cell::new(0),
                state_seen: Cell::new(State::Idle),
                retry_seen: Cell::new(None),
                class,
            }
        }))
    }

    /// A call into the engine, followed by a drain at the end of this turn.
    pub fn call<R>(&self, work: impl FnOnce(&mut Engine, Millis) -> R) -> R {
        let now = self.now();
        let result = work(&mut self.engine.borrow_mut(), now);
        self.after_call();
        result
    }

    #[inline(never)]
    fn after_call(&self) {
        self.transmit_if_full();
        self.schedule();
    }

    /// A call that ends with a promise of ours.
    pub fn promise(&self, work: &mut Call<'_>) -> Promise {
        let (token, promise) = self.promises.borrow_mut().make();
        self.last_token.set(token.map_or(0, Token::get));
        let result = self.call(|engine, now| work(engine, now, token));
        if let (Err(error), Some(token)) = (result, token) {
            self.settle_refused(token, &error);
        }
        promise
    }

    /// Likewise, of a call that settles the token itself.
    pub fn promise_for(&self, work: fn(&Client, Option<Token>)) -> Promise {
        let (token, promise) = self.promises.borrow_mut().make();
        work(self, token);
        promise
    }

    pub fn refuse(&self, error: &Error) -> Promise {
        promises::rejected(&self.error(error, &JsValue::UNDEFINED))
    }

    /// Ends when everything that is pending now has ended.
    pub fn flush(&self) -> Promise {
        self.promise(&mut |engine, now, token| {
            engine.flush(now, token);
            Ok(())
        })
    }

    pub fn engine<R>(&self, look: impl FnOnce(&Engine) -> R) -> R {
        look(&self.engine.borrow())
    }

    /// Handlers of a topic, and whether one of them is more than a watcher.
    pub fn route(&self, topic: &str) -> (Vec<Function>, bool) {
        let numbers = self.engine.borrow().route(topic);
        self.handlers.borrow().select(&numbers)
    }

    #[inline(never)]
    pub fn error(&self, error: &Error, cause: &JsValue) -> JsValue {
        let thrown = self.thrown.borrow();
        let cause = match error.code {
            Code::CredentialsFailed => &thrown,
            _ => cause,
        };
        errors::to_js(error, cause, &self.hooks)
    }

    /// The time, asked for once a turn in which something was called.
    pub(self) fn now(&self) -> Millis {
        match self.turn.get() {
            Some(now) => now,
            None => self.fresh_now(),
        }
    }

    /// As a user sees it.
    pub fn state(&self) -> State {
        match &self.store {
            Some(store) if store.is_opening() => State::Connecting,
            _ => self.engine(Engine::state),
        }
    }

    /// How long the next attempt to connect waits for its time.
    pub fn retries_in(&self) -> Option<Millis> {
        let at = self.engine(|engine| engine.retries_at())?;
        Some(at.saturating_sub(platform::now())) // not the turn's: a question begins none
    }

    fn listener(&self) -> &Function {
        self.listener.as_ref().unchecked_ref()
    }

    fn fresh_now(&self) -> Millis {
        let now = platform::now();
        self.turn.set(Some(now));
        now
    }
}

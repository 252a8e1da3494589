//! The edge between the engine and the world: one socket, one timer, one microtask. Every input is
//! fed to the engine (`calls.rs`, `inputs.rs`), then bytes and events are drained (`pump.rs`); user
//! code only runs between these steps, never while the engine is borrowed, so any method may be
//! called from any callback.

mod callbacks;
mod calls;
mod credentials;
pub mod errors;
mod given;
mod handlers;
mod host;
mod inputs;
mod network;
pub mod oneshot;
mod options;
mod promises;
pub mod properties;
mod pump;
mod socket;
mod store;
mod timer;
pub mod values;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::engine::{Code, Engine, Error, Generation, Millis, Token};
use callbacks::Callbacks;
use handlers::Handlers;
use network::Network;
use promises::Promises;
use socket::Socket;
use store::Store;
use timer::Timer;

pub use given::Object;
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
    /// What the host calls: one function for all, because JavaScript keeps half a KiB for each.
    ears: Closure<dyn FnMut(JsValue)>,
    /// The time, asked for once a turn.
    turn: Cell<Option<Millis>>,
    /// Bytes that came while a callback ran.
    late: RefCell<Vec<(Generation, Uint8Array)>>,
    promises: RefCell<Promises>,
    /// flush(): its token ends when all up to this operation has ended.
    flushes: RefCell<Vec<(u64, Token)>>,
    /// JavaScript's tokens that ended well and were not told yet.
    done: RefCell<Vec<Token>>,
    handlers: RefCell<Handlers>,
    pub callbacks: Callbacks,
    pub hooks: Hooks,
    /// Asked for credentials before each attempt.
    ask: Option<Function>,
    /// Those in force.
    credentials: RefCell<JsValue>,
    /// What a one-shot lays over every answer.
    over: JsValue,
    /// By `ask`, the last time.
    thrown: RefCell<JsValue>,
    pub store: Option<Store>,
}

/// What is done for a promise, under the token that will settle it.
pub type Call<'a> = dyn FnMut(&mut Engine, Millis, Token) -> Result<(), Error> + 'a;

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
                ears: Closure::wrap(Box::new(move |event| {
                    if let Some(client) = weak.upgrade() {
                        client.hear(&event);
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
                ask: options.ask,
                credentials: RefCell::new(options.credentials),
                over: options.over,
                thrown: RefCell::default(),
                store: options.store,
            }
        })
    }

    // ---- inputs from the user

    /// A call into the engine, followed by a pump at the end of this turn.
    pub fn call<R>(&self, work: impl FnOnce(&mut Engine, Millis) -> R) -> R {
        let now = self.now();
        let result = work(&mut self.engine.borrow_mut(), now);
        self.was_called();
        result
    }

    #[inline(never)]
    fn was_called(&self) {
        self.send_if_full();
        self.schedule();
    }

    /// A call that ends with a promise of ours.
    pub fn promise(&self, work: &mut Call<'_>) -> Promise {
        let (token, promise) = self.promises.borrow_mut().make();
        let result = self.call(|engine, now| work(engine, now, token));
        if let Err(error) = result {
            self.settle_refused(token, &error);
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
        self.promise(&mut |engine, now, token| {
            engine.flush(now);
            self.flushes.borrow_mut().push((engine.mark(), token));
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
    fn now(&self) -> Millis {
        match self.turn.get() {
            Some(now) => now,
            None => self.fresh_now(),
        }
    }

    /// How long the next attempt to connect waits for its time.
    pub fn retries_in(&self) -> Option<Millis> {
        let at = self.engine(|engine| engine.retries_at())?;
        Some(at.saturating_sub(host::now())) // not the turn's: a question begins none
    }

    fn ears(&self) -> &Function {
        self.ears.as_ref().unchecked_ref()
    }

    fn fresh_now(&self) -> Millis {
        let now = host::now();
        self.turn.set(Some(now));
        now
    }
}

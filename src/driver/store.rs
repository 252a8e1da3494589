//! A store for what must outlive the process: opened before the first connection, written before
//! bytes leave, closed after stop(). It is an object of JavaScript, the user's or that of
//! "mqtt-lib/persistent"; its methods may return promises, and then bytes wait for them.

use std::cell::{Cell, RefCell};

use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;

use super::given::Given;
use super::{host, values, Client};
use crate::engine::{Change, Code, Engine, Error, Millis, Token, NOBODY};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Opening,
    Open,
    Closing,
}

pub struct Store {
    object: JsValue,
    open: Function,
    write: Function,
    close: Function,
    phase: Cell<Phase>,
    /// start() that waits for the store to be open, or closed and open again.
    starters: RefCell<Vec<Token>>,
    /// So many of them came before stop().
    before_stop: Cell<usize>,
    stoppers: RefCell<Vec<Token>>,
    /// Writes under way, oldest first, and whether they are done.
    writes: RefCell<Vec<bool>>,
    /// How many writes are done and have none before them that is not.
    settled: Cell<u32>,
    gate: RefCell<Vec<Gated>>,
    gated: Cell<usize>,
    /// For the store to say what it had to leave out, while it is opened.
    damaged: RefCell<Option<Damaged>>,
}

type Damaged = Closure<dyn FnMut(JsValue)>;

/// Bytes that wait for a write.
struct Gated {
    after: u32,
    bytes: Vec<u8>,
    then_close: bool,
}

/// With so many writes under way the journal collects until one of them is done.
const MAX_WRITES: usize = 8;

impl Store {
    /// `given` as in the credentials; none for "memory".
    pub fn find(given: &JsValue) -> Result<Option<Store>, Error> {
        let text = given.as_string();
        let object = match text.as_deref() {
            Some("persistent") => {
                let made = host::persistent().ok().filter(JsValue::is_object);
                made.ok_or_else(|| Error::new(Code::InvalidOption, NOT_IMPORTED))?
            }
            None if given.is_object() => given.clone(),
            _ => return Ok(None),
        };
        let method = |name: &str| {
            host::function(&object, name).ok_or_else(|| {
                Error::say(
                    Code::InvalidOption,
                    "credentials.store has no method %(); a store has open(), write() and close()",
                    &[name],
                )
            })
        };
        Ok(Some(Store {
            open: method("open")?,
            write: method("write")?,
            close: method("close")?,
            object,
            phase: Cell::new(Phase::Closed),
            starters: RefCell::default(),
            before_stop: Cell::new(0),
            stoppers: RefCell::default(),
            writes: RefCell::default(),
            settled: Cell::new(0),
            gate: RefCell::default(),
            gated: Cell::new(0),
            damaged: RefCell::default(),
        }))
    }

    pub fn is_opening(&self) -> bool {
        self.phase.get() == Phase::Opening
    }

    /// Too many writes are under way.
    pub fn is_busy(&self) -> bool {
        self.writes.borrow().len() >= MAX_WRITES
    }

    /// Bytes that wait for writes.
    pub fn gated(&self) -> usize {
        self.gated.get()
    }

    /// The connection is gone; true if something still waited for it.
    pub fn forget_gate(&self) -> bool {
        self.gated.set(0);
        !std::mem::take(&mut *self.gate.borrow_mut()).is_empty()
    }

    /// The transport is to be closed; true if bytes wait that go before.
    pub fn close_after_gate(&self) -> bool {
        let last = &mut *self.gate.borrow_mut();
        last.last_mut().map(|gated| gated.then_close = true).is_some()
    }

    fn last_write(&self) -> u32 {
        self.settled.get().wrapping_add(self.writes.borrow().len() as u32)
    }

    fn done(&self, number: u32) {
        let mut writes = self.writes.borrow_mut();
        let at = number.wrapping_sub(self.settled.get()).wrapping_sub(1);
        if let Some(done) = writes.get_mut(at as usize) {
            *done = true;
        }
        while writes.first() == Some(&true) {
            writes.remove(0);
            self.settled.set(self.settled.get().wrapping_add(1));
        }
    }

    /// What no longer waits.
    fn pass(&self) -> Option<Gated> {
        let mut gate = self.gate.borrow_mut();
        if (self.settled.get().wrapping_sub(gate.first()?.after) as i32) < 0 {
            return None;
        }
        let gated = gate.remove(0);
        self.gated.set(self.gated.get() - gated.bytes.len());
        Some(gated)
    }
}

/// What a store holds, and how many entries are none.
fn held(list: Given<'_>) -> (Vec<(u64, Vec<u8>)>, usize) {
    let mut entries = Vec::new();
    let mut strange = 0;
    let Given::Array(list) = list else {
        return (entries, 0);
    };
    for mut entry in list {
        let mut part = || match &mut entry {
            Given::Array(parts) => parts.next(),
            _ => None,
        };
        match (part(), part()) {
            (Some(Given::Number(key)), Some(Given::Bytes(value))) if key >= 0.0 => {
                entries.push((key as u64, value.to_vec()));
            }
            _ => strange += 1,
        }
    }
    (entries, strange)
}

const NOT_IMPORTED: &str = "store: \"persistent\" needs import \"mqtt-lib/persistent\" before the client is made, and a package it uses: npm install classic-level (Node) or npm install idb (browser)";

impl Client {
    /// start(), which opens the store first.
    pub fn start(&self, token: Token) {
        let start = |engine: &mut Engine, now: Millis| engine.start(now, token);
        let Some(store) = &self.store else {
            return self.call(start);
        };
        let stops = self.engine(|engine| engine.is_stopping() || engine.is_stopped());
        match store.phase.get() {
            Phase::Open if !stops => self.call(start),
            Phase::Closed => {
                store.starters.borrow_mut().push(token);
                self.open_store(store);
            }
            _ => store.starters.borrow_mut().push(token),
        }
    }

    /// stop(), which is done when the store is closed.
    pub fn stop(&self, token: Token) {
        let store = self.store.as_ref();
        match store.map(|store| (store, store.phase.get())) {
            None | Some((_, Phase::Closed)) => self.call(|engine, now| engine.stop(now, token)),
            Some((store, Phase::Opening)) => {
                store.before_stop.set(store.starters.borrow().len());
                store.stoppers.borrow_mut().push(token);
            }
            Some((store, phase)) => {
                store.stoppers.borrow_mut().push(token);
                for starter in store.starters.take() {
                    self.settle_refused(starter, &Error::stopped());
                }
                if phase == Phase::Open {
                    self.call(|engine, now| engine.stop(now, NOBODY));
                }
            }
        }
    }

    fn open_store(&self, store: &Store) {
        store.phase.set(Phase::Opening);
        self.engine.borrow_mut().expect_start();
        let me = self.me.clone();
        let damaged = Damaged::new(move |text: JsValue| {
            if let Some(client) = me.upgrade() {
                client.tell_damaged(text.as_string().unwrap_or_default());
            }
        });
        let id = self.engine(|engine| engine.config().client_id.clone());
        let opened = store.open.call2(&store.object, &id.into(), damaged.as_ref());
        *store.damaged.borrow_mut() = Some(damaged);
        self.await_answer(opened, 0, |client, _, opened| {
            if let Some(store) = &client.store {
                client.begin(store, opened.and_then(|opened| host::entries(&opened)));
            }
        });
    }

    /// The store is open, or cannot be opened.
    fn begin(&self, store: &Store, read: Result<Vec<u8>, JsValue>) {
        *store.damaged.borrow_mut() = None;
        let mut starters = store.starters.take();
        match read {
            Ok(list) => {
                let (entries, strange) = held(Given::read(&list));
                store.phase.set(Phase::Open);
                let now = self.fresh_now();
                let unread = strange + self.engine.borrow_mut().restore(entries, now);
                let stops = !store.stoppers.borrow().is_empty();
                if stops {
                    let later = starters.split_off(store.before_stop.get());
                    *store.starters.borrow_mut() = later;
                }
                for token in starters {
                    self.call(|engine, now| engine.start(now, token));
                }
                if stops {
                    self.call(|engine, now| engine.stop(now, NOBODY));
                }
                if unread > 0 {
                    let count = crate::engine::text::count(unread);
                    self.tell_damaged(crate::engine::text::compose(
                        "records of the store that make no sense and were left out: %",
                        &[&count],
                    ));
                }
                self.pump();
            }
            Err(thrown) => {
                store.phase.set(Phase::Closed);
                let error = failure("the store cannot be opened", &thrown);
                self.fail(&error);
                let mut told = false;
                for token in starters.into_iter().filter(|token| *token != NOBODY) {
                    self.settle(token, Err(&self.error(&error, &thrown)));
                    told = true;
                }
                if !told {
                    self.tell_error(&error, &thrown);
                }
                self.end_stoppers(store);
            }
        }
    }

    /// In place of `send`, where there is a store: the journal, then the bytes that follow from it.
    pub(super) fn send_stored(&self, store: &Store) {
        let now = self.now();
        while store.phase.get() == Phase::Open && !store.is_busy() {
            let enough = {
                let socket = self.socket.borrow();
                socket
                    .as_ref()
                    .is_some_and(|socket| socket.has_enough(store.gated()))
            };
            let (silent, changes) = {
                let mut engine = self.engine.borrow_mut();
                let enough = enough && engine.is_online();
                if enough {
                    engine.set_blocked(true);
                }
                let silent = enough || engine.outgoing(now).is_empty();
                (silent, engine.take_journal())
            };
            if enough {
                self.look_again();
            }
            if !changes.is_empty() && !self.write(store, changes) {
                return;
            }
            let socket = self.socket.borrow();
            let (false, Some(socket)) = (silent, socket.as_ref()) else {
                return;
            };
            let mut engine = self.engine.borrow_mut();
            // The store may have called the client.
            if engine.has_journal() {
                continue;
            }
            let last = store.last_write();
            if last == store.settled.get() {
                socket.send(engine.unsent());
            } else {
                let bytes = engine.unsent().to_vec();
                store.gated.set(store.gated.get() + bytes.len());
                store.gate.borrow_mut().push(Gated {
                    after: last,
                    bytes,
                    then_close: false,
                });
            }
            engine.sent(now);
        }
    }

    /// False: it failed, and the client is stopped.
    fn write(&self, store: &Store, changes: Vec<Change>) -> bool {
        let list = Array::new();
        for (key, value) in changes {
            let value = value.map(|value| Uint8Array::from(&value[..]));
            list.push(&Array::of2(&(key as f64).into(), &value.into()));
        }
        let result = match store.write.call1(&store.object, &list) {
            Ok(result) => result,
            Err(thrown) => {
                self.write_failed(&thrown);
                return false;
            }
        };
        if host::function(&result, "then").is_none() {
            return true;
        }
        store.writes.borrow_mut().push(false);
        self.await_answer(Ok(result), store.last_write(), Client::written);
        true
    }

    fn written(&self, number: u32, result: Result<JsValue, JsValue>) {
        let Some(store) = &self.store else { return };
        if let Err(thrown) = result {
            self.write_failed(&thrown);
        }
        store.done(number);
        while let Some(gated) = store.pass() {
            if let Some(socket) = self.socket.borrow().as_ref() {
                socket.send(&gated.bytes);
                if gated.then_close {
                    socket.close();
                }
            }
        }
        self.pump();
    }

    /// What is stored no longer follows what is done, so nothing more is done: what the store holds is what
    /// the broker knows, and another start() can go on from there.
    fn write_failed(&self, thrown: &JsValue) {
        if self.engine(|engine| engine.is_stopped()) {
            return;
        }
        if let Some(store) = &self.store {
            store.forget_gate();
        }
        let error = failure("the store cannot be written, so the client is stopped", thrown);
        self.fail(&error);
        self.tell_error(&error, thrown);
    }

    fn fail(&self, error: &Error) {
        let now = self.now();
        self.engine.borrow_mut().fail(error, now);
        self.schedule();
    }

    fn tell_damaged(&self, text: String) {
        self.tell_error(&Error::new(Code::StoreDamaged, text), &JsValue::UNDEFINED);
    }

    /// After stop(): the store is closed when all is written.
    pub(super) fn close_store(&self) {
        let Some(store) = &self.store else { return };
        if store.phase.get() != Phase::Open || !store.writes.borrow().is_empty() {
            return;
        }
        store.phase.set(Phase::Closing);
        let closed = store.close.call0(&store.object);
        self.await_answer(closed, 0, |client, _, closed| {
            let Some(store) = &client.store else { return };
            store.phase.set(Phase::Closed);
            if let Err(thrown) = closed {
                client.tell_error(&failure("the store cannot be closed", &thrown), &thrown);
            }
            client.end_stoppers(store);
        });
    }

    fn end_stoppers(&self, store: &Store) {
        for token in store.stoppers.take() {
            self.settle(token, Ok(&JsValue::UNDEFINED));
        }
        if store.phase.get() == Phase::Closed && !store.starters.borrow().is_empty() {
            self.open_store(store);
        }
    }
}

/// What the store threw; it may say itself that it is locked.
fn failure(what: &str, thrown: &JsValue) -> Error {
    let code = match host::get(thrown, "code").as_string().as_deref() {
        Some("STORE_LOCKED") => Code::StoreLocked,
        _ => Code::StoreFailed,
    };
    Error::say(code, "%: %", &[what, &values::said(thrown)])
}

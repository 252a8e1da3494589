//! When the store is opened, written and closed: before the first connection, before bytes that follow from a change
//! leave, and after stop().

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::argument_codec::Argument;
use super::store::{OnDamage, Phase, Store};
use super::{argument_codec, memory, platform, promises, Client};
use crate::engine::{Change, Code, Error, Flow, Token};

/// The records of a store, and how many entries are none.
fn records(list: Argument<'_>) -> (Vec<(u64, Vec<u8>)>, usize) {
    let mut entries = Vec::new();
    let mut strange = 0;
    let Argument::Array(list) = list else {
        return (entries, 0);
    };
    for mut entry in list {
        let mut part = || match &mut entry {
            Argument::Array(parts) => parts.next(),
            _ => None,
        };
        match (part(), part()) {
            (Some(Argument::Number(key)), Some(Argument::Bytes(value))) if key >= 0.0 => {
                entries.push((key as u64, value.to_vec()));
            }
            _ => strange += 1,
        }
    }
    (entries, strange)
}

impl Client {
    /// start(), which opens the store first.
    pub fn start(&self, token: Option<Token>) {
        match &self.store {
            Some(store) => self.start_stored(store, token),
            None => self.call(|engine, now| engine.start(now, token)),
        }
    }

    #[inline(never)]
    fn start_stored(&self, store: &Store, token: Option<Token>) {
        let stops = self.engine(|engine| engine.is_stopping() || engine.is_stopped());
        match store.phase.get() {
            Phase::Open if !stops => self.call(|engine, now| engine.start(now, token)),
            Phase::Closed => {
                store.starters.borrow_mut().push(token);
                self.open_store(store);
            }
            _ => store.starters.borrow_mut().push(token),
        }
    }

    /// stop(), which is done when the store is closed.
    pub fn stop(&self, token: Option<Token>) {
        match &self.store {
            Some(store) => self.stop_stored(store, token),
            None => self.call(|engine, now| engine.stop(now, token)),
        }
    }

    #[inline(never)]
    fn stop_stored(&self, store: &Store, token: Option<Token>) {
        match store.phase.get() {
            Phase::Closed => self.call(|engine, now| engine.stop(now, token)),
            phase => {
                let limit = self.engine(|engine| engine.config().stop_timeout);
                promises::expire(&store.object, Some(limit as u32));
                store.stoppers.borrow_mut().push(token);
                if phase == Phase::Opening {
                    store.before_stop.set(store.starters.borrow().len());
                    return;
                }
                for starter in store.starters.take().into_iter().flatten() {
                    self.settle_refused(starter, &Error::stopped());
                }
                if phase == Phase::Open {
                    self.call(|engine, now| engine.stop(now, None));
                }
            }
        }
    }

    fn open_store(&self, store: &Store) {
        store.phase.set(Phase::Opening);
        store.failed.set(false);
        promises::expire(&store.object, None);
        self.engine.borrow_mut().expect_start();
        let me = self.me.clone();
        let on_damage = OnDamage::new(move |text: JsValue| {
            if let Some(client) = me.upgrade() {
                client.report_damage(text.as_string().unwrap_or_default());
            }
        });
        let id = self.engine(|engine| engine.config().client_id.clone());
        let opened = platform::call(&store.open, &store.object, &[&id.into(), on_damage.as_ref()]);
        *store.on_damage.borrow_mut() = Some(on_damage);
        self.await_answer(store.answer(opened), 0, |client, _, opened| {
            if let Some(store) = &client.store {
                let read = opened.and_then(|opened| memory::copy_stored(&argument_codec::entries(&opened)?));
                client.begin(store, read);
            }
        });
    }

    /// The store is open, or cannot be opened.
    fn begin(&self, store: &Store, read: Result<Vec<u8>, JsValue>) {
        let mut starters = store.starters.take();
        match read {
            Ok(list) => {
                let (entries, strange) = records(Argument::read(&list));
                store.phase.set(Phase::Open);
                let now = self.fresh_now();
                let unread = strange + self.engine.borrow_mut().restore(now, entries);
                let stops = !store.stoppers.borrow().is_empty();
                if stops {
                    let later = starters.split_off(store.before_stop.get());
                    *store.starters.borrow_mut() = later;
                }
                for token in starters {
                    self.call(|engine, now| engine.start(now, token));
                }
                if stops {
                    self.call(|engine, now| engine.stop(now, None));
                }
                if unread > 0 {
                    let count = crate::engine::format::count(unread);
                    self.report_damage(crate::engine::format::format(
                        "records of the store that cannot be read and were left out: %",
                        &[&count],
                    ));
                }
                self.drain();
            }
            Err(thrown) => {
                store.phase.set(Phase::Closed);
                let error = failure("the store cannot be opened", &thrown);
                self.fail(&error);
                let mut reported = false;
                for token in starters.into_iter().flatten() {
                    self.settle(token, Err(&self.error(&error, &thrown)));
                    reported = true;
                }
                if !reported {
                    self.report(&error, &thrown);
                }
                self.end_stoppers(store);
            }
        }
    }

    /// Gives changes to the store. When it fails the client is stopped.
    #[inline(never)]
    pub(super) fn write(&self, store: &Store, changes: Vec<Change>) -> Flow {
        if store.phase.get() != Phase::Open {
            return Flow::Ready;
        }
        let list = Array::new();
        for (key, value) in changes {
            let value = value.map(|value| Uint8Array::from(&value[..]));
            list.push(&platform::list(&[&(key as f64).into(), &value.into()]));
        }
        match platform::call(&store.write, &store.object, &[&list]) {
            Ok(result) => {
                if let Some(result) = promises::thenable(&result) {
                    let number = store.begin_write();
                    self.await_answer(store.answer(Ok(result.into())), number, Client::written);
                }
            }
            Err(thrown) => self.write_failed(&thrown),
        }
        store.flow()
    }

    fn written(&self, number: u32, result: Result<JsValue, JsValue>) {
        let Some(store) = &self.store else { return };
        if let Err(thrown) = result {
            self.write_failed(&thrown);
        }
        store.end_write(number);
        while let Some(passed) = store.pass() {
            if let Some(socket) = self.socket.borrow().as_ref() {
                socket.send(&passed.bytes);
                if passed.then_close {
                    socket.close();
                }
            }
        }
        self.engine.borrow_mut().stored(store.flow());
        self.drain();
    }

    /// The store no longer has everything that happened, so nothing more happens: its content is what the broker knows,
    /// and another start() can continue from there.
    fn write_failed(&self, thrown: &JsValue) {
        let Some(store) = &self.store else { return };
        if store.failed.replace(true) {
            return;
        }
        let error = failure("the store cannot be written, so the client is stopped", thrown);
        if !self.engine(|engine| engine.is_stopped()) {
            store.forget_gate();
            self.fail(&error);
        }
        self.report(&error, thrown);
    }

    pub(super) fn fail(&self, error: &Error) {
        let now = self.now();
        self.engine.borrow_mut().fail(now, error);
        self.schedule();
    }

    fn report_damage(&self, text: String) {
        self.report(&Error::new(Code::StoreDamaged, &text), &JsValue::UNDEFINED);
    }

    /// After stop(): the store is closed once everything is written.
    #[inline(never)]
    pub(super) fn close_store(&self, store: &Store) {
        if store.phase.get() != Phase::Open || !store.is_written() {
            return;
        }
        store.phase.set(Phase::Closing);
        let closed = platform::call(&store.close, &store.object, &[]);
        self.await_answer(store.answer(closed), 0, |client, _, closed| {
            let Some(store) = &client.store else { return };
            store.phase.set(Phase::Closed);
            if let Err(thrown) = closed {
                client.report(&failure("the store cannot be closed", &thrown), &thrown);
            }
            client.end_stoppers(store);
        });
    }

    fn end_stoppers(&self, store: &Store) {
        for token in store.stoppers.take().into_iter().flatten() {
            self.settle(token, Ok(&JsValue::UNDEFINED));
        }
        if store.phase.get() == Phase::Closed && !store.starters.borrow().is_empty() {
            self.open_store(store);
        }
    }
}

/// The error that a store threw; its code may say that it is locked.
fn failure(what: &str, thrown: &JsValue) -> Error {
    let code = match platform::get(thrown, "code").as_string().as_deref() {
        Some("STORE_LOCKED") => Code::StoreLocked,
        _ => Code::StoreFailed,
    };
    Error::format(code, "%: %", &[what, &argument_codec::message_of(thrown)])
}

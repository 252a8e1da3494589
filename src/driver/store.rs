//! A store for everything that must outlive the process, as an object of JavaScript: the user's, or that of
//! "mqtt-lib/persistent". Its methods may return promises; bytes that follow from a write are held back until it is done.
//! Owns the order of writes and bytes. When it is opened, written and closed is `persistence.rs`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::{platform, promises};
use crate::engine::{Code, Error, Flow, Token};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Closed,
    Opening,
    Open,
    Closing,
}

pub struct Store {
    pub(super) object: JsValue,
    pub(super) open: Function,
    pub(super) write: Function,
    pub(super) close: Function,
    pub(super) phase: Cell<Phase>,
    /// Calls of start() that wait for the store to be open, or closed and open again.
    pub(super) starters: RefCell<Vec<Option<Token>>>,
    /// How many of them came before stop().
    pub(super) before_stop: Cell<usize>,
    pub(super) stoppers: RefCell<Vec<Option<Token>>>,
    /// Writes that have begun, oldest first, and whether they are done.
    writes: RefCell<VecDeque<bool>>,
    /// Changes may be collected: the page is not being left.
    pub(super) collects: Cell<bool>,
    /// How many writes are done and have none before them that is not.
    settled: Cell<u32>,
    /// Bytes that are held back, oldest first.
    gate: RefCell<VecDeque<HeldBack>>,
    /// How many bytes those are.
    held_back: Cell<usize>,
    /// A write failed, and that was reported.
    pub(super) failed: Cell<bool>,
    /// For the store to report records that it cannot read, while it is opened.
    pub(super) on_damage: RefCell<Option<OnDamage>>,
}

pub(super) type OnDamage = Closure<dyn Fn(JsValue)>;

/// Bytes that are held back until a write is done.
pub(super) struct HeldBack {
    after: u32,
    pub bytes: Vec<u8>,
    /// The socket is closed behind them.
    pub then_close: bool,
}

/// With so many writes unfinished, changes are collected until one of them is done, unless the page is being left.
const MAX_WRITES: usize = 8;

impl Store {
    /// `given` as in the credentials; none for "memory".
    #[inline(never)]
    pub fn find(given: &JsValue) -> Result<Option<Box<Store>>, Error> {
        let text = given.as_string();
        let object = match text.as_deref() {
            Some("persistent") => {
                let made = platform::persistent().ok().filter(JsValue::is_object);
                made.ok_or_else(|| Error::new(Code::InvalidOption, NOT_IMPORTED))?
            }
            None if given.is_object() => given.clone(),
            _ => return Ok(None),
        };
        let method = |name: &str| {
            platform::function(&object, name).ok_or_else(|| {
                Error::format(
                    Code::InvalidOption,
                    "credentials.store has no method %(); a store has open(), write() and close()",
                    &[name],
                )
            })
        };
        Ok(Some(Box::new(Store {
            open: method("open")?,
            write: method("write")?,
            close: method("close")?,
            object,
            phase: Cell::new(Phase::Closed),
            starters: RefCell::default(),
            before_stop: Cell::new(0),
            stoppers: RefCell::default(),
            writes: RefCell::default(),
            collects: Cell::new(true),
            settled: Cell::new(0),
            gate: RefCell::default(),
            held_back: Cell::new(0),
            failed: Cell::new(false),
            on_damage: RefCell::default(),
        })))
    }

    /// What one of its methods returned, or will: see `expire`.
    pub(super) fn answer(&self, called: Result<JsValue, JsValue>) -> Result<JsValue, JsValue> {
        called.map(|value| promises::answer(&self.object, &value))
    }

    pub fn is_opening(&self) -> bool {
        self.phase.get() == Phase::Opening
    }

    /// Whether changes are collected for now, because too many writes are unfinished.
    #[inline(never)]
    pub fn flow(&self) -> Flow {
        match self.collects.get() && self.writes.borrow().len() >= MAX_WRITES {
            true => Flow::Full,
            false => Flow::Ready,
        }
    }

    /// Whether every write is done.
    pub fn is_written(&self) -> bool {
        self.writes.borrow().is_empty()
    }

    /// The connection is gone; true if bytes for it were held back.
    #[inline(never)]
    pub fn forget_gate(&self) -> bool {
        self.held_back.set(0);
        !self.gate.take().is_empty()
    }

    /// The socket is to be closed; true if bytes are held back, behind which that happens.
    #[inline(never)]
    pub fn close_after_gate(&self) -> bool {
        let mut gate = self.gate.borrow_mut();
        gate.back_mut().map(|last| last.then_close = true).is_some()
    }

    /// A write has begun: its number.
    pub(super) fn begin_write(&self) -> u32 {
        self.writes.borrow_mut().push_back(false);
        self.last_write()
    }

    fn last_write(&self) -> u32 {
        self.settled.get().wrapping_add(self.writes.borrow().len() as u32)
    }

    /// How many bytes are held back.
    pub fn held_back(&self) -> usize {
        self.held_back.get()
    }

    /// Holds bytes back while a write is unfinished. False: no write stands before them.
    #[inline(never)]
    pub fn hold_back(&self, bytes: &[u8]) -> bool {
        let after = self.last_write();
        if after == self.settled.get() {
            return false;
        }
        self.held_back.set(self.held_back.get() + bytes.len());
        self.gate.borrow_mut().push_back(HeldBack {
            after,
            bytes: bytes.to_vec(),
            then_close: false,
        });
        true
    }

    /// A write is done.
    pub(super) fn end_write(&self, number: u32) {
        let mut writes = self.writes.borrow_mut();
        let at = number.wrapping_sub(self.settled.get()).wrapping_sub(1);
        if let Some(done) = writes.get_mut(at as usize) {
            *done = true;
        }
        while writes.front() == Some(&true) {
            writes.pop_front();
            self.settled.set(self.settled.get().wrapping_add(1));
        }
    }

    /// The next bytes that need not be held back any more.
    pub(super) fn pass(&self) -> Option<HeldBack> {
        let mut gate = self.gate.borrow_mut();
        if (self.settled.get().wrapping_sub(gate.front()?.after) as i32) < 0 {
            return None;
        }
        let passed = gate.pop_front()?;
        self.held_back.set(self.held_back.get() - passed.bytes.len());
        Some(passed)
    }
}

const NOT_IMPORTED: &str = "store: \"persistent\" needs import \"mqtt-lib/persistent\" before the client is made, and a package it uses: npm install classic-level (Node) or npm install idb (browser)";

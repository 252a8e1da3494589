//! Calls of the user that need more than the engine: a promise, a handler, a callback.

use std::mem::take;

use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast, JsValue};

use super::callbacks::NAMES;
use super::{arguments, Client};
use crate::engine::{Error, Filter, Flow, Handler, Message, Published, Token};

impl Client {
    pub fn publish(&self, message: &Message<'_>) -> Promise {
        self.promise(&mut |engine, now, token| {
            if engine.publish(now, message, token)? == Published::Buffered {
                engine.ended(token); // in the buffer that is transmitted at the end of this turn
            }
            Ok(())
        })
    }

    pub fn queue(&self, message: &Message<'_>) -> Promise {
        self.promise(&mut |engine, now, token| engine.queue(now, message, token))
    }

    pub fn batch(&self, item: &Message<'_>) -> Promise {
        let mut ends = (None, None);
        let promise = self.promise(&mut |engine, now, token| {
            ends = (token, engine.batch(now, item, token)?);
            Ok(())
        });
        match ends {
            (Some(token), Some(ends_as)) if token != ends_as => {
                self.promises.borrow_mut().join(token, ends_as)
            }
            _ => promise,
        }
    }

    /// The promise of a batch, by its number.
    pub fn batch_promise(&self, number: u32) -> Promise {
        self.promises.borrow().promise(number)
    }

    /// `identity`: twice the key of the handler, and 1 more for one that is given in `on_connect`; 0: none.
    pub fn subscribe(
        &self,
        (mut filters, mut properties): (Vec<Filter>, Vec<u8>),
        handler: Option<Function>,
        identity: u32,
    ) -> Promise {
        let number = handler.map(|handler| self.handlers.borrow_mut().add(handler, false));
        self.promise(&mut |engine, _, token| {
            let (filters, properties) = (take(&mut filters), take(&mut properties));
            let handler = number.map(|number| match identity {
                0 => Handler::new(number),
                _ => Handler {
                    number,
                    key: identity >> 1,
                    connection: engine.generation() * (identity & 1),
                },
            });
            let result = engine.subscribe_as(filters, properties, handler, token);
            if let (Err(_), Some(number)) = (&result, number) {
                self.handlers.borrow_mut().remove(number);
            }
            result
        })
    }

    /// Gives messages of `filter` to `handler`, without subscribing. One that watches takes them from nobody.
    pub fn watch(&self, filter: &str, handler: &JsValue, watches: bool) -> Result<u32, Error> {
        let handler = handler.unchecked_ref::<Function>().clone(); // of js/
        let number = self.handlers.borrow_mut().add(handler, watches);
        let result = self.call(|engine, _| engine.watch(filter, number));
        if result.is_err() {
            self.handlers.borrow_mut().remove(number);
        }
        result.map(|()| number)
    }

    pub fn unwatch(&self, filter: &str, number: u32) {
        self.call(|engine, _| engine.unwatch(filter, number));
        self.handlers.borrow_mut().remove(number);
    }

    /// Publishes for the fast path, which transmits what is full, and drains at the end of its turn by itself.
    #[inline(always)]
    #[cfg_attr(small_code, optimize(speed))]
    pub fn publish_fast(
        &self,
        message: &Message<'_>,
        queue: bool,
        token: Option<Token>,
    ) -> Result<Published, Error> {
        let now = self.now();
        let mut engine = self.engine.borrow_mut();
        let published = if queue {
            engine.queue(now, message, token).map(|()| Published::Pending)
        } else {
            engine.publish_checked(now, message, token)
        };
        // Another publish of this turn may get the token of one that has ended.
        let pending = token.filter(|_| published == Ok(Published::Pending));
        self.last_token.set(pending.map_or(0, Token::get));
        published
    }

    /// Publishes a message whose payload of `len` bytes js/ has and sends itself: the address and the length of what it sends before
    /// that. The bytes stay there until the next call. None: the message takes the usual way.
    pub fn publish_beside(&self, message: &Message<'_>, len: usize) -> Option<[usize; 2]> {
        if self.store.is_some() || self.is_socket_full() {
            return None;
        }
        let now = self.now();
        let mut engine = self.engine.borrow_mut();
        let bytes = engine.publish_beside(now, message, len)?;
        let place = [bytes.as_ptr() as usize, bytes.len()];
        // The buffer, which is short, is kept.
        engine.transmitted(bytes, Flow::Ready);
        self.last_token.set(0);
        Some(place)
    }

    pub fn batch_fast(&self, item: &Message<'_>, token: Option<Token>) -> Result<Option<Token>, Error> {
        let now = self.now();
        self.engine.borrow_mut().batch(now, item, token)
    }

    pub fn set_callback(&self, slot: usize, callback: &JsValue) -> Result<(), Error> {
        let function = arguments::optional_function(NAMES[slot], callback)?;
        self.callbacks.set(slot, function);
        Ok(())
    }

    /// Of MQTT, on the connection there is; 0 without one.
    pub fn version(&self) -> u8 {
        self.engine(|engine| match engine.is_online() {
            true => engine.version() as u8,
            false => 0,
        })
    }
}

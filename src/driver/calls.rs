//! User calls that need more than the engine: a promise, a handler, a place among the callbacks.

use std::mem::take;

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;

use super::callbacks::Callbacks;
use super::{values, Client};
use crate::engine::{Error, Filter, Message, Taken, Token};

impl Client {
    pub fn publish(&self, message: &Message<'_>) -> Promise {
        self.promise(&mut |engine, now, token| {
            if engine.publish(now, message, token)? == Taken::Now {
                engine.ended(token); // in the buffer that this turn's pump hands over
            }
            Ok(())
        })
    }

    pub fn queue(&self, message: &Message<'_>) -> Promise {
        self.promise(&mut |engine, now, token| engine.queue(now, message, token))
    }

    pub fn batch(&self, item: &Message<'_>) -> Promise {
        let mut ends = (0, 0);
        let promise = self.promise(&mut |engine, now, token| {
            ends = (token, engine.batch(now, item, token)?);
            Ok(())
        });
        if ends.0 == ends.1 {
            return promise;
        }
        let joined = self.promises.borrow_mut().join(ends.0, ends.1);
        joined.unwrap_or(promise)
    }

    pub fn subscribe(
        &self,
        (mut filters, mut properties): (Vec<Filter>, Vec<u8>),
        handler: Option<Function>,
    ) -> Promise {
        let handler = handler.map(|handler| self.handlers.borrow_mut().add(handler, false));
        self.promise(&mut |engine, _, token| {
            let (filters, properties) = (take(&mut filters), take(&mut properties));
            let result = engine.subscribe(filters, properties, handler, token);
            if let (Err(_), Some(handler)) = (&result, handler) {
                self.handlers.borrow_mut().remove(handler);
            }
            result
        })
    }

    pub fn watch(&self, filter: &str, handler: Option<Function>) -> Result<u32, Error> {
        let number = self.handlers.borrow_mut().add(handler.unwrap_or_default(), true);
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

    /// Without a schedule: js/ pumps at the end of its turn.
    #[inline(always)]
    pub fn send_bulk(&self, message: &Message<'_>, queue: bool, token: Token) -> Result<Taken, Error> {
        let now = self.now();
        let taken = {
            let mut engine = self.engine.borrow_mut();
            if queue {
                engine.queue(now, message, token).map(|()| Taken::Later)
            } else {
                engine.publish_checked(now, message, token)
            }
        };
        self.send_if_full();
        taken
    }

    pub fn batch_bulk(&self, item: &Message<'_>, token: Token) -> Result<Token, Error> {
        let now = self.now();
        self.engine.borrow_mut().batch(now, item, token)
    }

    pub fn report(&self, error: Error) {
        self.tell_error(&error, &JsValue::UNDEFINED);
    }

    pub fn set_callback(&self, name: &str, callback: &JsValue) -> Result<(), JsValue> {
        let parsed = values::optional_function(name, callback);
        let function = parsed.map_err(|error| self.error(&error, &JsValue::UNDEFINED))?;
        if let Some(slot) = Callbacks::slot(name) {
            self.callbacks.set(slot, function);
        }
        Ok(())
    }
}

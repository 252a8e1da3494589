//! Credentials from a function of the user's: called before each attempt, its answer given to the engine. Also
//! `await_answer`, which waits for a promise of the user's or of a store.

use wasm_bindgen::prelude::*;

use super::argument_codec::no_object;
use super::constructor::config;
use super::{argument_codec, errors, platform, promises, Client};
use crate::engine::{Error, Generation};

impl Client {
    /// Credentials for `publish_high_priority`, or the function that gives them.
    pub fn base(&self) -> JsValue {
        match &self.credentials_function {
            Some(function) => function.into(),
            None => self.credentials.borrow().clone(),
        }
    }

    pub(super) fn ask_credentials(&self, generation: Generation, attempt: u32, last: Option<&Error>) {
        self.begin_attempt();
        let Some(function) = &self.credentials_function else {
            return;
        };
        let last = last.map_or(JsValue::UNDEFINED, |error| self.error(error, &JsValue::UNDEFINED));
        let called = platform::call(function, &JsValue::UNDEFINED, &[&attempt.into(), &last]);
        self.await_answer(called, generation, Client::on_credentials);
    }

    /// Gives the answer of a function of the user's, or of a store, to `then`, now or later. The client stays until then.
    pub(super) fn await_answer(
        &self,
        called: Result<JsValue, JsValue>,
        number: u32,
        then: fn(&Client, u32, Result<JsValue, JsValue>),
    ) {
        let Some(me) = self.me.upgrade() else { return };
        let answer = called.unwrap_or_else(|thrown| promises::rejected(&thrown).into());
        let settled = Closure::once_into_js(move |settled: JsValue| {
            let value = platform::get(&settled, "value");
            let failed = platform::get(&settled, "failed").is_truthy();
            then(&me, number, if failed { Err(value) } else { Ok(value) });
        });
        promises::settled(&answer, &settled);
    }

    fn on_credentials(&self, generation: Generation, answer: Result<JsValue, JsValue>) {
        if !self.engine(|engine| engine.awaits_credentials(generation)) {
            return;
        }
        let config = match answer {
            Ok(given) if given.is_object() => {
                let credentials = match self.overrides.is_object() {
                    // What cannot be read `config` refuses.
                    true => platform::lay_over(&given, &self.overrides).unwrap_or(given),
                    false => given,
                };
                let config = config(&credentials, &self.overrides, true, &self.hooks);
                *self.credentials.borrow_mut() = credentials;
                config
            }
            // Of a function that forgets to return something: no reason to connect to localhost.
            Ok(given) => Err(no_object(
                "what the credentials function gives",
                &argument_codec::kind(&given),
            )),
            Err(thrown) => {
                let error = errors::credentials_failed(&thrown);
                *self.thrown.borrow_mut() = thrown;
                Err(error)
            }
        };
        let now = self.fresh_now();
        self.engine
            .borrow_mut()
            .credentials_given(now, generation, config);
        self.drain();
    }
}

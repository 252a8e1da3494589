//! Credentials from a function of the user's: called before each attempt, its answer given to the engine.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{spawn_local, JsFuture};

use super::given::no_object;
use super::options::config;
use super::{errors, host, Client};
use crate::engine::{Error, Generation};

impl Client {
    /// What `publish_high_priority` goes by.
    pub fn base(&self) -> JsValue {
        match &self.ask {
            Some(ask) => ask.into(),
            None => self.credentials.borrow().clone(),
        }
    }

    pub(super) fn ask(&self, generation: Generation, attempt: u32, last: Option<&Error>) {
        self.begin_attempt();
        let Some(ask) = &self.ask else { return };
        let last = last.map_or(JsValue::UNDEFINED, |error| self.error(error, &JsValue::UNDEFINED));
        let called = ask.call2(&JsValue::UNDEFINED, &attempt.into(), &last);
        self.await_answer(called, generation, Client::on_answer);
    }

    /// What a function of the user's, or a store, answers now or later goes to `then`. Until then the client stays.
    pub(super) fn await_answer(
        &self,
        called: Result<JsValue, JsValue>,
        number: u32,
        then: fn(&Client, u32, Result<JsValue, JsValue>),
    ) {
        let Some(me) = self.me.upgrade() else { return };
        spawn_local(async move {
            let answer = match called {
                Ok(answer) => JsFuture::from(Promise::resolve(&answer)).await,
                Err(thrown) => Err(thrown),
            };
            then(&me, number, answer);
        });
    }

    fn on_answer(&self, generation: Generation, answer: Result<JsValue, JsValue>) {
        if !self.engine(|engine| engine.awaits(generation)) {
            return;
        }
        let config = match answer {
            Ok(given) if given.is_object() => {
                let credentials = match self.over.is_object() {
                    true => host::lay_over(&given, &self.over),
                    false => given,
                };
                let config = config(&credentials, &self.over, true, &self.hooks);
                *self.credentials.borrow_mut() = credentials;
                config
            }
            // Of a function that forgets to return something: no reason to connect to localhost.
            Ok(given) => Err(no_object(
                "what the credentials function gives",
                &host::kind(&given),
            )),
            Err(thrown) => {
                let error = errors::credentials_failed(&thrown);
                *self.thrown.borrow_mut() = thrown;
                Err(error)
            }
        };
        let now = self.fresh_now();
        self.engine.borrow_mut().answered(generation, config, now);
        self.pump();
    }
}

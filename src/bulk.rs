//! The hot path for js/: few crossings, numbers only, bytes through one scratch buffer. Everything
//! here is also reachable, one call at a time, through the public methods.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

use crate::api::{export, Export, MqttCustom};
use crate::driver::properties::to_js;
use crate::driver::{values, Client};
use crate::engine::{check_topic, Code, Error, Generation, Message, Taken, Token};

thread_local! {
    /// Payloads on their way in.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// Topics that were checked once, by number; js/ keeps the numbers and bounds their count.
    static TOPICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// By the numbers that js/ knows them by; a place is used again when its client is gone.
    static CLIENTS: RefCell<Vec<Weak<Client>>> = const { RefCell::new(Vec::new()) };
    static REFUSED: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// Results of `bulk_send`.
const IN_THIS_TURN: u32 = 0;
const PENDING: u32 = 1;
const REFUSED_NOW: u32 = 2;

/// A place for at least `len` bytes; it may move only here.
#[wasm_bindgen]
pub fn scratch(len: usize) -> *const u8 {
    SCRATCH.with_borrow_mut(|scratch| {
        if scratch.len() < len {
            *scratch = vec![0; len.next_power_of_two()];
        }
        scratch.as_ptr()
    })
}

/// The number of a topic to publish to, or nothing if it is not one: then publish says why.
#[wasm_bindgen]
pub fn intern(topic: String) -> Option<u32> {
    check_topic(&topic).ok()?;
    TOPICS.with_borrow_mut(|topics| {
        topics.push(topic);
        Some(topics.len() as u32 - 1)
    })
}

/// Numbers given by `intern` are void.
#[wasm_bindgen]
pub fn forget_topics() {
    TOPICS.take();
}

/// The properties of a received message as an object.
#[wasm_bindgen]
pub fn properties(list: &[u8]) -> Export<JsValue> {
    export(to_js(list))
}

/// The client that js/ calls by this number.
#[inline(always)]
fn client(number: u32) -> Option<Rc<Client>> {
    CLIENTS.with_borrow(|clients| clients.get(number as usize)?.upgrade())
}

/// A message to `topic` of `len` bytes of the scratch buffer. `flags`: QoS in bits 0-1, retain 4, queue 8.
#[inline(always)]
fn with_scratch<R>(topic: u32, len: usize, flags: u32, work: impl FnOnce(&Message<'_>) -> R) -> R {
    TOPICS.with_borrow(|topics| {
        SCRATCH.with_borrow(|scratch| {
            work(&Message {
                topic: topics.get(topic as usize).map_or("", |t| t.as_str()),
                payload: &scratch[..len],
                qos: (flags & 3) as u8,
                retain: flags & 4 != 0,
                properties: &[],
            })
        })
    })
}

/// Publishes from the scratch buffer. Does not schedule a pump: js/ pumps once a turn. A plain export, because
/// the way in that wasm-bindgen makes for methods costs as much as a short publish itself.
#[no_mangle]
pub extern "C" fn bulk_send(number: u32, topic: u32, len: usize, flags: u32, token: Token) -> u32 {
    let Some(client) = client(number) else {
        return REFUSED_NOW;
    };
    let queue = flags & 8 != 0;
    match with_scratch(topic, len, flags, |message| {
        client.send_bulk(message, queue, token)
    }) {
        Ok(Taken::Now) => IN_THIS_TURN,
        Ok(Taken::Later) => PENDING,
        Err(error) => {
            REFUSED.set(Some(error));
            REFUSED_NOW
        }
    }
}

/// Adds an item, JSON, to a batch: the token under which it will end, 0 if it is refused.
#[no_mangle]
pub extern "C" fn bulk_batch(number: u32, topic: u32, len: usize, flags: u32, token: Token) -> Token {
    let Some(client) = client(number) else { return 0 };
    with_scratch(topic, len, flags, |item| client.batch_bulk(item, token)).unwrap_or_else(|error| {
        REFUSED.set(Some(error));
        0
    })
}

/// Where js/ puts `len` bytes that have come on a connection, before it calls `bulk_received`. Null: it is to go the
/// general way, because the client is at work or the bytes are many.
#[no_mangle]
pub extern "C" fn bulk_space(number: u32, len: usize) -> *mut u8 {
    client(number).map_or(std::ptr::null_mut(), |client| client.space(len))
}

/// The bytes in `bulk_space` are there.
#[no_mangle]
pub extern "C" fn bulk_received(number: u32, generation: Generation, len: usize) {
    if let Some(client) = client(number) {
        client.received(generation, len);
    }
}

#[wasm_bindgen]
impl MqttCustom {
    /// By which number `bulk_send` and `bulk_batch` know the client.
    pub fn number(&self) -> u32 {
        let me = Rc::downgrade(self.client());
        CLIENTS.with_borrow_mut(|clients| {
            match clients.iter().position(|client| client.strong_count() == 0) {
                Some(free) => {
                    clients[free] = me;
                    free as u32
                }
                None => {
                    clients.push(me);
                    clients.len() as u32 - 1
                }
            }
        })
    }

    /// Why the last call of `bulk_send` or `bulk_batch` was refused.
    pub fn refusal(&self) -> Export<JsValue> {
        export(match REFUSED.take() {
            Some(error) => self.client().error(&error, &JsValue::UNDEFINED),
            None => JsValue::UNDEFINED,
        })
    }

    pub fn pump(&self) {
        self.client().pump();
    }

    /// The string of a topic number in received records.
    pub fn topic(&self, number: u32) -> String {
        self.client().engine(|engine| engine.topic(number).to_owned())
    }

    /// `[subscribed, ...handlers]` of a topic; undefined if there is none.
    pub fn route(&self, topic: &str) -> Export<JsValue> {
        let (handlers, subscribed) = self.client().route(topic);
        if handlers.is_empty() {
            return export(JsValue::UNDEFINED);
        }
        let all = Array::of1(&subscribed.into());
        for handler in handlers {
            all.push(&handler);
        }
        export(all.into())
    }

    /// Gives messages of `filter` to `handler` too, until `unwatch`.
    pub fn watch(&self, filter: &JsValue, handler: &JsValue) -> Result<u32, JsValue> {
        let parsed = values::topic(filter)
            .and_then(|filter| Ok((filter, values::optional_function("handler", handler)?)));
        match parsed.and_then(|(filter, handler)| self.client().watch(&filter, handler)) {
            Ok(number) => Ok(number),
            Err(error) => Err(self.client().error(&error, &JsValue::UNDEFINED)),
        }
    }

    pub fn unwatch(&self, filter: &str, number: u32) {
        self.client().unwatch(filter, number);
    }

    /// `batch_publish` of an item that is JSON text already.
    pub fn batch_json(&self, topic: &JsValue, json: String, options: &JsValue) -> Export<Promise> {
        self.with_message(topic, Ok(json.into_bytes()), options, Client::batch)
    }

    /// Something that js/ gave up by a stated policy.
    pub fn report(&self, text: String) {
        self.client().report(Error::new(Code::QueueFull, text));
    }

    /// What user code threw, where js/ called it.
    pub fn thrown(&self, name: &str, thrown: &JsValue) {
        self.client().tell_thrown(name, thrown);
    }
}

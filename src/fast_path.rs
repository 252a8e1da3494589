//! The fast path for js/: few crossings, numbers only, bytes through one scratch buffer. Everything here is also
//! reachable, one call at a time, through the public methods.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use wasm_bindgen::prelude::*;

use crate::driver::properties::to_js;
use crate::driver::{arguments, handling, memory, platform, Client};
use crate::engine::{check_topic, Code, Engine, Error, Generation, Message, Published, Ticket, Token};
use crate::export::{export, Export};

thread_local! {
    static GIVEN: RefCell<Given> = const { RefCell::new(Given { payload: Vec::new(), topics: Vec::new() }) };
    /// By the numbers that js/ knows them by; a place is used again when its client is gone.
    static CLIENTS: RefCell<Vec<Weak<Client>>> = const { RefCell::new(Vec::new()) };
    /// The lowest of those numbers: one that belongs to another instance is no client here.
    static FIRST: Cell<u32> = const { Cell::new(0) };
    /// What `bulk_received` and `bulk_head` return the address of.
    static BEGUN: Cell<[usize; 3]> = const { Cell::new([0; 3]) };
    static REFUSAL: RefCell<Option<Error>> = const { RefCell::new(None) };
}

/// What js/ has handed over before it publishes.
struct Given {
    /// A payload on its way in.
    payload: Vec<u8>,
    /// Topics that were checked once, by number; js/ keeps the numbers and bounds their count.
    topics: Vec<String>,
}

/// Results of `bulk_send`.
const BUFFERED: u32 = 0;
const PENDING: u32 = 1;
const REFUSED: u32 = 2;

/// A place for at least `len` bytes; it may move only here.
#[wasm_bindgen]
pub fn scratch(len: usize) -> *const u8 {
    GIVEN.with_borrow_mut(|Given { payload, .. }| {
        if payload.len() < len {
            *payload = vec![0; len.next_power_of_two()];
        }
        payload.as_ptr()
    })
}

/// The number of a topic to publish to, or -1 if it is not one: then publish says why.
#[wasm_bindgen]
pub fn intern(topic: String) -> i32 {
    if check_topic(&topic).is_err() {
        return -1;
    }
    GIVEN.with_borrow_mut(|Given { topics, .. }| {
        topics.push(topic);
        topics.len() as i32 - 1
    })
}

/// Numbers given by `intern` are void.
#[wasm_bindgen]
pub fn forget_topics() {
    GIVEN.with_borrow_mut(|given| given.topics = Vec::new());
}

/// The properties of a received message as an object.
#[wasm_bindgen]
pub fn properties(list: &[u8]) -> Export<JsValue> {
    export(to_js(list))
}

/// The client that js/ calls by this number.
#[inline(always)]
fn client(number: u32) -> Option<Rc<Client>> {
    let place = number.wrapping_sub(FIRST.get()) as usize;
    CLIENTS.with_borrow(|clients| clients.get(place)?.upgrade())
}

/// A message to `topic` of `len` bytes of the scratch buffer. `flags`: QoS in bits 0-1, retain 4, queue 8. `work` calls
/// nothing of JavaScript, because topics and buffer belong to all clients.
#[inline(always)]
fn with_scratch<R>(
    topic: u32,
    len: usize,
    flags: u32,
    work: impl FnOnce(&Message<'_>) -> Result<R, Error>,
) -> Result<R, Error> {
    memory::check(len)?;
    GIVEN.with_borrow(|given| {
        work(&Message {
            topic: given.topics.get(topic as usize).map_or("", |t| t.as_str()),
            payload: &given.payload[..len],
            qos: (flags & 3) as u8,
            retain: flags & 4 != 0,
            properties: &[],
        })
    })
}

/// Publishes from the scratch buffer. Schedules no drain: js/ drains once a turn. A plain export, because the entry that
/// wasm-bindgen makes for methods costs as much as a short publish itself.
#[no_mangle]
#[cfg_attr(small_code, optimize(speed))]
pub extern "C" fn bulk_send(number: u32, topic: u32, len: usize, flags: u32, token: u32) -> u32 {
    let Some(client) = client(number) else {
        return REFUSED;
    };
    let queue = flags & 8 != 0;
    let published = with_scratch(topic, len, flags, |message| {
        client.publish_fast(message, queue, Token::new(token))
    });
    client.transmit_if_full();
    match published {
        Ok(Published::Buffered) => BUFFERED,
        Ok(Published::Pending) => PENDING,
        Err(error) => {
            REFUSAL.set(Some(error));
            REFUSED
        }
    }
}

/// Publishes a payload of `len` bytes that js/ keeps, as in Node: the address of two words, where the bytes are that js/ sends
/// before it, and how many. 0: nothing was done, and the payload takes the scratch buffer.
#[no_mangle]
pub extern "C" fn bulk_head(number: u32, topic: u32, len: usize, flags: u32) -> usize {
    let Some(client) = client(number) else { return 0 };
    let place = with_scratch(topic, 0, flags, |message| Ok(client.publish_beside(message, len)));
    let Ok(Some([address, len])) = place else { return 0 };
    BEGUN.set([address, len, 0]);
    BEGUN.with(|begun| begun.as_ptr() as usize)
}

/// Adds an item, JSON, to a batch: the token under which it will end, 0 if it is refused.
#[no_mangle]
pub extern "C" fn bulk_batch(number: u32, topic: u32, len: usize, flags: u32, token: u32) -> u32 {
    let Some(client) = client(number) else { return 0 };
    match with_scratch(topic, len, flags, |item| {
        client.batch_fast(item, Token::new(token))
    }) {
        Ok(ends_as) => ends_as.map_or(0, Token::get),
        Err(error) => {
            REFUSAL.set(Some(error));
            0
        }
    }
}

/// The place where js/ puts `len` bytes that have arrived, before it calls `bulk_received`. Null: they take the general
/// path, because the client is being drained or the bytes are many.
#[no_mangle]
#[cfg_attr(small_code, optimize(speed))]
pub extern "C" fn bulk_space(number: u32, len: usize) -> *mut u8 {
    client(number).map_or(std::ptr::null_mut(), |client| client.space(len))
}

/// The bytes in `bulk_space` are there. The address of three words if they end in a large payload, which js/ keeps: the
/// address of its beginning, how many bytes of it are there, and how many it will have. Otherwise 0. `beside`: the bytes are
/// further ones of that payload, and js/ has them.
#[no_mangle]
#[cfg_attr(small_code, optimize(speed))]
pub extern "C" fn bulk_received(number: u32, generation: Generation, len: usize, beside: u32) -> usize {
    let Some(client) = client(number) else { return 0 };
    if beside != 0 {
        client.received_beside(generation, len);
        return 0;
    }
    client.received(generation, len);
    let Some(begun) = client.payload_begun(generation) else {
        return 0;
    };
    BEGUN.set(begun);
    BEGUN.with(|begun| begun.as_ptr() as usize)
}

/// The first number of a client: each instance has its own.
#[no_mangle]
pub extern "C" fn bulk_number(first: u32) {
    FIRST.set(first);
}

/// Drains the engine: js/ calls it once a turn.
#[no_mangle]
#[cfg_attr(small_code, optimize(speed))]
pub extern "C" fn bulk_drain(number: u32) {
    if let Some(client) = client(number) {
        client.drain_at_last();
    }
}

/// What the application makes of a message: 0: it goes on with it; 1: it has dealt with it; 2: it leaves it to the broker.
#[no_mangle]
#[cfg_attr(small_code, optimize(speed))]
pub extern "C" fn bulk_settle(number: u32, ticket: Ticket, qos: u32, what: u32) {
    if let Some(client) = client(number) {
        client.settle_message(ticket, qos as u8, what);
    }
}

/// Whether an answer of the broker is awaited.
#[no_mangle]
pub extern "C" fn bulk_awaits(number: u32) -> u32 {
    client(number).is_some_and(|client| client.engine(Engine::awaits_answer)) as u32
}

/// Gives js/ the number by which the functions of this file know the client, and its bounds of unhandled messages.
pub fn begin(client: &Rc<Client>) {
    let Some(js) = client.hooks.js() else { return };
    let me = Rc::downgrade(client);
    let number = CLIENTS.with_borrow_mut(|clients| {
        let free = clients.iter().position(|client| client.strong_count() == 0);
        let number = free.unwrap_or(clients.len());
        if free.is_none() {
            clients.push(Weak::new());
        }
        clients[number] = me;
        number
    });
    client.engine(|engine| {
        let config = engine.config();
        js.begin(
            FIRST.get() + number as u32,
            config.max_unhandled as f64,
            config.max_unhandled_bytes as f64,
        );
    });
}

/// Why the last call of `bulk_send` or `bulk_batch` was refused.
#[wasm_bindgen]
pub fn refusal(number: u32) -> Export<JsValue> {
    export(match (client(number), REFUSAL.take()) {
        (Some(client), Some(error)) => client.error(&error, &JsValue::UNDEFINED),
        _ => JsValue::UNDEFINED,
    })
}

/// The string of a topic number in received records, with the subscription identifiers behind it that `route` needs.
#[wasm_bindgen]
pub fn topic(number: u32, topic: u32) -> String {
    client(number)
        .map(|client| client.engine(|engine| engine.topic_key(topic).to_owned()))
        .unwrap_or_default()
}

/// `[subscribed, ...handlers]` of a topic.
#[wasm_bindgen]
pub fn route(number: u32, topic: &str) -> Export<JsValue> {
    let (handlers, subscribed) = match client(number) {
        Some(client) => client.route(topic),
        None => Default::default(),
    };
    let all = platform::list(&[&subscribed.into()]);
    for handler in handlers {
        all.push(&handler);
    }
    export(all.into())
}

/// What needs an answer at once, by its number: a number, where there is one, or what is wrong.
#[wasm_bindgen]
pub fn act(
    number: u32,
    operation: u32,
    a: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "any")] b: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "number")] n: u32,
    #[wasm_bindgen(unchecked_optional_param_type = "number")] m: u32,
) -> Result<u32, JsValue> {
    let Some(client) = client(number) else {
        return Ok(0);
    };
    let mut answer = 0;
    let done = match operation {
        // The options of `messages()`.
        0 => handling::check_loop(a),
        // Gives messages of a filter to a handler too, until `unwatch`.
        1 => arguments::topic(a)
            .and_then(|filter| client.watch(&filter, b, n != 0))
            .map(|number| answer = number),
        2 => {
            client.unwatch(&a.as_string().unwrap_or_default(), n);
            Ok(())
        }
        // Refuses a message, with a reason code and a text for the broker.
        3 => handling::refusal(a, b).map(|(reason, text)| client.refuse_message(n, m as u8, reason, &text)),
        4 => client.set_callback(n as usize, a),
        // Takes a call back, by its token; how far it was, as a number of `Withdrawn`.
        _ => {
            if let Some(token) = Token::new(n) {
                answer = client.call(|engine, _| engine.withdraw(token)) as u32;
            }
            Ok(())
        }
    };
    done.map(|()| answer)
        .map_err(|error| client.error(&error, &JsValue::UNDEFINED))
}

/// A number of `MqttCustom::stats`, in the order of js/; 9: the seconds until the next attempt, NaN if none waits; 10: the
/// state, and 8 times the version of MQTT on the connection there is.
#[wasm_bindgen]
pub fn stat(number: u32, which: u32) -> f64 {
    let Some(client) = client(number) else {
        return 0.0;
    };
    let stats = client.engine(Engine::stats);
    match which {
        0 => stats.sent as f64,
        1 => stats.received as f64,
        2 => stats.bytes_sent as f64,
        3 => stats.bytes_received as f64,
        4 => stats.in_flight as f64,
        5 => stats.queued as f64,
        6 => stats.dropped as f64,
        7 => stats.reconnects as f64,
        8 => stats.suspects as f64,
        9 => client.retries_in().map_or(f64::NAN, |wait| wait as f64 / 1000.0),
        11 => f64::from(client.last_token.take()),
        12 => stats.bytes_queued as f64,
        _ => f64::from(client.state() as u8) + 8.0 * f64::from(client.version()),
    }
}

/// Reports that js/ dropped something by a stated policy.
#[wasm_bindgen]
pub fn report(number: u32, text: String) {
    if let Some(client) = client(number) {
        client.report(&Error::new(Code::QueueFull, &text), &JsValue::UNDEFINED);
    }
}

/// Reports what user code threw that js/ called.
#[wasm_bindgen]
pub fn thrown(number: u32, name: &str, thrown: &JsValue) {
    if let Some(client) = client(number) {
        client.report_thrown(name, thrown);
    }
}

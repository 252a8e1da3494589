//! The class as `wasm-pack` puts it out, without js/, in Node: over scripted sockets, with a clock
//! that only moves when it is told to. See support/fake-websocket.js for the world they live in.
#![cfg(target_arch = "wasm32")]

#[path = "support/wasm.rs"]
mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use mqtt_lib::{publish_high_priority, MqttCustom};
use support::{err, ok, said, says, show, text};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen]
extern "C" {
    type Host;
    #[wasm_bindgen(method)]
    fn js(this: &Host, source: &str) -> JsValue;
    #[wasm_bindgen(method)]
    fn run(this: &Host, statements: &str) -> JsValue;
    #[wasm_bindgen(method)]
    fn settle(this: &Host) -> Promise;
    #[wasm_bindgen(method)]
    fn advance(this: &Host, milliseconds: f64) -> Promise;
    #[wasm_bindgen(method)]
    fn published(this: &Host) -> String;
    #[wasm_bindgen(method)]
    fn kinds(this: &Host) -> String;
    #[wasm_bindgen(method, getter)]
    fn timers(this: &Host) -> u32;
    #[wasm_bindgen(method, getter)]
    fn log(this: &Host) -> Array;
    #[wasm_bindgen(method, getter)]
    fn warnings(this: &Host) -> Array;
    #[wasm_bindgen(method, getter)]
    fn unhandled(this: &Host) -> Array;
    #[wasm_bindgen(method)]
    fn leave(this: &Host);
}

thread_local! {
    static NEW_WORLD: Function = js_sys::eval(include_str!("support/fake-websocket.js"))
        .expect("support/fake-websocket.js is an expression")
        .unchecked_into();
}

const UNDEFINED: JsValue = JsValue::UNDEFINED;

struct World(Host);

impl World {
    fn new() -> World {
        let world = NEW_WORLD.with(|make| make.call0(&UNDEFINED)).unwrap();
        World(world.unchecked_into())
    }

    fn js(&self, source: &str) -> JsValue {
        self.0.js(source)
    }

    fn number(&self, source: &str) -> f64 {
        self.js(source).as_f64().unwrap_or(f64::NAN)
    }

    /// A client whose options are JavaScript source, on this world's sockets.
    fn try_client(&self, options: &str) -> Result<MqttCustom, JsValue> {
        let hooks = self.js("{ connect: world.connect }");
        MqttCustom::new(&self.js(options), &hooks)
    }

    fn client(&self, options: &str) -> MqttCustom {
        match self.try_client(options) {
            Ok(client) => client,
            Err(error) => panic!("refused: {}", said(&error)),
        }
    }

    /// A client that is connected.
    async fn connected(&self, options: &str) -> MqttCustom {
        let client = self.client(options);
        ok(client.start()).await;
        client
    }

    /// A client that logs what its callbacks are told, with more options.
    async fn logging(&self, more: &str) -> MqttCustom {
        self.connected(&format!("{{ {LOGGING}, {more} }}")).await
    }

    async fn settle(&self) {
        JsFuture::from(self.0.settle()).await.unwrap();
    }

    async fn advance(&self, milliseconds: u32) {
        JsFuture::from(self.0.advance(milliseconds.into())).await.unwrap();
    }

    fn log(&self) -> String {
        self.0.log().join("\n").into()
    }

    /// The client is stopped and has left nothing that lives: no timer, no open socket, no handler
    /// on one, no rejection that nobody handled, nothing on the console.
    async fn ends(self, client: &MqttCustom) {
        let stopped = client.stop();
        self.advance(0).await;
        ok(stopped).await;
        assert_eq!(client.state(), "stopped");
        self.is_empty().await;
    }

    async fn is_empty(self) {
        self.settle().await;
        assert_eq!(self.0.timers(), 0, "timers");
        let open =
            "world.sockets.filter((s) => s.readyState < 2 || s.onmessage || s.onclose || s.ondrain).length";
        assert_eq!(self.number(open), 0.0, "sockets that are open or listened to");
        assert_eq!(self.0.unhandled().length(), 0, "{:?}", self.0.unhandled());
        assert_eq!(self.0.warnings().length(), 0, "{:?}", self.0.warnings());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.0.leave();
    }
}

const LOGGING: &str = "
    on_connect: (c, u, flags, rc) => world.log.push(`connect ${flags.sessionPresent} ${rc}`),
    on_disconnect: (c, u, rc, error) => world.log.push(`disconnect ${rc} ${error?.code}`),
    on_message: (c, u, { topic, payload }) => world.log.push(`message ${topic}=${text(payload)}`),
    on_error: (c, u, error) => world.log.push(`error ${error.code}: ${error.message}`)";

// ---- options and arguments

#[wasm_bindgen_test]
fn a_bad_option_is_refused_by_name_with_what_is_allowed() {
    let world = World::new();
    let type_error = "TypeError INVALID_OPTION: ";
    let range_error = "RangeError OUT_OF_RANGE: ";
    let cases: [(&str, &[&str]); 36] = [
        (
            "5",
            &[
                type_error,
                "the argument of MqttCustom must be an object; a number was given",
            ],
        ),
        ("[]", &[type_error, "must be an object; an array was given"]),
        (
            "() => {}",
            &[type_error, "must be an object; a function was given"],
        ),
        (
            "{ credential: {} }",
            &[
                type_error,
                "has no key \"credential\"",
                "did you mean \"credentials\"?",
            ],
        ),
        (
            "{ onconnect: null }",
            &[type_error, "did you mean \"on_connect\"?"],
        ),
        (
            "{ credentials: 'localhost' }",
            &[type_error, "credentials must be an object; a string was given"],
        ),
        (
            "{ credentials: { mqttprt: 1 } }",
            &[type_error, "credentials has no key \"mqttprt\"", "\"mqttport\"?"],
        ),
        (
            "{ credentials: { zzzzzzzzzz: 1 } }",
            &[type_error, "\"zzzzzzzzzz\"", "README"],
        ),
        (
            "{ credentials: { mqttport: 0 } }",
            &[
                range_error,
                "credentials.mqttport must be",
                "from 1 to 65535; 0 was",
            ],
        ),
        (
            "{ credentials: { mqttport: 70000 } }",
            &[range_error, "mqttport", "70000 was given"],
        ),
        (
            "{ credentials: { mqttport: 1.5 } }",
            &[range_error, "mqttport", "whole number", "1.5 was given"],
        ),
        (
            "{ credentials: { mqttport: '1883' } }",
            &[type_error, "mqttport", "whole number", "string \"1883\" was"],
        ),
        (
            "{ credentials: { mqttport: NaN } }",
            &[range_error, "mqttport", "NaN was given"],
        ),
        (
            "{ credentials: { mqttport: 1883n } }",
            &[type_error, "mqttport", "a bigint was given"],
        ),
        (
            "{ credentials: { mqttkeepalive: -1 } }",
            &[range_error, "mqttkeepalive", "seconds from 0 to 65535; -1"],
        ),
        (
            "{ credentials: { publishinterval: -0.5 } }",
            &[range_error, "publishinterval", "-0.5 was given"],
        ),
        (
            "{ credentials: { publishinterval: Infinity } }",
            &[range_error, "publishinterval"],
        ),
        (
            "{ credentials: { batchsize: 0 } }",
            &[range_error, "batchsize", "from 1"],
        ),
        ("{ credentials: { queuesize: 2.5 } }", &[range_error, "queuesize"]),
        (
            "{ credentials: { maxmqttreconnectdelay: -1 } }",
            &[range_error, "maxmqttreconnectdelay"],
        ),
        (
            "{ credentials: { mqttcleansession: 1 } }",
            &[type_error, "mqttcleansession must be true or false; 1"],
        ),
        (
            "{ credentials: { mqttclientid: 5 } }",
            &[type_error, "mqttclientid must be a string; 5 was given"],
        ),
        (
            "{ credentials: { mqttclientid: 'a\\0' } }",
            &[type_error, "mqttclientid", "U+0000"],
        ),
        (
            "{ credentials: { mqttclientid: 'x'.repeat(65536) } }",
            &[range_error, "mqttclientid", "65,535"],
        ),
        (
            "{ credentials: { mqttprotocol: 'http' } }",
            &[type_error, "mqttprotocol", "\"ws\", \"wss\""],
        ),
        (
            "{ credentials: { mqttpath: 'mqtt' } }",
            &[type_error, "mqttpath", "begins with /"],
        ),
        (
            "{ credentials: { mqttserver: 'mqtt://h' } }",
            &[type_error, "mqttserver", "a page", "use ws or wss"],
        ),
        (
            "{ credentials: { mqttserver: 'http://h' } }",
            &[type_error, "mqttserver", "scheme"],
        ),
        (
            "{ credentials: { mqttversion: 3 } }",
            &[range_error, "mqttversion must be 4; 3 was given"],
        ),
        (
            "{ credentials: { willsettopic: 'a/+' } }",
            &["TypeError INVALID_TOPIC: willsettopic", "without +"],
        ),
        (
            "{ credentials: { willsettopic: 'a', willsetqos: 3 } }",
            &[range_error, "willsetqos", "from 0 to 2; 3"],
        ),
        (
            "{ credentials: { mqttpassword: 'hush' } }",
            &[type_error, "mqttpassword", "mqttusername", "give both"],
        ),
        (
            "{ on_connect: 5 }",
            &[type_error, "on_connect must be a function; a number was given"],
        ),
        (
            "{ on_message: {} }",
            &[type_error, "on_message must be a function; an object was given"],
        ),
        (
            "{ autostart: 1 }",
            &[type_error, "autostart must be true or false; a number was given"],
        ),
        (
            "{ autostart: null }",
            &[type_error, "autostart must be true or false; null was given"],
        ),
    ];
    for (options, expected) in cases {
        match world.try_client(options) {
            Ok(_) => panic!("{options} was accepted"),
            Err(error) => says(&error, expected),
        }
    }
    assert_eq!(world.number("world.sockets.length"), 0.0);
}

#[wasm_bindgen_test]
fn a_password_is_in_no_error() {
    let world = World::new();
    for options in [
        "{ credentials: { mqttusername: 'u', mqttpassword: { secret: 'hush' } } }",
        "{ credentials: { mqttpassword: 'hush' } }",
        "{ credentials: { mqttserver: 'ws://me:hush@h' } }",
        "{ credentials: { mqttusername: 'u', mqttpassword: 'hush'.repeat(20000) } }",
    ] {
        let error = world.try_client(options).err().expect(options);
        assert!(!said(&error).contains("hush"), "{}", said(&error));
    }
}

#[wasm_bindgen_test]
async fn options_that_are_undefined_or_null_are_as_if_left_out() {
    let world = World::new();
    let source =
        "{ credentials: { mqttport: undefined, mqttclientid: null, mqttserver: 'h' }, on_connect: null,
        on_message: undefined, autostart: undefined, userdata: undefined }";
    let client = world.connected(source).await;
    assert_eq!(text(&world.js("world.socket"), "url"), "ws://h:1883/mqtt");
    assert_eq!(text(&world.js("world.socket"), "protocol"), "mqtt");
    assert_eq!(text(&world.js("world.socket"), "binaryType"), "arraybuffer");
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_bad_argument_is_a_rejection_that_names_it_and_nothing_is_sent() {
    let world = World::new();
    let client = world.connected("{}").await;
    let publish = |topic: &str, payload: &str, options: &str| {
        client.publish(&world.js(topic), &world.js(payload), &world.js(options))
    };
    let topic = "TypeError INVALID_TOPIC: ";
    let payload = "TypeError INVALID_PAYLOAD: a payload cannot be ";
    let option = "TypeError INVALID_OPTION: ";
    let range = "RangeError OUT_OF_RANGE: ";
    let cases: [((&str, &str, &str), &[&str]); 26] = [
        (("''", "1", "undefined"), &[topic, "topic \"\""]),
        (
            ("'a/+'", "1", "undefined"),
            &[topic, "\"a/+\"", "without +, # and U+0000"],
        ),
        (("'a/#'", "1", "undefined"), &[topic, "\"a/#\""]),
        (("'a\\0b'", "1", "undefined"), &[topic, "U+0000"]),
        (
            ("'x'.repeat(65536)", "1", "undefined"),
            &[range, "topic \"xxxx", "65,535 bytes"],
        ),
        (("'é'.repeat(32768)", "1", "undefined"), &[range, "65,535 bytes"]),
        (
            ("5", "1", "undefined"),
            &[topic, "a topic must be a string; a number was given"],
        ),
        (("null", "1", "undefined"), &[topic, "null was given"]),
        (("['a']", "1", "undefined"), &[topic, "an array was given"]),
        (
            ("'a'", "{}", "undefined"),
            &[payload, "an object", "JSON.stringify(it)"],
        ),
        (("'a'", "[1]", "undefined"), &[payload, "an array"]),
        (("'a'", "() => 1", "undefined"), &[payload, "a function"]),
        (("'a'", "Symbol('s')", "undefined"), &[payload, "a symbol"]),
        (("'a'", "1n", "undefined"), &[payload, "a bigint"]),
        (("'a'", "new Date()", "undefined"), &[payload, "an object"]),
        (
            ("'a'", "Promise.resolve('x')", "undefined"),
            &[payload, "an object"],
        ),
        (
            ("'a'", "'x'", "1"),
            &[option, "options must be an object; a number was given"],
        ),
        (("'a'", "'x'", "[]"), &[option, "an array was given"]),
        (
            ("'a'", "'x'", "{ qos: 3 }"),
            &[range, "options.qos must be 0, 1 or 2; 3 was given"],
        ),
        (
            ("'a'", "'x'", "{ qos: 1.5 }"),
            &[range, "options.qos", "1.5 was given"],
        ),
        (
            ("'a'", "'x'", "{ qos: -1 }"),
            &[range, "options.qos", "-1 was given"],
        ),
        (
            ("'a'", "'x'", "{ qos: '1' }"),
            &[option, "options.qos", "a string was given"],
        ),
        (
            ("'a'", "'x'", "{ qos: null }"),
            &[option, "options.qos", "null was given"],
        ),
        (
            ("'a'", "'x'", "{ retain: 1 }"),
            &[option, "options.retain must be true or false; a number"],
        ),
        (
            ("'a'", "'x'", "{ retian: true }"),
            &[option, "no key \"retian\"", "\"retain\"?"],
        ),
        (("'a'", "'x'", "{ properties: {} }"), &[option, "MQTT 5.0"]),
    ];
    for ((topic, payload, options), expected) in cases {
        says(&err(publish(topic, payload, options)).await, expected);
    }

    let batch = |item: &str| client.batch_publish(&"t".into(), &world.js(item), &UNDEFINED);
    let item = "TypeError INVALID_PAYLOAD: a batch item cannot be ";
    for (source, expected) in [
        ("new Uint8Array(2)", "bytes"),
        ("new ArrayBuffer(2)", "bytes"),
        ("new DataView(new ArrayBuffer(2))", "bytes"),
        ("undefined", "undefined"),
        ("() => 1", "a function"),
        ("Symbol('s')", "a symbol"),
        ("1n", "something JSON cannot say"),
        (
            "(() => { const a = {}; a.a = a; return a; })()",
            "something JSON cannot say",
        ),
        (
            "({ toJSON() { throw new Error('no') } })",
            "something JSON cannot say (no)",
        ),
    ] {
        says(&err(batch(source)).await, &[item, expected]);
    }

    let subscribe = |topic: &str, options: &str, handler: &str| {
        client.subscribe(&world.js(topic), &world.js(options), &world.js(handler))
    };
    let filter_cases: [((&str, &str, &str), &[&str]); 14] = [
        (("''", "undefined", "undefined"), &[topic, "topic filter \"\""]),
        (
            ("'a+'", "undefined", "undefined"),
            &[topic, "\"a+\"", "(a/+/b, a/#)"],
        ),
        (("'a/#/b'", "undefined", "undefined"), &[topic, "\"a/#/b\""]),
        (
            ("[]", "undefined", "undefined"),
            &[topic, "subscribe was given no topic filter"],
        ),
        (("{}", "undefined", "undefined"), &[topic, "no topic filter"]),
        (
            ("['a', 5]", "undefined", "undefined"),
            &[topic, "a number was given"],
        ),
        (
            ("5", "undefined", "undefined"),
            &[topic, "a topic filter must be", "a number was given"],
        ),
        (
            ("undefined", "undefined", "undefined"),
            &[topic, "undefined was given"],
        ),
        (
            ("{ a: 3 }", "undefined", "undefined"),
            &[range, "the QoS of \"a\" must be 0, 1 or 2; 3"],
        ),
        (
            ("'x'.repeat(65536)", "undefined", "undefined"),
            &[range, "topic filter"],
        ),
        (("'a'", "{ qos: 7 }", "undefined"), &[range, "options.qos"]),
        (
            ("'a'", "{ quality: 1 }", "undefined"),
            &[option, "no key \"quality\""],
        ),
        (
            ("'a'", "undefined", "5"),
            &[option, "handler must be a function; a number was given"],
        ),
        (
            ("'a'", "5", "undefined"),
            &[option, "options must be an object; a number was given"],
        ),
    ];
    for ((topic, options, handler), expected) in filter_cases {
        says(&err(subscribe(topic, options, handler)).await, expected);
    }
    says(&err(client.unsubscribe(&"a+".into())).await, &[topic, "\"a+\""]);
    says(
        &err(client.unsubscribe(&Array::new())).await,
        &[topic, "unsubscribe was given no topic filter"],
    );
    says(
        &err(client.qpublish(&"#".into(), &"x".into(), &UNDEFINED)).await,
        &[topic, "\"#\""],
    );

    assert_eq!(world.0.kinds(), "connect");
    world.ends(&client).await;
}

// ---- payloads

#[wasm_bindgen_test]
async fn payloads_arrive_as_what_they_were_at_the_time_of_the_call() {
    let world = World::new();
    let client = world.connected("{}").await;
    for (source, expected) in [
        ("'é€😀'", "195,169,226,130,172,240,159,152,128"),
        ("''", ""),
        ("'\\ud800'", "239,191,189"),
        ("'a\\0b'", "97,0,98"),
        ("new Uint8Array([1, 2, 3, 4]).subarray(1, 3)", "2,3"),
        ("new Uint16Array([258])", "2,1"),
        ("new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 2)", "3,4"),
        ("new Uint8Array([9, 8]).buffer", "9,8"),
        ("new Uint8ClampedArray([300])", "255"),
        ("1.5", "49,46,53"),
        ("-0", "48"),
        ("1e21", "49,101,43,50,49"),
        ("NaN", "78,97,78"),
        ("true", "116,114,117,101"),
        ("false", "102,97,108,115,101"),
        ("null", ""),
        ("undefined", ""),
    ] {
        ok(client.publish(&"t".into(), &world.js(source), &UNDEFINED)).await;
        let sent = show(&world.js("world.socket.packets.at(-1).payload"));
        assert_eq!(sent, expected, "{source}");
    }

    let bytes = Uint8Array::from(&[1, 2, 3][..]);
    let promises = [
        client.publish(&"now".into(), &bytes, &UNDEFINED),
        client.qpublish(&"queued".into(), &bytes, &UNDEFINED),
    ];
    let item = world.js("{ n: 1 }");
    let batched = client.batch_publish(&"batched".into(), &item, &UNDEFINED);
    bytes.fill(9, 0, 3);
    Reflect::set(&item, &"n".into(), &2.into()).unwrap();
    ok(client.flush()).await;
    for promise in promises.into_iter().chain([batched]) {
        ok(promise).await;
    }
    let sent = world.js("world.socket.packets.slice(-3).map((p) => `${p.topic} ${p.payload}`).sort().join()");
    assert_eq!(
        show(&sent),
        format!(
            "batched {},now 1,2,3,queued 1,2,3",
            "91,123,34,110,34,58,49,125,93"
        )
    );
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_batch_holds_any_json_value() {
    let world = World::new();
    let client = world.connected("{ credentials: { batchsize: 9 } }").await;
    let items = "['é', 1, -0.5, true, null, [1, [2]], { a: { b: 'c' } }, new Date(0), { toJSON: () => 7 }]";
    let promises: Vec<Promise> = world
        .js(items)
        .unchecked_into::<Array>()
        .iter()
        .map(|item| client.batch_publish(&"t".into(), &item, &UNDEFINED))
        .collect();
    for promise in promises {
        ok(promise).await;
    }
    let expected = r#"t=["é",1,-0.5,true,null,[1,[2]],{"a":{"b":"c"}},"1970-01-01T00:00:00.000Z",7]"#;
    assert_eq!(world.0.published(), expected);
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_received_message_says_everything_about_itself() {
    let world = World::new();
    let client = world
        .connected("{ on_message: (c, u, m) => { world.message = m; world.userdata = u }, userdata: 'mine' }")
        .await;
    world.js("world.socket.give(publish('a/é', [0, 255], { qos: 2, pid: 7, retain: true, dup: true }))");
    let shown = "(({ topic, payload, qos, retain, dup }) =>
        `${topic} ${payload.constructor.name} ${payload} ${qos} ${retain} ${dup}`)(world.message)";
    assert_eq!(show(&world.js(shown)), "a/é Uint8Array 0,255 2 true true");
    assert_eq!(show(&world.js("world.userdata")), "mine");
    assert_eq!(world.0.kinds(), "connect pubrec");
    // The user's own copy: it survives whatever the wasm does with its memory.
    world.js("world.socket.give(publish('b', 'x'.repeat(3_000_000)), publish('c', 'y'))");
    assert_eq!(world.number("world.message.payload.length"), 1.0);
    world.ends(&client).await;
}

// ---- callbacks

/// Calls of every method, as user code in a callback makes them.
const EVERY_METHOD: &str = "(client) => {
    const all = [
        client.publish('p', '1'), client.publish('p', '2', { qos: 1 }), client.publish('p', '3', { qos: 2 }),
        client.batch_publish('b', 1), client.qpublish('q', '1'), client.flush(),
        client.subscribe('s', { qos: 1 }), client.subscribe_topics(['s1', 's2']), client.unsubscribe('s'),
        client.start(), client.stats(), client.state, client.connected,
    ];
    client.on_error = client.on_error;
    world.calls = (world.calls ?? 0) + 1;
    return Promise.all(all).then(() => { world.fulfilled = (world.fulfilled ?? 0) + 1 });
}";

#[wasm_bindgen_test]
async fn every_method_may_be_called_from_every_callback() {
    let world = World::new();
    world.js(&format!("world.every = {EVERY_METHOD}"));
    let options = "{
        on_connect: (c) => world.every(c),
        on_message: (c) => world.every(c),
        on_error: (c) => world.every(c),
        on_disconnect: (c) => { world.every(c) },
        credentials: { maxmqttreconnectdelay: 0 } }";
    let client = world.connected(options).await;
    world.settle().await;
    assert_eq!(world.number("world.fulfilled"), 1.0);

    ok(client.subscribe(&"h".into(), &UNDEFINED, &world.js("(c) => world.every(c)"))).await;
    world.js("world.socket.give(publish('h'), publish('x', '', { qos: 1 }))");
    world.settle().await;
    assert_eq!(world.number("world.fulfilled"), 3.0);

    // Lost, and connected again; a QoS 1 message of each kind is on its way all the time.
    world.js("world.socket.end()");
    world.advance(1000).await;
    assert_eq!(client.state(), "connected");
    assert_eq!(world.number("world.calls"), 5.0);
    assert_eq!(world.number("world.fulfilled"), 5.0);

    // A callback that throws reaches on_error, which calls everything, too.
    client
        .set_on_message(&world.js("() => { throw new Error('x') }"))
        .unwrap();
    world.js("world.socket.give(publish('x'))");
    world.settle().await;
    assert_eq!(world.number("world.fulfilled"), 6.0);
    client.set_on_disconnect(&UNDEFINED).unwrap();
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn stop_from_each_callback_stops_and_start_from_on_disconnect_starts_again() {
    for callback in ["on_connect", "on_message", "on_error", "handler"] {
        let world = World::new();
        world.js("world.stop = (client) => { world.stopped = client.stop() }");
        let client = match callback {
            "handler" => world.client("{}"),
            name => world.client(&format!("{{ {name}: world.stop }}")),
        };
        world.settle().await;
        match callback {
            "handler" => {
                ok(client.subscribe(&"t".into(), &world.js("world.stop"), &UNDEFINED)).await;
                world.js("world.socket.give(publish('t'), publish('t'))");
            }
            "on_message" => drop(world.js("world.socket.give(publish('t'), publish('t'))")),
            "on_error" => drop(world.js("world.socket.end()")),
            _ => {}
        }
        if callback == "on_error" {
            // Without on_disconnect, on_error is told of the loss.
            world.settle().await;
        }
        ok(world.js("world.stopped").unchecked_into()).await;
        assert_eq!(client.state(), "stopped", "{callback}");
        world.is_empty().await;
    }

    let world = World::new();
    let client = world
        .logging(
            "on_disconnect: (c, u, rc) => { world.log.push(`disconnect ${rc}`); world.again ??= c.start() }",
        )
        .await;
    ok(client.stop()).await;
    ok(world.js("world.again").unchecked_into()).await;
    assert_eq!(client.state(), "connected");
    assert_eq!(world.log(), "connect false 0\ndisconnect 0\nconnect false 0");
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn callbacks_are_closures_that_can_be_replaced_and_taken_away() {
    let world = World::new();
    let client = world.connected("{}").await;
    assert!(client.on_message().is_none());
    let seen = Rc::new(RefCell::new(Vec::new()));
    let closures: Vec<Closure<dyn FnMut(JsValue, JsValue, JsValue)>> = (0..2)
        .map(|number| {
            let seen = seen.clone();
            Closure::new(move |client: JsValue, userdata: JsValue, message: JsValue| {
                let connected = text(&client, "connected");
                seen.borrow_mut().push(format!(
                    "{number} {connected} {} {}",
                    show(&userdata),
                    text(&message, "topic")
                ));
            })
        })
        .collect();
    for (closure, topic) in closures.iter().zip(["a", "b"]) {
        client.set_on_message(closure.as_ref()).unwrap();
        assert_eq!(
            client.on_message().as_ref(),
            closure.as_ref().dyn_ref::<Function>()
        );
        world.js(&format!("world.socket.give(publish('{topic}'))"));
    }
    client.set_on_message(&JsValue::NULL).unwrap();
    assert!(client.on_message().is_none());
    world.js("world.socket.give(publish('c'))");
    assert_eq!(*seen.borrow(), ["0 true undefined a", "1 true undefined b"]);

    type Setter = fn(&MqttCustom, &JsValue) -> Result<(), JsValue>;
    let setters: [(&str, Setter); 4] = [
        ("on_connect", MqttCustom::set_on_connect),
        ("on_disconnect", MqttCustom::set_on_disconnect),
        ("on_message", MqttCustom::set_on_message),
        ("on_error", MqttCustom::set_on_error),
    ];
    for (name, set) in setters {
        let error = set(&client, &5.into()).unwrap_err();
        says(
            &error,
            &[
                "TypeError INVALID_OPTION: ",
                name,
                "must be a function; a number was given",
            ],
        );
    }
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn what_a_callback_throws_is_told_to_on_error_and_disturbs_nothing() {
    let world = World::new();
    let client = world
        .logging(
            "on_connect() { throw new Error('from connect') },
             on_disconnect: async () => { throw new TypeError('from disconnect') },
             on_message(c, u, { topic }) { world.log.push(`message ${topic}`); throw 'from message' },
             credentials: { maxmqttreconnectdelay: 0 }",
        )
        .await;
    let handler = world.js("() => Promise.reject(undefined)");
    ok(client.subscribe(&"h".into(), &UNDEFINED, &handler)).await;
    world.js("world.socket.give([...publish('a'), ...publish('h'), ...publish('b')])");
    world.settle().await;
    world.js("world.socket.end()");
    world.settle().await;
    let expected = [
        "error CALLBACK_FAILED: on_connect threw: from connect; nothing else was disturbed, mend the callback",
        "message a",
        "error CALLBACK_FAILED: on_message threw: from message; nothing else was disturbed, mend the callback",
        "message b",
        "error CALLBACK_FAILED: on_message threw: from message; nothing else was disturbed, mend the callback",
        "error CALLBACK_FAILED: a message handler threw: ; nothing else was disturbed, mend the callback",
        "error CALLBACK_FAILED: on_disconnect threw: from disconnect; nothing else was disturbed, mend the callback",
    ];
    assert_eq!(world.log(), expected.join("\n"));
    world.advance(1000).await;
    assert_eq!(client.state(), "connected");
    client.set_on_disconnect(&UNDEFINED).unwrap();
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn the_cause_of_a_failed_callback_is_kept() {
    let world = World::new();
    let client = world
        .connected("{ on_connect() { throw world.thrown = new RangeError('deep') }, on_error: (c, u, e) => { world.error = e } }")
        .await;
    assert_eq!(world.js("world.error.cause === world.thrown"), JsValue::TRUE);
    assert_eq!(world.js("world.error instanceof Error"), JsValue::TRUE);
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn without_on_error_the_console_is_warned_once_per_kind_and_on_error_itself_may_throw() {
    let world = World::new();
    let client = world.connected("{ on_message() { throw new Error('a') } }").await;
    world.js("world.socket.give(publish('a'), publish('b'), publish('c'))");
    world.js("world.socket.end()");
    world.settle().await;
    let warnings: Vec<String> = world.0.warnings().iter().map(|w| show(&w)).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].contains("set on_error") && warnings[0].contains("on_message threw: a"),
        "{warnings:?}"
    );
    assert!(warnings[1].contains("was lost"), "{warnings:?}");

    client
        .set_on_error(&world.js("() => { throw new Error('again') }"))
        .unwrap();
    world.advance(2000).await;
    assert_eq!(client.state(), "connected");
    world.js("world.socket.give(publish('d'))");
    let last = show(&world.js("world.warnings.at(-1)"));
    assert!(
        last.contains("on_error itself threw") && last.contains("again"),
        "{last}"
    );
    assert_eq!(world.number("world.warnings.length"), 3.0);
    world.js("world.warnings.length = 0");
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn messages_go_to_handlers_by_filter_or_else_to_on_message() {
    let world = World::new();
    let client = world.logging("").await;
    let handler = |name: &str| world.js(&format!("(c, u, m) => world.log.push(`{name} ${{m.topic}}`)"));
    ok(client.subscribe(&"a/+".into(), &UNDEFINED, &handler("plus"))).await;
    ok(client.subscribe(&"a/b".into(), &handler("exact"), &UNDEFINED)).await;
    let map = world.js("{ 'm/1': 1, 'm/2': { qos: 2 } }");
    let granted = ok(client.subscribe(&map, &UNDEFINED, &handler("map"))).await;
    assert_eq!(show(&granted), "1,2");
    let list = world.js("['l/1', 'l/2']");
    let granted = ok(client.subscribe_topics(&list, &world.js("{ qos: 1 }"), &UNDEFINED)).await;
    assert_eq!(show(&granted), "1,1");
    world.js("world.log.length = 0");
    world.js(
        "world.socket.give([...publish('a/b'), ...publish('a/c'), ...publish('m/2'), ...publish('l/1')])",
    );
    assert_eq!(
        world.log(),
        "plus a/b\nexact a/b\nplus a/c\nmap m/2\nmessage l/1="
    );

    world.js("world.log.length = 0");
    ok(client.unsubscribe(&"a/+".into())).await;
    ok(client.subscribe(&"a/b".into(), &UNDEFINED, &UNDEFINED)).await;
    world.js("world.socket.give([...publish('a/b', '1'), ...publish('a/c', '2')])");
    assert_eq!(world.log(), "message a/b=1\nmessage a/c=2");
    world.ends(&client).await;
}

// ---- the hot path

#[wasm_bindgen_test]
async fn ten_thousand_publishes_of_one_turn_are_a_few_dozen_sends_in_order() {
    for options in ["undefined", "{ qos: 1 }"] {
        let world = World::new();
        let client = world.connected("{ credentials: { maxinflight: 65535 } }").await;
        let options = world.js(options);
        let before = world.number("world.socket.frames.length");
        let topic = JsValue::from("loop/topic");
        let last = (0..10_000)
            .map(|n| client.publish(&topic, &n.into(), &options))
            .last()
            .unwrap();
        ok(last).await;
        let sends = world.number("world.socket.frames.length") - before;
        assert!(sends < 100.0, "{sends} sends");
        let in_order = "world.socket.packets.filter((p) => p.kind === 'publish')
            .every((p, i, all) => all.length === 10_000 && text(p.payload) === String(i))";
        assert_eq!(world.js(in_order), JsValue::TRUE);
        world.ends(&client).await;
    }
}

#[wasm_bindgen_test]
async fn one_turn_is_one_send_whatever_is_called_in_it() {
    let world = World::new();
    let client = world.connected("{}").await;
    let before = world.number("world.socket.frames.length");
    let all = [
        client.publish(&"a".into(), &"1".into(), &UNDEFINED),
        client.subscribe(&"a".into(), &UNDEFINED, &UNDEFINED),
        client.publish(&"b".into(), &"2".into(), &world.js("{ qos: 1 }")),
        client.qpublish(&"c".into(), &"3".into(), &UNDEFINED),
        client.flush(),
        client.publish(&"d".into(), &"4".into(), &world.js("{ qos: 2 }")),
    ];
    assert_eq!(world.number("world.socket.frames.length"), before);
    world.js("queueMicrotask(() => { world.soon = world.socket.frames.length })");
    for promise in all {
        ok(promise).await;
    }
    assert_eq!(world.number("world.soon"), before + 1.0);
    world.settle().await;
    let expected = "connect publish subscribe publish publish publish pubrel";
    assert_eq!(world.0.kinds(), expected);
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn acknowledgements_of_a_chunk_leave_in_one_send() {
    let world = World::new();
    let client = world.connected("{}").await;
    let before = world.number("world.socket.frames.length");
    world.js(
        "world.socket.give(Array.from({ length: 500 }, (_, i) => [...publish('t', 'x', { qos: 1, pid: i + 1 })]).flat())",
    );
    world.settle().await;
    assert_eq!(world.number("world.socket.frames.length"), before + 1.0);
    assert_eq!(
        world.number("world.socket.packets.filter((p) => p.kind === 'puback').length"),
        500.0
    );
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_socket_that_has_enough_is_given_no_more_until_it_has_room() {
    let world = World::new();
    let client = world.connected("{}").await;
    world.js("world.socket.bufferedAmount = 8 << 20");
    let ended = Rc::new(Cell::new(0));
    for n in 0..100 {
        let promise = client.publish(&"t".into(), &n.into(), &UNDEFINED);
        let ended = ended.clone();
        wasm_bindgen_futures::spawn_local(async move {
            ok(promise).await;
            ended.set(ended.get() + 1);
        });
        world.settle().await;
    }
    world.advance(500).await;
    let sent = world.number("world.socket.packets.length");
    assert!(
        sent <= 2.0,
        "{sent} packets were given to a socket that has enough"
    );
    // The first of them was encoded before the socket was asked.
    assert_eq!(text(&client.stats(), "queued"), "99");
    world.js("world.socket.bufferedAmount = 0");
    world.advance(10).await;
    assert_eq!(ended.get(), 100);
    assert_eq!(world.number("world.socket.packets.length"), 101.0);

    // The same for a socket that says itself when it has room.
    world.js("world.socket.bufferedAmount = 8 << 20");
    let _ = client.publish(&"t".into(), &"a".into(), &UNDEFINED);
    world.settle().await;
    let waits = client.publish(&"t".into(), &"b".into(), &UNDEFINED);
    world.settle().await;
    world.js("world.socket.bufferedAmount = 0");
    world.js("world.socket.ondrain({})");
    ok(waits).await;
    world.ends(&client).await;
}

// ---- batches and the queue

#[wasm_bindgen_test]
async fn five_batched_items_are_one_message_and_five_queued_ones_are_five() {
    let world = World::new();
    let client = world.connected("{}").await;
    let batched: Vec<Promise> = (0..5)
        .map(|_| client.batch_publish(&"b".into(), &"payload".into(), &UNDEFINED))
        .collect();
    let queued: Vec<Promise> = (0..5)
        .map(|n| client.qpublish(&format!("q/{n}").into(), &n.into(), &UNDEFINED))
        .collect();
    for promise in batched.into_iter().chain(queued) {
        ok(promise).await;
    }
    let expected =
        "b=[\"payload\",\"payload\",\"payload\",\"payload\",\"payload\"]\nq/0=0\nq/1=1\nq/2=2\nq/3=3\nq/4=4";
    assert_eq!(world.0.published(), expected);
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn fewer_items_leave_after_publishinterval_counted_from_the_first() {
    let world = World::new();
    let client = world.connected("{ credentials: { publishinterval: 1.5 } }").await;
    let _ = client.batch_publish(&"b".into(), &1.into(), &UNDEFINED);
    let _ = client.qpublish(&"q".into(), &1.into(), &UNDEFINED);
    world.advance(1000).await;
    let batched = client.batch_publish(&"b".into(), &2.into(), &UNDEFINED);
    let queued = client.qpublish(&"q".into(), &2.into(), &UNDEFINED);
    world.advance(499).await;
    assert_eq!(world.0.published(), "");
    world.advance(1).await;
    assert_eq!(world.0.published(), "b=[1,2]\nq=1\nq=2");
    ok(batched).await;
    ok(queued).await;
    // The next ones have an interval of their own.
    let _ = client.batch_publish(&"b".into(), &3.into(), &UNDEFINED);
    world.advance(1499).await;
    assert!(!world.0.published().contains('3'));
    world.advance(1).await;
    assert!(world.0.published().ends_with("b=[3]"));
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn flush_and_stop_send_what_is_pending_by_topic_and_qos_and_retain() {
    let world = World::new();
    let client = world.connected("{}").await;
    for (topic, options) in [
        ("a", "{}"),
        ("b", "{}"),
        ("a", "{ qos: 1 }"),
        ("a", "{ retain: true }"),
        ("a", "{ qos: 0, retain: false }"),
    ] {
        let _ = client.batch_publish(&topic.into(), &1.into(), &world.js(options));
    }
    let _ = client.qpublish(&"q".into(), &1.into(), &UNDEFINED);
    assert_eq!(text(&client.stats(), "queued"), "6");
    ok(client.flush()).await;
    assert_eq!(world.0.published(), "a=[1,1]\nb=[1]\na=[1]\na=[1]\nq=1");
    let flags =
        "world.socket.packets.filter((p) => p.topic === 'a').map((p) => `${p.qos}${p.retain}`).join()";
    assert_eq!(show(&world.js(flags)), "0false,1false,0true");

    let batched = client.batch_publish(&"last".into(), &2.into(), &world.js("{ qos: 2 }"));
    let queued = client.qpublish(&"last".into(), &3.into(), &UNDEFINED);
    ok(client.stop()).await;
    ok(batched).await;
    ok(queued).await;
    assert!(
        world.0.published().ends_with("last=[2]\nlast=3"),
        "{}",
        world.0.published()
    );
    assert!(world.0.kinds().ends_with("disconnect"), "{}", world.0.kinds());
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn flush_ends_when_what_was_pending_is_acknowledged() {
    let world = World::new();
    let client = world.connected("{}").await;
    world.js("world.answer = (p, bytes) => (p.kind === 'publish' ? undefined : bytes)");
    let _ = client.publish(&"a".into(), &"1".into(), &world.js("{ qos: 1 }"));
    let flushed = Rc::new(Cell::new(false));
    let (flag, promise) = (flushed.clone(), client.flush());
    wasm_bindgen_futures::spawn_local(async move {
        ok(promise).await;
        flag.set(true);
    });
    let _ = client.publish(&"later".into(), &"2".into(), &world.js("{ qos: 1 }"));
    world.settle().await;
    assert!(!flushed.get());
    world.js("world.socket.give(packet(0x40, u16(world.socket.packets.at(-2).pid)))");
    world.settle().await;
    assert!(flushed.get());
    world.js("world.socket.give(packet(0x40, u16(world.socket.packets.at(-1).pid)))");
    world.ends(&client).await;
}

// ---- stop

/// One call of each kind, and whether its promise ended as it should.
fn one_of_each(world: &World, client: &MqttCustom) -> Vec<(&'static str, Promise)> {
    let (t, one) = (JsValue::from("t"), JsValue::from(1));
    vec![
        ("start", client.start()),
        ("publish 0", client.publish(&t, &one, &UNDEFINED)),
        ("publish 1", client.publish(&t, &one, &world.js("{ qos: 1 }"))),
        ("publish 2", client.publish(&t, &one, &world.js("{ qos: 2 }"))),
        ("batch", client.batch_publish(&t, &one, &UNDEFINED)),
        ("queue", client.qpublish(&t, &one, &UNDEFINED)),
        (
            "subscribe",
            client.subscribe(&t, &UNDEFINED, &world.js("() => {}")),
        ),
        ("unsubscribe", client.unsubscribe(&t)),
    ]
}

#[wasm_bindgen_test]
async fn stop_settles_every_promise_with_what_became_of_it() {
    // An honest broker: everything is done first.
    let world = World::new();
    let client = world.client("{}");
    let all = one_of_each(&world, &client);
    let flush = client.flush();
    let stops = [client.stop(), client.stop()];
    for promise in all
        .into_iter()
        .map(|(_, promise)| promise)
        .chain([flush])
        .chain(stops)
    {
        ok(promise).await;
    }
    world.ends(&client).await;

    // A broker that answers nothing but the CONNECT, one that answers nothing at all, one that never
    // accepts, one that cannot be reached: STOPPED, within stoptimeout.
    for lie in [
        "world.answer = (p, bytes) => (p.kind === 'connect' ? bytes : undefined)",
        "world.answer = () => undefined",
        "world.opens = false",
        "world.opens = world.closes = false",
        "world.refuses = new Error('no network')",
    ] {
        let world = World::new();
        world.js(lie);
        let client = world.client("{ on_error() {}, credentials: { stoptimeout: 2 } }");
        let all = one_of_each(&world, &client);
        world.settle().await;
        let (flush, stop) = (client.flush(), client.stop());
        world.advance(2000).await;
        world.advance(1000).await;
        ok(stop).await;
        ok(flush).await;
        for (name, promise) in all {
            let online = lie.contains("p.kind");
            if online && matches!(name, "start" | "publish 0" | "batch" | "queue") {
                ok(promise).await;
                continue;
            }
            let error = err(promise).await;
            let code = text(&error, "code");
            // The attempt that fails while stop() waits for it says why.
            let refused = code == "CONNECTION_REFUSED" && lie.contains("refuses");
            assert!(code == "STOPPED" || refused, "{lie}: {name}: {code}");
        }
        world.ends(&client).await;
    }
}

#[wasm_bindgen_test]
async fn calls_after_stop_are_refused_and_start_makes_them_work_again() {
    let world = World::new();
    let client = world.connected("{}").await;
    ok(client.stop()).await;
    ok(client.stop()).await;
    let refused = [
        client.publish(&"t".into(), &1.into(), &UNDEFINED),
        client.publish(&"t".into(), &1.into(), &world.js("{ qos: 1 }")),
        client.batch_publish(&"t".into(), &1.into(), &UNDEFINED),
        client.qpublish(&"t".into(), &1.into(), &UNDEFINED),
        client.subscribe(&"t".into(), &UNDEFINED, &UNDEFINED),
        client.unsubscribe(&"t".into()),
    ];
    for promise in refused {
        says(
            &err(promise).await,
            &["MqttError STOPPED: ", "call start() and repeat it"],
        );
    }
    ok(client.flush()).await;
    assert!(!client.connected());

    ok(client.start()).await;
    ok(client.publish(&"t".into(), &"again".into(), &world.js("{ qos: 1 }"))).await;
    assert!(client.connected());
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_client_that_was_never_started_connects_nowhere_and_stops_at_once() {
    let world = World::new();
    let client = world.client("{ autostart: false }");
    assert_eq!(client.state(), "idle");
    let waits = client.publish(&"t".into(), &"x".into(), &UNDEFINED);
    world.settle().await;
    assert_eq!(world.number("world.sockets.length"), 0.0);
    ok(client.stop()).await;
    says(&err(waits).await, &["STOPPED"]);
    world.is_empty().await;

    let world = World::new();
    let client = world.client("{ autostart: false }");
    let waits = client.publish(&"t".into(), &"x".into(), &UNDEFINED);
    ok(client.start()).await;
    ok(waits).await;
    assert_eq!(world.0.published(), "t=x");
    world.ends(&client).await;
}

// ---- the life of a connection

#[wasm_bindgen_test]
async fn states_and_callbacks_follow_the_connection() {
    let world = World::new();
    world.js("world.opens = false");
    let client = world.client(&format!("{{ {LOGGING} }}"));
    assert_eq!(
        (client.state().as_str(), client.connected()),
        ("connecting", false)
    );
    world.settle().await;
    world.js("world.socket.open()");
    world.settle().await;
    assert_eq!((client.state().as_str(), client.connected()), ("connected", true));
    world.js("world.socket.fail('cable cut')");
    assert_eq!(
        (client.state().as_str(), client.connected()),
        ("reconnecting", false)
    );
    world.advance(1000).await;
    assert_eq!(client.state(), "reconnecting");
    world.js("world.opens = true");
    world.js("world.socket.open()");
    world.settle().await;
    assert_eq!(client.state(), "connected");
    ok(client.stop()).await;
    assert_eq!(client.state(), "stopped");
    assert_eq!(
        world.log(),
        "connect false 0\ndisconnect 7 CONNECTION_LOST\nconnect false 0\ndisconnect 0 undefined"
    );
    world.is_empty().await;
}

#[wasm_bindgen_test]
async fn a_socket_that_cannot_be_made_is_an_error_and_is_tried_again() {
    let world = World::new();
    world.js("world.refuses = new SyntaxError('bad URL')");
    let client = world.client(&format!(
        "{{ {LOGGING}, credentials: {{ mqttserver: 'broker' }} }}"
    ));
    let error = err(client.start()).await;
    says(
        &error,
        &[
            "MqttError CONNECTION_REFUSED: ",
            "cannot connect to ws://broker:1883/mqtt: bad URL",
            "check mqttserver",
        ],
    );
    assert_eq!(world.log(), "", "a promise has carried it");
    assert_eq!(client.state(), "reconnecting");
    world.advance(20_000).await;
    assert!(
        world.log().contains("error CONNECTION_REFUSED: cannot connect"),
        "{}",
        world.log()
    );
    world.js("world.refuses = undefined");
    world.advance(60_000).await;
    assert_eq!(client.state(), "connected");
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn without_any_websocket_in_the_host_the_error_says_so() {
    let world = World::new();
    let client = MqttCustom::new(&world.js("{ on_error() {} }"), &UNDEFINED).unwrap();
    if Reflect::has(&js_sys::global(), &"WebSocket".into()).unwrap() {
        // A newer Node: nothing listens on this port, and that is an error, too.
        let _ = client.start();
    } else {
        let error = err(client.start()).await;
        says(
            &error,
            &[
                "CONNECTION_REFUSED",
                "ws://localhost:1883/mqtt",
                "WebSocket is not defined",
            ],
        );
    }
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_broker_that_refuses_is_told_by_on_connect_and_by_start() {
    for (rc, code, sentence) in [
        (1, "CONNECTION_REFUSED", "does not speak MQTT 3.1.1"),
        (2, "CONNECTION_REFUSED", "set another mqttclientid"),
        (3, "CONNECTION_REFUSED", "not available"),
        (4, "NOT_AUTHORIZED", "check mqttusername and mqttpassword"),
        (5, "NOT_AUTHORIZED", "access rules"),
    ] {
        let world = World::new();
        world.js(&format!("world.answer = () => connack({rc})"));
        let client = world.client(&format!("{{ {LOGGING} }}"));
        let error = err(client.start()).await;
        says(&error, &["MqttError", code, sentence]);
        assert_eq!(text(&error, "reasonCode"), rc.to_string());
        world.settle().await;
        assert_eq!(world.log(), format!("connect false {rc}"));
        assert_eq!(client.state(), "reconnecting");
        assert_eq!(world.number("world.socket.closes"), 1.0);
        world.ends(&client).await;
    }
}

#[wasm_bindgen_test]
async fn a_broker_that_lies_is_left_and_tried_again() {
    // Said in the place of CONNACK.
    for lie in [
        "[0xff, 0xff, 0xff, 0xff, 0xff]",
        "utf8('HTTP/1.1 400 Bad Request')",
        "publish('t')",
        "packet(0xd0)",
        "connack(9)",
        "connack(0, 1)",
        "packet(0x20, 0)",
        "packet(0x21, 0, 0)",
    ] {
        let world = World::new();
        world.js(&format!("world.answer = () => {lie}"));
        let client = world.client("{ on_error() {} }");
        let error = err(client.start()).await;
        says(
            &error,
            &[
                "PROTOCOL_ERROR",
                "ws://localhost:1883/mqtt sent what MQTT does not allow",
                "check that",
            ],
        );
        assert_eq!(world.number("world.socket.closes"), 1.0, "{lie}");
        world.ends(&client).await;
    }
    // Said later.
    for lie in [
        "connack()",
        "packet(0x40, u16(7))",
        "packet(0x90, u16(7), 0)",
        "packet(0x00)",
        "packet(0xf0)",
        "packet(0x36, string('t'), u16(1))",
        "publish('a/+')",
        "packet(0x30, u16(9), 'a')",
        "packet(0x32, string('t'), u16(0))",
        "packet(0x10)",
    ] {
        let world = World::new();
        let client = world.logging("").await;
        world.js(&format!(
            "world.socket.give([...publish('good'), ...{lie}, ...publish('bad')])"
        ));
        world.settle().await;
        assert_eq!(
            world.log(),
            "connect false 0\nmessage good=\ndisconnect 2 PROTOCOL_ERROR",
            "{lie}"
        );
        assert_eq!(world.number("world.socket.closes"), 1.0, "{lie}");
        world.advance(1000).await;
        assert_eq!(client.state(), "connected", "{lie}");
        client.set_on_disconnect(&UNDEFINED).unwrap();
        world.ends(&client).await;
    }
}

#[wasm_bindgen_test]
async fn a_text_frame_ends_the_connection_and_the_socket_is_closed() {
    let world = World::new();
    let client = world.logging("").await;
    world.js("world.socket.give('hello')");
    world.settle().await;
    assert_eq!(
        world.number("world.sockets[0].closes"),
        1.0,
        "the socket was left open"
    );
    let log = world.log();
    assert!(log.starts_with("connect false 0\ndisconnect "), "{log}");
    world.advance(1000).await;
    assert_eq!(client.state(), "connected");
    assert_eq!(world.number("world.sockets.length"), 2.0);
    world.ends(&client).await;

    let world = World::new();
    world.js("world.answer = () => 'hello'");
    let client = world.client("{ on_error() {} }");
    says(&err(client.start()).await, &["text frame", "binary frames"]);
    world.settle().await;
    assert_eq!(
        world.number("world.sockets[0].closes"),
        1.0,
        "the socket was left open"
    );
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_broker_that_says_nothing_is_given_up_in_time() {
    // No open, then no CONNACK.
    for (lie, says_what) in [
        (
            "world.opens = false",
            "did not accept a connection in 2 s (connecttimeout)",
        ),
        (
            "world.answer = () => undefined",
            "did not answer CONNECT in 2 s (connecttimeout)",
        ),
    ] {
        let world = World::new();
        world.js(lie);
        let client = world.client("{ on_error() {}, credentials: { connecttimeout: 2 } }");
        let started = client.start();
        world.advance(3000).await;
        says(&err(started).await, &["TIMEOUT", says_what]);
        assert_eq!(world.number("world.sockets[0].closes"), 1.0);
        world.ends(&client).await;
    }
    // Silence later on: a ping, and the end when nothing answers it.
    let world = World::new();
    let client = world.logging("credentials: { mqttkeepalive: 10 }").await;
    world.advance(60_000).await;
    assert!(world.number("world.socket.packets.filter((p) => p.kind === 'pingreq').length") >= 6.0);
    assert_eq!(world.log(), "connect false 0");
    world.js("world.answer = () => undefined");
    world.advance(25_000).await;
    assert!(
        world.log().contains("disconnect 16 CONNECTION_LOST"),
        "{}",
        world.log()
    );
    world.js("world.answer = (p, bytes) => bytes");
    world.ends(&client).await;

    let world = World::new();
    let client = world.connected("{ credentials: { mqttkeepalive: 0 } }").await;
    world.advance(1_000_000).await;
    assert_eq!(world.0.kinds(), "connect");
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn bytes_may_come_cut_and_joined_anywhere() {
    let stream = "[...publish('a', 'one'), ...publish('é', '', { qos: 1, pid: 5 }), ...packet(0xd0),
        ...publish('big', 'x'.repeat(300)), ...publish('b', 'two')]";
    let expected = format!(
        "connect false 0\nmessage a=one\nmessage é=\nmessage big={}\nmessage b=two",
        "x".repeat(300)
    );
    for size in [1, 2, 3, 7, 64, 1000] {
        let world = World::new();
        let client = world.logging("").await;
        world.0.run(&format!(
            "const all = {stream};
            for (let i = 0; i < all.length; i += {size}) world.socket.give(all.slice(i, i + {size}));"
        ));
        world.settle().await;
        assert_eq!(world.log(), expected, "{size} bytes at a time");
        client.set_on_disconnect(&UNDEFINED).unwrap();
        world.ends(&client).await;
    }
}

#[wasm_bindgen_test]
async fn late_events_of_an_old_socket_are_ignored() {
    let world = World::new();
    world.js("world.closes = false");
    let client = world.logging("").await;
    let old = "world.sockets[0]";
    world.js("world.socket.give(packet(0x00))");
    world.settle().await;
    let log = world.log();
    assert!(log.ends_with("disconnect 2 PROTOCOL_ERROR"), "{log}");
    // It is closing, and still speaks.
    for event in [
        "give(connack())",
        "give(publish('late'))",
        "give('text')",
        "onerror?.({ message: 'late' })",
    ] {
        world.js(&format!("{old}.{event}"));
    }
    world.settle().await;
    assert_eq!(world.log(), log);
    assert_eq!(client.state(), "reconnecting");
    world.advance(1000).await;
    assert_eq!(client.state(), "connected");
    let log = world.log();
    for event in ["give(publish('late'))", "give('text')", "open()", "end('late')"] {
        world.js(&format!("{old}.{event}"));
    }
    world.settle().await;
    assert_eq!(world.log(), log);
    assert_eq!(client.state(), "connected");
    world.js("world.closes = true");
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_lost_connection_comes_back_with_subscriptions_and_unacknowledged_messages() {
    let world = World::new();
    let client = world.logging("").await;
    ok(client.subscribe(&world.js("{ a: 1, 'b/#': 2 }"), &UNDEFINED, &UNDEFINED)).await;
    world.js("world.answer = (p, bytes) => (p.kind === 'publish' ? undefined : bytes)");
    let first = client.publish(&"t".into(), &"first".into(), &world.js("{ qos: 1 }"));
    world.settle().await;
    world.js("world.socket.end()");
    let second = client.publish(&"t".into(), &"second".into(), &world.js("{ qos: 2 }"));
    let third = client.publish(&"t".into(), &"third".into(), &UNDEFINED);
    world.js("world.answer = (p, bytes) => bytes");
    world.advance(1000).await;
    for promise in [first, second, third] {
        ok(promise).await;
    }
    assert_eq!(world.0.published(), "t=first\nt=first\nt=second\nt=third");
    let filters = "world.socket.packets.filter((p) => p.kind === 'subscribe')
        .flatMap((p) => p.filters.map((f) => f.filter + f.qos)).join()";
    assert_eq!(show(&world.js(filters)), "a1,b/#2");
    let ids = "new Set(world.sockets.map((s) => s.packets[0].clientId)).size";
    assert_eq!(world.number(ids), 1.0, "the client id stays");
    assert_eq!(text(&client.stats(), "reconnects"), "1");
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn the_delay_between_attempts_grows_up_to_its_bound() {
    let world = World::new();
    world.js("world.refuses = new Error('down')");
    world.0.run(
        "const { connect } = world;
        world.connect = (...all) => { world.log.push(world.now); return connect(...all); };",
    );
    let client = world.client("{ on_error() {}, credentials: { maxmqttreconnectdelay: 4 } }");
    world.advance(100_000).await;
    let at: Vec<f64> = world.0.log().iter().filter_map(|at| at.as_f64()).collect();
    let gaps: Vec<f64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[0] <= 1000.0, "{gaps:?}");
    assert!(gaps.iter().all(|gap| *gap <= 4000.0), "{gaps:?}");
    assert!(gaps.iter().any(|gap| *gap > 1000.0), "{gaps:?}");
    assert!((25..200).contains(&gaps.len()), "{} attempts", gaps.len());
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn stats_count_what_happened() {
    let world = World::new();
    let client = world.connected("{ credentials: { maxinflight: 2 } }").await;
    world.js("world.answer = (p, bytes) => (p.kind === 'publish' ? undefined : bytes)");
    for n in 0..3 {
        let _ = client.publish(&"t".into(), &n.into(), &world.js("{ qos: 1 }"));
    }
    let _ = client.publish(&"t".into(), &"0".into(), &UNDEFINED);
    let _ = client.qpublish(&"t".into(), &"q".into(), &UNDEFINED);
    world.js("world.socket.give(publish('in', 'abc'))");
    world.settle().await;
    let stats = client.stats();
    let keys = "sent received inFlight queued dropped reconnects bytesSent bytesReceived";
    let shown: Vec<String> = keys.split(' ').map(|key| text(&stats, key)).collect();
    let sent = show(&world.js("world.socket.frames.reduce((sum, frame) => sum + frame.length, 0)"));
    let received = show(&world.js("connack().length + publish('in', 'abc').length"));
    assert_eq!(shown, ["2", "1", "2", "3", "0", "0", &sent, &received]);

    assert_eq!(js_sys::Object::keys(&stats).length(), 8);
    world.js("world.answer = (p, bytes) => bytes");
    world.0.run(
        "const unanswered = world.socket.packets.filter((p) => p.kind === 'publish' && p.qos === 1);
        for (const { pid } of unanswered) world.socket.give(packet(0x40, u16(pid)));",
    );
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn what_waits_is_bounded() {
    let world = World::new();
    world.js("world.opens = false");
    let client = world.client("{ credentials: { offlinesize: 3, offlinebytes: 100, stoptimeout: 0 } }");
    for _ in 0..3 {
        let _ = client.publish(&"t".into(), &"x".into(), &UNDEFINED);
    }
    let publish = client.publish(&"t".into(), &"x".into(), &UNDEFINED);
    says(
        &err(publish).await,
        &["MqttError QUEUE_FULL: ", "offlinesize 3", "raise the bound"],
    );
    let queue = client.qpublish(&"t".into(), &"x".into(), &UNDEFINED);
    says(&err(queue).await, &["QUEUE_FULL"]);
    let batch = client.batch_publish(&"t".into(), &"x".into(), &UNDEFINED);
    says(&err(batch).await, &["QUEUE_FULL"]);
    world.ends(&client).await;

    let world = World::new();
    world.js("world.opens = false");
    let client = world.client("{ credentials: { offlinebytes: 100, stoptimeout: 0 } }");
    let payload = world.js("'x'.repeat(101)");
    says(
        &err(client.publish(&"t".into(), &payload, &UNDEFINED)).await,
        &["QUEUE_FULL", "offlinebytes 100"],
    );
    world.ends(&client).await;
}

// ---- one-shot

#[wasm_bindgen_test]
async fn one_shot_without_a_client_connects_publishes_and_leaves_nothing() {
    for qos in 0..3 {
        let world = World::new();
        let hooks = world.js("{ connect: world.connect }");
        let options = world.js(&format!(
            "{{ hostname: 'h', port: 9001, qos: {qos}, retain: true, mqttusername: 'u', mqttpassword: 'p' }}"
        ));
        ok(publish_high_priority(
            &"t".into(),
            &"now".into(),
            &options,
            &hooks,
        ))
        .await;
        assert_eq!(text(&world.js("world.socket"), "url"), "ws://h:9001/mqtt");
        assert_eq!(world.0.published(), "t=now");
        assert_eq!(world.js("world.socket.packets[1].retain"), JsValue::TRUE);
        assert!(world.0.kinds().ends_with("disconnect"));
        world.is_empty().await;
    }
}

#[wasm_bindgen_test]
async fn one_shot_on_a_client_takes_its_credentials_but_not_its_identity() {
    let world = World::new();
    let client = world
        .connected(
            "{ credentials: { mqttclientid: 'me', mqttserver: 'ws://h:9001/x', mqttusername: 'u', mqttpassword: 'p',
                willsettopic: 'will', mqttcleansession: false } }",
        )
        .await;
    ok(client.publish_high_priority(&"t".into(), &"now".into(), &UNDEFINED)).await;
    assert_eq!(world.number("world.sockets.length"), 2.0);
    assert_eq!(
        show(&world.js("world.sockets.map((s) => s.url).join()")),
        "ws://h:9001/x,ws://h:9001/x"
    );
    let flags = world.number("world.socket.packets[0].body[7]");
    assert_eq!(
        flags,
        f64::from(0b1100_0010),
        "user name, password, clean session and no will"
    );
    assert_ne!(show(&world.js("world.socket.packets[0].clientId")), "me");
    assert_eq!(client.state(), "connected");
    ok(client.publish_high_priority(
        &"t".into(),
        &"there".into(),
        &world.js("{ hostname: 'ws://other:1/y' }"),
    ))
    .await;
    assert_eq!(text(&world.js("world.socket"), "url"), "ws://other:1/y");
    ok(client.stop()).await;
    // It needs no connection of the client's own.
    ok(client.publish_high_priority(&"t".into(), &"late".into(), &UNDEFINED)).await;
    assert_eq!(world.0.published(), "t=now\nt=there\nt=late");
    world.is_empty().await;
}

#[wasm_bindgen_test]
async fn one_shot_that_fails_says_why_once_and_leaves_nothing() {
    let shoot = |world: &World, topic: &str, payload: &str, options: &str| {
        publish_high_priority(
            &topic.into(),
            &world.js(payload),
            &world.js(options),
            &world.js("{ connect: world.connect }"),
        )
    };
    let world = World::new();
    for (topic, payload, options, expected) in [
        ("a/#", "1", "undefined", "INVALID_TOPIC: topic \"a/#\""),
        (
            "a",
            "{}",
            "undefined",
            "INVALID_PAYLOAD: a payload cannot be an object",
        ),
        ("a", "1", "{ port: 0 }", "OUT_OF_RANGE: credentials.mqttport"),
        ("a", "1", "{ qos: 3 }", "OUT_OF_RANGE: options.qos"),
        ("a", "1", "{ hostnam: 'h' }", "INVALID_OPTION: "),
        ("a", "1", "5", "INVALID_OPTION: options must be an object"),
    ] {
        says(&err(shoot(&world, topic, payload, options)).await, &[expected]);
    }
    assert_eq!(world.number("world.sockets.length"), 0.0);
    world.is_empty().await;

    for (lie, expected) in [
        (
            "world.refuses = new Error('no network')",
            "CONNECTION_REFUSED: cannot connect",
        ),
        ("world.answer = () => connack(5)", "NOT_AUTHORIZED"),
        ("world.answer = () => [0]", "PROTOCOL_ERROR"),
        (
            "world.answer = (p, b, socket) => (p.kind === 'publish' ? queueMicrotask(() => socket.end()) : b)",
            "CONNECTION_LOST",
        ),
        (
            "world.answer = (p, b, socket) => queueMicrotask(() => socket.end())",
            "CONNECTION_REFUSED",
        ),
    ] {
        let world = World::new();
        world.js(lie);
        says(&err(shoot(&world, "t", "1", "{ qos: 1 }")).await, &[expected]);
        assert_eq!(
            world.number("world.sockets.length") as u32,
            u32::from(!lie.contains("refuses")),
            "{lie}"
        );
        world.is_empty().await;
    }

    let world = World::new();
    world.js("world.opens = world.closes = false");
    let shot = shoot(&world, "t", "1", "{ connecttimeout: 1 }");
    world.advance(5000).await;
    says(&err(shot).await, &["TIMEOUT", "(connecttimeout)"]);
    world.js("world.sockets.forEach((s) => { s.readyState = 3 })");
    world.is_empty().await;
}

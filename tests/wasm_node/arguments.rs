//! Arguments of the methods: what is wrong is refused by name, and nothing is sent.

use super::*;

/// Three arguments as JavaScript source.
type Call = (&'static str, &'static str, &'static str);

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
    let cases: [(Call, &[&str]); 26] = [
        (("''", "1", "undefined"), &[topic, "topic \"\""]),
        (
            ("'a/+'", "1", "undefined"),
            &[topic, "\"a/+\"", "without +, # and control characters"],
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
        (
            ("'a'", "'x'", "{ properties: { contentType: 't' } }"),
            &[option, "MQTT 5.0"],
        ),
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
    let filter_cases: [(Call, &[&str]); 14] = [
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
    says(
        &err(client.unsubscribe(&"a+".into(), &JsValue::UNDEFINED)).await,
        &[topic, "\"a+\""],
    );
    says(
        &err(client.unsubscribe(&Array::new(), &JsValue::UNDEFINED)).await,
        &[topic, "unsubscribe was given no topic filter"],
    );
    says(
        &err(client.qpublish(&"#".into(), &"x".into(), &UNDEFINED)).await,
        &[topic, "\"#\""],
    );

    assert_eq!(world.0.kinds(), "connect");
    world.ends(&client).await;
}

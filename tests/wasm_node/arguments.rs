//! Options and arguments: what is wrong is refused by name, and nothing is sent.

use super::*;

/// Three arguments as JavaScript source.
type Call = (&'static str, &'static str, &'static str);

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
            &[
                range_error,
                "mqttversion must be 4 (MQTT 3.1.1), 5 or \"auto\"; 3 was given",
            ],
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
    let cases: [(Call, &[&str]); 26] = [
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

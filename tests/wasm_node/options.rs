//! Options of the constructor: what is wrong is refused by name, without a connection and without a password.

use super::*;

#[wasm_bindgen_test]
fn a_bad_option_is_refused_by_name_with_what_is_allowed() {
    let world = World::new();
    let type_error = "TypeError INVALID_OPTION: ";
    let range_error = "RangeError OUT_OF_RANGE: ";
    let cases: [(&str, &[&str]); 37] = [
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
            "{ mqttserver: 'localhost' }",
            &[type_error, "has no key \"mqttserver\"; put it into credentials"],
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
            &[type_error, "\"zzzzzzzzzz\"", "docs/reference/options.md"],
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

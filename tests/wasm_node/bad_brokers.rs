//! Connections that do not come about or are of no use: hosts without sockets, brokers that refuse, lie or say nothing.

use super::*;

#[wasm_bindgen_test]
async fn a_socket_that_cannot_be_made_is_an_error_and_is_tried_again() {
    let world = World::new();
    world
        .js("world.refuses = Object.assign(new Error('this page came by https'), { name: 'SecurityError' })");
    let client = world.client(&format!(
        "{{ {LOGGING}, credentials: {{ mqttserver: 'broker' }} }}"
    ));
    let error = err(client.start()).await;
    says(
        &error,
        &[
            "MqttError CONNECTION_REFUSED: ",
            "cannot connect to ws://broker:1883/mqtt: this page came by https",
            "check mqttserver",
        ],
    );
    assert_eq!(world.log(), "", "a promise has carried it");
    assert_eq!(client.state(), "connecting");
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
async fn what_a_host_says_of_a_url_or_subprotocol_is_not_repeated() {
    let world = World::new();
    world.js("world.refuses = new SyntaxError('the URL ws://broker/?token=secret is invalid')");
    let client = world.client("{ credentials: { mqttserver: 'broker' }, on_error() {} }");
    let error = err(client.start()).await;
    says(
        &error,
        &["ws://broker:1883/mqtt: invalid URL or subprotocol; check mqttserver"],
    );
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
async fn a_broker_that_refuses_is_reported_by_on_connect_and_by_start() {
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
        assert_eq!(client.state(), "connecting");
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
    // An acknowledgement of nothing is reported, and the connection goes on.
    let world = World::new();
    let client = world.logging("").await;
    world.js("world.socket.give([...publish('good'), ...packet(0x40, u16(7)), ...publish('also good')])");
    world.settle().await;
    let log = world.log();
    assert!(
        log.contains("error PROTOCOL_ERROR") && log.ends_with("message also good="),
        "{log}"
    );
    assert_eq!(client.state(), "connected");
    client.set_on_disconnect(&UNDEFINED).unwrap();
    world.ends(&client).await;
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

//! The life of a connection: brokers that refuse, lie or say nothing; loss and return; counters.

use super::*;

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
    ok(client.stop(&JsValue::UNDEFINED)).await;
    assert_eq!(client.state(), "stopped");
    assert_eq!(
        world.log(),
        "connect false 0\ndisconnect 7 CONNECTION_LOST\nconnect false 0\ndisconnect 0 undefined"
    );
    world.leaves_nothing().await;
}

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
    // An acknowledgement of nothing is told, and the connection goes on.
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
        "onerror?.({ type: 'error', message: 'late' })",
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
    assert_eq!(text(&client.stats().unwrap(), "reconnects"), "1");
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
    let stats = client.stats().unwrap();
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

//! The life of a connection: its states, bytes in any pieces, loss and return, the delay between attempts.

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

//! publish_high_priority, as a function and as a method.

use super::*;

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
        world.leaves_nothing().await;
    }
}

#[wasm_bindgen_test]
async fn one_shot_on_a_client_takes_its_credentials_but_not_its_identity() {
    let world = World::new();
    let client = world
        .connected(
            "{ credentials: { mqttclientid: 'me', mqttserver: 'ws://h:9001/x', mqttusername: 'u', mqttpassword: 'p',
                willsettopic: 'will', mqttcleansession: false }, on_error() {} }",
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
    ok(client.stop(&JsValue::UNDEFINED)).await;
    // It needs no connection of the client's own.
    ok(client.publish_high_priority(&"t".into(), &"late".into(), &UNDEFINED)).await;
    assert_eq!(world.0.published(), "t=now\nt=there\nt=late");
    world.leaves_nothing().await;
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
    world.leaves_nothing().await;

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
        world.leaves_nothing().await;
    }

    let world = World::new();
    world.js("world.opens = world.closes = false");
    let shot = shoot(&world, "t", "1", "{ connecttimeout: 1 }");
    world.advance(5000).await;
    says(&err(shot).await, &["TIMEOUT", "(connecttimeout)"]);
    world.js("world.sockets.forEach((s) => { s.readyState = 3 })");
    world.leaves_nothing().await;
}

//! Callbacks: called from anywhere, calling anything, throwing.

use super::*;

type OnMessage = Closure<dyn FnMut(JsValue, JsValue, JsValue)>;

/// Calls of every method, as user code in a callback makes them.
const EVERY_METHOD: &str = "(client) => {
    const all = [
        client.publish('p', '1'), client.publish('p', '2', { qos: 1 }), client.publish('p', '3', { qos: 2 }),
        client.batch_publish('b', 1), client.qpublish('q', '1'), client.flush(),
        client.subscribe('s', { qos: 1 }), client.subscribe_topics(['s1', 's2']), client.unsubscribe('s3'),
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
            // Without on_disconnect, on_error gets the loss.
            world.settle().await;
        }
        ok(world.js("world.stopped").unchecked_into::<Promise>()).await;
        assert_eq!(client.state(), "stopped", "{callback}");
        world.leaves_nothing().await;
    }

    let world = World::new();
    let client = world
        .logging(
            "on_disconnect: (c, u, rc) => { world.log.push(`disconnect ${rc}`); world.again ??= c.start() }",
        )
        .await;
    ok(client.stop(&JsValue::UNDEFINED)).await;
    ok(world.js("world.again").unchecked_into::<Promise>()).await;
    assert_eq!(client.state(), "connected");
    assert_eq!(world.log(), "connect false 0\ndisconnect 0\nconnect false 0");
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn callbacks_are_closures_that_can_be_replaced_and_taken_away() {
    let world = World::new();
    let client = world.connected("{}").await;
    assert!(client.on_message().unwrap().is_none());
    let seen = Rc::new(RefCell::new(Vec::new()));
    let closures: Vec<OnMessage> = (0..2)
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
            client.on_message().unwrap().as_ref(),
            closure.as_ref().dyn_ref::<Function>()
        );
        world.js(&format!("world.socket.give(publish('{topic}'))"));
    }
    client.set_on_message(&JsValue::NULL).unwrap();
    assert!(client.on_message().unwrap().is_none());
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
async fn what_a_callback_throws_is_reported_to_on_error_and_disturbs_nothing() {
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
        "error CALLBACK_FAILED: on_connect threw: from connect; the client is unaffected; fix the callback",
        "message a",
        "error CALLBACK_FAILED: on_message threw: from message; the client is unaffected; fix the callback",
        "message b",
        "error CALLBACK_FAILED: on_message threw: from message; the client is unaffected; fix the callback",
        "error CALLBACK_FAILED: a message handler threw: undefined; the client is unaffected; fix the callback",
        "error CALLBACK_FAILED: on_disconnect threw: from disconnect; the client is unaffected; fix the callback",
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
async fn a_message_is_acknowledged_when_the_promises_of_its_handlers_have_settled() {
    let world = World::new();
    let client = world.logging("").await;
    let slow = world.js("() => new Promise((resolve) => { world.end = resolve; })");
    ok(client.subscribe(&"a".into(), &UNDEFINED, &slow)).await;
    world.js("world.socket.give([...publish('a', 'x', { qos: 1, pid: 7 }), ...publish('b', 'y', { qos: 1, pid: 8 })])");
    let acks = "world.socket.packets.filter((p) => p.kind === 'puback').map((p) => p.pid).join()";
    ok(js_sys::Promise::resolve(&JsValue::UNDEFINED)).await;
    assert_eq!(show(&world.js(acks)), "");
    world.js("world.end()");
    for _ in 0..10 {
        ok(js_sys::Promise::resolve(&JsValue::UNDEFINED)).await;
    }
    assert_eq!(show(&world.js(acks)), "7,8");
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
    ok(client.unsubscribe(&world.js("['a/+', 'a/b']"), &UNDEFINED)).await;
    ok(client.subscribe(&"a/b".into(), &UNDEFINED, &UNDEFINED)).await;
    world.js("world.socket.give([...publish('a/b', '1'), ...publish('a/c', '2')])");
    assert_eq!(world.log(), "message a/b=1\nmessage a/c=2");
    world.ends(&client).await;
}

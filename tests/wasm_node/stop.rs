//! stop(): every promise ends, nothing lives on.

use super::*;

/// One call of each kind, and whether its promise ended as it should.
fn one_of_each(world: &World, client: &MqttCustom) -> Vec<(&'static str, Given)> {
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
        (
            "unsubscribe",
            client.unsubscribe(&"another".into(), &JsValue::UNDEFINED),
        ),
    ]
}

#[wasm_bindgen_test]
async fn stop_settles_every_promise_with_what_became_of_it() {
    // An honest broker: everything is done first.
    let world = World::new();
    let client = world.client("{}");
    let all = one_of_each(&world, &client);
    let flush = client.flush();
    let stops = [client.stop(&JsValue::UNDEFINED), client.stop(&JsValue::UNDEFINED)];
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
        let (flush, stop) = (client.flush(), client.stop(&JsValue::UNDEFINED));
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
    ok(client.stop(&JsValue::UNDEFINED)).await;
    ok(client.stop(&JsValue::UNDEFINED)).await;
    let refused = [
        client.publish(&"t".into(), &1.into(), &UNDEFINED),
        client.publish(&"t".into(), &1.into(), &world.js("{ qos: 1 }")),
        client.batch_publish(&"t".into(), &1.into(), &UNDEFINED),
        client.qpublish(&"t".into(), &1.into(), &UNDEFINED),
        client.subscribe(&"t".into(), &UNDEFINED, &UNDEFINED),
        client.unsubscribe(&"t".into(), &JsValue::UNDEFINED),
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
    ok(client.stop(&JsValue::UNDEFINED)).await;
    says(&err(waits).await, &["STOPPED"]);
    world.leaves_nothing().await;

    let world = World::new();
    let client = world.client("{ autostart: false }");
    let waits = client.publish(&"t".into(), &"x".into(), &UNDEFINED);
    ok(client.start()).await;
    ok(waits).await;
    assert_eq!(world.0.published(), "t=x");
    world.ends(&client).await;
}

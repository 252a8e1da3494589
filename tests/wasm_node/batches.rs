//! Batches, the queue and flush, on the timer of the wasm.

use super::*;

#[wasm_bindgen_test]
async fn five_batched_items_are_one_message_and_five_queued_ones_are_five() {
    let world = World::new();
    let client = world.connected("{}").await;
    let batched: Vec<Given> = (0..5)
        .map(|_| client.batch_publish(&"b".into(), &"payload".into(), &UNDEFINED))
        .collect();
    let queued: Vec<Given> = (0..5)
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
    assert_eq!(text(&client.stats().unwrap(), "queued"), "6");
    ok(client.flush()).await;
    assert_eq!(world.0.published(), "a=[1,1]\nb=[1]\na=[1]\na=[1]\nq=1");
    let flags =
        "world.socket.packets.filter((p) => p.topic === 'a').map((p) => `${p.qos}${p.retain}`).join()";
    assert_eq!(show(&world.js(flags)), "0false,1false,0true");

    let batched = client.batch_publish(&"last".into(), &2.into(), &world.js("{ qos: 2 }"));
    let queued = client.qpublish(&"last".into(), &3.into(), &UNDEFINED);
    ok(client.stop(&JsValue::UNDEFINED)).await;
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

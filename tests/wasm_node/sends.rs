//! The hot path: how often the socket is given something.

use super::*;

#[wasm_bindgen_test]
async fn ten_thousand_publishes_of_one_turn_are_a_few_dozen_sends_in_order() {
    for options in ["undefined", "{ qos: 1 }"] {
        let world = World::new();
        let client = world.connected("{ credentials: { maxinflight: 65535 } }").await;
        let options = world.js(options);
        let before = world.number("world.socket.frames.length");
        let topic = JsValue::from("loop/topic");
        let publish = |n: i32| client.publish(&topic, &n.into(), &options);
        let all: Vec<Given> = (0..10_000).map(publish).collect();
        for promise in all {
            ok(promise).await;
        }
        let sends = world.number("world.socket.frames.length") - before;
        assert!(sends < 100.0, "{sends} sends");
        let in_order = "world.socket.packets.filter((p) => p.kind === 'publish')
            .every((p, i, all) => all.length === 10_000 && text(p.payload) === String(i))";
        assert_eq!(world.js(in_order), JsValue::TRUE);
        world.ends(&client).await;
    }
}

#[wasm_bindgen_test]
async fn one_turn_is_one_send_whatever_is_called_in_it() {
    let world = World::new();
    let client = world.connected("{}").await;
    let before = world.number("world.socket.frames.length");
    let all = [
        client.publish(&"a".into(), &"1".into(), &UNDEFINED),
        client.subscribe(&"a".into(), &UNDEFINED, &UNDEFINED),
        client.publish(&"b".into(), &"2".into(), &world.js("{ qos: 1 }")),
        client.qpublish(&"c".into(), &"3".into(), &UNDEFINED),
        client.flush(),
        client.publish(&"d".into(), &"4".into(), &world.js("{ qos: 2 }")),
    ];
    assert_eq!(world.number("world.socket.frames.length"), before);
    world.js("queueMicrotask(() => { world.soon = world.socket.frames.length })");
    for promise in all {
        ok(promise).await;
    }
    assert_eq!(world.number("world.soon"), before + 1.0);
    world.settle().await;
    let expected = "connect publish subscribe publish publish publish pubrel";
    assert_eq!(world.0.kinds(), expected);
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn acknowledgements_of_a_chunk_leave_in_one_send() {
    let world = World::new();
    let client = world.connected("{}").await;
    let before = world.number("world.socket.frames.length");
    world.js(
        "world.socket.give(Array.from({ length: 500 }, (_, i) => [...publish('t', 'x', { qos: 1, pid: i + 1 })]).flat())",
    );
    world.settle().await;
    assert_eq!(world.number("world.socket.frames.length"), before + 1.0);
    assert_eq!(
        world.number("world.socket.packets.filter((p) => p.kind === 'puback').length"),
        500.0
    );
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_socket_that_has_enough_is_given_no_more_until_it_has_room() {
    let world = World::new();
    let client = world.connected("{}").await;
    world.js("world.socket.bufferedAmount = 8 << 20");
    let ended = Rc::new(Cell::new(0));
    for n in 0..100 {
        let promise = client.publish(&"t".into(), &n.into(), &UNDEFINED);
        let ended = ended.clone();
        wasm_bindgen_futures::spawn_local(async move {
            ok(promise).await;
            ended.set(ended.get() + 1);
        });
        world.settle().await;
    }
    world.advance(500).await;
    let sent = world.number("world.socket.packets.length");
    assert!(
        sent <= 2.0,
        "{sent} packets were given to a socket that has enough"
    );
    // The first of them was encoded before the socket was asked.
    assert_eq!(text(&client.stats().unwrap(), "queued"), "99");
    world.js("world.socket.bufferedAmount = 0");
    world.advance(10).await;
    assert_eq!(ended.get(), 100);
    assert_eq!(world.number("world.socket.packets.length"), 101.0);

    // The same for a socket that says itself when it has room.
    world.js("world.socket.bufferedAmount = 8 << 20");
    let _ = client.publish(&"t".into(), &"a".into(), &UNDEFINED);
    world.settle().await;
    let waits = client.publish(&"t".into(), &"b".into(), &UNDEFINED);
    world.settle().await;
    world.js("world.socket.bufferedAmount = 0");
    world.js("world.socket.ondrain({ type: \"drain\" })");
    ok(waits).await;
    world.ends(&client).await;
}

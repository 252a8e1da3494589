//! What a client counts, and the bounds of its queue.

use super::*;

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
    let keys = "sent received inFlight queued dropped reconnects suspects bytesSent bytesReceived";
    let shown: Vec<String> = keys.split(' ').map(|key| text(&stats, key)).collect();
    let sent = show(&world.js("world.socket.frames.reduce((sum, frame) => sum + frame.length, 0)"));
    let received = show(&world.js("connack().length + publish('in', 'abc').length"));
    assert_eq!(shown, ["2", "1", "2", "3", "0", "0", "0", &sent, &received]);

    assert_eq!(js_sys::Object::keys(&stats).length(), 9);
    world.js("world.answer = (p, bytes) => bytes");
    world.0.run(
        "const unanswered = world.socket.packets.filter((p) => p.kind === 'publish' && p.qos === 1);
        for (const { pid } of unanswered) world.socket.give(packet(0x40, u16(pid)));",
    );
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn the_queue_is_bounded() {
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

//! Payloads and messages: what goes in, what comes out.

use super::*;

#[wasm_bindgen_test]
async fn payloads_arrive_as_what_they_were_at_the_time_of_the_call() {
    let world = World::new();
    let client = world.connected("{}").await;
    for (source, expected) in [
        ("'é€😀'", "195,169,226,130,172,240,159,152,128"),
        ("''", ""),
        ("'\\ud800'", "239,191,189"),
        ("'a\\0b'", "97,0,98"),
        ("new Uint8Array([1, 2, 3, 4]).subarray(1, 3)", "2,3"),
        ("new Uint16Array([258])", "2,1"),
        ("new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 2)", "3,4"),
        ("new Uint8Array([9, 8]).buffer", "9,8"),
        ("new Uint8ClampedArray([300])", "255"),
        ("1.5", "49,46,53"),
        ("-0", "48"),
        ("1e21", "49,101,43,50,49"),
        ("NaN", "78,97,78"),
        ("true", "116,114,117,101"),
        ("false", "102,97,108,115,101"),
        ("null", ""),
        ("undefined", ""),
    ] {
        ok(client.publish(&"t".into(), &world.js(source), &UNDEFINED)).await;
        let sent = show(&world.js("world.socket.packets.at(-1).payload"));
        assert_eq!(sent, expected, "{source}");
    }

    let bytes = Uint8Array::from(&[1, 2, 3][..]);
    let promises = [
        client.publish(&"now".into(), &bytes, &UNDEFINED),
        client.qpublish(&"queued".into(), &bytes, &UNDEFINED),
    ];
    let item = world.js("{ n: 1 }");
    let batched = client.batch_publish(&"batched".into(), &item, &UNDEFINED);
    bytes.fill(9, 0, 3);
    Reflect::set(&item, &"n".into(), &2.into()).unwrap();
    ok(client.flush()).await;
    for promise in promises.into_iter().chain([batched]) {
        ok(promise).await;
    }
    let sent = world.js("world.socket.packets.slice(-3).map((p) => `${p.topic} ${p.payload}`).sort().join()");
    assert_eq!(
        show(&sent),
        format!(
            "batched {},now 1,2,3,queued 1,2,3",
            "91,123,34,110,34,58,49,125,93"
        )
    );
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_batch_holds_any_json_value() {
    let world = World::new();
    let client = world.connected("{ credentials: { batchsize: 9 } }").await;
    let items = "['é', 1, -0.5, true, null, [1, [2]], { a: { b: 'c' } }, new Date(0), { toJSON: () => 7 }]";
    let promises: Vec<Given> = world
        .js(items)
        .unchecked_into::<Array>()
        .iter()
        .map(|item| client.batch_publish(&"t".into(), &item, &UNDEFINED))
        .collect();
    for promise in promises {
        ok(promise).await;
    }
    let expected = r#"t=["é",1,-0.5,true,null,[1,[2]],{"a":{"b":"c"}},"1970-01-01T00:00:00.000Z",7]"#;
    assert_eq!(world.0.published(), expected);
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn a_received_message_says_everything_about_itself() {
    let world = World::new();
    let client = world
        .connected("{ on_message: (c, u, m) => { world.message = m; world.userdata = u }, userdata: 'mine' }")
        .await;
    world.js("world.socket.give(publish('a/é', [0, 255], { qos: 2, pid: 7, retain: true, dup: true }))");
    let shown = "(({ topic, payload, qos, retain, dup }) =>
        `${topic} ${payload.constructor.name} ${payload} ${qos} ${retain} ${dup}`)(world.message)";
    assert_eq!(show(&world.js(shown)), "a/é Uint8Array 0,255 2 true true");
    assert_eq!(show(&world.js("world.userdata")), "mine");
    assert_eq!(world.0.kinds(), "connect pubrec");
    // The user's own copy: it survives whatever the wasm does with its memory.
    world.js("world.socket.give(publish('b', 'x'.repeat(3_000_000)), publish('c', 'y'))");
    assert_eq!(world.number("world.message.payload.length"), 1.0);
    world.ends(&client).await;
}

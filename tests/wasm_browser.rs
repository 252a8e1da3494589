//! The class as `wasm-pack` puts it out, without js/, in a real browser: over the browser's own
//! WebSocket, to the mosquitto that the stage starts.
#![cfg(target_arch = "wasm32")]

#[path = "support/wasm.rs"]
mod support;

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Promise, Reflect, Uint8Array};
use mqtt_lib::{publish_high_priority, MqttCustom};
use support::{err, ok, says, show, text};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const UNDEFINED: JsValue = JsValue::UNDEFINED;

/// Known when the tests are compiled, since a browser has no environment.
const BROKER: Option<&str> = option_env!("MQTT_TEST_WS_URL");

fn broker() -> &'static str {
    match BROKER {
        Some(url) => url,
        None => panic!(
            "there is no broker: run `npm test -- wasm-chrome`, which starts one and puts its WebSocket URL in MQTT_TEST_WS_URL"
        ),
    }
}

fn js(source: &str) -> JsValue {
    js_sys::eval(&format!("({source})")).unwrap()
}

/// A topic that no other test uses.
fn topic(name: &str) -> JsValue {
    format!("wasm-browser/{name}/{}", js_sys::Math::random()).into()
}

/// A connected client, and the topics and payloads it has received: `a=1`.
struct Peer {
    client: MqttCustom,
    received: Rc<RefCell<Vec<String>>>,
    _on_message: Closure<dyn FnMut(JsValue, JsValue, JsValue)>,
}

impl Peer {
    async fn new(credentials: &str) -> Peer {
        let received = Rc::new(RefCell::new(Vec::new()));
        let seen = received.clone();
        let on_message = Closure::new(move |_client, _userdata, message: JsValue| {
            let payload: Uint8Array = Reflect::get(&message, &"payload".into())
                .unwrap()
                .unchecked_into();
            let payload = String::from_utf8(payload.to_vec()).unwrap();
            seen.borrow_mut()
                .push(format!("{} {payload}", text(&message, "qos")));
        });
        let options = js(&format!(
            "{{ credentials: {{ mqttserver: '{}', {credentials} }} }}",
            broker()
        ));
        Reflect::set(&options, &"on_message".into(), on_message.as_ref()).unwrap();
        let client = MqttCustom::new(&options, &UNDEFINED).unwrap();
        ok(client.start()).await;
        Peer {
            client,
            received,
            _on_message: on_message,
        }
    }

    /// What has been received, once it is `count` messages.
    async fn receives(&self, count: usize) -> Vec<String> {
        for _ in 0..500 {
            if self.received.borrow().len() >= count {
                return self.received.take();
            }
            pause(10).await;
        }
        panic!("only {:?} after 5 seconds", self.received.borrow());
    }
}

async fn pause(milliseconds: u32) {
    let promise = js(&format!(
        "new Promise((resolve) => setTimeout(resolve, {milliseconds}))"
    ));
    JsFuture::from(promise.unchecked_into::<Promise>()).await.unwrap();
}

#[wasm_bindgen_test]
async fn publishes_at_each_qos_and_receives_them() {
    let peer = Peer::new("").await;
    assert_eq!(
        (peer.client.state().as_str(), peer.client.connected()),
        ("connected", true)
    );
    let topic = topic("qos");
    let granted = ok(peer.client.subscribe(&topic, &js("{ qos: 2 }"), &UNDEFINED)).await;
    assert_eq!(show(&granted), "2");
    for qos in 0..3 {
        let options = js(&format!("{{ qos: {qos} }}"));
        ok(peer.client.publish(&topic, &"é€😀".into(), &options)).await;
    }
    let mut received = peer.receives(3).await;
    received.sort();
    assert_eq!(received, ["0 é€😀", "1 é€😀", "2 é€😀"]);
    ok(peer.client.unsubscribe(&topic, &JsValue::UNDEFINED)).await;
    ok(peer.client.publish(&topic, &"nobody".into(), &js("{ qos: 1 }"))).await;
    pause(50).await;
    assert!(peer.received.borrow().is_empty());
    ok(peer.client.stop(&JsValue::UNDEFINED)).await;
}

#[wasm_bindgen_test]
async fn five_batched_items_arrive_as_one_json_array_and_five_queued_ones_as_five() {
    let peer = Peer::new("").await;
    let topic = topic("batch");
    ok(peer.client.subscribe(&topic, &UNDEFINED, &UNDEFINED)).await;
    for _ in 0..5 {
        let _ = peer.client.batch_publish(&topic, &"payload".into(), &UNDEFINED);
    }
    let expected = r#"0 ["payload","payload","payload","payload","payload"]"#;
    assert_eq!(peer.receives(1).await, [expected]);
    for n in 0..5 {
        let _ = peer.client.qpublish(&topic, &n.into(), &UNDEFINED);
    }
    assert_eq!(peer.receives(5).await, ["0 0", "0 1", "0 2", "0 3", "0 4"]);
    ok(peer.client.stop(&JsValue::UNDEFINED)).await;
}

#[wasm_bindgen_test]
async fn what_is_pending_goes_out_after_publishinterval_and_at_stop() {
    let peer = Peer::new("").await;
    let sender = Peer::new("publishinterval: 0.2").await;
    let topic = topic("interval");
    ok(peer.client.subscribe(&topic, &UNDEFINED, &UNDEFINED)).await;
    for round in 0..2 {
        for n in 0..3 {
            let _ = sender.client.batch_publish(&topic, &n.into(), &UNDEFINED);
            let _ = sender.client.qpublish(&topic, &n.into(), &UNDEFINED);
        }
        if round == 1 {
            ok(sender.client.stop(&JsValue::UNDEFINED)).await;
        }
        let mut received = peer.receives(4).await;
        received.sort();
        assert_eq!(received, ["0 0", "0 1", "0 2", "0 [0,1,2]"]);
    }
    ok(peer.client.stop(&JsValue::UNDEFINED)).await;
}

#[wasm_bindgen_test]
async fn one_shot_needs_no_client_and_takes_the_credentials_of_one() {
    let peer = Peer::new("").await;
    let topic = topic("one-shot");
    ok(peer.client.subscribe(&topic, &js("{ qos: 2 }"), &UNDEFINED)).await;
    let options = js(&format!("{{ hostname: '{}', qos: 2 }}", broker()));
    ok(publish_high_priority(
        &topic,
        &"free".into(),
        &options,
        &UNDEFINED,
    ))
    .await;
    ok(peer
        .client
        .publish_high_priority(&topic, &"method".into(), &UNDEFINED))
    .await;
    assert_eq!(peer.receives(2).await, ["2 free", "0 method"]);
    ok(peer.client.stop(&JsValue::UNDEFINED)).await;
}

#[wasm_bindgen_test]
async fn ten_thousand_publishes_of_one_turn_arrive_in_order_in_a_few_frames() {
    let peer = Peer::new("").await;
    let sender = Peer::new("").await;
    let topic = topic("loop");
    ok(peer.client.subscribe(&topic, &UNDEFINED, &UNDEFINED)).await;
    js("(() => {
        globalThis.frames = 0;
        globalThis.realSend = WebSocket.prototype.send;
        WebSocket.prototype.send = function (data) { globalThis.frames += 1; return realSend.call(this, data); };
    })()");
    for n in 0..10_000 {
        let _ = sender.client.publish(&topic, &n.into(), &UNDEFINED);
    }
    let received = peer.receives(10_000).await;
    js("WebSocket.prototype.send = realSend");
    let frames = js("globalThis.frames").as_f64().unwrap();
    assert!(frames < 100.0, "{frames} frames");
    assert!((0..10_000).all(|n| received[n] == format!("0 {n}")));
    ok(sender.client.stop(&JsValue::UNDEFINED)).await;
    ok(peer.client.stop(&JsValue::UNDEFINED)).await;
}

#[wasm_bindgen_test]
async fn stop_ends_it_and_start_begins_again() {
    let peer = Peer::new("").await;
    let log = Array::new();
    let on_disconnect = Closure::<dyn FnMut(JsValue, JsValue, JsValue)>::new({
        let log = log.clone();
        move |_client, _userdata, rc| {
            log.push(&rc);
        }
    });
    peer.client.set_on_disconnect(on_disconnect.as_ref()).unwrap();
    ok(peer.client.stop(&JsValue::UNDEFINED)).await;
    assert_eq!(
        (peer.client.state().as_str(), show(&log).as_str()),
        ("stopped", "0")
    );
    let refused = err(peer.client.publish(&topic("stop"), &"x".into(), &UNDEFINED)).await;
    says(&refused, &["MqttError STOPPED: ", "call start()"]);
    ok(peer.client.start()).await;
    ok(peer
        .client
        .publish(&topic("stop"), &"x".into(), &js("{ qos: 1 }")))
    .await;
    ok(peer.client.stop(&JsValue::UNDEFINED)).await;
}

#[wasm_bindgen_test]
async fn a_port_where_no_broker_listens_is_an_error_that_says_what_to_check() {
    let options = js("{ credentials: { mqttserver: 'ws://127.0.0.1:1' }, on_error() {} }");
    let client = MqttCustom::new(&options, &UNDEFINED).unwrap();
    let error = err(client.start()).await;
    says(
        &error,
        &[
            "MqttError CONNECTION_REFUSED: cannot connect to ws://127.0.0.1:1/mqtt",
            "check mqttserver",
        ],
    );
    assert_eq!(client.state(), "connecting");
    ok(client.stop(&JsValue::UNDEFINED)).await;
    // A URL that only the browser's own WebSocket throws at: no IPv4 address has such numbers.
    let options = js("{ credentials: { mqttserver: 'ws://300.300.300.300' }, on_error() {} }");
    let client = MqttCustom::new(&options, &UNDEFINED).unwrap();
    says(&err(client.start()).await, &["CONNECTION_REFUSED", "invalid"]);
    ok(client.stop(&JsValue::UNDEFINED)).await;
}

#[wasm_bindgen_test]
fn bad_options_are_thrown_by_the_constructor() {
    let error = MqttCustom::new(&js("{ credentials: { mqttport: 0 } }"), &UNDEFINED).err();
    says(
        &error.unwrap(),
        &["RangeError OUT_OF_RANGE: credentials.mqttport", "0 was given"],
    );
    let error = MqttCustom::new(&js("{ credentials: { mqttprotocol: 'mqtt' } }"), &UNDEFINED).err();
    says(
        &error.unwrap(),
        &["TypeError INVALID_OPTION: ", "WebSockets only"],
    );
    let error = MqttCustom::new(&js("{ credentials: { mqttserver: 'ws://[::g]' } }"), &UNDEFINED).err();
    says(
        &error.unwrap(),
        &["TypeError INVALID_OPTION: ", "ws://[::g]", "IPv6"],
    );
}

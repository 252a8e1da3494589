//! Credentials from a function, on a clock that only moves when a test moves it.

use super::*;

#[wasm_bindgen_test]
async fn a_function_is_called_before_each_attempt() {
    let world = World::new();
    let client = world.client(&format!(
        "{{ {LOGGING}, credentials: async (attempt, last) => {{
            world.log.push(`asked ${{attempt}} ${{last && last.code}}`);
            return {{ mqttserver: `ws://h:9001/${{attempt}}`, mqttclientid: 'me' }};
        }} }}"
    ));
    ok(client.start()).await;
    world.js("world.socket.fail('cable cut')");
    world.advance(1000).await;
    assert_eq!(
        world.log(),
        "asked 1 undefined\nconnect false 0\ndisconnect 7 CONNECTION_LOST\nasked 1 CONNECTION_LOST\nconnect false 0"
    );
    assert_eq!(
        show(&world.js("world.sockets.map((s) => s.url).join()")),
        "ws://h:9001/1,ws://h:9001/1"
    );
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn what_it_throws_is_the_cause() {
    let world = World::new();
    let client =
        world.client("{ on_error() {}, credentials: () => { throw world.why = new Error('no token'); } }");
    let error = err(client.start()).await;
    says(&error, &["MqttError CREDENTIALS_FAILED: ", "failed: no token;"]);
    assert_eq!(
        Reflect::get(&error, &"cause".into()).unwrap(),
        world.js("world.why")
    );
    assert_eq!(world.number("world.sockets.length"), 0.0);
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn silence_ends_with_connecttimeout_and_what_is_said_later_disturbs_nothing() {
    let world = World::new();
    let client = world.client(&format!(
        "{{ {LOGGING}, credentials: (attempt) => attempt > 2
            ? {{ mqttserver: 'h' }}
            : new Promise((resolve, reject) => (world.late ??= []).push(resolve, reject)) }}"
    ));
    let started = client.start();
    world.advance(10_500).await;
    says(
        &err(started).await,
        &["TIMEOUT: ", "credentials function did not answer in 10 s"],
    );
    world.advance(25_000).await;
    assert_eq!(client.state(), "connected");
    world.js("world.late[0]({ mqttserver: 'elsewhere' })");
    world.js("world.late[3](new Error('late'))");
    world.settle().await;
    assert_eq!(client.state(), "connected");
    assert_eq!(world.number("world.sockets.length"), 1.0);
    world.ends(&client).await;
}

#[wasm_bindgen_test]
async fn stop_does_not_wait_for_it() {
    let world = World::new();
    let client =
        world.client("{ credentials: () => new Promise((resolve, reject) => { world.reject = reject; }) }");
    let started = client.start();
    ok(client.stop(&JsValue::UNDEFINED)).await;
    says(&err(started).await, &["STOPPED"]);
    world.js("world.reject(new Error('late'))");
    world.ends(&client).await;
}

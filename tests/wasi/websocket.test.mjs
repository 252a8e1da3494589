// MQTT over a WebSocket: the component's own framing against Mosquitto's, and against servers that do it wrong.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { mqtt } from "../../wasi/dist/js/mqtt-lib-client.js";
import { freshTopic, until } from "../node/helpers.mjs";
import { fakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { bytes, failure, text } from "./helpers.mjs";
import { refused, remote } from "./remote.mjs";

const { MqttCustom } = mqtt;
let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

test("messages of every size go out and come back, at each QoS", (t) => {
  const client = new MqttCustom({ mqttserver: broker.wsUrl });
  t.after(() => client.stop());
  const topic = freshTopic("wasi");
  client.start();
  client.subscribe(topic, { qos: 2 });
  for (const size of [0, 1, 125, 126, 65_535, 65_536]) {
    const payload = Uint8Array.from({ length: size }, (_, i) => (i * 31) >> 3);
    client.publish(topic, payload, { qos: size % 3 });
    assert.deepEqual(Buffer.from(client.nextMessage(30).payload), Buffer.from(payload));
  }
});

test("a broker that is killed is found again, with the subscription", async (t) => {
  const other = await startMosquitto();
  t.after(() => other.stop());
  const client = await remote(t, other, { mqttserver: other.wsUrl, maxmqttreconnectdelay: 0.1 });
  await client.call("subscribe", "a", { qos: 1 });
  await other.restart("SIGKILL");
  await client.call("publish", "a", bytes("after"), { qos: 1 });
  assert.equal(text((await client.call("nextMessage", 30)).payload), "after");
});

test("path, headers and subprotocols are as they are given, and stop() closes in an orderly way", async (t) => {
  const fake = await fakeBroker(t);
  const client = await remote(t, fake, { mqttserver: `ws://127.0.0.1:${fake.wsPort}` });
  await client.call("publish", "a", bytes("x"), { qos: 2 });
  await client.call("stop");
  const connection = await fake.connection();
  assert.equal(connection.kind, "ws");
  await until(() => !connection.open, "the end of the connection");
  assert.equal(connection.packets.at(-1).cmd, "disconnect");
  assert.equal(connection.parseError, undefined);

  let seen;
  const server = createServer().on("upgrade", ({ url, headers }, socket) => {
    seen = { url, headers };
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address();
  const websocket = { headers: [["X-Token", "abc"]], protocols: ["mqttv3.1", "mqtt"] };
  const other = await remote(t, { port }, { mqttprotocol: "ws", mqttpath: "/deep?a=b", websocket });
  const error = await refused(other.call("start"));
  assert.equal(error.code, "CONNECTION_REFUSED");
  assert.match(error.message, /it answered the WebSocket handshake at \/deep with HTTP 403 Forbidden/);
  assert.equal(seen.url, "/deep?a=b");
  assert.equal(seen.headers["x-token"], "abc");
  assert.equal(seen.headers["sec-websocket-protocol"], "mqttv3.1, mqtt");
});

test("a server that does not speak MQTT over WebSocket is named, and a header that cannot be sent too", async (t) => {
  const fake = await fakeBroker(t, undefined, { subprotocol: false });
  const client = await remote(t, fake, { mqttserver: `ws://127.0.0.1:${fake.wsPort}` });
  assert.match(
    (await refused(client.call("start"))).message,
    /does not speak the WebSocket subprotocol mqtt/,
  );
  const wrong = { websocket: { headers: [["X", "a\r\nY: b"]] } };
  assert.equal(failure(() => new MqttCustom(wrong)).code, "INVALID_OPTION");
});

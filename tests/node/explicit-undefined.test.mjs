// An option that is `undefined` is one that is not given: each key of `credentials`, of the constructor and of the calls,
// whose names are those of the types.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MqttCustom } from "mqtt-lib";
import { joined } from "../../scripts/declarations.mjs";
import { fakeBroker } from "../support/fake-broker.mjs";
import { clientFor } from "./helpers.mjs";

const TYPES = joined(fileURLToPath(new URL("../../js/index.d.ts", import.meta.url)));

/** The optional keys of an interface of the types, those that it inherits left out. */
function keysOf(name) {
  const [, body] = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n(.*?)^\\}`, "ms").exec(TYPES);
  const keys = [...body.matchAll(/^ {2}(\w+)\?:/gm)].map(([, key]) => key);
  assert.ok(keys.length > 0, name);
  return keys;
}

/** Each of them undefined. */
const undefinedOf = (...names) => Object.fromEntries(names.flatMap(keysOf).map((key) => [key, undefined]));

const ABORTABLE = "Abortable";

test("each key of credentials, of what is in them and of the constructor", async (t) => {
  const broker = await fakeBroker(t);
  for (const mqttversion of [4, 5]) {
    const credentials = {
      ...undefinedOf("Credentials"),
      mqttserver: broker.url,
      mqttversion,
      certs: undefined,
      websocket: undefinedOf("WebSocketOptions"),
      ...(mqttversion === 5 && {
        willsettopic: "will",
        properties: undefinedOf("ConnectProperties"),
        willProperties: undefinedOf("MessageProperties", "WillProperties"),
      }),
    };
    const options = { ...undefinedOf("ClientOptions"), on_error() {} };
    for (const given of [credentials, () => ({ ...credentials })]) {
      const client = new MqttCustom({ ...options, credentials: given });
      t.after(() => client.stop());
      await client.start();
    }
  }
  const secure = new MqttCustom({
    credentials: { certs: undefinedOf("Certificates") },
    autostart: false,
  });
  assert.equal(secure.state, "idle");
});

for (const mqttversion of [4, 5]) {
  test(`each option of each call, MQTT ${mqttversion}`, async (t) => {
    const broker = await fakeBroker(t);
    const client = clientFor(t, { mqttserver: broker.url, mqttversion });
    await client.start(undefinedOf("StartOptions", ABORTABLE));
    const properties = (...names) => (mqttversion === 5 ? undefinedOf(...names) : undefined);
    const publish = {
      ...undefinedOf("PublishOptions", ABORTABLE),
      properties: properties("MessageProperties", "PublishProperties"),
    };
    await client.publish("a", "b", publish);
    await client.publish("a", "b", { ...publish, qos: 1 });
    const queued = [client.qpublish("a", "b", publish), client.batch_publish("a", "b", publish)];
    await client.flush();
    await Promise.all(queued);
    const subscribe = {
      ...undefinedOf("SubscribeOptions", ABORTABLE),
      properties: properties("SubscribeProperties"),
    };
    assert.deepEqual([...(await client.subscribe("a", subscribe, () => {}))], [0]);
    assert.deepEqual([...(await client.subscribe({ b: { ...subscribe, properties: undefined } }))], [0]);
    assert.equal(await client.addHandler("c", () => {}, subscribe).ready, 0);
    await client.messages("a", undefinedOf("MessagesOptions", ABORTABLE)).return();
    await client.unsubscribe("a", undefinedOf("UnsubscribeOptions", ABORTABLE));
    const kept = await client.snapshot("d", { ...undefinedOf("SnapshotOptions", ABORTABLE), quiet: 0.01 });
    assert.equal(kept.size, 0);
    await client.publish_high_priority("a", "b", undefinedOf("HighPriorityOptions", "Credentials"));
    await MqttCustom.publish_high_priority("a", "b", {
      ...undefinedOf("HighPriorityOptions", "Credentials", "PublishOptions"),
      mqttserver: broker.url,
    });
    if (mqttversion === 5) {
      const asked = client.request("e", "f", {
        ...undefinedOf("RequestOptions", "PublishOptions"),
        timeout: 0.01,
      });
      await assert.rejects(asked, { code: "TIMEOUT" });
    }
    const listener = () => {};
    client.addEventListener("connect", listener, undefinedOf("ListenerOptions"));
    await client.stop({ ...undefinedOf("StopOptions"), properties: properties("DisconnectProperties") });
    assert.deepEqual(client.errors, []);
  });
}

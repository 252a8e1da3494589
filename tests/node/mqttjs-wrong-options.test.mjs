// mqtt-lib/mqttjs: options of connections that are wrong. Each attempt ends with one error that says what is wrong; there is no
// silence, and no attempt that MQTT.js would not make.

import assert from "node:assert/strict";
import { test } from "node:test";
import { clients } from "../support/mqttjs-clients.mjs";
import { until } from "./helpers.mjs";

const { shared, clientOf } = clients();

/** What a subscription has in MQTT 5. */
const OF_5 = { 5: { nl: false, rap: false, rh: 0, properties: undefined } };

const WRONG = {
  keepalive: [{ keepalive: -1 }, /mqttkeepalive/],
  "keepalive that is no number": [{ keepalive: Number.NaN }, /mqttkeepalive/],
  "a password without a user name": [{ password: "x" }, /mqttpassword/],
  "the user name": [{ username: 5 }, /mqttusername/],
  clientId: [{ clientId: "a\0b" }, /mqttclientid/],
  "the topic of the will": [{ will: { topic: "a/#", payload: "x" } }, /willsettopic/],
  "a will without a topic": [{ will: { payload: "x" } }, /willsettopic/],
  "the QoS of the will": [{ will: { topic: "a", payload: "x", qos: "one" } }, /willsetqos/],
  "the payload of the will": [{ will: { topic: "a", payload: 5 } }, /willsetpayload/],
  topicAliasMaximum: [{ protocolVersion: 5, properties: { topicAliasMaximum: 70_000 } }, /topicAliasMaximum/],
  "a property": [{ protocolVersion: 5, properties: { wrong: 1 } }, /wrong/],
  native: [{ native: { wrong: 1 } }, /wrong/],
};

for (const [name, [options, sentence]] of Object.entries(WRONG)) {
  test(`one error for each attempt: ${name}`, async (t) => {
    // As in MQTT.js the wait for the next attempt begins at the error, not at the end of the connection, which takes a while.
    const client = clientOf(t, shared.mosquitto.url, { reconnectPeriod: 150, ...options });
    const log = [];
    const messages = [];
    client.on("error", ({ message }) => messages.push(message));
    for (const event of ["connect", "error", "close", "reconnect"]) client.on(event, () => log.push(event));
    await until(() => log.filter((event) => event === "reconnect").length === 3);
    for (const message of messages) assert.match(message, sentence);
    assert.match(log.join(" "), /^(error close reconnect ?){3}(error)?( close)?$/);
  });
}

test("authentication data without a method ends the client", async (t) => {
  const properties = { authenticationData: Buffer.from("x") };
  const client = clientOf(t, shared.mosquitto.url, { protocolVersion: 5, properties });
  const [error] = await new Promise((resolve) => client.once("error", (...all) => resolve(all)));
  assert.equal(error.message, "Packet has no Authentication Method");
  assert.equal(client.disconnected, true);
});

const TOLERATED = {
  "clean is 1": { clean: 1 },
  "clean is 0": { clean: 0, clientId: "tolerated" },
  "subscribeBatchSize is 0": { subscribeBatchSize: 0 },
  "subscribeBatchSize is text": { subscribeBatchSize: "2" },
  "receiveMaximum is 0": { protocolVersion: 5, properties: { receiveMaximum: 0 } },
  "receiveMaximum is text": { protocolVersion: 5, properties: { receiveMaximum: "7" } },
  "QoS of the will is text": { will: { topic: "a", payload: "", qos: "1" } },
  "user properties are numbers": {
    protocolVersion: 5,
    properties: { userProperties: { a: 1 } },
    will: { topic: "a", payload: "", properties: { userProperties: { b: [true, 2] } } },
  },
  "retain of the will is 1": { will: { topic: "a", payload: "", retain: 1 } },
};

for (const [name, options] of Object.entries(TOLERATED)) {
  test(`as in MQTT.js, a client connects: ${name}`, async (t) => {
    const client = clientOf(t, shared.mosquitto.url, options);
    await new Promise((resolve, reject) => client.once("connect", resolve).once("error", reject));
    assert.deepEqual(await client.subscribeAsync(["x/1", "x/2", "x/3"]), [
      { topic: "x/1", qos: 0, ...OF_5[client.options.protocolVersion] },
      { topic: "x/2", qos: 0, ...OF_5[client.options.protocolVersion] },
      { topic: "x/3", qos: 0, ...OF_5[client.options.protocolVersion] },
    ]);
  });
}

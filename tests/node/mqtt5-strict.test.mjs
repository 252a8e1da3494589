// Violations of MQTT 5 by the broker: the client sends DISCONNECT with the reason code before it closes the connection, over
// TCP and WebSocket, and the error has the reason code too. In 3.1.1 the connection is only closed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { clientFor, until } from "./helpers.mjs";

const PUBLISH = [0x32, 6, 0, 1, 0x61, 0, 1, 0];
const WRONG = [
  [0x81, "a reserved flag", [0x41, 2, 0, 1]],
  [0x81, "a length that is too long", [0x30, 0xff, 0xff, 0xff, 0xff, 1]],
  [0x82, "a second CONNACK", [0x20, 3, 0, 0, 0]],
  [0x82, "a packet that only a client sends", [0xc0, 0]],
  [0x93, "more than receiveMaximum", [...PUBLISH, ...PUBLISH, ...PUBLISH]],
  [0x94, "an alias over topicAliasMaximum", [0x30, 7, 0, 1, 0x61, 3, 0x23, 0, 33]],
  [0x95, "a packet over maximumPacketSize", [0x30, 0xff, 1]],
];

async function brokerFor(t) {
  const broker = await startFakeBroker();
  t.after(() => broker.stop());
  return broker;
}

for (const transport of ["url", "wsUrl"]) {
  test(`over ${transport === "url" ? "TCP" : "WebSocket"} each kind of violation is answered with its reason`, async (t) => {
    for (const [reason, what, bytes] of WRONG) {
      const broker = await brokerFor(t);
      const ends = [];
      const client = clientFor(
        t,
        {
          mqttserver: broker[transport],
          mqttversion: 5,
          properties: { receiveMaximum: 2, maximumPacketSize: 200 },
        },
        { on_disconnect: (_client, _userdata, rc, error) => ends.push([rc, error.code, error.reasonCode]) },
      );
      await client.start();
      broker.connections[0].write(Uint8Array.from(bytes));
      const disconnect = await until(
        () => broker.connections[0].packets.find(({ cmd }) => cmd === "disconnect"),
        what,
      );
      assert.equal(disconnect.reasonCode, reason, what);
      await until(() => ends.length > 0, what);
      assert.deepEqual(ends, [[2, "PROTOCOL_ERROR", reason]], what);
      await client.stop();
    }
  });
}

test("in 3.1.1 the connection is closed without a word", async (t) => {
  const broker = await brokerFor(t);
  const ends = [];
  const client = clientFor(t, broker.url, {
    on_disconnect: (_client, _userdata, rc, error) => ends.push([rc, error.code, error.reasonCode]),
  });
  await client.start();
  broker.connections[0].write(Uint8Array.of(0x41, 2, 0, 1));
  await until(() => broker.connections[1] && client.connected, "the next connection");
  assert.deepEqual(ends, [[2, "PROTOCOL_ERROR", undefined]]);
  assert.deepEqual(
    broker.connections[0].packets.map(({ cmd }) => cmd),
    ["connect"],
  );
});

test('with mqttclientid "" the broker assigns one, and it is used from then on', async (t) => {
  const properties = { assignedClientIdentifier: "given-by-the-broker" };
  const broker = await startFakeBroker([scripts.accepts(() => false, { properties }), scripts.accepts()]);
  t.after(() => broker.stop());
  const client = clientFor(t, {
    mqttserver: broker.url,
    mqttversion: 5,
    mqttclientid: "",
    maxmqttreconnectdelay: 0.01,
  });
  await client.start();
  broker.connections[0].reset();
  const again = await until(() => broker.connections[1]?.packets[0], "the next connection");
  assert.equal(broker.connections[0].packets[0].clientId, "");
  assert.equal(again.clientId, "given-by-the-broker");
});

test("an acknowledgement of a message that was never sent is reported and ends nothing", async (t) => {
  const broker = await brokerFor(t);
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  await client.start();
  broker.connections[0].write(Uint8Array.of(0x40, 2, 0, 9));
  await until(() => client.errors.length > 0, "on_error");
  assert.equal(client.errors[0].code, "PROTOCOL_ERROR");
  assert.match(client.errors[0].message, /was not sent/);
  await client.publish("a", "x", { qos: 2 });
  assert.equal(broker.connections.length, 1);
});

// Connections that are lost, and keep alive: the arguments of on_disconnect.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttError } from "mqtt-lib";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, until } from "./helpers.mjs";

test("on_disconnect gets 7 and the error when the connection is lost", async (t) => {
  const broker = await fakeBroker(t);
  const calls = [];
  const client = clientFor(t, broker.url, { on_disconnect: (...all) => calls.push(all) });
  await client.start();
  broker.connections[0].reset();
  await until(() => calls.length > 0, "on_disconnect");
  const [self, , rc, error] = calls[0];
  assert.equal(self, client);
  assert.equal(rc, 7);
  assert.ok(error instanceof MqttError);
  assert.equal(error.code, "CONNECTION_LOST");
  assert.match(error.message, new RegExp(`${broker.port}`));
  assert.equal(client.state, "reconnecting");
  assert.deepEqual(client.errors, [], "the callback carried it");
});

test("on_disconnect gets 16 when the broker no longer answers within the keepalive", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts((packet) => packet.cmd === "pingreq"),
  );
  const calls = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, mqttkeepalive: 0.2 },
    { on_disconnect: (...all) => calls.push(all) },
  );
  await client.start();
  await until(() => calls.length > 0, "on_disconnect");
  assert.equal(calls[0][2], 16);
  assert.match(calls[0][3].message, /keepalive/);
});

test("a client that is silent is kept alive by pings, and mqttkeepalive 0 sends none", async (t) => {
  const broker = await fakeBroker(t);
  const [alive, off] = [0.1, 0].map((mqttkeepalive) =>
    clientFor(t, { mqttserver: broker.url, mqttkeepalive, mqttclientid: `keepalive-${mqttkeepalive}` }),
  );
  await Promise.all([alive.start(), off.start()]);
  const pings = (id) =>
    broker.connections
      .find(({ packets }) => packets[0].clientId === id)
      .packets.filter(({ cmd }) => cmd === "pingreq").length;
  await until(() => pings("keepalive-0.1") >= 3, "three pings");
  assert.equal(pings("keepalive-0"), 0);
  assert.equal(alive.connected, true);
});

test("on_disconnect gets 2 when the broker sends what is not MQTT", async (t) => {
  const broker = await fakeBroker(t);
  const calls = [];
  const client = clientFor(t, broker.url, { on_disconnect: (...all) => calls.push(all) });
  await client.start();
  broker.connections[0].write(Uint8Array.of(0xf0, 0x00));
  await until(() => calls.length > 0, "on_disconnect");
  assert.equal(calls[0][2], 2);
  assert.equal(calls[0][3].code, "PROTOCOL_ERROR");
});

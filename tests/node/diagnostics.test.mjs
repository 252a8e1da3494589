// What a client shows of itself: console.log, JSON of errors, the channels of node:diagnostics_channel. No secret is in any.

import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { test } from "node:test";
import { inspect } from "node:util";
import { fakeBroker } from "../support/fake-broker.mjs";
import { freePort } from "../support/ports.mjs";
import { clientFor, failure } from "./helpers.mjs";

test("console.log(client) shows address, state, version and counters, and no secret", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, {
    mqttserver: `${broker.wsUrl}?token=query-secret`,
    mqttusername: "user-secret",
    mqttpassword: "password-secret",
  });
  assert.match(inspect(client), /^MqttCustom \{[\s\S]*state: 'connecting'/);
  await client.start();
  const shown = inspect(client);
  assert.match(shown, new RegExp(`address: '${broker.wsUrl}'`));
  assert.match(shown, /state: 'connected',\s+mqttversion: 4,\s+stats: \{[\s\S]*bytesSent: \d+/);
  assert.doesNotMatch(shown + JSON.stringify(client), /secret/);
  assert.match(inspect([[client]], { depth: 1 }), /\[MqttCustom\]/);
});

test("JSON of an error has its message", async (t) => {
  const client = clientFor(t, { mqttserver: `mqtt://127.0.0.1:${await freePort()}` });
  const error = await failure(client.start());
  const json = JSON.parse(JSON.stringify(error));
  assert.deepEqual(json, { name: "MqttError", message: error.message, code: "CONNECTION_REFUSED" });
});

test("events are on the channels of node:diagnostics_channel", async (t) => {
  const broker = await fakeBroker(t);
  const seen = [];
  const client = clientFor(t, broker.url);
  const listener = (message, name) => message.client === client && seen.push([name, message.event.type]);
  const names = ["connect", "disconnect", "statechange", "close"].map((type) => `mqtt-lib:${type}`);
  for (const name of names) subscribe(name, listener);
  t.after(() => {
    for (const name of names) unsubscribe(name, listener);
  });
  await client.start();
  await client.stop();
  assert.deepEqual(
    seen.map(([name, type]) => `${name}=${type}`),
    ["statechange", "statechange", "connect", "statechange", "disconnect", "close"].map(
      (type) => `mqtt-lib:${type}=${type}`,
    ),
  );
});

// Tokens that expire: a broker whose tokens are valid for two seconds, and a client whose credentials are a function.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTokenBroker } from "../support/token-broker.mjs";
import { clientFor, freshTopic, pause, until } from "./helpers.mjs";

const TOKENS = 10;

test("a client stays connected over ten tokens of two seconds, and no QoS 1 message is lost either way", async (t) => {
  const broker = await startTokenBroker({ life: 2_000 });
  t.after(() => broker.stop());
  const { aedes, seen } = broker;
  const [up, down] = [freshTopic("up"), freshTopic("down")];
  const arrived = new Set();
  aedes.on("publish", ({ topic, payload }) => {
    if (topic === up) arrived.add(payload.toString());
  });

  const received = new Set();
  const asked = [];
  const client = clientFor(t, async (attempt, lastError) => {
    asked.push([attempt, lastError?.code]);
    await pause(20); // as long as a token service may take
    return {
      mqttserver: broker.url,
      mqttclientid: "ten-tokens",
      mqttcleansession: false,
      mqttusername: "token",
      mqttpassword: broker.issue(),
    };
  });
  await client.subscribe(down, { qos: 1 }, (_client, _userdata, message) => received.add(message.text()));

  const published = [];
  for (let i = 0; seen.expired < TOKENS; i++) {
    published.push(client.publish(up, i, { qos: 1 }));
    aedes.publish(
      { cmd: "publish", topic: down, payload: Buffer.from(`${i}`), qos: 1, retain: false },
      () => {},
    );
    await pause(10);
  }
  await Promise.all(published);
  await until(() => received.size === published.length, "what came while it was away");
  // The last messages may have arrived before the last token expired.
  await until(() => client.stats().reconnects >= TOKENS, "a connection after each token");

  t.diagnostic(`${seen.accepted.length} tokens; ${published.length} messages of QoS 1 each way`);
  const all = published.map((_, i) => `${i}`);
  assert.deepEqual([...arrived].sort(), all.toSorted());
  assert.deepEqual([...received].sort(), all.toSorted());
  assert.equal(new Set(seen.accepted).size, seen.accepted.length, "a new token each time");
  assert.deepEqual(seen.refused, []);
  assert.deepEqual(asked.slice(0, 2), [
    [1, undefined],
    [1, "CONNECTION_LOST"],
  ]);
});

test("with a token that is not renewed the same client is refused, and the function gets the reason", async (t) => {
  const broker = await startTokenBroker({ life: 2_000 });
  t.after(() => broker.stop());
  const stale = broker.issue();
  const errors = [];
  const client = clientFor(t, (_attempt, lastError) => {
    errors.push(lastError?.code);
    return {
      mqttserver: broker.url,
      mqttusername: "token",
      mqttpassword: errors.length < 4 ? stale : broker.issue(),
    };
  });
  await until(() => broker.seen.accepted.length === 2, "a new token is accepted");
  assert.deepEqual(broker.seen.refused, [stale, stale]);
  assert.deepEqual(errors, [undefined, "CONNECTION_LOST", "NOT_AUTHORIZED", "NOT_AUTHORIZED"]);
  await client.start();
});

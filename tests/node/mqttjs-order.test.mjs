// mqtt-lib/mqttjs: the order in which calls of one turn are sent, which is that of the calls.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { clients } from "../support/mqttjs-clients.mjs";
import { freshTopic, until } from "./helpers.mjs";

const { shared, clientOf, connected } = clients();

/** The names of the packets that a client sends from now on, but PUBREL. */
function sentBy(client) {
  const sent = [];
  client.on("packetsend", ({ cmd }) => /publish|subscribe/.test(cmd) && sent.push(cmd));
  return sent;
}

/** Calls of one turn: s(ubscribe), u(nsubscribe), p(ublish) with QoS 1, or with QoS 0. */
const NAMES = { s: "subscribe", u: "unsubscribe", p: "publish", 0: "publish" };

function call(client, topic, letters, done) {
  for (const letter of letters) {
    if (letter === "s") client.subscribe(topic, (error) => done(`s ${error}`));
    else if (letter === "u") client.unsubscribe(topic, (error) => done(`u ${error}`));
    else
      client.publish(topic, letter, { qos: letter === "p" ? 1 : 0 }, (error) => done(`${letter} ${error}`));
  }
}

for (const letters of ["spu", "ps", "sup", "p0us", "s0u0", "psupu", "su"]) {
  test(`in one turn: ${letters}`, async (t) => {
    const client = await connected(t);
    const topic = freshTopic();
    const sent = sentBy(client);
    const done = [];
    call(client, topic, letters, (line) => done.push(line));
    await until(() => done.length === letters.length);
    assert.deepEqual(
      sent,
      [...letters].map((letter) => NAMES[letter]),
    );
    for (const line of done) assert.match(line, / (null|undefined)$/);
  });
}

test("in the turn of a message: what was published before the subscription ends comes", async (t) => {
  const client = await connected(t);
  const topic = freshTopic();
  const texts = [];
  const sent = sentBy(client);
  client.on("message", (_topic, payload) => {
    texts.push(`${payload}`);
    if (texts.length > 1) return;
    client.publish(topic, "second", { qos: 1 });
    client.unsubscribe(topic);
    client.publish(topic, "third", { qos: 1 });
  });
  await client.subscribeAsync(topic);
  await client.publishAsync(topic, "first", { qos: 1 });
  await until(() => sent.length === 5);
  await client.publishAsync(topic, "last", { qos: 1 });
  assert.deepEqual(sent.slice(2), ["publish", "unsubscribe", "publish", "publish"]);
  assert.deepEqual(texts, ["first", "second"]);
});

test("a subscription that ends before there is a connection is granted, and ends", async (t) => {
  const client = clientOf(t, shared.mosquitto.url, { manualConnect: true });
  const topic = freshTopic();
  const sent = sentBy(client);
  const done = [];
  call(client, topic, "su", (line) => done.push(line));
  client.connect();
  await until(() => done.length === 2);
  assert.deepEqual(done, ["s null", "u null"]);
  assert.deepEqual(sent, ["subscribe", "unsubscribe"]);
  const messages = [];
  client.on("message", () => messages.push(1));
  await client.publishAsync(topic, "a", { qos: 1 });
  assert.deepEqual(messages, []);
});

test("a filter that is subscribed, ended and subscribed again before there is a connection is subscribed", async (t) => {
  const requests = [];
  const broker = await startFakeBroker(
    scripts.accepts(({ cmd, subscriptions, unsubscriptions }) => {
      const list = subscriptions?.map(({ topic, qos }) => `${topic} ${qos}`) ?? unsubscriptions;
      if (list !== undefined) requests.push(`${cmd} ${list}`);
      return false;
    }),
  );
  t.after(() => broker.stop());
  const client = clientOf(t, broker.url, { manualConnect: true });
  const first = client.subscribeAsync("a", { qos: 2 });
  const ended = client.unsubscribeAsync("a");
  const second = client.subscribeAsync(["a", "b"], { qos: 1 });
  const endedToo = client.unsubscribeAsync("b");
  client.connect();
  const granted = (await Promise.all([first, ended, second, endedToo]))[2];
  assert.deepEqual(
    granted.map(({ qos }) => qos),
    [1, 1],
  );
  assert.deepEqual(requests, ["subscribe a 2", "unsubscribe a", "subscribe a 1,b 1", "unsubscribe b"]);
});

test("end(true) calls back no publish that has no answer, as MQTT.js", async (t) => {
  const client = await connected(t, {});
  const done = [];
  client.publish(freshTopic(), "a", { qos: 1 }, (error) => done.push(`${error}`));
  client.subscribe(freshTopic(), (error) => done.push(`${error.message}`));
  const closed = once(client, "close");
  await client.endAsync(true);
  await closed;
  await client.endAsync();
  assert.deepEqual(done, ["Connection closed"]);
  assert.deepEqual(Object.keys(client.outgoing), []);
});

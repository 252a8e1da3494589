// snapshot(filter): the retained messages under a filter. And topicMatches, which agrees with a broker's own matching.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { topicMatches } from "mqtt-lib";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, failure, freshTopic, pause } from "./helpers.mjs";

const COUNT = 300;
let mosquitto;

before(async () => {
  mosquitto = await startMosquitto();
});

after(() => mosquitto?.stop());

for (const mqttversion of [4, 5]) {
  test(`${COUNT} retained messages are complete, and leave no subscription, in MQTT ${mqttversion}`, async (t) => {
    const base = freshTopic();
    const client = clientFor(t, { mqttserver: mosquitto.url, mqttversion });
    const publishes = Array.from({ length: COUNT }, (_, i) =>
      client.publish(`${base}/${i}`, i, { qos: 1, retain: true }),
    );
    await Promise.all(publishes);
    const untaken = [];
    client.on_message = (_client, _userdata, message) => untaken.push(message);
    const all = await client.snapshot(`${base}/#`, { quiet: 0.2 });
    assert.equal(all.size, COUNT);
    for (let i = 0; i < COUNT; i++) assert.equal(all.get(`${base}/${i}`).text(), String(i));
    await client.publish(`${base}/0`, "live", { qos: 1 });
    await client.publish(`${base}/0`, "", { qos: 1, retain: true });
    assert.equal((await client.snapshot(`${base}/#`, { quiet: 0.1 })).size, COUNT - 1);
    assert.equal((await client.snapshot(`${base}/none/at/all`, { quiet: 0.1 })).size, 0);
    assert.deepEqual(untaken, []);
  });
}

test("a subscription of the application stays, and its handler", async (t) => {
  const base = freshTopic();
  const client = clientFor(t, { mqttserver: mosquitto.url });
  const seen = [];
  await client.subscribe(`${base}/#`, (_client, _userdata, message) => seen.push(message.text()));
  await client.publish(`${base}/a`, "1", { qos: 1, retain: true });
  assert.equal((await client.snapshot(`${base}/#`, { quiet: 0.1 })).size, 1);
  await client.publish(`${base}/a`, "2", { qos: 1 });
  await client.snapshot(`${base}/none`, { quiet: 0.1 });
  assert.equal(seen.at(-1), "2");
});

test("it rejects at its timeout, with the reason of its signal, and where the filter is refused", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "subscribe"),
  );
  const client = clientFor(t, broker.url);
  await client.start();
  assert.equal((await failure(client.snapshot("a", { timeout: 0.05 }))).code, "TIMEOUT");
  const mistyped = await failure(client.snapshot("a", { quite: 1 }));
  assert.deepEqual([mistyped.name, mistyped.code], ["TypeError", "INVALID_OPTION"]);
  assert.match(mistyped.message, /"quite"/);
  const reason = new Error("gone");
  assert.equal(await failure(client.snapshot("a", { signal: AbortSignal.abort(reason) })), reason);
  assert.equal((await failure(client.snapshot("a/#/b"))).code, "INVALID_TOPIC");
});

/** Sends so many of six retained messages behind each SUBACK, and then breaks the connection, if they are not all. */
const sends = (count) =>
  scripts.accepts(
    (packet, connection) => {
      if (packet.cmd !== "subscribe") return false;
      const granted = packet.subscriptions.map(({ qos }) => qos);
      const topics = [0, 1, 2, 3, 4, 5].slice(0, count);
      const messages = topics.map((i) => ({
        cmd: "publish",
        topic: `r/${i}`,
        payload: "v",
        qos: 0,
        retain: true,
      }));
      connection.send({ cmd: "suback", messageId: packet.messageId, granted }, ...messages);
      if (count < 6) setTimeout(() => connection.reset(), 20);
      return true;
    },
    { sessionPresent: true },
  );

for (const mqttversion of [4, 5]) {
  for (const [name, away] of [
    ["is lost", 0],
    ["is lost, and the broker away for longer than a round trip is waited for", 6500],
  ]) {
    test(`the connection ${name} in the middle, in a session that is kept: it asks again, MQTT ${mqttversion}`, async (t) => {
      const until = performance.now() + away;
      const again = (connection) => {
        if (performance.now() < until) connection.close();
        else sends(6)(connection);
      };
      const broker = await fakeBroker(t, [sends(3), again]);
      const credentials = {
        mqttserver: broker.url,
        mqttversion,
        mqttclientid: "kept",
        mqttcleansession: false,
      };
      const client = clientFor(t, { ...credentials, maxmqttreconnectdelay: 0.1 });
      const all = await client.snapshot("r/#", { quiet: 0.1 });
      assert.deepEqual([...all.keys()].sort(), ["r/0", "r/1", "r/2", "r/3", "r/4", "r/5"]);
    });
  }
}

test("quiet is a number of seconds, and 0 is the round trip alone", async (t) => {
  const client = clientFor(t, { mqttserver: mosquitto.url });
  for (const [quiet, code, shown] of [
    [Number.NaN, "OUT_OF_RANGE", "NaN"],
    [Number.POSITIVE_INFINITY, "OUT_OF_RANGE", "Infinity"],
    [-1, "OUT_OF_RANGE", "-1"],
    [1e10, "OUT_OF_RANGE", "10000000000"],
    ["1", "INVALID_OPTION", "a string"],
  ]) {
    const error = await failure(client.snapshot("a/#", { quiet }));
    assert.equal(error.code, code);
    assert.equal(
      error.message,
      `quiet must be a number of seconds above 0, at most 2147483; ${shown} was given`,
    );
  }
  const base = freshTopic();
  await client.publish(`${base}/a`, "1", { qos: 1, retain: true });
  assert.equal((await client.snapshot(`${base}/#`, { quiet: 0 })).size, 1);
});

test("a broker that does not answer the UNSUBSCRIBE of a filter that nobody has subscribed is waited for, not for ever", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "unsubscribe"),
  );
  const client = clientFor(t, { mqttserver: broker.url, acktimeout: 30, stoptimeout: 0.1 });
  const all = await client.snapshot("a/#", { quiet: 0.05 });
  assert.equal(all.size, 0);
  assert.equal(client.connected, true);
});

test("stop() ends it before quiet has passed; a client keeps no listener of it", async (t) => {
  const broker = await fakeBroker(t, scripts.accepts());
  const client = clientFor(t, { mqttserver: broker.url });
  const listeners = { added: 0, removed: 0 };
  t.mock.method(client, "addEventListener", (...given) => {
    listeners.added += 1;
    return EventTarget.prototype.addEventListener.apply(client, given);
  });
  t.mock.method(client, "removeEventListener", (...given) => {
    listeners.removed += 1;
    return EventTarget.prototype.removeEventListener.apply(client, given);
  });
  await client.start();
  await client.snapshot("a/#", { quiet: 0.01 });
  assert.equal(listeners.added, listeners.removed);
  const waiting = failure(client.snapshot("a/#", { quiet: 30, timeout: 40 }));
  await pause(100);
  await client.stop();
  const late = Symbol();
  const error = await Promise.race([waiting, pause(1000).then(() => late)]);
  assert.notEqual(error, late);
  assert.equal(error.code, "STOPPED");
});

test("topicMatches is what the standard says", () => {
  const yes = [
    ["a", "a"],
    ["a/+", "a/b"],
    ["a/+", "a/"],
    ["a/#", "a"],
    ["a/#", "a/b/c"],
    ["#", "a/b"],
    ["+/+", "/b"],
    ["$SYS/#", "$SYS/x"],
    ["$share/g/a/+", "a/b"],
    ["+/b/#", "a/b"],
  ];
  const no = [
    ["a", "b"],
    ["a", "a/b"],
    ["a/+", "a"],
    ["a/+", "a/b/c"],
    ["#", "$SYS/x"],
    ["+/x", "$SYS/x"],
    ["a/b", "a"],
    ["A", "a"],
  ];
  for (const [filter, topic] of yes) assert.ok(topicMatches(filter, topic), `${filter} ${topic}`);
  for (const [filter, topic] of no) assert.ok(!topicMatches(filter, topic), `${filter} ${topic}`);
});

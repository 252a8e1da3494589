// A client in a page and in a module worker: all calls, many messages, large payloads, and a restart of the broker.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { startEmbedded } from "../support/embedded.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { beforeTheWasm, subscriber, setUp } from "./support/contexts.mjs";

for (const context of ["page", "worker"]) {
  describe(`in a ${context}`, () => {
    test("every call does what it says", async (t) => {
      const { run, topic } = await setUp(t, context);
      const peer = await subscriber(t, `${topic}/#`);
      const result = await run(async ({ url, topic }) => {
        const { MqttCustom, MqttError } = await import("/dist/browser.mjs");
        const log = [];
        const credentials = { mqttserver: url, mqttclientid: `all-${topic}`, publishinterval: 0.2 };
        const client = new MqttCustom({
          credentials,
          userdata: "mine",
          onConnect: (_client, userdata, flags, rc) =>
            log.push(["connect", userdata, flags.sessionPresent, rc]),
          onDisconnect: (_client, _userdata, rc) => log.push(["disconnect", rc]),
          onMessage: (_client, _userdata, message) => log.push([message.topic, message.text(), message.qos]),
        });
        await client.start();
        const granted = [
          await client.subscribe(`${topic}/in/1`),
          await client.subscribe([`${topic}/in/2`, `${topic}/in/3`], { qos: 2 }),
          await client.subscribe({ [`${topic}/in/4`]: 1 }),
          await client.subscribe_topics([`${topic}/in/5`], { qos: 1 }),
          await client.subscribe(`${topic}/in/6`, {}, (_client, _userdata, m) =>
            log.push(["handler", m.json()]),
          ),
        ];
        await client.unsubscribe(`${topic}/in/2`);
        const iterated = (async () => {
          const all = [];
          for await (const message of client.messages(`${topic}/in/+`)) all.push(message.text());
          return all;
        })();
        for (const n of [1, 2, 3, 4, 5, 6]) await client.publish(`${topic}/in/${n}`, `${n}`, { qos: 2 });
        for (let i = 0; i < 5; i++) client.batch_publish(`${topic}/out`, "payload");
        for (let i = 0; i < 5; i++) client.qpublish(`${topic}/out`, i);
        await Promise.all([client.batchPublish(`${topic}/out`, 1), client.qpublish(`${topic}/out`, "late")]);
        await client.publish_high_priority(`${topic}/out`, "one-shot", { qos: 1 });
        await MqttCustom.publishHighPriority(`${topic}/out`, "static", { hostname: url, qos: 1 });
        const stats = client.stats();
        client.batch_publish(`${topic}/out`, "at stop");
        const states = [client.connected, client.state];
        await client.stop();
        const refused = await client.publish(topic, "x").catch((error) => error);
        return {
          log,
          granted,
          iterated: await iterated,
          states: [...states, client.connected, client.state],
          stats,
          refused: [refused instanceof MqttError, refused instanceof Error, refused.name, refused.code],
        };
      });
      await peer.count(16);
      const out = peer.messages
        .filter(([name]) => name.endsWith("/out"))
        .map(([, payload]) => payload.toString());
      assert.deepEqual(out.slice(0, 6), ['["payload","payload","payload","payload","payload"]', ..."01234"]);
      assert.deepEqual(out.slice(6), ["[1]", "late", "one-shot", "static", '["at stop"]']);
      const { stats, ...rest } = result;
      assert.deepEqual(rest, {
        log: [
          ["connect", "mine", false, 0],
          [`${topic}/in/1`, "1", 0],
          [`${topic}/in/3`, "3", 2],
          [`${topic}/in/4`, "4", 1],
          [`${topic}/in/5`, "5", 1],
          ["handler", 6],
          ["disconnect", 0],
        ],
        granted: [[0], [2, 2], [1], [1], [0]],
        iterated: ["1", "3", "4", "5", "6"],
        states: [true, "connected", false, "stopped"],
        refused: [true, true, "MqttError", "STOPPED"],
      });
      assert.equal(stats.received, 5);
      assert.equal(stats.sent, 14);
      assert.deepEqual([stats.queued, stats.inFlight, stats.dropped, stats.reconnects], [0, 0, 0, 0]);
    });

    test("10,000 publishes in a loop arrive in order, in fewer than 100 frames, loaded or not", async (t) => {
      const { run, topic, page, frames } = await setUp(t, context);
      const peer = await subscriber(t, `${topic}/#`);
      const loop = async ({ url, topic, early }) => {
        let sends = 0;
        const { send } = WebSocket.prototype;
        WebSocket.prototype.send = function (data) {
          sends += 1;
          return send.call(this, data);
        };
        const { MqttCustom } = await import("/dist/browser.mjs");
        const client = new MqttCustom({ credentials: { mqttserver: url } });
        if (!early) await client.start();
        const all = [client.subscribe("nothing")];
        for (let i = 0; i < 10_000; i++) all.push(client.publish(`${topic}/${i % 7}`, i));
        await Promise.all(all);
        await client.stop();
        WebSocket.prototype.send = send;
        return sends;
      };
      for (const early of [true, false]) {
        peer.messages.length = 0;
        frames.sent = 0;
        const publishAll = () => run(loop, { early });
        const sends = await (early ? beforeTheWasm(publishAll) : publishAll());
        assert.ok(sends < 100, `${sends} sends`);
        if (context === "page") assert.equal(frames.sent, sends, "what the browser's network sees");
        await peer.count(10_000);
        assert.deepEqual(
          peer.texts(),
          Array.from({ length: 10_000 }, (_, i) => String(i)),
        );
      }
      assert.ok(page);
    });

    test("a megabyte comes back as it went", async (t) => {
      // Not over mosquitto's WebSocket listener, which is slow after a short write: see support/mosquitto.mjs.
      const embedded = await startEmbedded();
      t.after(() => embedded.stop());
      const { run, topic } = await setUp(t, context);
      const peer = await subscriber(t, `${topic}/out`, embedded.url);
      const bytes = randomBytes(1 << 20);
      const hash = (data) => createHash("sha256").update(data).digest("hex");
      const both = run(
        async ({ url, topic, base64 }) => {
          const { MqttCustom } = await import("/dist/browser.mjs");
          const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
          const client = new MqttCustom({ credentials: { mqttserver: url } });
          const received = client.messages(`${topic}/in`);
          await client.subscribe(`${topic}/in`, { qos: 1 });
          await client.publish(`${topic}/out`, bytes, { qos: 1 });
          await client.publish(`${topic}/out`, "😀".repeat(1 << 18), { qos: 2 });
          const { value } = await received.next();
          await client.stop();
          const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", value.payload));
          return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
        },
        { base64: bytes.toString("base64"), url: embedded.wsUrl },
      );
      await peer.count(2);
      assert.equal(hash(peer.messages[0][1]), hash(bytes));
      assert.equal(peer.texts()[1], "😀".repeat(1 << 18));
      await peer.client.publishAsync(`${topic}/in`, bytes, { qos: 1 });
      assert.equal(await both, hash(bytes));
    });
  });
}

test("a broker that is killed and comes back finds the client again, its subscriptions and every message", async (t) => {
  const own = await startMosquitto();
  t.after(() => own.stop());
  const { page, topic, problems } = await setUp(t, "page");
  await page.evaluate(
    async ({ url, topic }) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      const log = [];
      const received = new Set();
      const client = new MqttCustom({
        credentials: { mqttserver: url, maxmqttreconnectdelay: 0.2 },
        on_connect: (_client, _userdata, _flags, rc) => log.push(`connect ${rc}`),
        on_disconnect: (_client, _userdata, rc) => log.push(`disconnect ${rc}`),
        on_message: (_client, _userdata, message) => received.add(Number(message.text())),
        on_error() {},
      });
      await client.subscribe(`${topic}/#`, { qos: 1 });
      const published = [];
      const timer = setInterval(() => {
        published.push(client.publish(`${topic}/n`, published.length, { qos: 1 }));
      }, 10);
      globalThis.run = { client, log, received, published, timer };
    },
    { url: own.wsUrl, topic },
  );
  const state = () => page.evaluate(() => globalThis.run.client.state);
  await page.waitForFunction(() => globalThis.run.received.size > 20);
  await own.kill("SIGKILL");
  await page.waitForFunction(() => globalThis.run.client.state === "reconnecting");
  await new Promise((resolve) => setTimeout(resolve, 300));
  await own.start();
  await page.waitForFunction(() => globalThis.run.client.state === "connected");
  assert.equal(await state(), "connected");
  const { log, missing, count, reconnects } = await page.evaluate(async () => {
    const { client, log, received, published, timer } = globalThis.run;
    const size = published.length + 50;
    while (published.length < size) await new Promise((resolve) => setTimeout(resolve, 10));
    clearInterval(timer);
    await Promise.all(published);
    for (let i = 0; i < 200 && received.size < published.length; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { reconnects } = client.stats();
    const missing = published.map((_, i) => i).filter((i) => !received.has(i));
    await client.stop();
    return { log, missing, count: published.length, reconnects };
  });
  assert.deepEqual(log, ["connect 0", "disconnect 7", "connect 0", "disconnect 0"]);
  assert.deepEqual(missing, [], `of ${count}`);
  assert.equal(reconnects, 1);
  // The browser's own messages about failed attempts.
  const others = problems.splice(0).filter((text) => !/^WebSocket connection to/.test(text));
  assert.deepEqual(others, []);
});

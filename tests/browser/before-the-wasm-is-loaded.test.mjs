// Calls in a page or a worker before the .wasm is loaded: they are executed in order, with the payloads at the time of the
// call, or rejected as later calls are.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { beforeTheWasm, subscriber, setUp } from "./support/contexts.mjs";

for (const context of ["page", "worker"]) {
  describe(`in a ${context}`, () => {
    test("everything can be called right after the import, and is done in order with the payloads of then", async (t) => {
      const { run, topic } = await setUp(t, context);
      const peer = await subscriber(t, `${topic}/#`);
      const result = await beforeTheWasm(() =>
        run(async ({ url, topic }) => {
          const { MqttCustom } = await import("/dist/browser.mjs");
          const client = new MqttCustom({ credentials: { mqttserver: url } });
          const before = [client.state, client.connected, client.stats().sent];
          const received = [];
          client.on_message = (self, _userdata, message) => received.push([self === client, message.text()]);
          const bytes = new TextEncoder().encode("bytes");
          const item = { n: 1 };
          const options = { qos: 1 };
          const filters = [`${topic}/own`];
          const iterator = client.messages(`${topic}/own`);
          const all = [
            client.subscribe(filters, options),
            client.publish(`${topic}/a`, bytes, options),
            client.publish(`${topic}/a`, new DataView(bytes.buffer, 1, 2)),
            client.publish(`${topic}/a`, bytes.buffer),
            client.publish(`${topic}/own`, "to myself"),
            client.batch_publish(`${topic}/b`, item),
            client.batch_publish(`${topic}/b`, item),
            client.qpublish(`${topic}/q`, bytes),
            client.flush(),
            client.start(),
            client.publish(`${topic}/a`, 4.5, { qos: 2 }),
          ];
          bytes.fill(33);
          item.n = 9;
          options.qos = 9;
          filters.push("a+");
          const [granted] = await Promise.all(all);
          const first = await iterator.next();
          const state = client.state;
          await client.stop();
          return { before, granted, received, first: first.value.text(), state, last: client.state };
        }),
      );
      assert.deepEqual(result, {
        before: ["connecting", false, 0],
        granted: [1],
        received: [[true, "to myself"]],
        first: "to myself",
        state: "connected",
        last: "stopped",
      });
      await peer.count(7);
      assert.deepEqual(peer.texts(), [
        "bytes",
        "yt",
        "bytes",
        "to myself",
        '[{"n":1},{"n":1}]',
        "bytes",
        "4.5",
      ]);
    });

    test("wrong options are thrown by the constructor, or reach start() and on_error where the .wasm is loading", async (t) => {
      const { run } = await setUp(t, context);
      const result = await beforeTheWasm(() =>
        run(async () => {
          const { MqttCustom } = await import("/dist/browser.mjs");
          const show = (error) => `${error.name} ${error.code} ${/mqttprt.*mqttport/.test(error.message)}`;
          const options = { credentials: { mqttprt: 1 } };
          const errors = [];
          const client = new MqttCustom({
            ...options,
            on_error: (_client, _data, error) => errors.push(show(error)),
          });
          const early = await Promise.all([
            client.start().catch(show),
            client.publish("a", "b").catch(show),
            client.subscribe("a").catch(show),
          ]);
          const { length } = errors;
          let thrown;
          try {
            new MqttCustom(options);
          } catch (error) {
            thrown = show(error);
          }
          return { errors: errors.slice(0, 1), length, early, thrown };
        }),
      );
      const expected = "TypeError INVALID_OPTION true";
      assert.deepEqual(result, {
        errors: [expected],
        length: 1,
        early: [expected, expected, expected],
        thrown: expected,
      });
    });
  });
}

test("calls made while the .wasm arrives keep their order", async (t) => {
  const { run, topic } = await setUp(t, "page");
  const peer = await subscriber(t, topic);
  await run(async ({ url, topic }) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const { compileStreaming } = WebAssembly;
    let client;
    let count = 0;
    let last;
    // Every microtask of the turn in which the module is loaded publishes one message.
    const loop = (left) => {
      last = client.publish(topic, count++);
      if (left > 0) queueMicrotask(() => loop(left - 1));
    };
    WebAssembly.compileStreaming = async (...all) => {
      const result = await compileStreaming.apply(WebAssembly, all);
      loop(60);
      return result;
    };
    client = new MqttCustom({ credentials: { mqttserver: url } });
    loop(3);
    await client.start();
    await last;
    await client.stop();
  });
  await peer.count(65);
  assert.deepEqual(
    peer.texts(),
    Array.from({ length: 65 }, (_, i) => String(i)),
  );
});

test("callbacks set, replaced and taken away before the .wasm is there are those that count", async (t) => {
  const { run } = await setUp(t, "page");
  const log = await beforeTheWasm(() =>
    run(async ({ url, topic }) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      const log = [];
      const client = new MqttCustom({
        credentials: { mqttserver: url },
        on_connect: () => log.push("connect, taken away"),
        on_message: () => log.push("message, replaced"),
      });
      client.on_connect = null;
      client.onMessage = (_client, _userdata, message) => log.push(message.text());
      client.onDisconnect = () => log.push("disconnect");
      await client.subscribe(topic);
      await client.publish(topic, "message", { qos: 1 });
      await client.publish(topic, "end", { qos: 1 });
      log.push(client.on_connect, client.on_message === client.onMessage);
      await client.stop();
      return log;
    }),
  );
  assert.deepEqual(
    log.filter((entry) => typeof entry === "string"),
    ["message", "end", "disconnect"],
  );
  assert.deepEqual(
    log.filter((entry) => typeof entry !== "string"),
    [null, true],
  );
});

test("an iterator with a wrong filter says so, also when it was made before the .wasm was there", async (t) => {
  const { run } = await setUp(t, "page");
  const [early, late] = await beforeTheWasm(() =>
    run(async ({ url }) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      const client = new MqttCustom({ credentials: { mqttserver: url } });
      const loop = async () => {
        for await (const message of client.messages("a/#/b")) return message;
      };
      const show = (error) => `${error.name} ${error.code}`;
      const early = await loop().catch(show);
      const late = await loop().catch(show);
      await client.start();
      await client.stop();
      return [early, late];
    }),
  );
  assert.equal(late, "TypeError INVALID_TOPIC");
  assert.equal(early, "TypeError INVALID_TOPIC");
});

test("stop() while the .wasm is loading leaves nothing behind", async (t) => {
  const { run, frames } = await setUp(t, "page");
  const result = await beforeTheWasm(() =>
    run(async ({ url, topic }) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      const client = new MqttCustom({ credentials: { mqttserver: url }, autostart: false });
      const published = client.publish(topic, "x").catch((error) => error.code);
      await client.stop();
      return [await published, client.state];
    }),
  );
  assert.deepEqual(result, ["STOPPED", "stopped"]);
  assert.equal(frames.sent, 0);
});

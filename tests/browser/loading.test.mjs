// Loading the .wasm in a page or a worker: once for all clients, under a strict policy, again after a failure. Entries that
// load it differently are in init.test.mjs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { subscriber, setUp } from "./support/contexts.mjs";

for (const context of ["page", "worker"]) {
  describe(`in a ${context}`, () => {
    for (const [name, answer] of Object.entries({
      "never answers": () => {},
      "stops in the middle": (response) =>
        response.writeHead(200, { "Content-Type": "application/wasm" }).write("\0asm"),
    })) {
      test(`a server that ${name} for a minute: every call rejects, and stop() resolves`, async (t) => {
        const { run, site, url, problems } = await setUp(t, context);
        site.respondToWasm = answer;
        const result = await run(
          async ({ url }) => {
            const { setTimeout } = globalThis;
            globalThis.setTimeout = (work, ms) => setTimeout(work, ms === 60_000 ? 300 : ms);
            const { MqttCustom } = await import("/dist/browser.mjs");
            const told = [];
            const client = new MqttCustom({
              credentials: { mqttserver: url },
              on_error: (_client, _userdata, { code }) => told.push(code),
            });
            const code = (error) => `${error.code} ${error.message}`;
            const calls = [client.start(), client.subscribe("a"), client.publish("a", "x"), client.flush()];
            const ended = await Promise.all(calls.map((call) => call.catch(code)));
            await client.stop();
            return { ended, told };
          },
          { url },
        );
        assert.equal(result.ended.length, 4);
        for (const one of result.ended) assert.match(one, /^LOAD_FAILED .*\(it took longer than 60 s\)/);
        assert.deepEqual(result.told, ["LOAD_FAILED"]);
        problems.splice(0);
      });
    }

    test("a .wasm that cannot be loaded rejects start() with what to do, and a later start() works", async (t) => {
      const { run, topic, problems, site } = await setUp(t, context);
      const peer = await subscriber(t, topic);
      const answers = {
        404: (response) => response.writeHead(404).end("not here"),
        html: (response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html>"),
        cut: (response) => response.destroy(),
      };
      for (const [name, answer] of Object.entries(answers)) {
        site.respondToWasm = answer;
        const failed = await run(async ({ url }) => {
          const { MqttCustom } = await import("/dist/browser.mjs");
          const errors = [];
          const client = new MqttCustom({
            credentials: { mqttserver: url },
            on_error(_client, _userdata, error) {
              errors.push(error.code);
              throw new Error("from on_error");
            },
          });
          globalThis.client = client;
          const show = ({ name, code, message, cause }) => ({
            name,
            code,
            message,
            cause: cause instanceof Error,
          });
          const [start, publish] = await Promise.all([
            client.start().catch(show),
            client.publish("a", "b").catch(show),
          ]);
          const stopped = await client.stop();
          return { start, publish, stopped, errors, state: client.state };
        });
        const { message, ...start } = failed.start;
        assert.deepEqual(start, { name: "MqttError", code: "LOAD_FAILED", cause: true }, name);
        assert.match(message, /\/dist\/mqtt_lib_bg\.wasm/);
        assert.match(message, /serve .*application\/wasm/);
        assert.equal(failed.publish.code, "LOAD_FAILED");
        assert.deepEqual([failed.errors, failed.state], [["LOAD_FAILED"], "idle"], name);
      }
      site.respondToWasm = undefined;
      const state = await run(async ({ topic }) => {
        const { client } = globalThis;
        await client.start();
        await client.publish(topic, "at last", { qos: 1 });
        const { state } = client;
        await client.stop();
        return state;
      });
      assert.equal(state, "connected");
      await peer.count(1);
      assert.equal(peer.texts()[0], "at last");
      // The browser's own messages about the requests and the exception of on_error.
      const own = /Failed to load resource|on_error itself threw/;
      const others = problems.splice(0).filter((text) => !own.test(text));
      assert.deepEqual(others, []);
    });
  });
}

test("clients of one page share one .wasm, and one-shots need no client", async (t) => {
  const { run, topic, site } = await setUp(t, "page");
  const peer = await subscriber(t, topic);
  await run(async ({ url, topic }) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const bytes = new TextEncoder().encode("early");
    const shot = MqttCustom.publish_high_priority(topic, bytes, { hostname: url, qos: 2 });
    bytes.fill(33);
    await shot;
    const clients = Array.from({ length: 3 }, () => new MqttCustom({ credentials: { mqttserver: url } }));
    await Promise.all(clients.map((client, i) => client.publish(topic, i, { qos: 1 })));
    await Promise.all(clients.map((client) => client.stop()));
  });
  await peer.count(4);
  assert.deepEqual(peer.texts().sort(), ["0", "1", "2", "early"]);
  assert.equal(site.wasmRequests, 1);
});

/** In the page: a client with a store of its own, which publishes one message or says why it cannot. */
async function publishWithStore({ url, topic }) {
  const { MqttCustom } = await import("/dist/browser.mjs");
  globalThis.plain ??= new MqttCustom({ credentials: { mqttserver: url } });
  await globalThis.plain.publish(topic, "without a store", { qos: 1 });
  const written = [];
  const store = { open: () => [], write: (changes) => written.push(...changes), close() {} };
  const credentials = { mqttserver: url, mqttclientid: topic, store };
  const client = new MqttCustom({ autostart: false, credentials, on_error() {} });
  try {
    await client.start();
    await client.publish(topic, "with a store", { qos: 1 });
    await client.stop();
    return written.length > 0;
  } catch ({ code, message }) {
    return [code, message];
  }
}

test("what only a store needs is a file of its own, and is loaded for a store alone", async (t) => {
  const { run, topic, site, problems } = await setUp(t, "page");
  const peer = await subscriber(t, topic);
  site.respondToWasm = (response, name) => {
    if (name === "mqtt_lib_bg.wasm") return false;
    response.writeHead(404).end();
    return true;
  };
  const [code, message] = await run(publishWithStore);
  assert.equal(code, "LOAD_FAILED");
  assert.match(message, /serve mqtt_lib_store\.wasm there/);
  assert.deepEqual(site.wasmFiles, ["mqtt_lib_bg.wasm", "mqtt_lib_store.wasm"]);
  problems.length = 0; // the browser's own message about the request
  site.respondToWasm = undefined;
  assert.equal(await run(publishWithStore), true, "the store was written");
  assert.equal(await run(publishWithStore), true, "for a second store nothing is loaded");
  assert.equal(site.wasmRequests, 3);
  await peer.count(5);
  assert.equal(peer.texts().filter((text) => text === "with a store").length, 2);
});

test("it works under a content security policy without eval", async (t) => {
  const { run, topic } = await setUp(t, "page", "/strict");
  const peer = await subscriber(t, topic);
  await run(async ({ url, topic }) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const client = new MqttCustom({ credentials: { mqttserver: url } });
    client.messages("x/#");
    await client.subscribe(topic, () => {});
    const batched = client.batch_publish(topic, { a: 1 }, { qos: 1, retain: undefined });
    await client.stop();
    await batched;
  });
  await peer.count(1);
  assert.deepEqual(peer.texts(), ['[{"a":1}]']);
});

// How the .wasm gets into a page or a worker: once for all clients, under a strict policy, again after it could not be
// loaded. The entries that load it in other ways are in init.test.mjs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { listen, setUp } from "./support/places.mjs";

for (const place of ["page", "worker"]) {
  describe(`in a ${place}`, () => {
    test("a .wasm that cannot be loaded rejects start() with what to do, and a later start() works", async (t) => {
      const { runs, topic, complaints, site } = await setUp(t, place);
      const peer = await listen(t, topic);
      const answers = {
        404: (response) => response.writeHead(404).end("not here"),
        html: (response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html>"),
        cut: (response) => response.destroy(),
      };
      for (const [name, answer] of Object.entries(answers)) {
        site.instead = answer;
        const failed = await runs(async ({ url }) => {
          const { MqttCustom } = await import("/dist/browser.mjs");
          const told = [];
          const client = new MqttCustom({
            credentials: { mqttserver: url },
            on_error(_client, _userdata, error) {
              told.push(error.code);
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
          return { start, publish, stopped, told, state: client.state };
        });
        const { message, ...start } = failed.start;
        assert.deepEqual(start, { name: "MqttError", code: "LOAD_FAILED", cause: true }, name);
        assert.match(message, /\/dist\/mqtt_lib_bg\.wasm/);
        assert.match(message, /serve .*application\/wasm/);
        assert.equal(failed.publish.code, "LOAD_FAILED");
        assert.deepEqual([failed.told, failed.state], [["LOAD_FAILED"], "idle"], name);
      }
      site.instead = undefined;
      const state = await runs(async ({ topic }) => {
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
      // The browser's own words about the requests and on_error's exception.
      const own = /Failed to load resource|on_error itself threw/;
      const others = complaints.splice(0).filter((text) => !own.test(text));
      assert.deepEqual(others, []);
    });
  });
}

test("clients of one page share one .wasm, and one-shots need no client", async (t) => {
  const { runs, topic, site } = await setUp(t, "page");
  const peer = await listen(t, topic);
  await runs(async ({ url, topic }) => {
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
  assert.equal(site.asked, 1);
});

test("it works under a content security policy without eval", async (t) => {
  const { runs, topic } = await setUp(t, "page", "/strict");
  const peer = await listen(t, topic);
  await runs(async ({ url, topic }) => {
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

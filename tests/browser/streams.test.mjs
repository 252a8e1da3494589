// `mqtt-lib/streams` in Chromium: a page whose socket can be paused, so that a slow handler loses nothing of QoS 0; the same
// page without it, where what is dropped is counted; and transports of the user's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { setUp } from "./support/contexts.mjs";

const COUNT = 30_000;
/** So long a page waits for all of them, on a busy machine. */
const WAIT_MS = 240_000;

/**
 * In the page or worker: a subscription whose handlers are slower than messages come, until all that came are handled or
 * dropped. mosquitto itself drops what is for a client that is slow for long. Behind the messages comes one that is the last.
 * Without streams the handlers end when that has come.
 */
async function consume({ url, topic, streams, wait }) {
  const { MqttCustom } = await import("/dist/browser.mjs");
  const { webSocketStream } = await import("/dist/streams.mjs");
  const errors = new Set();
  const client = new MqttCustom({
    credentials: {
      mqttserver: url,
      // Shorter than the handlers need for all, and longer than a busy machine keeps a page from its turn.
      mqttkeepalive: 8,
      transport: streams ? webSocketStream : undefined,
    },
    on_error: (_client, _userdata, error) => errors.add(error.code),
  });
  const seen = [];
  let most = 0;
  let came = Number.POSITIVE_INFINITY;
  const begun = performance.now();
  await client.subscribe(topic, { concurrency: 50 }, async (_client, _userdata, message) => {
    most = Math.max(most, client.stats().unhandled);
    seen.push(Number(message.text()));
    do await new Promise((resolve) => setTimeout(resolve, 5));
    while (!streams && came > client.stats().received && performance.now() - begun < wait);
  });
  await client.subscribe(`${topic}/last`, { qos: 1 }, () => {
    came = client.stats().received - 1;
  });
  await client.publish(`${topic}/ready`, "", { qos: 1 });
  while (seen.length + client.stats().dropped < came && performance.now() - begun < wait)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const { dropped, reconnects } = client.stats();
  const ms = performance.now() - begun;
  await client.stop();
  const inOrder = seen.every((number, at) => at === 0 || seen[at - 1] < number);
  return { came, handled: seen.length, inOrder, most, dropped, errors: [...errors], reconnects, ms };
}

for (const context of ["page", "worker"]) {
  for (const streams of [true, false]) {
    const how = streams ? "none is dropped" : "without mqtt-lib/streams each that is dropped is counted";
    test(`${COUNT} messages of QoS 0 at a ${context} that is slower: ${how}`, async (t) => {
      const { run, topic, broker } = await setUp(t, context);
      const publisher = new MqttCustom({ credentials: { mqttserver: broker.url } });
      t.after(() => publisher.stop());
      const ready = publisher.messages(`${topic}/ready`);
      await publisher.subscribe(`${topic}/ready`);
      const consumed = run(consume, { streams, wait: WAIT_MS });
      await ready.next();
      for (let number = 0; number < COUNT; number++) publisher.publish(topic, number);
      await publisher.publish(`${topic}/last`, "", { qos: 1 });
      const { came, handled, inOrder, most, dropped, errors, reconnects, ms } = await consumed;
      t.diagnostic(
        `${came} came, handled ${handled}, dropped ${dropped}, at most ${most} held, ${Math.round(ms)} ms`,
      );
      assert.equal(handled + dropped, came);
      assert.ok(came > COUNT / 2, `${came} came`);
      assert.ok(inOrder);
      assert.equal(reconnects, 0, "keep alive lives");
      if (streams) {
        assert.deepEqual([dropped, errors], [0, []]);
        assert.ok(most < 3_000, `${most} were held`);
      } else {
        assert.deepEqual([handled, dropped, errors], [1_000, came - 1_000, ["QUEUE_FULL"]]);
      }
    });
  }
}

test("a transport without the import is refused, and with it any byte streams are one", async (t) => {
  const { run } = await setUp(t, "page");
  const outcome = await run(async ({ url }) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    /** Byte streams that cut and join as they like, over a plain WebSocket. */
    const transport = ({ url: to, protocols, signal }) => {
      const socket = new WebSocket(to, protocols);
      socket.binaryType = "arraybuffer";
      signal.addEventListener("abort", () => socket.close());
      const readable = new ReadableStream({
        start(controller) {
          socket.onmessage = ({ data }) => {
            const bytes = new Uint8Array(data);
            for (let at = 0; at < bytes.length; at++) controller.enqueue(bytes.subarray(at, at + 1));
          };
          socket.onclose = () => controller.close();
        },
        cancel() {
          socket.onclose = null;
        },
      });
      const open = new Promise((resolve) => {
        socket.onopen = resolve;
      });
      const writable = new WritableStream({
        write: (chunk) => socket.send(chunk),
        close: () => socket.close(),
        abort: () => socket.close(),
      });
      return open.then(() => ({ readable, writable }));
    };
    let code;
    let text;
    try {
      await new MqttCustom({ credentials: { mqttserver: url, transport }, on_error: () => {} }).start();
    } catch (error) {
      code = error.code;
      text = error.message;
    }
    await import("/dist/streams.mjs");
    const client = new MqttCustom({ credentials: { mqttserver: url, transport } });
    const messages = client.messages("own");
    await client.subscribe("own", { qos: 1 });
    await client.publish("own", "x".repeat(100_000), { qos: 1 });
    const { value } = await messages.next();
    const { length } = value.text();
    await messages.return();
    await client.stop();
    await client.publish_high_priority("own", "one", { transport });
    return { code, text, length };
  });
  assert.deepEqual(outcome, {
    code: "INVALID_OPTION",
    text: "credentials.transport in a page: import mqtt-lib/streams",
    length: 100_000,
  });
});

test("a connection over WebSocketStream that is lost, or was never made, is like any other", async (t) => {
  const { page, run, broker, problems } = await setUp(t, "page");
  await run(async ({ url }) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const { webSocketStream: transport } = await import("/dist/streams.mjs");
    globalThis.reasons = [];
    globalThis.client = new MqttCustom({
      credentials: { mqttserver: url, transport, maxmqttreconnectdelay: 0.1 },
      on_disconnect: (_client, _userdata, _rc, error) => globalThis.reasons.push(error?.code),
    });
    await globalThis.client.start();
  });
  await broker.restart("SIGKILL");
  await page.waitForFunction(() => globalThis.client.stats().reconnects === 1);
  const outcome = await run(async () => {
    await globalThis.client.publish("after", "x".repeat(1 << 20), { qos: 1 });
    await globalThis.client.stop();
    const { MqttCustom } = await import("/dist/browser.mjs");
    const { webSocketStream: transport } = await import("/dist/streams.mjs");
    const { port } = new URL(location.href);
    const nobody = new MqttCustom({ credentials: { mqttserver: `ws://127.0.0.1:${port}/none`, transport } });
    const code = await nobody.start().then(
      () => "",
      (error) => error.code,
    );
    await nobody.stop();
    return { code, reasons: globalThis.reasons };
  });
  assert.equal(outcome.code, "CONNECTION_REFUSED");
  assert.equal(outcome.reasons[0], "CONNECTION_LOST");
  // The browser's own words about connections that failed.
  problems.length = 0;
});

// Received messages in a page, whose socket cannot be paused: what is acknowledged waits at the broker, and of QoS 0 the
// oldest that no handler has begun are dropped, counted and reported.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { setUp } from "./support/contexts.mjs";

/** In the page: a handler, or a loop, that is slower than messages come, until `count` messages are handled or dropped. */
async function consume({ url, topic, qos, count, loop }) {
  const { MqttCustom } = await import("/dist/browser.mjs");
  const [errors, texts] = [new Set(), new Set()];
  const client = new MqttCustom({
    credentials: { mqttserver: url, maxunhandled: 20, mqttversion: 5 },
    on_error: (_client, _userdata, error) => {
      errors.add(error.code);
      texts.add(error.message);
    },
  });
  const seen = [];
  let most = 0;
  async function take(message) {
    most = Math.max(most, client.stats().unhandled);
    seen.push(Number(message.text()));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  if (loop) {
    const messages = client.messages(topic);
    await client.subscribe(topic, { qos });
    (async () => {
      for await (const message of messages) await take(message);
    })();
  } else {
    await client.subscribe(topic, { qos, concurrency: 1 }, (_client, _userdata, message) => take(message));
  }
  await client.publish(`${topic}/ready`, "", { qos: 1 });
  while (seen.length + client.stats().dropped < count)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const { dropped } = client.stats();
  await client.stop();
  return { seen, most, dropped, errors: [...errors], texts: [...texts] };
}

for (const { qos, loop } of [
  { qos: 0, loop: false },
  { qos: 1, loop: false },
  { qos: 0, loop: true },
  { qos: 1, loop: true },
]) {
  const where = loop ? "a loop in a page" : "a page";
  test(`300 messages of QoS ${qos} at ${where} that handles one at a time`, async (t) => {
    const { run, topic, broker } = await setUp(t, "page");
    const publisher = new MqttCustom({ credentials: { mqttserver: broker.url } });
    t.after(() => publisher.stop());
    const ready = publisher.messages(`${topic}/ready`);
    await publisher.subscribe(`${topic}/ready`);
    const consumed = run(consume, { qos, count: 300, loop });
    await ready.next();
    for (let number = 0; number < 300; number++) publisher.publish(topic, number, { qos });
    const { seen, most, dropped, errors, texts } = await consumed;
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    if (qos === 0) {
      assert.ok(dropped > 0, "there were too many");
      assert.deepEqual(errors, ["QUEUE_FULL"]);
      assert.match(
        texts.join(),
        /a message of QoS 0 was dropped: maxunhandled \(20\) or maxunhandledbytes \(16777216\) is reached/,
      );
      assert.ok(most <= 21, `${most} were held`);
      assert.equal(seen.at(-1), 299, "the newest is kept");
    } else {
      assert.deepEqual([seen.length, dropped, errors], [300, 0, []]);
    }
  });
}

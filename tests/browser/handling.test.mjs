// Received messages in a page, whose socket cannot be paused: what is acknowledged waits at the broker, and of QoS 0 the
// oldest that no handler has begun are dropped, counted and reported.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { setUp } from "./support/contexts.mjs";

/** In the page: a subscription whose handler is slower than messages come, until `count` messages are handled or dropped. */
async function consume({ url, topic, qos, count }) {
  const { MqttCustom } = await import("/dist/browser.mjs");
  const errors = new Set();
  const client = new MqttCustom({
    credentials: { mqttserver: url, maxunhandled: 20, mqttversion: 5 },
    on_error: (_client, _userdata, error) => errors.add(error.code),
  });
  const seen = [];
  let most = 0;
  await client.subscribe(topic, { qos, concurrency: 1 }, async (_client, _userdata, message) => {
    most = Math.max(most, client.stats().unhandled);
    seen.push(Number(message.text()));
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
  await client.publish(`${topic}/ready`, "", { qos: 1 });
  while (seen.length + client.stats().dropped < count)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const { dropped } = client.stats();
  await client.stop();
  return { seen, most, dropped, errors: [...errors] };
}

for (const qos of [0, 1]) {
  test(`300 messages of QoS ${qos} at a page that handles one at a time`, async (t) => {
    const { run, topic, broker } = await setUp(t, "page");
    const publisher = new MqttCustom({ credentials: { mqttserver: broker.url } });
    t.after(() => publisher.stop());
    const ready = publisher.messages(`${topic}/ready`);
    await publisher.subscribe(`${topic}/ready`);
    const consumed = run(consume, { qos, count: 300 });
    await ready.next();
    for (let number = 0; number < 300; number++) publisher.publish(topic, number, { qos });
    const { seen, most, dropped, errors } = await consumed;
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    if (qos === 0) {
      assert.ok(dropped > 0, "there were too many");
      assert.deepEqual(errors, ["QUEUE_FULL"]);
      assert.ok(most <= 21, `${most} were held`);
      assert.equal(seen.at(-1), 299, "the newest is kept");
    } else {
      assert.deepEqual([seen.length, dropped, errors], [300, 0, []]);
    }
  });
}

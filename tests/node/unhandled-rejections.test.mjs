// A rejected promise without a handler never ends the process; awaiting it still throws.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { lines, run } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

test("with --unhandled-rejections=strict every kind of rejection goes by unseen, and can still be seen", async () => {
  const { stdout, stderr, code, signal } = await run(
    `
    import { MqttCustom } from "mqtt-lib";
    const [, , mqttserver] = process.argv;
    const on_error = () => {};
    const cycle = {};
    cycle.cycle = cycle;
    let seen = 0;
    let calls = 0;
    /** Calls twice: the first promise gets no handler, the second one late. */
    async function twice(call) {
      calls += 1;
      call();
      const promise = call();
      await new Promise((resolve) => setTimeout(resolve, 1));
      await promise.then(() => console.log("resolved: " + call), () => { seen += 1; });
    }

    // Wrong arguments.
    const client = new MqttCustom({ credentials: { mqttserver }, on_error });
    await client.start();
    const five = new MqttCustom({ credentials: { mqttserver, mqttversion: 5 }, on_error });
    await five.start();
    for (const wrong of [
      () => client.publish("a/#", "x"),
      () => client.publish("a", {}),
      () => client.publish("a", "x", { qos: 3 }),
      () => client.publish("", 1, { qos: 1 }),
      () => client.qpublish("a", Symbol("x")),
      () => client.qpublish("a#", "x"),
      () => client.batch_publish("a", cycle),
      () => client.batch_publish("a#", 1),
      () => client.batch_publish("a", "x", { qos: 3 }),
      () => client.batch_publish("a", "x".repeat(17 << 20)),
      () => client.subscribe("a+"),
      () => client.subscribe_topics([]),
      () => client.unsubscribe(7),
      () => client.publish_high_priority("a", {}),
      () => client.publish_high_priority("a", "x", { port: 0 }),
      () => client.publish_high_priority("a", "x", { hostname: "mqtt://127.0.0.1:1" }),
      () => MqttCustom.publish_high_priority("a", "x", { hostname: "mqtt://127.0.0.1:1" }),
      () => client.reauthenticate(7),
      () => client.request("a", "x"),
      () => client.respond("a+", () => {}),
      () => client.stop({ reasonCode: 3 }),
      () => five.request("a", "x", { timeout: -1 }),
      () => five.request("a/#", "x"),
      () => five.request("a", "x", { timeout: 0.01 }),
    ]) await twice(wrong);
    const asked = five.request("a", "x");
    five.request("a", "x");
    await five.stop();
    await asked.catch(({ code }) => console.log(code));

    // Calls of a stopped client.
    await client.stop();
    for (const late of [
      () => client.publish("a", "x"),
      () => client.publish("a", 1, { qos: 2 }),
      () => client.batch_publish("a", "x"),
      () => client.qpublish("a", "x"),
      () => client.subscribe("a"),
      () => client.unsubscribe("a"),
    ]) await twice(late);

    // Calls without a broker.
    const lost = new MqttCustom({ credentials: { mqttserver: "mqtt://127.0.0.1:1", offlinesize: 4, stoptimeout: 0.05 }, on_error });
    await twice(() => lost.start());
    const pending = [
      lost.publish("a", "x"),
      lost.publish("a", "x", { qos: 1 }),
      lost.batch_publish("a", "x"),
      lost.qpublish("a", "x"),
      lost.subscribe("a"),
      lost.unsubscribe("a"),
    ];
    await twice(() => lost.publish("a", "one too many"));
    lost.publish("a", "looked at by nobody");
    await lost.stop();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const ended = await Promise.allSettled(pending);
    console.log(ended.map(({ status }) => status[0]).join(""));
    console.log(seen === calls ? "all seen" : seen + " of " + calls);
    `,
    [broker.url],
    { flags: ["--unhandled-rejections=strict"] },
  );
  assert.equal(stderr, "");
  assert.deepEqual(lines(stdout), ["STOPPED", "rrrrrr", "all seen"]);
  assert.deepEqual([code, signal], [0, null]);
});

test("without a catch an awaited rejection throws as any other", async () => {
  const { stderr, code } = await run(
    `
    import { MqttCustom } from "mqtt-lib";
    const client = new MqttCustom({ credentials: { mqttserver: process.argv[2] } });
    await client.publish("a/#", "x");
    `,
    [broker.url],
  );
  assert.equal(code, 1);
  assert.match(stderr, /TypeError: topic "a\/#" must not contain the wildcards/);
});

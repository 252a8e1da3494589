// The memory of the WebAssembly beyond 2 GiB, where an address is negative if it is read as a signed number. The memory is
// made large beforehand, which costs nothing as long as nothing is written there: what is allocated later lies behind it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { WITH_MEMORY } from "../support/with-memory.mjs";
import { run } from "./helpers.mjs";

const source = `
  import { createHash, randomBytes } from "node:crypto";
  ${WITH_MEMORY}
  const hash = (bytes) => createHash("sha1").update(bytes).digest("hex");
  const broken = [];
  process.on("uncaughtException", (error) => broken.push(error.stack));
  new MqttCustom({ autostart: false, credentials: { mqttserver: url } });
  const used = memory.buffer.byteLength;
  memory.grow(40_000); // 2.4 GiB
  const first = memory.buffer.byteLength;
  for (const mqttversion of [4, 5]) {
    const client = new MqttCustom({ credentials: { mqttserver: url, mqttversion } });
    const got = [];
    const arrived = (count) => new Promise((resolve) => {
      const timer = setInterval(() => {
        if (got.length < count && broken.length === 0) return;
        clearInterval(timer);
        resolve();
      }, 5);
    });
    await client.subscribe("high/#", { qos: 2 }, (_client, _userdata, message) => got.push(message));
    const sent = [];
    const send = (call, topic, payload, options) => {
      sent.push([topic, hash(payload)]);
      return client[call](topic, payload, options);
    };
    const properties = mqttversion === 5 ? { userProperties: { "a-name": "ä".repeat(30_000) } } : undefined;
    const some = (size) => randomBytes(size).toString("base64");
    for (const [at, size] of [10, 500, 3_000, 70_000, 900_000, 1_500_000, 6_000_000].entries()) {
      const topic = "high/" + some(3000).slice(0, 4000).replaceAll("+", "-");
      await send("publish", topic, randomBytes(size), { qos: at % 3 });
      await arrived(sent.length);
      await send("publish", topic, some(size), { qos: 1, properties });
      await arrived(sent.length);
    }
    const queued = send("qpublish", "high/queued", some(200_000), { qos: 1 });
    await client.flush();
    await queued;
    const batch = client.batch_publish("high/batch", some(500_000), { qos: 1 });
    await client.flush();
    await batch;
    await arrived(sent.length + 1);
    const wrong = sent.filter(([topic, sum], at) => got[at]?.topic !== topic || hash(got[at].payload) !== sum);
    const batches = got.filter(({ topic }) => topic === "high/batch").map((message) => message.json()[0].length > 0);
    const listed = got.filter((message) => message.properties?.userProperties?.["a-name"]?.length === 30_000);
    console.log(JSON.stringify({ wrong: wrong.length, batches, listed: listed.length, broken }));
    await client.stop();
  }
  const memoryAfter = memory.buffer.byteLength;
  console.log(JSON.stringify({ low: used < 2 ** 31, high: first > 2 ** 31, allocated: memoryAfter > first }));
  process.exit();
`;

test("addresses above 2 GiB: what is published and received there has its own bytes, by every way", async (t) => {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const { code, stdout, stderr } = await run(source, [broker.url]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const [four, five, memory] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(four, { wrong: 0, batches: [true], listed: 0, broken: [] });
  assert.deepEqual(five, { wrong: 0, batches: [true], listed: 7, broken: [] });
  assert.deepEqual(memory, { low: true, high: true, allocated: true });
});

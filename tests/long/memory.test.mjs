// Ten million QoS 0 and one million QoS 1 messages through one client: its process, and the memory of its
// wasm, are as large at the end as after the first tenth.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startCounterpart } from "../../bench/counterpart/client.mjs";
import { run } from "../node/helpers.mjs";
import { mebibytes, printFigures } from "../support/figures.mjs";

const TENTHS = 10;
const QOS_0 = 10_000_000;
const QOS_1 = 1_000_000;
/** What one client may grow by after the first tenth. */
const BOUND = 1.1;

/** Runs in a process of its own, with --expose-gc; prints a line after each tenth. */
const publisher = `
  import { MqttCustom } from "mqtt-lib";
  const [url, tenths, qos0, qos1] = [process.argv[2], ...process.argv.slice(3).map(Number)];
  const topics = Array.from({ length: 100 }, (_, i) => "memory/" + i);
  const payload = new Uint8Array(64).fill(120);
  const client = new MqttCustom({ credentials: { mqttserver: url } });
  await client.start();

  /** Of QoS 0 a turn at a time, of QoS 1 a window. */
  async function publish(count, qos, together) {
    for (let done = 0; done < count; done += together) {
      let last;
      const all = [];
      for (let i = 0; i < together; i++) {
        last = client.publish(topics[i % topics.length], payload, { qos });
        if (qos > 0) all.push(last);
      }
      await (qos > 0 ? Promise.all(all) : last);
    }
  }

  for (let tenth = 1; tenth <= tenths; tenth++) {
    await publish(qos0 / tenths, 0, 500);
    await publish(qos1 / tenths, 1, 500);
    // Twice, with turns between: what is freed in the first has finalizers.
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      gc();
    }
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    console.log(JSON.stringify({ tenth, rss, heapUsed, external, arrayBuffers, ...client.stats() }));
  }
  await client.stop();
`;

async function measure(t, transport) {
  const counterpart = await startCounterpart();
  t.after(() => counterpart.stop());
  const args = [counterpart.url(transport), TENTHS, QOS_0, QOS_1];
  const { code, signal, stdout, stderr } = await run(publisher, args, {
    flags: ["--expose-gc"],
    limit: 90 * 60_000,
  });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: "" });
  const samples = stdout.trim().split("\n").map(JSON.parse);
  assert.equal(samples.length, TENTHS);
  const [first, last] = [samples[0], samples.at(-1)];
  const { messages } = await counterpart.ask({ do: "count" });

  const figures = { "messages the other side counted": messages };
  for (const { tenth, rss, heapUsed } of samples) {
    figures[`tenth ${tenth}`] = `resident ${mebibytes(rss)}, JavaScript heap ${mebibytes(heapUsed)}`;
  }
  figures["last to first tenth"] = `${((last.rss / first.rss) * 100).toFixed(1)} % resident`;
  printFigures(
    `memory of one client, ${QOS_0} messages of QoS 0 and ${QOS_1} of QoS 1 over ${transport}`,
    figures,
  );

  assert.equal(messages, QOS_0 + QOS_1);
  assert.equal(last.sent, QOS_0 + QOS_1);
  assert.deepEqual([last.inFlight, last.queued, last.dropped], [0, 0, 0]);
  assert.ok(
    last.rss <= first.rss * BOUND,
    `resident ${first.rss} bytes after the first tenth, ${last.rss} at the end`,
  );
}

for (const transport of ["tcp", "ws"]) {
  test(`resident memory does not grow over eleven million messages, over ${transport}`, (t) =>
    measure(t, transport));
}

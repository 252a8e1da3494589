// SIGTERM of a consumer while a publisher sends at a steady rate, then another consumer that takes over the session; counts
// what is lost, what is handled twice, and how long the process takes to exit.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MqttCustom } from "mqtt-lib";
import { launch } from "./kills.mjs";

const CONSUMER = fileURLToPath(new URL("consumer.mjs", import.meta.url));
const TICK_MS = 5;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Publishes `perSecond` numbered messages until `stop()`, which resolves with how many were acknowledged. */
async function publishAt(credentials, perSecond) {
  const publisher = new MqttCustom({ credentials: { ...credentials, maxinflight: 1000 } });
  await publisher.start();
  const acknowledged = [];
  const pending = [];
  const start = performance.now();
  let number = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) * perSecond) / 1000);
    while (number < due) {
      number += 1;
      const text = String(number);
      pending.push(publisher.publish("load", text, { qos: 1 }).then(() => acknowledged.push(text)));
    }
  }, TICK_MS);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(pending);
      await publisher.stop();
      return acknowledged;
    },
  };
}

/**
 * One run: a consumer whose handlers take `handlerMs` gets SIGTERM after `life` milliseconds of load, and another one takes
 * over `away` milliseconds after its exit.
 */
export async function sigtermUnderLoad({ url, version, handlerMs, perSecond, life = 1000, away = 100 }) {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-sigterm-"));
  const credentials = { mqttserver: url, mqttversion: version };
  const session = { ...credentials, mqttclientid: `worker${version}`, mqttcleansession: false };
  const subscriptions = [{ filter: "load", options: { qos: 1 }, least: handlerMs, most: handlerMs }];
  const consumer = (name) => {
    const log = join(folder, name);
    writeFileSync(log, "");
    const task = { credentials: session, subscriptions, log, folder };
    return { log, child: launch(CONSUMER, [JSON.stringify(task)]) };
  };
  const doneIn = ({ log }) =>
    readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("d "))
      .map((line) => line.split(" ")[2]);

  try {
    const first = consumer("first");
    await first.child.prints("ready");
    const publishing = await publishAt(credentials, perSecond);
    await pause(life);
    const since = performance.now();
    first.child.kill("SIGTERM");
    await first.child.ended;
    const exitMs = performance.now() - since;
    await pause(away);
    const second = consumer("second");
    await second.child.prints("ready");
    await pause(life / 4);
    const published = await publishing.stop();
    const counts = new Map(published.map((text) => [text, 0]));
    const handled = () => [...doneIn(first), ...doneIn(second)];
    const end = Date.now() + 30_000;
    while (new Set(handled()).size < published.length && Date.now() < end) await pause(50);
    await pause(200); // for duplicates
    second.child.kill("SIGTERM");
    await second.child.ended;
    for (const text of handled()) counts.set(text, (counts.get(text) ?? 0) + 1);
    const output = [first, second].flatMap(({ child }) => child.output.split("\n"));
    return {
      published: published.length,
      before: doneIn(first).length,
      lost: [...counts].filter(([, count]) => count === 0).map(([text]) => text),
      twice: [...counts].filter(([, count]) => count > 1).map(([text]) => text),
      exitMs,
      problems: output.filter((line) => !/^(started|ready|stopped after .*; unhandled 0)?$/.test(line)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

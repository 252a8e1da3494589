// Mosquitto with persistence is killed with SIGKILL and started again, over and over, while one client
// publishes a message of QoS 1 every 10 ms and of QoS 2 every 30 ms. The observer is MQTT.js with a session.
//
// Mosquitto acknowledges before it writes to disk, so what it has acknowledged and not yet delivered dies with
// it, whatever the client does. Therefore the observer is connected and up to date whenever the broker is
// killed, and messages are judged by what reached it. A QoS 2 message whose PUBREL was answered a moment before
// the kill can come again: the broker forgets that it had it. Those are counted, not judged; the schedules of
// faults.test.mjs, where the broker keeps its memory, judge them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import mqtt from "mqtt";
import { MqttCustom } from "mqtt-lib";
import { printFigures } from "../support/figures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { randomOf } from "../support/random.mjs";

const KILLS = 30;
const PATIENCE = 120_000;
const SEED = Number(process.env.MQTT_SEED ?? 1);

async function until(condition, what) {
  const end = performance.now() + PATIENCE;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${PATIENCE} ms in vain for: ${what()}`);
    await sleep(2);
  }
}

test(`no message is missing after ${KILLS} SIGKILLs of the broker (MQTT_SEED=${SEED})`, async (t) => {
  const random = randomOf(SEED);
  const broker = await startMosquitto({ persistence: true, config: "autosave_on_changes true" });
  t.after(() => broker.stop());

  const came = { one: [], two: [] };
  const observer = await mqtt.connectAsync(broker.url, {
    clientId: "restart-observer",
    clean: false,
    reconnectPeriod: 20,
    keepalive: 0,
  });
  t.after(() => observer.endAsync(true));
  observer.on("error", () => {});
  observer.on("message", (topic, payload) => came[topic.split("/")[1]].push(Number(payload)));
  await observer.subscribeAsync("restart/#", { qos: 2 });

  const client = new MqttCustom({
    credentials: {
      mqttserver: broker.url,
      mqttclientid: "restart-publisher",
      mqttcleansession: false,
      maxmqttreconnectdelay: 0.2,
    },
    on_error: () => {},
  });
  t.after(() => client.stop());
  await client.start();

  const sent = { one: 0, two: 0 };
  const settled = { resolved: 0, rejected: [] };
  const publish = (name, qos) => {
    const promise = client.publish(`restart/${name}`, String(sent[name]++), { qos });
    promise.then(
      () => settled.resolved++,
      (error) => settled.rejected.push(String(error)),
    );
  };
  const timers = [setInterval(() => publish("one", 1), 10), setInterval(() => publish("two", 2), 30)];
  t.after(() => timers.forEach(clearInterval));

  let longest = 0;
  for (let i = 0; i < KILLS; i++) {
    await until(
      () => client.connected && observer.connected,
      () => "both to be connected",
    );
    await sleep(random.between(100, 700));
    await broker.kill("SIGKILL");
    await sleep(random.between(0, 300));
    const start = performance.now();
    await broker.start();
    await until(
      () => client.connected,
      () => "the client to reconnect",
    );
    longest = Math.max(longest, performance.now() - start);
  }
  timers.forEach(clearInterval);
  await until(
    () => settled.resolved + settled.rejected.length === sent.one + sent.two,
    () => `the promises: ${JSON.stringify({ sent, ...settled, ...client.stats() })}`,
  );
  const distinct = (name) => new Set(came[name]).size;
  await until(
    () => distinct("one") + distinct("two") >= sent.one + sent.two || performance.now() > Infinity,
    () => `the messages: ${missing("one")} of QoS 1, ${missing("two")} of QoS 2 have not come`,
  );

  function missing(name) {
    const there = new Set(came[name]);
    return Array.from({ length: sent[name] }, (_, i) => i).filter((i) => !there.has(i));
  }
  printFigures("mosquitto killed while one client publishes", {
    "SIGKILLs of the broker": KILLS,
    reconnects: client.stats().reconnects,
    "longest wait from the broker's start to the reconnect": `${longest.toFixed(0)} ms`,
    "QoS 1 sent": sent.one,
    "QoS 1 missing": missing("one").length,
    "QoS 1 delivered again": came.one.length - distinct("one"),
    "QoS 2 sent": sent.two,
    "QoS 2 missing": missing("two").length,
    "QoS 2 delivered again (the broker forgot that it had them)": came.two.length - distinct("two"),
    "promises rejected": settled.rejected.length,
  });
  assert.deepEqual(settled.rejected, []);
  assert.deepEqual(missing("one"), []);
  assert.deepEqual(missing("two"), []);
  for (const name of ["one", "two"]) {
    const first = [...new Set(came[name])];
    assert.deepEqual(
      first,
      [...first].sort((a, b) => a - b),
      `order of QoS ${name}`,
    );
  }
});

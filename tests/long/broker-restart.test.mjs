// Mosquitto with persistence is killed with SIGKILL and restarted repeatedly, while a client publishes a QoS 1 message every
// 10 ms and a QoS 2 message every 30 ms. The observer is MQTT.js with a session.
//
// Mosquitto writes to disk after it acknowledges, so messages that it has acknowledged and not delivered are lost with it,
// whatever a client does. Therefore the observer is connected and has received everything whenever the broker is killed.
// That is sufficient for QoS 1. A QoS 2 message is delivered only after its PUBREL: if the broker forgets a message after its
// PUBREC, it is lost; if its PUBCOMP is lost, it is delivered again. Both cases are detected on the wire and counted;
// anything else is a failure. (In faults.test.mjs the broker is not killed, and QoS 2 is checked strictly.)

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import mqtt from "mqtt";
import mqttPacket from "mqtt-packet";
import { MqttCustom } from "mqtt-lib";
import { printFigures } from "../support/figures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startProxy } from "../support/proxy.mjs";
import { randomOf } from "../support/random.mjs";

const KILLS = 30;
const TIMEOUT_MS = 120_000;
const SEED = Number(process.env.MQTT_SEED ?? 1);

async function until(condition, what) {
  const end = performance.now() + TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`timed out after ${TIMEOUT_MS} ms waiting for: ${what()}`);
    await sleep(2);
  }
}

/** Observes on the wire what the broker has accepted, and whether the client follows the protocol of QoS 2. */
function reader() {
  const parsers = new Map();
  const carried = new Map();
  const released = new Set();
  const wire = {
    /** Numbers of the QoS 2 messages that the broker has answered with PUBREC. */
    accepted: new Set(),
    /** Connections on which the broker resumed the session. */
    resumed: 0,
    /** Messages published again after their PUBREL in a resumed session, which [MQTT-4.3.3-1] forbids. */
    broken: [],
    tap(index, way, bytes) {
      const name = `${index} ${way}`;
      if (!parsers.has(name)) parsers.set(name, mqttPacket.parser().on("packet", see));
      parsers.get(name).parse(Buffer.from(bytes));
    },
  };
  function see(packet) {
    const number = carried.get(packet.messageId);
    if (packet.cmd === "connack") {
      wire.resumed += Number(packet.sessionPresent);
      if (!packet.sessionPresent) released.clear();
    } else if (packet.cmd === "pubrec") {
      wire.accepted.add(number);
    } else if (packet.cmd === "pubrel") {
      released.add(number);
    } else if (packet.cmd === "publish" && packet.qos === 2) {
      carried.set(packet.messageId, Number(packet.payload));
      if (released.has(Number(packet.payload))) wire.broken.push(Number(packet.payload));
    }
  }
  return wire;
}

test(`no message is missing after ${KILLS} SIGKILLs of the broker (MQTT_SEED=${SEED})`, async (t) => {
  const random = randomOf(SEED);
  const broker = await startMosquitto({ persistence: true, config: "autosave_on_changes true" });
  t.after(() => broker.stop());

  const wire = reader();
  const proxy = await startProxy({ port: broker.port, tap: wire.tap });
  t.after(() => proxy.stop());

  const received = { one: [], two: [] };
  const observer = await mqtt.connectAsync(broker.url, {
    clientId: "restart-observer",
    clean: false,
    reconnectPeriod: 20,
    keepalive: 0,
  });
  t.after(() => observer.endAsync(true));
  observer.on("error", () => {});
  observer.on("message", (topic, payload) => received[topic.split("/")[1]].push(Number(payload)));
  await observer.subscribeAsync("restart/#", { qos: 2 });

  const client = new MqttCustom({
    credentials: {
      mqttserver: proxy.url,
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
  // The last message of each QoS: all earlier messages have arrived by then, or are lost.
  const last = { one: sent.one, two: sent.two };
  for (const [name, qos] of [
    ["one", 1],
    ["two", 2],
  ]) {
    publish(name, qos);
    await until(
      () => received[name].includes(last[name]),
      () => `the last message of QoS ${qos}`,
    );
  }
  await until(
    () => settled.resolved + settled.rejected.length === sent.one + sent.two,
    () => "the last promises",
  );

  const distinct = (name) => new Set(received[name]).size;
  function missing(name) {
    const there = new Set(received[name]);
    return Array.from({ length: sent[name] }, (_, i) => i).filter((i) => !there.has(i));
  }
  const forgotten = missing("two").filter((number) => wire.accepted.has(number));
  printFigures("mosquitto killed while one client publishes", {
    "SIGKILLs of the broker": KILLS,
    reconnects: client.stats().reconnects,
    "longest wait from the broker's start to the reconnect": `${longest.toFixed(0)} ms`,
    "QoS 1 sent": sent.one,
    "QoS 1 missing": missing("one").length,
    "QoS 1 delivered again": received.one.length - distinct("one"),
    "QoS 2 sent": sent.two,
    "QoS 2 missing": missing("two").length - forgotten.length,
    "QoS 2 answered with PUBREC and forgotten by the killed broker": forgotten.length,
    "QoS 2 delivered again, as the killed broker forgot that it had": received.two.length - distinct("two"),
    "QoS 2 published again by the client after PUBREL": wire.broken.length,
    "sessions kept by the broker": wire.resumed,
    "promises rejected": settled.rejected.length,
  });
  assert.deepEqual(settled.rejected, []);
  assert.deepEqual(missing("one"), []);
  assert.deepEqual(missing("two"), forgotten);
  assert.deepEqual(wire.broken, []);
  for (const name of ["one", "two"]) {
    const first = [...new Set(received[name])];
    assert.deepEqual(
      first,
      [...first].sort((a, b) => a - b),
      `order of QoS ${name}`,
    );
  }
});

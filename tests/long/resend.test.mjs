// Messages in flight when the connection is lost are resent at once: counted at a broker that answers CONNECT and no message.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MqttCustom } from "mqtt-lib";
import { startFakeBroker } from "../support/fake-broker.mjs";
import { printFigures } from "../support/figures.mjs";

const COUNT = 10_000;
const TIMEOUT_MS = 60_000;

async function until(condition, what) {
  const end = performance.now() + TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`timed out after ${TIMEOUT_MS} ms waiting for: ${what()}`);
    await sleep(2);
  }
}

/** Answers CONNECT, and optionally PINGREQ; counts everything else. */
function counting(sessionPresent) {
  return (connection) => {
    const seen = { publish: 0, pubrel: 0, dup: 0, order: [], connack: 0, last: 0 };
    connection.seen = seen;
    connection.onPacket = (packet) => {
      if (packet.cmd === "connect") {
        connection.send({ cmd: "connack", returnCode: 0, sessionPresent });
        seen.connack = performance.now();
      }
      if (packet.cmd !== "publish" && packet.cmd !== "pubrel") return;
      seen[packet.cmd] += 1;
      seen.dup += Number(packet.cmd === "publish" && packet.dup);
      seen.order.push(packet.messageId);
      seen.last = performance.now();
    };
  };
}

/** `released`: of so many messages the PUBREC was received, so that their PUBREL is in flight. */
async function resend(
  t,
  { size = 50, transport = "url", qos = (_i) => 1, sessionPresent = true, released = 0 },
) {
  const broker = await startFakeBroker([counting(false), counting(sessionPresent)]);
  t.after(() => broker.stop());
  const client = new MqttCustom({
    credentials: {
      mqttserver: broker[transport],
      mqttcleansession: false,
      mqttclientid: "resend",
      maxinflight: 65_535,
      maxinflightqos2: 65_535,
      maxmqttreconnectdelay: 0.1,
      acktimeout: 300,
      stoptimeout: 0.1,
    },
    on_error: () => {},
  });
  t.after(() => client.stop());
  const payload = "x".repeat(size);
  const promises = Array.from({ length: COUNT }, (_, i) => client.publish("a/b", payload, { qos: qos(i) }));
  let settled = 0;
  const count = () => {
    settled += 1;
  };
  for (const promise of promises) promise.then(count, count);
  const first = await broker.connection(0);
  await until(
    () => first.seen.publish === COUNT,
    () => `${COUNT} messages on the first connection; ${first.seen.publish} arrived`,
  );
  for (const messageId of first.seen.order.slice(0, released)) first.send({ cmd: "pubrec", messageId });
  await until(
    () => first.seen.pubrel === released,
    () => `${released} PUBREL; ${first.seen.pubrel} arrived`,
  );
  first.reset();

  const second = await broker.connection(1);
  await until(
    () => second.seen.publish + second.seen.pubrel >= COUNT,
    () => `all of them without an answer; ${second.seen.publish} PUBLISH, ${second.seen.pubrel} PUBREL came`,
  );
  assert.equal(settled, 0, "nothing was answered, so nothing can have ended");
  assert.equal(second.seen.publish, COUNT - released);
  assert.equal(second.seen.pubrel, released);
  assert.equal(second.seen.dup, sessionPresent ? COUNT - released : 0);
  // Each PUBREL, then each PUBLISH, in the order of the first connection.
  if (sessionPresent) assert.deepEqual(second.seen.order, first.seen.order.slice(0, COUNT));
  return { ms: second.seen.last - second.seen.connack };
}

const figures = {};

for (const [name, options] of [
  ["QoS 1", {}],
  ["QoS 1 and 2 in turns", { qos: (i) => 1 + (i % 2) }],
  ["QoS 2, half of them released", { qos: () => 2, released: COUNT / 2 }],
  ["QoS 1 over WebSocket", { transport: "wsUrl" }],
  ["QoS 1, 1 KiB each: more than the socket takes at once", { size: 1024 }],
  ["QoS 1, and the broker has lost the session", { sessionPresent: false }],
]) {
  test(`10,000 in flight when the connection dies are resent before anything is answered: ${name}`, async (t) => {
    const { ms } = await resend(t, options);
    figures[name] =
      `all ${COUNT.toLocaleString("en")} in the first round trip, ${ms.toFixed(0)} ms after CONNACK`;
  });
}

after(() => printFigures("resent after CONNACK, before the broker answers anything", figures));

// Several servers: the client connects to the next one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freePort } from "../support/ports.mjs";
import { clientFor, collect, failure, freshTopic, pause, until } from "./helpers.mjs";

/** Two brokers; the second one bridges all messages in both directions. */
async function bridged(t) {
  const first = await startMosquitto();
  t.after(() => first.stop());
  const second = await startMosquitto({
    config: [
      "connection bridge",
      `address 127.0.0.1:${first.port}`,
      "topic # both 1",
      "restart_timeout 1",
      "notifications false",
    ].join("\n"),
  });
  t.after(() => second.stop());
  return [first, second];
}

for (const transport of ["url", "wsUrl"]) {
  test(`the broker in use is killed (${transport}): the client goes on through the other one of the cluster`, async (t) => {
    const [first, second] = await bridged(t);
    const [out, back] = [freshTopic(), freshTopic()];
    const arrived = await collect(t, second.url, out, { qos: 1 });

    const received = [];
    const connects = [];
    const client = clientFor(
      t,
      { mqttserver: [first[transport], second[transport]], maxmqttreconnectdelay: 0.2 },
      { on_connect: (_client, _userdata, _flags, rc) => connects.push(rc) },
    );
    await client.subscribe(back, { qos: 1 }, (_client, _userdata, message) => received.push(message.text()));
    const publish = (count) => {
      const from = published.length;
      for (let i = from; i < from + count; i++) published.push(client.publish(out, i, { qos: 1 }));
    };
    const published = [];

    // The client is connected to the first broker: messages reach the second one over the bridge, and vice versa.
    await until(async () => {
      await client.publish(out, "bridged?", { qos: 1 });
      return arrived.length > 0;
    });
    await until(async () => {
      await arrived.client.publish(back, "bridged?", { qos: 1 });
      return received.length > 0;
    });
    publish(100);
    await Promise.all(published);
    const numbers = () => new Set(arrived.texts().filter((text) => text !== "bridged?"));
    await until(() => numbers().size === 100);

    // Waits first, because messages that the broker has acknowledged and not bridged yet would be lost with it.
    const killed = first.kill("SIGSTOP");
    publish(100);
    await pause(50);
    first.kill("SIGKILL");
    await killed;
    publish(100);
    await Promise.all(published);
    await until(() => numbers().size === 300);
    assert.deepEqual(connects, [0, 0]);
    assert.equal(client.stats().inFlight + client.stats().queued, 0);

    received.length = 0;
    await arrived.client.publish(back, "still subscribed", { qos: 1 });
    await until(() => received.includes("still subscribed"));
  });
}

test("start() resolves through the server that is up, and rejects once each was tried", async (t) => {
  const broker = await startFakeBroker();
  t.after(() => broker.stop());
  const down = [`mqtt://127.0.0.1:${await freePort()}`, `ws://127.0.0.1:${await freePort()}`];
  const lucky = clientFor(t, { mqttserver: [...down, broker.url] }, { autostart: false });
  await lucky.start();
  assert.deepEqual(
    lucky.errors.map((error) => error.code),
    ["CONNECTION_REFUSED", "CONNECTION_REFUSED"],
  );

  const unlucky = clientFor(t, { mqttserver: down }, { autostart: false });
  const error = await failure(unlucky.start());
  assert.equal(error.code, "CONNECTION_REFUSED");
  assert.ok(error.message.includes(down[1]), error.message);
  assert.ok(unlucky.errors[0].message.includes(down[0]), unlucky.errors[0].message);
});

test("a server that refuses the credentials does not keep the client from the next one", async (t) => {
  const refuses = await startFakeBroker(scripts.refuses(5));
  t.after(() => refuses.stop());
  const accepts = await startFakeBroker();
  t.after(() => accepts.stop());
  const codes = [];
  const client = clientFor(
    t,
    { mqttserver: [refuses.url, accepts.url] },
    { autostart: false, on_connect: (_client, _userdata, _flags, rc) => codes.push(rc) },
  );
  await client.start();
  assert.deepEqual(codes, [5, 0]);
});

test("publish_high_priority goes through the list of its client too", async (t) => {
  const broker = await startFakeBroker();
  t.after(() => broker.stop());
  const servers = [`mqtt://127.0.0.1:${await freePort()}`, broker.url];
  const client = clientFor(t, { mqttserver: servers }, { autostart: false });
  await client.publish_high_priority("a", "x", { qos: 1 });
  const { packets } = await broker.connection(0);
  assert.ok(packets.some((packet) => packet.cmd === "publish" && packet.topic === "a"));
});

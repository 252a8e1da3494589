// Large payloads that are published: each arrives as it was at the call, in its place, whatever the connection is.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { WITH_MEMORY } from "../support/with-memory.mjs";
import { clientFor, failure, pause, run, until } from "./helpers.mjs";

const KIB = 1024;
const PATTERN = Buffer.from(Array.from({ length: 4099 }, (_, i) => (i * 31 + (i >> 8)) & 255));
const bytes = (length, seed = 1) => new Uint8Array(Buffer.alloc(length, PATTERN.subarray(seed)));
const utf8 = (text) => Buffer.from(new TextEncoder().encode(text));

/** A client that is connected, its broker, and the messages that have arrived there. */
async function publisher(t, kind, mqttversion = 4, { script = scripts.accepts(), ...options } = {}) {
  const broker = await fakeBroker(t, script);
  const client = clientFor(t, {
    mqttserver: kind === "ws" ? broker.wsUrl : broker.url,
    mqttversion,
    ...options,
  });
  await client.start();
  const arrived = () =>
    broker.connections.flatMap(({ packets }) => packets.filter(({ cmd }) => cmd === "publish"));
  return { client, broker, arrived, connection: broker.connections[0] };
}

/** Compares what has arrived with pairs of topic and payload. */
function check(arrived, expected) {
  assert.deepEqual(
    arrived.map(({ topic }) => topic),
    expected.map(([topic]) => topic),
  );
  for (const [i, [topic, payload]] of expected.entries()) {
    assert.ok(
      payload.equals(arrived[i].payload),
      `${topic}: ${arrived[i].payload.length} of ${payload.length} bytes`,
    );
  }
}

const SIZES = [0, 16 * KIB, 32 * KIB - 1, 32 * KIB, 64 * KIB, 100_000, 300_000, 1 << 20];
const KINDS = {
  ASCII: (size) => "x".repeat(size),
  "text of other characters": (size) => "é日x😀".repeat(size / 5),
  "half a surrogate pair": (size) => `${"x".repeat(size)}\ud800`,
  bytes: (size) => bytes(size),
  "a part of longer memory": (size) => bytes(size + 2000).subarray(1000, 1000 + size),
  "a Buffer": (size) => Buffer.from(bytes(size, 2)),
  "an ArrayBuffer": (size) => bytes(size, 3).buffer,
};
const plain = (payload) => (typeof payload === "string" ? utf8(payload) : Buffer.from(payload.slice(0)));

for (const kind of ["tcp", "ws"]) {
  for (const mqttversion of [4, 5]) {
    describe(`${kind}, version ${mqttversion}`, () => {
      for (const [name, make] of Object.entries(KINDS)) {
        test(`all sizes and QoS, between short ones: ${name}`, async (t) => {
          const { client, arrived } = await publisher(t, kind, mqttversion);
          const expected = [];
          const ended = [];
          for (const [i, size] of SIZES.entries()) {
            for (const qos of [0, 1, 2]) {
              const payload = make(size);
              const topic = `size/${size}/${qos}`;
              expected.push(
                [`before/${i}`, utf8("short")],
                [topic, plain(payload)],
                [`after/${i}`, utf8("ü")],
              );
              ended.push(client.publish(`before/${i}`, "short"));
              ended.push(client.publish(topic, payload, { qos, retain: i % 2 === 1 }));
              ended.push(client.publish(`after/${i}`, "ü"));
            }
            if (i % 3 === 0) await null;
          }
          await Promise.all(ended);
          await until(() => arrived().length === expected.length);
          check(arrived(), expected);
          const large = arrived().filter(({ topic }) => topic.startsWith("size"));
          assert.deepEqual(
            large.map(({ qos, retain, dup }) => [qos, retain, dup]),
            large.map((_, i) => [i % 3, Math.floor(i / 3) % 2 === 1, false]),
          );
          const stats = client.stats();
          assert.equal(stats.sent, expected.length);
          const sent = expected.reduce((sum, [topic, payload]) => sum + topic.length + payload.length, 0);
          assert.ok(
            stats.bytesSent > sent && stats.bytesSent < sent + 2000 * KIB,
            `${stats.bytesSent} of ${sent}`,
          );
          assert.deepEqual(client.errors, []);
        });
      }

      test("a change after the call has no effect, also when the socket does not take it yet", async (t) => {
        const { client, arrived, connection } = await publisher(t, kind, mqttversion);
        connection.pause();
        const payload = new Uint8Array(500_000);
        const expected = [];
        for (let i = 0; i < 40; i++) {
          payload.fill(i);
          client.publish(`t/${i}`, payload, { qos: i % 2 });
          expected.push([`t/${i}`, Buffer.from(payload)]);
          payload.fill(255);
          if (i % 4 === 0) await pause(1);
        }
        connection.resume();
        await until(() => arrived().length === 40);
        check(arrived(), expected);
      });

      test("stop() after it, and a publish within a handler", async (t) => {
        const { client, arrived, connection } = await publisher(t, kind, mqttversion);
        const payload = bytes(700_000);
        await client.subscribe("in", (_client, _userdata, message) => {
          client.publish("handler", payload);
          client.publish("handler/short", message.payload);
        });
        connection.send({ cmd: "publish", topic: "in", payload: "hello", qos: 0 });
        await until(() => arrived().length === 2);
        client.publish("last", payload);
        await client.stop();
        await until(() => connection.packets.at(-1).cmd === "disconnect");
        check(arrived(), [
          ["handler", Buffer.from(payload)],
          ["handler/short", utf8("hello")],
          ["last", Buffer.from(payload)],
        ]);
      });
    });
  }
}

test("the promise resolves when the connection has the message, and a slow one bounds the messages that wait for it", async (t) => {
  const { client, connection, arrived } = await publisher(t, "tcp", 4, { offlinebytes: 4 << 20 });
  connection.pause();
  const payload = "x".repeat(1 << 20);
  let ended = 0;
  const all = [];
  for (let i = 0; i < 60; i++) {
    const published = client.publish(`t/${i}`, payload);
    published.then(
      () => (ended += 1),
      () => {},
    );
    all.push(published);
    await pause(1);
  }
  assert.ok(ended < 30, `${ended} resolved`);
  connection.resume();
  const refused = (await Promise.allSettled(all)).filter(({ status }) => status === "rejected");
  assert.ok(refused.length > 0 && refused.every(({ reason }) => reason.code === "QUEUE_FULL"));
  await until(() => arrived().length === 60 - refused.length);
  assert.ok(arrived().every((packet) => packet.payload.length === 1 << 20));
  await client.publish("then", payload);
  await until(() => arrived().at(-1).topic === "then");
});

test("what was with a connection that breaks is lost with it, and nothing of it comes on the next one", async (t) => {
  const { client, broker, connection } = await publisher(t, "tcp", 4, { maxmqttreconnectdelay: 1 });
  connection.pause();
  const all = Array.from({ length: 10 }, (_, i) => client.publish(`lost/${i}`, bytes(900_000, i)));
  await pause(20);
  connection.reset();
  await until(() => broker.connections.length === 2 && client.connected);
  await client.publish("next", "x".repeat(100_000));
  await Promise.all(all);
  const next = broker.connections[1];
  await until(() => next.packets.at(-1)?.topic === "next");
  assert.equal(next.parseError, undefined);
});

test("topic aliases and the broker's limits are those of every message", async (t) => {
  const connack = {
    properties: { topicAliasMaximum: 3, maximumPacketSize: 200_000, retainAvailable: false },
  };
  const { client, arrived, connection } = await publisher(t, "tcp", 5, {
    script: scripts.accepts(undefined, connack),
  });
  const topic = "a/topic/that/is/long/enough";
  for (let i = 0; i < 3; i++) await client.publish(topic, bytes(150_000, i));
  assert.equal((await failure(client.publish(topic, bytes(200_000)))).code, "PACKET_TOO_LARGE");
  assert.match((await failure(client.publish(topic, bytes(150_000), { retain: true }))).message, /[Rr]etain/);
  await client.publish(topic, "short");
  await until(() => arrived().length === 4);
  assert.equal(connection.parseError, undefined);
  const shown = arrived().map((packet) => [
    packet.topic,
    packet.properties?.topicAlias,
    packet.payload.length,
  ]);
  assert.deepEqual(shown, [
    [topic, 1, 150_000],
    ["", 1, 150_000],
    ["", 1, 150_000],
    ["", 1, 5],
  ]);
});

test("before the connection, with the offline queue, and with an impossible topic, it is as with every message", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url, { autostart: false });
  const payload = bytes(100_000);
  const early = client.publish("early", payload);
  payload.fill(0);
  assert.equal((await failure(client.publish("wild/#", payload))).code, "INVALID_TOPIC");
  await client.start();
  await early;
  await client.stop();
  assert.equal((await failure(client.publish("late", payload))).code, "STOPPED");
  const [{ packets }] = broker.connections;
  assert.deepEqual(
    packets
      .filter(({ cmd }) => cmd === "publish")
      .map(({ topic, payload: is }) => [topic, Buffer.compare(is, bytes(100_000))]),
    [["early", 0]],
  );
});

/** A module: a client over the URL that is its argument, which says by how much `work` lets the memory of the core grow. */
const grown = (work) => `
  ${WITH_MEMORY}
  const client = new MqttCustom({ credentials: { mqttserver: url } });
  await client.start();
  await client.publish("t", "short");
  const before = memory.buffer.byteLength;
  ${work}
  console.log(memory.buffer.byteLength - before);
  process.exit();
`;

test("over TCP the core gets nothing of a payload of QoS 0", async (t) => {
  const broker = await fakeBroker(t);
  const source = grown(`
    for (let i = 0; i < 30; i++) await client.publish("t", "x".repeat(4 << 20));
    for (let i = 0; i < 30; i++) await client.publish("t", new Uint8Array(4 << 20));
    await client.publish("t", "acknowledged", { qos: 1 });
  `);
  const { stdout, stderr, code } = await run(source, [broker.url]);
  assert.deepEqual([stderr, code], ["", 0]);
  assert.ok(Number(stdout) < 1 << 20, `its memory grew by ${stdout} bytes`);
  const all = broker.connections[0].packets.filter(({ cmd }) => cmd === "publish");
  assert.deepEqual(
    all.slice(1, -1).map(({ payload }) => payload.length),
    new Array(60).fill(4 << 20),
  );
});

test("messages in flight take little more memory of the core than their payloads have", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "publish"),
  );
  for (const size of [1_000_000, 1_000_001, 1 << 20, 1_100_000]) {
    const source = grown(`
      for (let i = 0; i < 60; i++) client.publish("t", new Uint8Array(${size}), { qos: 1 });
      while (client.stats().sent < 61) await new Promise((resolve) => setTimeout(resolve, 5));
    `);
    const { stdout, stderr, code } = await run(source, [broker.url]);
    assert.deepEqual([stderr, code], ["", 0]);
    const share = Number(stdout) / (60 * size);
    assert.ok(share > 0.9 && share < 1.3, `${share} of 60 payloads of ${size} bytes`);
  }
});

for (const [how, end] of [
  ["settle by themselves", () => pause(1500)],
  ["settle with stop()", (client) => client.stop()],
]) {
  test(`large messages of QoS 0 to a peer that reads nothing ${how}`, async (t) => {
    const script = scripts.accepts((packet, connection) => {
      if (packet.cmd === "publish") connection.pause();
    });
    const options = { script, mqttkeepalive: 0, publishtimeout: 1, offlineexpiry: 1, stoptimeout: 0.2 };
    const { client } = await publisher(t, "tcp", 4, options);
    await client.publish("first", "x");
    await pause(100);
    let open = 12;
    for (let i = 0; i < 12; i++) {
      const ended = () => {
        open -= 1;
      };
      client.publish("large", bytes(1024 * KIB)).then(ended, ended);
    }
    await end(client);
    await pause(20);
    assert.equal(open, 0);
  });
}

test("publish_high_priority judges a payload before it is copied", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url);
  await client.start();
  const clone = t.mock.method(globalThis, "structuredClone");
  const large = new DataView(new ArrayBuffer(2 ** 28 + 1));
  for (const call of ["publish", "publish_high_priority"])
    assert.equal((await failure(client[call]("a", large))).code, "PACKET_TOO_LARGE");
  assert.equal(clone.mock.callCount(), 0);
  // It is sent as it was at the call.
  const view = new DataView(new ArrayBuffer(1));
  const sent = client.publish_high_priority("a", view, { qos: 1 });
  view.setUint8(0, 7);
  await sent;
  const published = broker.connections.at(-1).packets.filter(({ cmd }) => cmd === "publish");
  assert.deepEqual(
    published.map(({ payload }) => [...payload]),
    [[0]],
  );
});

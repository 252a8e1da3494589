// Large payloads that are received: whatever they come in, each is what was sent, and the application's own.

import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import mqttPacket from "mqtt-packet";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, until } from "./helpers.mjs";

const KIB = 1024;
const bytes = (length, seed = 1) =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + seed * (i >> 8)) & 255));

/** A client with a subscription, and what it receives. */
async function receiver(t, kind, mqttversion, options) {
  // PUBREL would come in the middle of what is being written.
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "pubrec"),
  );
  const server = kind === "ws" ? broker.wsUrl : broker.url;
  const client = clientFor(t, { mqttserver: server, mqttversion, ...options });
  const received = [];
  await client.subscribe("#", { qos: 2 }, (_client, _userdata, message) => received.push(message));
  const { connections } = broker;
  return { client, received, connections, connection: connections.at(-1), broker };
}

const packet = (protocolVersion, topic, payload, more) =>
  mqttPacket.generate(
    { cmd: "publish", topic, payload, qos: 0, retain: false, ...more },
    { protocolVersion },
  );

function check(received, expected) {
  assert.deepEqual(
    received.map(({ topic }) => topic),
    expected.map(([topic]) => topic),
  );
  for (const [i, [topic, payload]] of expected.entries()) {
    const is = received[i].payload;
    assert.ok(payload.equals(is), `${topic}: ${is.length} of ${payload.length} bytes`);
    assert.equal(Object.getPrototypeOf(is), Uint8Array.prototype);
    assert.equal(is.buffer.byteLength, payload.length, `${topic}: its memory is its own`);
  }
}

const SIZES = [
  0,
  5,
  1 * KIB,
  16 * KIB,
  32 * KIB - 1,
  32 * KIB,
  64 * KIB,
  100_000,
  128 * KIB,
  1 << 20,
  3 << 20,
];

for (const kind of ["tcp", "ws"]) {
  for (const mqttversion of [4, 5]) {
    describe(`${kind}, version ${mqttversion}`, () => {
      test("messages of all sizes and QoS, in writes of many lengths", async (t) => {
        const { received, connection, client } = await receiver(t, kind, mqttversion);
        const expected = [];
        const packets = [];
        for (const [i, size] of [...SIZES, ...SIZES].entries()) {
          const payload = bytes(size, i);
          const qos = i % 3;
          const topic = `size/${size}/${i}`;
          expected.push([topic, payload], [`between/${i}`, bytes(3, i)]);
          packets.push(packet(mqttversion, topic, payload, { qos, messageId: i + 1, retain: i % 2 === 1 }));
          packets.push(packet(mqttversion, `between/${i}`, bytes(3, i)));
        }
        const stream = Buffer.concat(packets);
        for (let at = 0, n = 1; at < stream.length; n = (n * 3 + 1) % 200_003) {
          connection.write(stream.subarray(at, at + n));
          at += n;
          if (n % 4 === 0) await new Promise(setImmediate);
        }
        await until(() => received.length === expected.length);
        check(received, expected);
        assert.deepEqual(client.errors, []);
        const { bytesReceived } = client.stats();
        assert.ok(bytesReceived > stream.length && bytesReceived < stream.length + 100, `${bytesReceived}`);
        const acknowledged = () =>
          connection.packets.filter(({ cmd }) => cmd === "puback" || cmd === "pubrec").length;
        await until(() => acknowledged() === packets.filter((_, i) => i % 2 === 0 && (i / 2) % 3 > 0).length);
      });

      test("one packet a write, and all in one", async (t) => {
        const { received, connection } = await receiver(t, kind, mqttversion);
        const all = SIZES.map((size, i) => [`t/${i}`, bytes(size, i)]);
        const packets = all.map(([topic, payload]) => packet(mqttversion, topic, payload));
        for (const one of packets) connection.write(one);
        connection.write(Buffer.concat(packets));
        const expected = [...all, ...all];
        await until(() => received.length === expected.length);
        check(received, expected);
      });

      test("a connection that is lost within a payload leaves nothing of it", async (t) => {
        const options = { maxmqttreconnectdelay: 1 };
        const { received, connection, connections } = await receiver(t, kind, mqttversion, options);
        const whole = packet(mqttversion, "lost", bytes(300_000), { qos: 1, messageId: 9 });
        connection.write(whole.subarray(0, 200_000));
        await new Promise((resolve) => setTimeout(resolve, 30));
        connection.reset();
        await until(() => connections.length === 2);
        const next = connections[1];
        await until(() => next.packets.some(({ cmd }) => cmd === "subscribe"));
        next.write(packet(mqttversion, "small", bytes(5)));
        next.write(whole);
        await until(() => received.length === 2);
        check(received, [
          ["small", bytes(5)],
          ["lost", bytes(300_000)],
        ]);
      });
    });
  }
}

test("a topic alias stands for the topic of a large message, and its properties are there", async (t) => {
  const { received, connection } = await receiver(t, "tcp", 5);
  const properties = { topicAlias: 3, contentType: "a", userProperties: { k: "v".repeat(2000) } };
  connection.write(packet(5, "alias", bytes(90_000), { properties }));
  const more = packet(5, "", bytes(200_000, 2), { properties: { topicAlias: 3, contentType: "b" } });
  for (let at = 0; at < more.length; at += 10_000) connection.write(more.subarray(at, at + 10_000));
  await until(() => received.length === 2);
  check(received, [
    ["alias", bytes(90_000)],
    ["alias", bytes(200_000, 2)],
  ]);
  assert.deepEqual(
    received.map(({ properties }) => properties.contentType),
    ["a", "b"],
  );
  assert.equal(received[0].properties.userProperties.k.length, 2000);
});

test("what has an impossible topic ends the connection, as a small one does", async (t) => {
  const reasons = [];
  for (const length of [10, 100_000]) {
    const { client, connection, connections } = await receiver(t, "tcp", 4, { maxmqttreconnectdelay: 1 });
    connection.write(packet(4, "wild/X", bytes(length)).map((byte) => (byte === 0x58 ? 0x23 : byte)));
    await until(() => client.errors.length > 0 && connections.length > 1);
    reasons.push(client.errors[0].message.replace(/:\d+/, ""));
  }
  assert.equal(reasons[0], reasons[1]);
});

test("one beyond maxpacketsize is passed over", async (t) => {
  const { client, received, connection } = await receiver(t, "tcp", 4, { maxpacketsize: 50_000 });
  connection.write(packet(4, "long", bytes(100_000)));
  connection.write(packet(4, "fits", bytes(40_000)));
  await until(() => received.length === 1);
  check(received, [["fits", bytes(40_000)]]);
  assert.deepEqual(
    client.errors.map(({ code }) => code),
    ["PACKET_TOO_LARGE"],
  );
});

test("a payload that the application has is not written to by what comes later", async (t) => {
  const { received, connection } = await receiver(t, "tcp", 4);
  for (let i = 0; i < 30; i++) connection.write(packet(4, `${i}`, Buffer.alloc(150_000, i)));
  await until(() => received.length === 30);
  for (const [i, { payload }] of received.entries()) {
    assert.ok(
      payload.every((byte) => byte === i),
      `message ${i}`,
    );
  }
});

test("a slow handler holds up large messages: no more than maxunhandledbytes and one are held, and all arrive", async (t) => {
  const [SIZE, COUNT, BOUND] = [130_000, 40, 300_000];
  const broker = await fakeBroker(t, scripts.accepts());
  const client = clientFor(t, { mqttserver: broker.url, maxunhandledbytes: BOUND });
  let most = 0;
  const seen = [];
  await client.subscribe("#", { concurrency: 1 }, async (_client, _userdata, { payload }) => {
    most = Math.max(most, client.stats().unhandled);
    seen.push(payload[0]);
    await new Promise((resolve) => setTimeout(resolve, 2));
    most = Math.max(most, client.stats().unhandled);
  });
  for (let i = 0; i < COUNT; i++) broker.connections[0].write(packet(4, "t", Buffer.alloc(SIZE, i)));
  await until(() => seen.length === COUNT);
  assert.deepEqual(
    seen,
    Array.from({ length: COUNT }, (_, i) => i),
  );
  assert.ok(most > 1, "messages come while the handler works");
  assert.ok(most * SIZE <= BOUND + SIZE, `${most} messages of ${SIZE} bytes were held`);
  assert.equal(client.stats().dropped, 0);
});

test("a stream that gives bytes within a write keeps their order", async (t) => {
  const received = [];
  const large = packet(4, "large", bytes(70_000));
  const transport = () => {
    const stream = new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        const type = chunk[0] >> 4;
        if (type === 1) this.push(Buffer.from([0x20, 2, 0, 0]));
        if (type === 8) {
          this.push(Buffer.from([0x90, 3, chunk[2], chunk[3], 0]));
          this.push(Buffer.concat([packet(4, "first", bytes(2)), large, packet(4, "last", bytes(4))]));
        }
        if (type === 3) this.push(packet(4, "answer", bytes(3)));
        done();
      },
    });
    return stream;
  };
  const client = clientFor(t, { mqttserver: "mqtt://custom", transport });
  await client.subscribe("#", (_client, _userdata, message) => {
    received.push(message);
    if (message.topic === "first") {
      client.publish("x", "y");
      client.flush();
    }
  });
  await until(() => received.length === 4);
  check(
    received.filter(({ topic }) => topic !== "answer"),
    [
      ["first", bytes(2)],
      ["large", bytes(70_000)],
      ["last", bytes(4)],
    ],
  );
});

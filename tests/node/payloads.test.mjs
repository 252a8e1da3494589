// Payloads of all types arrive byte for byte, and the received bytes belong to the user.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startEmbedded } from "../support/embedded.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, freshTopic, until } from "./helpers.mjs";

const shared = sharedFixtures({
  broker: () => startMosquitto({ config: "max_queued_messages 0" }),
  aedes: startEmbedded,
});

const bytes = (...all) => Uint8Array.of(...all);
const utf8 = (text) => new TextEncoder().encode(text);
const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
const words = new Uint16Array([0x0102, 0xfffe, 0]);
const MEGABYTE = 1 << 20;
const megabyte = Uint8Array.from({ length: MEGABYTE }, (_, i) => (i * 31 + (i >> 8)) & 255);

/** Payloads, and the bytes that must arrive. */
const PAYLOADS = {
  "a string": ["hello", utf8("hello")],
  "an empty string": ["", bytes()],
  undefined: [undefined, bytes()],
  null: [null, bytes()],
  "a string beyond ASCII": ["grüße, 世界 🌍\u0000\n", utf8("grüße, 世界 🌍\u0000\n")],
  "a lone surrogate, as TextEncoder writes it": ["a\ud800b", utf8("a\ufffdb")],
  "a positive number": [3.25, utf8("3.25")],
  zero: [0, utf8("0")],
  "a large number": [1e21, utf8("1e+21")],
  NaN: [Number.NaN, utf8("NaN")],
  true: [true, utf8("true")],
  false: [false, utf8("false")],
  "a Uint8Array with every byte": [everyByte, everyByte],
  "an empty Uint8Array": [bytes(), bytes()],
  "a part of a Uint8Array": [everyByte.subarray(10, 20), everyByte.slice(10, 20)],
  "a Buffer": [Buffer.from("buffer"), utf8("buffer")],
  "an ArrayBuffer": [everyByte.slice().buffer, everyByte],
  "a DataView of a part": [new DataView(everyByte.buffer, 3, 2), bytes(3, 4)],
  "a Uint16Array": [words, new Uint8Array(words.buffer)],
  "a part of a Uint16Array": [words.subarray(1, 2), new Uint8Array(words.buffer.slice(2, 4))],
  "a Float64Array": [new Float64Array([Math.PI]), new Uint8Array(new Float64Array([Math.PI]).buffer)],
  "one megabyte of bytes": [megabyte, megabyte],
  "one byte more than a megabyte": [
    new Uint8Array(MEGABYTE + 1).fill(7),
    new Uint8Array(MEGABYTE + 1).fill(7),
  ],
  "one megabyte of text": ["x".repeat(MEGABYTE), new Uint8Array(MEGABYTE).fill(120)],
  "a megabyte of text beyond ASCII": ["é".repeat(MEGABYTE / 2), utf8("é".repeat(MEGABYTE / 2))],
};
for (const length of [
  47, 48, 49, 127, 128, 1364, 1365, 1366, 4096, 16_383, 16_384, 65_536, 349_525, 349_526,
]) {
  PAYLOADS[`a string of ${length} characters`] = ["s".repeat(length), utf8("s".repeat(length))];
  const mixed = `${"m".repeat(length - 1)}ß`;
  PAYLOADS[`a string of ${length} characters, the last beyond ASCII`] = [mixed, utf8(mixed)];
}

// Mosquitto 2.0 delivers large messages over WebSocket only when another event wakes it; aedes delivers them at once.
for (const [transport, url] of [
  ["TCP", () => shared.broker.url],
  ["WebSocket", () => shared.aedes.wsUrl],
]) {
  for (const call of ["publish", "qpublish"]) {
    test(`${call} over ${transport} takes every kind of payload`, async (t) => {
      const topic = freshTopic();
      const received = await collect(t, url(), topic, { qos: 1 });
      const client = clientFor(t, url());
      await client.start();
      for (const [given] of Object.values(PAYLOADS)) client[call](topic, given, { qos: 1 });
      await client.flush();
      const all = Object.entries(PAYLOADS);
      await received.count(all.length);
      all.forEach(([name, [, expected]], i) => {
        assert.equal(Buffer.compare(received[i].payload, expected), 0, name);
      });
    });
  }
}

test("the memory of the core grows before a payload, whichever it is", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.broker.url, topic, { qos: 1 });
  const client = clientFor(t, shared.broker.url);
  await client.start();
  const keeper = clientFor(t, shared.broker.url, { autostart: false });
  const short = Object.values(PAYLOADS).filter(([, expected]) => expected.length < MEGABYTE);
  for (const [given] of short) {
    keeper.publish(topic, megabyte); // is queued, and allocates new memory
    await client.publish(topic, given, { qos: 1 });
  }
  await received.count(short.length);
  short.forEach(([, expected], i) => {
    assert.equal(Buffer.compare(received[i].payload, expected), 0);
  });
});

test("the bytes of a payload are taken when the call is made", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.broker.url, topic);
  const client = clientFor(t, shared.broker.url, { autostart: false });
  const mine = bytes(1, 2, 3);
  const large = new Uint8Array(MEGABYTE + 1).fill(1);
  client.publish(topic, mine);
  client.publish(topic, mine.buffer);
  client.qpublish(topic, mine);
  client.publish(topic, large);
  mine.fill(9);
  large.fill(9);
  client.publish(topic, mine);
  await client.start();
  await client.flush();
  await received.count(5);
  const kept = received.map(({ payload }) => [...payload.subarray(0, 3)]);
  const tops = kept.map(String).sort();
  assert.deepEqual(tops, ["1,1,1", "1,2,3", "1,2,3", "1,2,3", "9,9,9"]);
});

test("a received payload belongs to the user: it stays as it was whatever comes after it", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.broker.url, topic);
  const client = clientFor(t, shared.broker.url);
  await client.publish(topic, everyByte);
  await received.count(1);
  const first = received[0].payload;
  assert.equal(first.byteOffset, 0);
  assert.equal(first.buffer.byteLength, 256, "not a view of something larger");
  // Enough to make the memory of the core grow.
  for (let i = 0; i < 20; i++) await client.publish(topic, megabyte, { qos: 1 });
  await received.count(21);
  assert.deepEqual(first, everyByte);
  first.fill(0);
  assert.equal(received[1].payload.length, MEGABYTE);
  structuredClone(first, { transfer: [first.buffer] });
  await client.publish(topic, "still works", { qos: 1 });
  await received.count(22);
  assert.equal(received[21].text(), "still works");
});

test("a payload and a topic may be as long as MQTT allows for topics: 65,535 bytes", async (t) => {
  const topic = `t/${"x".repeat(65_533)}`;
  const received = [];
  const client = clientFor(t, shared.broker.url);
  await client.subscribe("t/+", { qos: 0 }, (_client, _userdata, message) => received.push(message));
  await client.publish(topic, "long", { qos: 1 });
  await until(() => received.length === 1, "the message");
  assert.equal(received[0].topic, topic);
});

test("topics beyond ASCII, with spaces and with empty levels arrive as they were sent", async (t) => {
  const topics = ["grüße/世界/🌍", "with space/ ", "/", "//", "a//b", "/leading", "trailing/", "e\u0301/é"];
  const received = [];
  const client = clientFor(t, shared.broker.url, {
    on_message: (_client, _userdata, message) => received.push(message.topic),
  });
  await client.subscribe("#", { qos: 1 });
  for (const topic of topics) client.publish(topic, "x", { qos: 1 });
  await until(() => received.length >= topics.length, "all topics");
  assert.deepEqual(received, topics);
});

test("more topics than any cache holds arrive under their own names", async (t) => {
  const base = freshTopic();
  const received = await collect(t, shared.broker.url, `${base}/#`, { qos: 1 });
  const client = clientFor(t, shared.broker.url);
  const COUNT = 10_000;
  for (let i = 0; i < COUNT; i++) client.publish(`${base}/${i}`, String(i), { qos: 1 });
  for (let i = 0; i < 100; i++) client.publish(`${base}/${i}`, String(i), { qos: 1 });
  await received.count(COUNT + 100);
  received.forEach((message, i) => {
    assert.equal(message.topic, `${base}/${i % COUNT}`);
    assert.equal(message.text(), String(i % COUNT));
  });
});

// mqtt-lib/topics: names and filters of typed topics, codecs, schemas of zod and valibot, and what becomes of payloads that do
// not validate. Over a real broker.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, json, text, topic, ValidationError } from "mqtt-lib/topics";
import * as v from "valibot";
import { z } from "zod";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, failure, thrown, until } from "./helpers.mjs";

const shared = sharedFixtures({ broker: startMosquitto });

const READINGS = {
  zod: z.object({ celsius: z.number(), at: z.string().transform((given) => new Date(given)) }),
  valibot: v.object({
    celsius: v.number(),
    at: v.pipe(
      v.string(),
      v.transform((given) => new Date(given)),
    ),
  }),
};
const AT = "2026-11-29T05:09:00.000Z";

/** A client, and the messages that a handler of it has been given. */
async function subscribed(t, typed, options, credentials = {}) {
  const client = clientFor(t, { mqttserver: shared.broker.url, ...credentials });
  const received = [];
  await client.subscribe(typed, options, (_client, _userdata, message) => received.push(message));
  return { client, received };
}

test("a topic called with its parameters is a topic name, and its filter has a wildcard for each", () => {
  const temperature = topic("sites/{site}/sensors/{id}/temperature", json);
  assert.equal(temperature({ site: "berlin", id: 7 }), "sites/berlin/sensors/7/temperature");
  assert.equal(temperature.filter, "sites/+/sensors/+/temperature");
  assert.equal(`${temperature}`, "sites/{site}/sensors/{id}/temperature");
  assert.deepEqual(temperature.match("sites/a/sensors/b/temperature"), { site: "a", id: "b" });
  assert.equal(temperature.match("sites/a/sensors/temperature"), undefined);
  assert.equal(temperature.match("sites/a/sensors/b/humidity"), undefined);
  assert.equal(topic("plain", text)(), "plain");
  assert.equal(topic("{a}/b", text).match("$SYS/b"), undefined);
});

test("wrong patterns, parameters and codecs are TypeErrors that say what is allowed", () => {
  const typed = topic("a/{id}", json);
  const cases = [
    [() => topic("a/b-{id}", json), "INVALID_TOPIC", /a parameter is a whole level, such as \{id\}/],
    [() => topic("a/+", json), "INVALID_TOPIC", /the level "\+" is not/],
    [() => topic("{a}/{a}", json), "INVALID_TOPIC", /a name of its own/],
    [() => topic("", json), "INVALID_TOPIC", /must be a text/],
    [() => topic("a"), "INVALID_OPTION", /json, text, bytes, or/],
    [() => json({}), "INVALID_OPTION", /Standard Schema/],
    [() => typed({}), "INVALID_TOPIC", /"id" is missing/],
    [() => typed(), "INVALID_TOPIC", /"id" is missing/],
    [() => typed({ id: "x", more: 1 }), "INVALID_TOPIC", /no parameter "more"/],
    [() => typed({ id: "x/y" }), "INVALID_TOPIC", /none of \/ \+ #; "x\/y" was given/],
    [() => typed({ id: "" }), "INVALID_TOPIC", /not empty/],
    [() => typed({ id: Number.NaN }), "INVALID_TOPIC", /NaN was given/],
    [() => typed({ id: {} }), "INVALID_TOPIC", /an object was given/],
    [() => typed("x"), "INVALID_TOPIC", /must be an object/],
  ];
  for (const [call, code, sentence] of cases) {
    const error = thrown(call);
    assert.ok(error instanceof TypeError);
    assert.equal(error.code, code);
    assert.match(error.message, sentence);
  }
});

for (const [name, schema] of Object.entries(READINGS)) {
  test(`${name}: handlers get params and the output of the schema, publish takes its input`, async (t) => {
    const reading = topic(`topics/${name}/{site}/{id}`, json(schema));
    const { client, received } = await subscribed(t, reading, { qos: 1 });
    const params = { site: "berlin", id: 7 };
    await client.publish(reading, { celsius: 21.5, at: AT }, { qos: 1, params });
    await until(() => received.length === 1, "the message");
    const [message] = received;
    assert.deepEqual(message.params, { site: "berlin", id: "7" });
    assert.deepEqual(message.value, { celsius: 21.5, at: new Date(AT) });
    assert.equal(message.topic, `topics/${name}/berlin/7`);
    assert.deepEqual(message.json(), { celsius: 21.5, at: AT });
  });

  test(`${name}: what does not validate is not published`, async (t) => {
    const reading = topic(`topics/refused/${name}`, json(schema));
    const { client, received } = await subscribed(t, reading);
    const error = await failure(client.publish(reading, { celsius: "warm", at: AT }));
    assert.ok(error instanceof ValidationError && error instanceof TypeError);
    assert.equal(error.code, "INVALID_PAYLOAD");
    assert.match(error.message, new RegExp(`^topics/refused/${name}: celsius: .*number`));
    assert.equal(error.issues.length, 1);
    await client.publish(reading, { celsius: 1, at: AT }, { qos: 1 });
    await until(() => received.length === 1, "the valid one");
    assert.equal(received[0].value.celsius, 1);
  });

  test(`${name}: what does not validate fails the handler: on_error, and the dead letter`, async (t) => {
    const reading = topic(`topics/dead/${name}/{id}`, json(schema));
    const letters = await collect(t, shared.broker.url, `topics/letters/${name}`, { qos: 1 });
    const options = {
      qos: 1,
      onFailure: "retry",
      retries: 1,
      retryDelay: 0.01,
      deadLetter: `topics/letters/${name}`,
    };
    const { client, received } = await subscribed(t, reading, options, { mqttversion: 5 });
    await client.publish(reading({ id: 1 }), '{"celsius":"warm"}', { qos: 1 });
    await client.publish(reading({ id: 2 }), "no JSON", { qos: 1 });
    await letters.count(2);
    assert.deepEqual(letters.texts().sort(), ["no JSON", '{"celsius":"warm"}'].sort());
    assert.deepEqual(received, []);
    assert.equal(client.stats().unhandled, 0);
    for (const [at, { code, cause }] of client.errors.entries()) {
      assert.deepEqual([code, cause.code], ["CALLBACK_FAILED", "INVALID_PAYLOAD"]);
      assert.match(cause.message, new RegExp(`^topics/dead/${name}/[12]: `), `${at}`);
    }
    assert.equal(client.errors.length, 2);
  });
}

test("a schema that answers with a promise: publish and handlers wait for it", async (t) => {
  const slow = z.string().refine(async (given) => given !== "bad", "it is bad");
  const typed = topic("topics/slow", text(slow));
  const { client, received } = await subscribed(t, typed, { qos: 1, onFailure: "acknowledge" });
  await client.publish(typed, "good", { qos: 1 });
  assert.match((await failure(client.publish(typed, "bad"))).message, /^topics\/slow: it is bad$/);
  await client.publish(typed(), "bad", { qos: 1 });
  await until(() => client.errors.length === 1 && received.length === 1, "one of each");
  assert.equal(received[0].value, "good");
  const gone = client.publish(typed, "good", { signal: AbortSignal.abort("gone") });
  assert.equal(await failure(gone), "gone");
});

test("text, bytes and a codec of one's own; what they cannot encode is refused", async (t) => {
  const day = {
    encode: (date) => date.toISOString(),
    decode: (payload) => new Date(`${Buffer.from(payload)}`),
  };
  const cases = [
    [topic("topics/codec/text", text), "grün", 7],
    [topic("topics/codec/bytes", bytes), new Uint8Array([0, 255]), "text"],
    [topic("topics/codec/json", json), { a: [null, 1] }, undefined],
    [topic("topics/codec/day", day), new Date(AT), "text"],
  ];
  for (const [typed, value, wrong] of cases) {
    const { client, received } = await subscribed(t, typed);
    await client.publish(typed, value);
    await until(() => received.length === 1, typed.pattern);
    assert.deepEqual(received[0].value, value);
    assert.equal((await failure(client.publish(typed, wrong))).code, "INVALID_PAYLOAD", typed.pattern);
  }
  const { client, received } = await subscribed(t, cases[0][0]);
  await client.publish(cases[0][0](), new Uint8Array([255]), { qos: 1 });
  await until(() => client.errors.length === 1, "what is no UTF-8");
  assert.deepEqual(received, []);
});

test("params of subscribe narrow it, unsubscribe takes the same, qpublish encodes", async (t) => {
  const typed = topic("topics/narrow/{site}/{id}", json);
  const { client, received } = await subscribed(t, typed, { qos: 1, params: { site: "a" } });
  await client.publish(typed, 1, { params: { site: "b", id: 1 } });
  const sent = client.qpublish(typed, 2, { params: { site: "a", id: 1 }, qos: 1 });
  await client.flush();
  await sent;
  await until(() => received.length === 1, "the message");
  assert.deepEqual([received[0].value, received[0].params.site], [2, "a"]);
  await client.unsubscribe(typed, { params: { site: "a" } });
  await client.publish(typed, 3, { params: { site: "a", id: 1 }, qos: 1 });
  assert.equal(received.length, 1);
  assert.equal((await failure(client.subscribe(typed, { params: { room: 1 } }))).code, "INVALID_TOPIC");
  assert.equal((await failure(client.publish(typed, 1))).code, "INVALID_TOPIC");
  assert.equal(
    (await failure(client.publish(typed, 1, { params: { site: "a", id: 1 }, qos: 3 }))).code,
    "OUT_OF_RANGE",
  );
});

test("the same handler given again is one handler; addHandler takes a typed topic and removes it", async (t) => {
  const typed = topic("topics/handlers/{id}", json);
  const client = clientFor(t, shared.broker.url);
  const log = [];
  const handler = (_client, _userdata, { params }) => log.push(params.id);
  await client.subscribe(typed, handler);
  await client.subscribe(typed, { qos: 1 }, handler);
  const added = client.addHandler(typed, (_client, _userdata, { value }) => log.push(value), { qos: 1 });
  await added.ready;
  assert.equal(added.filter, "topics/handlers/+");
  await client.publish(typed, "v", { params: { id: "x" }, qos: 1 });
  await until(() => log.length >= 2, "both handlers");
  await added.remove();
  await client.publish(typed, "w", { params: { id: "y" }, qos: 1 });
  await until(() => log.length >= 3, "the handler that is left");
  assert.deepEqual(log.sort(), ["v", "x", "y"]);
});

test("messages of a typed topic: what does not validate is reported, acknowledged and left out", async (t) => {
  const typed = topic("topics/loop/{id}", json(z.number()));
  const client = clientFor(t, shared.broker.url);
  const loop = client.messages(typed);
  await client.subscribe(typed.filter, { qos: 1 });
  await client.publish(typed({ id: "a" }), '"one"', { qos: 1 });
  await client.publish(typed, 2, { params: { id: "b" }, qos: 1 });
  const { value } = await loop.next();
  assert.deepEqual([value.value, value.params], [2, { id: "b" }]);
  assert.match(client.errors[0].message, /a loop over a typed topic.*topics\/loop\/a: .*expected number/);
  await loop.return();
  await until(() => client.stats().unhandled === 0, "all acknowledged");
  assert.equal((await loop.next()).done, true);
});

test("two typed topics over one message do not share params and value", async (t) => {
  const client = clientFor(t, shared.broker.url);
  const seen = [];
  const one = topic("topics/both/{one}", json);
  const two = topic("topics/{two}/x", text);
  client.addHandler(one, (_client, _userdata, message) => seen.push(message));
  await client.addHandler(two, (_client, _userdata, message) => seen.push(message)).ready;
  await client.publish("topics/both/x", "1");
  await until(() => seen.length === 2, "both");
  assert.deepEqual(
    seen.map(({ params, value }) => [params, value]),
    [
      [{ one: "x" }, 1],
      [{ two: "both" }, "1"],
    ],
  );
});

test("ack() and reject() of a typed message are those of the message", async (t) => {
  const typed = topic("topics/manual/{id}", json);
  const { client, received } = await subscribed(t, typed, { qos: 1, ack: "manual" });
  await client.publish(typed, 1, { params: { id: 1 }, qos: 1 });
  await until(() => received.length === 1, "the message");
  assert.equal(client.stats().unhandled, 1);
  received[0].ack();
  await until(() => client.stats().unhandled === 0, "the acknowledgement");
});

test("in MQTT 5 the content type is sent, unless the call says another", async (t) => {
  const typed = topic("topics/content", json);
  const { client, received } = await subscribed(t, typed, undefined, { mqttversion: 5 });
  await client.publish(typed, 1);
  await client.publish(typed, 1, { properties: { contentType: "text/x-number" } });
  await until(() => received.length === 2, "both");
  assert.deepEqual(
    received.map(({ properties }) => properties.contentType),
    ["application/json", "text/x-number"],
  );
});

test("a group that is a parameter, or none, is refused", () => {
  for (const pattern of [
    "$share/{group}/jobs",
    "$share/+/jobs",
    "$share/g#/jobs",
    "$share/workers/",
    "$share/workers",
  ])
    assert.throws(() => topic(pattern, json), {
      code: "INVALID_TOPIC",
      message: /with the group written out$/,
    });
});

test("a shared subscription: the pattern has its group, and names have not", async (t) => {
  const jobs = topic("$share/workers/topics/jobs/{id}", json);
  assert.equal(jobs({ id: 1 }), "topics/jobs/1");
  assert.equal(jobs.filter, "$share/workers/topics/jobs/+");
  const { client, received } = await subscribed(t, jobs, { qos: 1 }, { mqttversion: 5 });
  await client.publish(jobs, "work", { params: { id: 1 }, qos: 1 });
  await until(() => received.length === 1, "the job");
  assert.deepEqual(received[0].params, { id: "1" });
});

test("read() gives the typed message of one that came otherwise", async (t) => {
  const typed = topic("topics/kept/{id}", json(z.number()));
  const client = clientFor(t, shared.broker.url);
  await client.publish(typed, 5, { params: { id: "a" }, retain: true, qos: 1 });
  const kept = await client.snapshot(typed.filter);
  const { value, params } = typed.read(kept.get("topics/kept/a"));
  assert.deepEqual([value, params], [5, { id: "a" }]);
  assert.throws(() => typed.read({ topic: "other", payload: new Uint8Array(0) }), {
    code: "INVALID_PAYLOAD",
  });
});

test("signal and timeout of a publish end it also while its schema is checked, and then nothing is sent", async (t) => {
  const { client, received } = await subscribed(t, "slow/#", { qos: 1 });
  for (const method of ["publish", "qpublish"]) {
    const answers = [];
    const validate = (value) => new Promise((resolve) => answers.push(() => resolve({ value })));
    const slow = topic("slow/{id}", json({ "~standard": { version: 1, vendor: "test", validate } }));
    const reason = new Error("no longer wanted");
    const controller = new AbortController();
    const params = { id: 1 };
    const aborted = failure(client[method](slow, 1, { params, signal: controller.signal }));
    controller.abort(reason);
    assert.equal(await aborted, reason);
    if (method === "publish")
      assert.equal((await failure(client.publish(slow, 2, { params, timeout: 0.05 }))).code, "TIMEOUT");
    const sent = client[method](slow, method, { params, signal: new AbortController().signal });
    for (const answer of answers) answer();
    await new Promise((resolve) => setImmediate(resolve));
    await client.flush();
    await sent;
  }
  await until(() => received.length === 2);
  assert.deepEqual(
    received.map((message) => message.json()),
    ["publish", "qpublish"],
  );
});

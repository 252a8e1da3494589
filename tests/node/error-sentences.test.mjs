// What an error says: what was given, what is allowed, what to do; also where what was given has no name of its own.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { startMosquitto } from "../support/mosquitto.mjs";
import { assertError, outOfRange, wrongType } from "../support/expected-errors.mjs";
import { clientFor, failure, freshTopic, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

const message = (properties) => (client) => client.publish("a", "b", { properties });
const TEXT = "must be a string of at most 65,535 bytes without U+0000";
const REFUSALS = {
  "a reason code of stop": [
    (client) => client.stop({ reasonCode: 3 }),
    outOfRange("must be 0, 4", "128 to 255; 3 was given"),
  ],
  "a reason code of stop that is no number": [
    (client) => client.stop({ reasonCode: "4" }),
    outOfRange("must be 0, 4", "a string was given"),
  ],
  "a timeout of request that is null": [
    (client) => client.request("a", "b", { timeout: null }),
    wrongType("number of seconds", "null was given"),
  ],
  "a property that is too long": [
    message({ contentType: "é".repeat(35_000) }),
    outOfRange(`options.properties.contentType ${TEXT}`, "one of 70000 bytes was given"),
  ],
  "a property with U+0000": [message({ contentType: "a\0" }), wrongType(TEXT, "one with U+0000 was given")],
  "a property of the user's with U+0000": [
    message({ userProperties: { key: "a\0" } }),
    wrongType("options.properties.userProperties.key", TEXT, "one with U+0000 was given"),
  ],
  "a name of the user's with U+0000": [
    message({ userProperties: { "a\0": "b" } }),
    wrongType("a name in options.properties.userProperties", TEXT, "one with U+0000 was given"),
  ],
  "binary data that is too long": [
    message({ correlationData: new Uint8Array(70_000) }),
    outOfRange("correlationData must be a string or bytes", "one of 70000 bytes was given"),
  ],
  "binary data that is an object": [
    message({ correlationData: {} }),
    wrongType("correlationData must be a string or bytes", "an object was given"),
  ],
  "a response topic": [
    message({ responseTopic: "a/#" }),
    wrongType('options.properties.responseTopic: topic "a/#" must not contain the wildcards'),
  ],
  "an unknown key that is near no other": [
    (client) => client.publish("a", "b", { zzzzzzzzzzz: 1 }),
    wrongType('no key "zzzzzzzzzzz"', "docs/reference/options.md"),
  ],
  "a control character in a topic": [
    (client) => client.publish("a\u0001", "b"),
    [TypeError, "INVALID_TOPIC", "another control character", "without +, # and control characters"],
  ],
};

describe("it is said what is wrong with", () => {
  for (const [name, [call, expected]] of Object.entries(REFUSALS)) {
    test(name, async (t) => {
      const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
      await client.start();
      assertError(await failure(call(client)), expected);
    });
  }

  test("a server of which nothing may be shown", () => {
    assert.throws(() => new MqttCustom({ credentials: { mqttserver: "#secret" } }), {
      code: "INVALID_OPTION",
      message: /^mqttserver "…" has a path but no scheme/,
    });
  });
});

const throwNull = () => {
  throw null;
};

test("a credentials function that throws null", async (t) => {
  const client = new MqttCustom({ credentials: throwNull, autostart: false, on_error() {} });
  t.after(() => client.stop());
  assert.match(
    (await failure(client.start())).message,
    /^the credentials function failed: null; it must return/,
  );
});

for (const method of ["open", "write", "close"]) {
  test(`${method}() of a store that throws null`, async (t) => {
    const store = { open: () => [], write() {}, close() {}, [method]: throwNull };
    const mqttclientid = freshTopic().replaceAll("/", "");
    const client = clientFor(t, { mqttserver: broker.url, mqttclientid, store });
    client.publish("a", "b", { qos: 1 });
    if (method === "close") await client.stop();
    const [error] = await until(() => client.errors.length > 0 && client.errors);
    assert.match(error.message, /^the store cannot be .*: null$/);
  });
}

// Wrong arguments of a call are rejected with an error that names the argument, what was given and what is allowed; nothing
// is sent.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { assertError, outOfRange, wrongType } from "../support/expected-errors.mjs";
import { clientFor, failure, freshTopic, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

const cyclic = () => {
  const cycle = { name: "me" };
  cycle.self = cycle;
  return cycle;
};

const TOPICS = {
  "an empty topic": ["", [TypeError, "INVALID_TOPIC", 'topic ""', "must not be empty"]],
  "a topic with +": ["a/+/b", [TypeError, "INVALID_TOPIC", '"a/+/b"', "wildcards + and #"]],
  "a topic with #": ["a/#", [TypeError, "INVALID_TOPIC", '"a/#"', "wildcards + and #"]],
  "a topic with U+0000": ["a\0b", [TypeError, "INVALID_TOPIC", "U+0000"]],
  "a topic over 65,535 bytes": ["x".repeat(65_536), [RangeError, "OUT_OF_RANGE", "65,535 bytes"]],
  "a topic over 65,535 bytes of UTF-8": ["é".repeat(32_768), [RangeError, "OUT_OF_RANGE", "65,535 bytes"]],
  "a topic that is a number": [7, [TypeError, "INVALID_TOPIC", "must be a string", "a number was given"]],
  "no topic": [undefined, [TypeError, "INVALID_TOPIC", "must be a string", "undefined was given"]],
  "an array of topics": [
    ["a", "b"],
    [TypeError, "INVALID_TOPIC", "must be a string", "an array was given"],
  ],
};

const PUBLISH_OPTIONS = {
  "QoS 3": [{ qos: 3 }, outOfRange("qos must be 0, 1 or 2", "3 was given")],
  "QoS -1": [{ qos: -1 }, outOfRange("qos must be 0, 1 or 2", "-1 was given")],
  "QoS 1.5": [{ qos: 1.5 }, outOfRange("qos must be 0, 1 or 2", "1.5 was given")],
  "QoS as text": [{ qos: "1" }, wrongType("qos must be 0, 1 or 2", "a string was given")],
  "retain that is a number": [{ retain: 1 }, wrongType("retain must be true or false", "a number was given")],
  "an unknown option": [{ quos: 1 }, wrongType('no key "quos"', 'did you mean "qos"')],
  "a number where options should be": [1, wrongType("options must be an object", "a number was given")],
  "an array where options should be": [[1], wrongType("options must be an object", "an array was given")],
  "a function where options should be": [
    () => {},
    wrongType("options must be an object", "a function was given"),
  ],
};

const PAYLOADS = {
  "a plain object": [{ a: 1 }, "an object"],
  "an array": [[1, 2], "an array"],
  "a function": [() => {}, "a function"],
  "a symbol": [Symbol("x"), "a symbol"],
  "a bigint": [1n, "a bigint"],
  "a date": [new Date(), "an object"],
  "a promise": [Promise.resolve("x"), "an object"],
  "a Map": [new Map(), "an object"],
};

for (const call of ["publish", "qpublish", "batch_publish", "publish_high_priority"]) {
  describe(`${call} rejects`, () => {
    const reject = async (t, ...args) => {
      const client = clientFor(t, broker.url);
      await client.start();
      return failure(client[call](...args));
    };
    for (const [name, [topic, expected]] of Object.entries(TOPICS)) {
      test(name, async (t) => assertError(await reject(t, topic, "x"), expected));
    }
    for (const [name, [options, expected]] of Object.entries(PUBLISH_OPTIONS)) {
      const forClient = call === "publish_high_priority" && name === "an unknown option";
      if (forClient) continue; // its other keys are those of credentials: see one-shot.test.mjs
      test(name, async (t) => assertError(await reject(t, "a", "x", options), expected));
    }
    if (call === "batch_publish") return;
    for (const [name, [payload, kind]] of Object.entries(PAYLOADS)) {
      test(`${name} as payload, and says what to do`, async (t) =>
        assertError(await reject(t, "a", payload), [
          TypeError,
          "INVALID_PAYLOAD",
          `a payload cannot be ${kind}`,
          "JSON.stringify",
        ]));
    }
  });
}

describe("batch_publish rejects as an item", () => {
  const ITEMS = {
    bytes: [Uint8Array.of(1), "cannot be bytes"],
    "a Buffer": [Buffer.from("x"), "cannot be bytes"],
    "an ArrayBuffer": [new ArrayBuffer(3), "cannot be bytes"],
    "a DataView": [new DataView(new ArrayBuffer(3)), "cannot be bytes"],
    "a cycle": [cyclic(), /circular/],
    "a function": [() => {}, "cannot be a function"],
    "a symbol": [Symbol("x"), "cannot be a symbol"],
    undefined: [undefined, "cannot be undefined"],
    "a bigint": [1n, /BigInt/],
    "an object whose toJSON throws": [
      {
        toJSON() {
          throw new Error("not today");
        },
      },
      "not today",
    ],
  };
  for (const [name, [item, words]] of Object.entries(ITEMS)) {
    test(`${name}, and the batch goes on without it`, async (t) => {
      const topic = freshTopic();
      const texts = [];
      const client = clientFor(t, { mqttserver: broker.url, batchsize: 2 });
      await client.subscribe(topic, (_client, _userdata, message) => texts.push(message.text()));
      client.batch_publish(topic, 1);
      const error = await failure(client.batch_publish(topic, item));
      assertError(error, [TypeError, "INVALID_PAYLOAD", "batch", words]);
      await client.batch_publish(topic, 2);
      await until(() => texts.length === 1, "the batch");
      assert.deepEqual(texts, ["[1,2]"]);
    });
  }
});

describe("subscribe, subscribe_topics and unsubscribe reject", () => {
  const FILTERS = {
    "a+": ["a+", [TypeError, "INVALID_TOPIC", '"a+"', "+ stands for one whole level"]],
    "+a/b": ["+a/b", [TypeError, "INVALID_TOPIC", '"+a/b"']],
    "a/#/b": ["a/#/b", [TypeError, "INVALID_TOPIC", '"a/#/b"', "# for all the rest at the end"]],
    "a#": ["a#", [TypeError, "INVALID_TOPIC", '"a#"']],
    "an empty filter": ["", [TypeError, "INVALID_TOPIC", "must not be empty"]],
    "a filter with U+0000": ["a\0", [TypeError, "INVALID_TOPIC", "U+0000"]],
    "a filter over 65,535 bytes": ["x".repeat(65_536), [RangeError, "OUT_OF_RANGE", "65,535"]],
    "a bad filter among good ones": [
      ["a", "b/#/c"],
      [TypeError, "INVALID_TOPIC", '"b/#/c"'],
    ],
    "a number": [7, [TypeError, "INVALID_TOPIC", "string", "a number was given"]],
    nothing: [undefined, [TypeError, "INVALID_TOPIC", "string", "undefined was given"]],
    "a number among filters": [
      ["a", 7],
      [TypeError, "INVALID_TOPIC", "string", "a number was given"],
    ],
    "an empty list": [[], [TypeError, "INVALID_TOPIC", "no topic filter"]],
    "an empty object": [{}, [TypeError, "INVALID_TOPIC", "no topic filter"]],
    "a share without a filter": ["$share/group", [TypeError, "INVALID_TOPIC", "$share/group/filter"]],
  };
  for (const [name, [filter, expected]] of Object.entries(FILTERS)) {
    test(name, async (t) => {
      const client = clientFor(t, broker.url);
      for (const call of ["subscribe", "subscribe_topics", "unsubscribe"]) {
        assertError(await failure(client[call](filter)), expected);
      }
      await client.publish("still/works", "x", { qos: 1 });
    });
  }

  const OTHERS = {
    "QoS 3 in options": [["a", { qos: 3 }], outOfRange("qos must be 0, 1 or 2", "3 was given")],
    "QoS 3 of a filter": [[{ "a/b": 3 }], outOfRange('"a/b"', "must be 0, 1 or 2", "3 was given")],
    "QoS 3 in the options of a filter": [[{ "a/b": { qos: 3 } }], outOfRange('"a/b"', "qos", "0, 1 or 2")],
    "QoS of a filter as text": [
      [{ "a/b": "1" }],
      wrongType('"a/b"', "must be 0, 1 or 2", "a string was given"),
    ],
    "an unknown option": [["a", { quos: 1 }], wrongType('no key "quos"', 'did you mean "qos"')],
    "an unknown option of a filter": [[{ a: { quos: 1 } }], wrongType('"a"', 'no key "quos"', '"qos"')],
    "options that are a number": [["a", 1], wrongType("options must be an object", "a number was given")],
    "a handler that is no function": [
      ["a", {}, "later"],
      wrongType("handler must be a function", "a string was given"),
    ],
  };
  for (const [name, [args, expected]] of Object.entries(OTHERS)) {
    test(name, async (t) => {
      const client = clientFor(t, broker.url);
      for (const call of ["subscribe", "subscribe_topics"])
        assertError(await failure(client[call](...args)), expected);
    });
  }
});

test("properties are refused with a sentence while the connection speaks MQTT 3.1.1", async (t) => {
  const client = clientFor(t, broker.url);
  const options = { properties: { userProperties: { a: "b" } } };
  for (const promise of [client.publish("a", "x", options), client.subscribe("a", options)]) {
    assertError(await failure(promise), wrongType("properties", "MQTT 5", "mqttversion"));
  }
  await client.publish("a", "x", { qos: 1, properties: undefined });
});

test("what is refused costs nothing: no message is sent, and nobody need look at the promise", async (t) => {
  const client = clientFor(t, broker.url);
  await client.start();
  const before = client.stats();
  for (let i = 0; i < 100; i++) {
    client.publish("a/#", "x");
    client.publish("a", {});
    client.batch_publish("a", cyclic());
    client.subscribe("a+");
  }
  await new Promise(setImmediate);
  assert.deepEqual(client.stats(), before);
  assert.deepEqual(client.errors, []);
});

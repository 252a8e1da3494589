// Whatever a user can get wrong is refused with an error that names it, what was given and what is allowed.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, failure, freshTopic, thrown, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

/** Class, code, and the parts of the sentence. */
function check(error, [kind, code, ...parts]) {
  assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
  assert.equal(error.code, code, error.message);
  for (const part of parts) {
    assert.ok(
      part instanceof RegExp ? part.test(error.message) : error.message.includes(part),
      `"${error.message}" should say ${part}`,
    );
  }
}

const wrongType = (...parts) => [TypeError, "INVALID_OPTION", ...parts];
const outOfRange = (...parts) => [RangeError, "OUT_OF_RANGE", ...parts];
const cyclic = () => {
  const cycle = { name: "me" };
  cycle.self = cycle;
  return cycle;
};

describe("the constructor throws", () => {
  const CREDENTIALS = {
    "an unknown key, with the nearest known one": [
      { mqttsever: "localhost" },
      wrongType('no key "mqttsever"', 'did you mean "mqttserver"'),
    ],
    "a key in other letters": [{ mqttPort: 1883 }, wrongType('"mqttPort"', 'did you mean "mqttport"')],
    "a key that is like no other": [{ zzzzzzzzzzzzzz: 1 }, wrongType('"zzzzzzzzzzzzzz"')],
    "port 0": [{ mqttport: 0 }, outOfRange("mqttport", "from 1 to 65535", "0 was given")],
    "port 70000": [{ mqttport: 70000 }, outOfRange("mqttport", "from 1 to 65535", "70000 was given")],
    "port -1": [{ mqttport: -1 }, outOfRange("mqttport", "-1 was given")],
    "half a port": [{ mqttport: 1883.5 }, outOfRange("mqttport", "whole number", "1883.5 was given")],
    "a port that is not a number": [{ mqttport: Number.NaN }, outOfRange("mqttport", "NaN was given")],
    "a port as text": [{ mqttport: "1883" }, wrongType("mqttport", "whole number", '"1883"')],
    "a negative interval": [
      { publishinterval: -1 },
      outOfRange("publishinterval", "seconds from 0", "-1 was given"),
    ],
    "an infinite interval": [
      { publishinterval: Number.POSITIVE_INFINITY },
      outOfRange("publishinterval", /inf/i),
    ],
    "an interval as text": [{ publishinterval: "60" }, wrongType("publishinterval", "number of seconds")],
    "a negative keepalive": [{ mqttkeepalive: -5 }, outOfRange("mqttkeepalive", "from 0 to 65535", "-5")],
    "a keepalive over 65535": [{ mqttkeepalive: 65_536 }, outOfRange("mqttkeepalive", "65536")],
    "a negative reconnect delay": [{ maxmqttreconnectdelay: -1 }, outOfRange("maxmqttreconnectdelay", "-1")],
    "queuesize 0": [{ queuesize: 0 }, outOfRange("queuesize", "from 1", "0 was given")],
    "batchsize 2.5": [{ batchsize: 2.5 }, outOfRange("batchsize", "whole number", "2.5")],
    "will QoS 3": [{ willsetqos: 3 }, outOfRange("willsetqos", "from 0 to 2", "3 was given")],
    "a will's retain that is a number": [
      { willsetretain: 1 },
      wrongType("willsetretain", "true or false", "1 was given"),
    ],
    "a will's topic with a wildcard": [
      { willsettopic: "a/#" },
      [TypeError, "INVALID_TOPIC", "willsettopic", '"a/#"'],
    ],
    "a will's payload that is an object": [
      { willsetpayload: {} },
      wrongType("willsetpayload", "string or bytes", "an object"),
    ],
    "a client id that is a number": [
      { mqttclientid: 7 },
      wrongType("mqttclientid", "a string", "7 was given"),
    ],
    "a client id with U+0000": [{ mqttclientid: "a\0b" }, wrongType("mqttclientid", "U+0000")],
    "a client id over 65,535 bytes": [
      { mqttclientid: "x".repeat(65_536) },
      outOfRange("mqttclientid", "65536", "65,535"),
    ],
    "a server that is a number": [{ mqttserver: 7 }, wrongType("mqttserver", "a string")],
    "an empty server": [{ mqttserver: "" }, wrongType("mqttserver", "no host name")],
    "a server with an unknown scheme": [
      { mqttserver: "http://h" },
      wrongType("mqttserver", "http://h", "ws://"),
    ],
    "a server with port 0": [{ mqttserver: "mqtt://h:0" }, wrongType("mqttserver", "port", "1 to 65535")],
    "a server with port 70000": [{ mqttserver: "h:70000" }, wrongType("mqttserver", "port", "1 to 65535")],
    "a server with a user name": [
      { mqttserver: "mqtt://me:pw@h" },
      wrongType("mqttserver", "mqttusername", /^((?!pw).)*$/),
    ],
    "an unknown protocol": [
      { mqttprotocol: "http" },
      wrongType("mqttprotocol", '"ws", "wss", "mqtt" or "mqtts"', '"http"'),
    ],
    "a path without a slash": [{ mqttpath: "mqtt" }, wrongType("mqttpath", "begins with /", '"mqtt"')],
    "a version that is none": [{ mqttversion: 6 }, outOfRange("mqttversion", "6 was given")],
    "a clean session as text": [
      { mqttcleansession: "yes" },
      wrongType("mqttcleansession", "true or false", '"yes"'),
    ],
    "a password without a user name": [{ mqttpassword: "x" }, wrongType("mqttpassword", "mqttusername")],
    "a password that is a number, without showing it": [
      { mqttusername: "a", mqttpassword: 4711 },
      wrongType("mqttpassword", /^((?!4711).)*$/),
    ],
    "connecttimeout 0": [{ connecttimeout: 0 }, outOfRange("connecttimeout", "0 was given")],
    "maxinflight 65536": [{ maxinflight: 65_536 }, outOfRange("maxinflight", "from 1 to 65535")],
  };
  for (const [name, [credentials, expected]] of Object.entries(CREDENTIALS)) {
    test(`for ${name}`, () =>
      check(
        thrown(() => new MqttCustom({ credentials })),
        expected,
      ));
  }

  const OPTIONS = {
    "credentials that are text": [
      { credentials: "localhost" },
      wrongType("credentials must be an object", "a string was given"),
    ],
    "credentials that are an array": [
      { credentials: [] },
      wrongType("credentials must be an object", "an array was given"),
    ],
    "an unknown key beside credentials": [
      { credential: {} },
      wrongType('no key "credential"', 'did you mean "credentials"'),
    ],
    "a mistyped callback": [{ on_mesage: () => {} }, wrongType('"on_mesage"', 'did you mean "on_message"')],
    "a callback that is no function": [
      { on_message: "later" },
      wrongType("on_message must be a function", "a string was given"),
    ],
    "a camelCase callback that is no function": [
      { onConnect: 7 },
      wrongType("on_connect must be a function", "a number was given"),
    ],
    "autostart that is a number": [
      { autostart: 1 },
      wrongType("autostart must be true or false", "a number was given"),
    ],
    "text instead of options": ["localhost", wrongType("must be an object", "a string was given")],
    "a number instead of options": [1883, wrongType("must be an object", "a number was given")],
  };
  for (const [name, [options, expected]] of Object.entries(OPTIONS)) {
    test(`for ${name}`, () =>
      check(
        thrown(() => new MqttCustom(options)),
        expected,
      ));
  }

  test("and nothing stays open after it: undefined and null values are as if they were not there", async (t) => {
    const client = clientFor(t, { mqttserver: broker.url, mqttport: undefined, mqttusername: null });
    await client.start();
    for (const nothing of [undefined, null, {}]) {
      const idle = new MqttCustom(nothing && { ...nothing, autostart: false });
      await idle.stop();
    }
  });
});

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
      test(name, async (t) => check(await reject(t, topic, "x"), expected));
    }
    for (const [name, [options, expected]] of Object.entries(PUBLISH_OPTIONS)) {
      const forClient = call === "publish_high_priority" && name === "an unknown option";
      if (forClient) continue; // its further keys are those of credentials: see one-shot.test.mjs
      test(name, async (t) => check(await reject(t, "a", "x", options), expected));
    }
    if (call === "batch_publish") return;
    for (const [name, [payload, kind]] of Object.entries(PAYLOADS)) {
      test(`${name} as payload, and says what to do`, async (t) =>
        check(await reject(t, "a", payload), [
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
      check(error, [TypeError, "INVALID_PAYLOAD", "batch", words]);
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
        check(await failure(client[call](filter)), expected);
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
        check(await failure(client[call](...args)), expected);
    });
  }
});

test("properties are refused with a sentence while the connection speaks MQTT 3.1.1", async (t) => {
  const client = clientFor(t, broker.url);
  const options = { properties: { userProperties: { a: "b" } } };
  for (const promise of [client.publish("a", "x", options), client.subscribe("a", options)]) {
    check(await failure(promise), wrongType("properties", "MQTT 5", "mqttversion"));
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

// A value that throws when it is looked at, or whose buffer was transferred, is a wrong argument like any other: refused
// with a code, by a rejection where the call returns a promise, and no other client notices.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, freshTopic, until } from "./helpers.mjs";

let broker;
/** Another client of the process, which is to stay as it is. */
let bystander;

before(async () => {
  broker = await startMosquitto();
  bystander = new MqttCustom({ credentials: { mqttserver: broker.url }, on_error() {} });
  await bystander.start();
});

after(async () => {
  assert.equal(bystander.state, "connected");
  await bystander.stop();
  await broker?.stop();
});

const fails = () => {
  throw new Error("not to be read");
};
const detached = () => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
};
const detachedView = () => {
  const view = new Uint8Array(8);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
};
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const revokedFunction = () => {
  const { proxy, revoke } = Proxy.revocable(() => {}, {});
  revoke();
  return proxy;
};
const closed = () => new Proxy({}, { get: fails, getPrototypeOf: fails, ownKeys: fails, has: fails });
const VALUES = { detached, detachedView, revoked, revokedFunction, closed };
const getter = (name) => Object.defineProperty({}, name, { get: fails, enumerable: true });
const badText = () => ({ toString: fails });

const TOPIC = ["INVALID_TOPIC"];
const PAYLOAD = ["INVALID_PAYLOAD"];
const OPTION = ["INVALID_OPTION"];
const CALLS = {
  "the topic of publish": [TOPIC, (client, value) => client.publish(value, "x")],
  "the topic of batch_publish": [TOPIC, (client, value) => client.batch_publish(value, "x")],
  "the topic of publish_high_priority": [TOPIC, (client, value) => client.publish_high_priority(value, "x")],
  "the topic of the static publish_high_priority": [
    TOPIC,
    (_client, value) => MqttCustom.publish_high_priority(value, "x", { hostname: "127.0.0.1" }),
  ],
  "the topic of request": [TOPIC, (client, value) => client.request(value, "x", { timeout: 0.1 })],
  "the filter of subscribe": [TOPIC, (client, value) => client.subscribe(value)],
  "the filter of unsubscribe": [TOPIC, (client, value) => client.unsubscribe(value)],
  "the payload of publish": [PAYLOAD, (client, value) => client.publish("a", value)],
  "the payload of qpublish": [PAYLOAD, (client, value) => client.qpublish("a", value)],
  "the payload of publish_high_priority": [
    PAYLOAD,
    (client, value) => client.publish_high_priority("a", value),
  ],
  "the payload of request": [PAYLOAD, (client, value) => client.request("a", value, { timeout: 5 })],
  "an item of a batch": [PAYLOAD, (client, value) => client.batch_publish("a", value)],
  "the options of publish": [OPTION, (client, value) => client.publish("a", "b", value)],
  "the options of qpublish": [OPTION, (client, value) => client.qpublish("a", "b", value)],
  "the options of batch_publish": [OPTION, (client, value) => client.batch_publish("a", "b", value)],
  "the options of publish_high_priority": [
    OPTION,
    (client, value) => client.publish_high_priority("a", "b", value),
  ],
  "the options of subscribe": [OPTION, (client, value) => client.subscribe("a", value, () => {})],
  "the options of unsubscribe": [OPTION, (client, value) => client.unsubscribe("a", value)],
  "the options of request": [OPTION, (client, value) => client.request("a", "b", value)],
  "the options of respond": [OPTION, (client, value) => client.respond("a", () => {}, value)],
  "the options of stop": [OPTION, (client, value) => client.stop(value)],
  "the properties of reauthenticate": [OPTION, (client, value) => client.reauthenticate(value)],
  "the properties of a message": [OPTION, (client, value) => client.publish("a", "b", { properties: value })],
};

for (const [call, [codes, make]] of Object.entries(CALLS)) {
  test(`${call}, whatever cannot be read`, async (t) => {
    const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
    await client.start();
    for (const [name, value] of Object.entries(VALUES)) {
      let promise;
      assert.doesNotThrow(() => {
        promise = make(client, value());
      }, name);
      await assert.rejects(promise, ({ code }) => codes.includes(code), name);
    }
    assert.equal(client.state, "connected");
    assert.equal(bystander.state, "connected");
  });
}

test("a sentence says that a buffer was transferred, and what a getter threw", async (t) => {
  const client = clientFor(t, broker.url);
  await client.start();
  await assert.rejects(client.publish("a", detachedView()), /what cannot be read .*detached/);
  await assert.rejects(client.batch_publish("a", detached()), /what cannot be read .*detached/);
  for (const call of ["publish", "qpublish", "batch_publish"]) {
    const message = /options .*what cannot be read .*not to be read/;
    await assert.rejects(client[call]("a", "b", getter("qos")), { code: "INVALID_OPTION", message }, call);
  }
});

test("before the client is started, likewise", async (t) => {
  const client = clientFor(t, broker.url, { autostart: false });
  await assert.rejects(client.publish("a", detachedView()), { code: "INVALID_PAYLOAD" });
  await assert.rejects(client.publish("a", "b", getter("qos")), { code: "INVALID_OPTION" });
  await assert.rejects(client.subscribe([revoked()]), { code: "INVALID_TOPIC" });
});

test("options of messages() that cannot be read are INVALID_OPTION, as other wrong ones are", async (t) => {
  const client = clientFor(t, { mqttserver: broker.url });
  await client.start();
  const ways = [revoked, closed, () => getter("ack"), () => getter("signal"), () => getter("other")];
  for (const make of ways)
    assert.throws(() => client.messages("a", make()), { code: "INVALID_OPTION" }, `${make}`);
  await client.publish("a", "nothing is held", { qos: 1 });
  assert.equal(bystander.state, "connected");
});

describe("a handler or callback that cannot be read", () => {
  test("is INVALID_OPTION", async (t) => {
    const client = clientFor(t, broker.url);
    await client.start();
    await assert.rejects(client.subscribe("a", {}, revoked()), { code: "INVALID_OPTION" });
    for (const name of ["on_connect", "on_message", "on_error", "on_auth"]) {
      assert.throws(
        () => {
          client[name] = revoked();
        },
        { code: "INVALID_OPTION" },
        name,
      );
    }
    assert.throws(() => client.messages(revoked()), { code: "INVALID_TOPIC" });
    assert.equal(bystander.state, "connected");
  });

  for (const [name, value] of Object.entries(VALUES)) {
    test(`returned by a handler of respond (${name}), it goes to on_error`, async (t) => {
      const topic = freshTopic();
      const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
      await client.respond(topic, value);
      await client.publish(topic, "x", { qos: 1, properties: { responseTopic: `${topic}/answer` } });
      const [error] = await until(() => client.errors.length > 0 && client.errors);
      assert.equal(error.code, "CALLBACK_FAILED");
      assert.equal(client.state, "connected");
    });
  }
});

test("what request is given as topic, a symbol or an object that has no text, is INVALID_TOPIC", async (t) => {
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  for (const topic of [Symbol("x"), badText(), undefined, 5]) {
    await assert.rejects(client.request(topic, "x", { timeout: Number.NaN }), { code: "INVALID_TOPIC" });
  }
});

test("properties of request that cannot be read reject, and nothing is sent without them", async (t) => {
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  const unreadable = [getter("messageExpiryInterval"), closed(), revoked()];
  for (const properties of [...unreadable, 5, "x", [], new Map(), new Date(), detachedView()]) {
    const failure = { code: "INVALID_OPTION", message: /propert|cannot be read/ };
    await assert.rejects(client.request("a", "x", { timeout: 5, properties }), failure);
    await assert.rejects(client.publish("a", "x", { properties }), failure);
  }
});

test("a timeout of request that is no number is said by its kind", async (t) => {
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  const message = /timeout .* must be a number .*; a string was given/;
  await assert.rejects(client.request("a", "x", { timeout: "5" }), { code: "INVALID_OPTION", message });
  await assert.rejects(client.request("a", "x", { timeout: Symbol("x") }), { code: "INVALID_OPTION" });
  await assert.rejects(client.request("a", "x", { timeout: -1 }), { code: "OUT_OF_RANGE" });
});

for (const handler of [undefined, null, 5, "x", {}]) {
  test(`respond refuses ${typeof handler} ${handler} as a handler`, async (t) => {
    const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
    await assert.rejects(client.respond("a", handler), {
      name: "TypeError",
      code: "INVALID_OPTION",
      message: /the handler of respond\(\) must be a function/,
    });
  });
}

describe("the constructor throws INVALID_OPTION for", () => {
  const OPTIONS = {
    "a revoked proxy": () => revoked(),
    "a revoked proxy of a function": () => revokedFunction(),
    "a proxy that throws": () => closed(),
    "a getter that throws": () => getter("userdata"),
    "credentials that are a revoked proxy": () => ({ credentials: revoked() }),
    "credentials that throw": () => ({ credentials: closed() }),
    "credentials with a getter that throws": () => ({ credentials: getter("mqttserver") }),
    "certificates with a getter that throws": () => ({ credentials: { certs: getter("ca") } }),
    "a callback that is a revoked proxy": () => ({ on_message: revoked() }),
  };
  for (const [name, options] of Object.entries(OPTIONS)) {
    test(name, () => {
      const given = options();
      assert.throws(() => new MqttCustom(given), { code: "INVALID_OPTION" });
      assert.equal(bystander.state, "connected");
    });
  }
});

test("userdata is handed on, and never looked at", async (t) => {
  for (const make of Object.values(VALUES)) {
    const userdata = make();
    const got = await new Promise((resolve) => {
      clientFor(t, broker.url, { userdata, on_connect: (_client, given) => resolve([given]) });
    });
    assert.ok(Object.is(got[0], userdata));
  }
});

describe("credentials of a function that cannot be read", () => {
  for (const [name, make] of Object.entries({ revoked, closed, getter: () => getter("mqttserver") })) {
    test(`are an error of the attempt (${name}), also in publish_high_priority`, async (t) => {
      const own = new MqttCustom({ credentials: make, autostart: false, on_error() {} });
      t.after(() => own.stop());
      await assert.rejects(
        own.start(),
        ({ code }) => code === "INVALID_OPTION" || code === "CREDENTIALS_FAILED",
      );
      await assert.rejects(
        own.publish_high_priority("a", "b", { mqttkeepalive: 5 }),
        ({ code }) => code !== "CORE_FAILED",
      );
      assert.equal(bystander.state, "connected");
    });
  }
});

test("a promise whose then or constructor throws, from a callback, a credentials function, a store", async (t) => {
  const define = (object, name, how) => Object.defineProperty(object, name, how);
  const then = "then";
  const odd = () => [
    define(Promise.resolve(), then, { value: fails }),
    define(Promise.resolve(), "constructor", { get: fails }),
    define({}, then, { get: fails }),
    define({}, then, { value: fails }),
  ];
  for (let at = 0; at < 4; at++) {
    const topic = freshTopic();
    const client = clientFor(t, broker.url, { on_connect: () => odd()[at], on_message: () => odd()[at] });
    await client.start();
    await client.subscribe(topic);
    await client.publish(topic, "x", { qos: 1 });
    const expected = at === 1 ? 0 : 2;
    await until(() => client.errors.length >= expected);
    assert.ok(client.errors.every(({ code }) => code === "CALLBACK_FAILED"));
    const given = new MqttCustom({ credentials: () => odd()[at], autostart: false, on_error() {} });
    t.after(() => given.stop());
    await assert.rejects(given.start(), ({ code }) => code !== "CORE_FAILED");
    if (at !== 1) {
      const store = { open: () => [], write: () => odd()[at], close() {} };
      const kept = clientFor(t, { mqttserver: broker.url, mqttclientid: topic.replaceAll("/", ""), store });
      kept.publish(topic, "x", { qos: 1 });
      await until(() => kept.errors.some(({ code }) => code === "STORE_FAILED"));
    }
    assert.equal(bystander.state, "connected");
  }
});

test("what is thrown without a message is said all the same", async (t) => {
  const thrown = [null, undefined, "", Symbol("odd"), Object.create(null), revoked(), new Error("")];
  for (const value of thrown) {
    const client = clientFor(t, broker.url, {
      on_connect() {
        throw value;
      },
    });
    await client.start();
    const [error] = await until(() => client.errors.length > 0 && client.errors);
    if (value !== "") assert.doesNotMatch(error.message, /threw: ;/);
    assert.ok(Object.is(error.cause, value) || value === undefined);
  }
});

describe("what is no options", () => {
  const NONE = {
    "a Map": new Map([["retain", true]]),
    "a Promise": Promise.resolve({}),
    "a Date": new Date(),
  };
  for (const [kind, value] of Object.entries(NONE)) {
    test(`is refused: ${kind}`, async (t) => {
      const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
      const expected = {
        code: "INVALID_OPTION",
        message: new RegExp(`must be an object; ${kind} was given`),
      };
      await assert.rejects(client.publish("a", "b", value), expected);
      await assert.rejects(client.publish("a", "b", { properties: { userProperties: value } }), expected);
      await assert.rejects(client.subscribe("a", value), expected);
    });
  }
});

test("half a surrogate pair is no topic, filter or client id", async (t) => {
  const client = clientFor(t, broker.url);
  const expected = { code: "INVALID_TOPIC", message: /a string with a lone surrogate was given/ };
  await assert.rejects(client.publish("a/\ud800", "b"), expected);
  await assert.rejects(client.subscribe("a/\udc00/#"), expected);
  await assert.rejects(client.subscribe(["a", "a/\udc00/#"]), expected);
  assert.throws(() => new MqttCustom({ credentials: { mqttclientid: "\ud800" } }), {
    code: "INVALID_OPTION",
    message: /a string with a lone surrogate was given/,
  });
  await client.publish("a/\u{1f600}", "b");
});

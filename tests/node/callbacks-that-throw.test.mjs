// A callback that throws or returns a promise that rejects is reported to on_error; the client is unaffected.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { runInNewContext } from "node:vm";
import { MqttError } from "mqtt-lib";
import { startFakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { captureWarnings, clientFor, freshTopic, lines, run, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

const boom = new Error("boom");
const thenable = (object, then) => {
  Reflect.set(object, "then", then);
  return object;
};
const WAYS = {
  throws: () => {
    throw boom;
  },
  "returns a rejected promise": async () => {
    throw boom;
  },
  "returns a rejected promise of another realm": () => runInNewContext("Promise.reject(boom)", { boom }),
  "returns a thenable that rejects": () => thenable({}, (_resolve, reject) => reject(boom)),
  "returns a thenable whose then throws": () =>
    thenable({}, () => {
      throw boom;
    }),
  "returns a function with a then that rejects": () =>
    thenable(
      () => {},
      (_resolve, reject) => reject(boom),
    ),
};

function checkReport(client, name) {
  assert.equal(client.errors.length, 1, client.errors.join());
  const [error] = client.errors;
  assert.ok(error instanceof MqttError);
  assert.equal(error.code, "CALLBACK_FAILED");
  assert.match(error.message, new RegExp(`^${name} threw: boom`));
  assert.equal(error.cause, boom);
}

for (const [way, fail] of Object.entries(WAYS)) {
  test(`on_connect that ${way} is reported, and the client is connected`, async (t) => {
    const client = clientFor(t, broker.url, { on_connect: fail });
    await client.start();
    await client.publish("a", "b", { qos: 1 });
    checkReport(client, "on_connect");
    assert.equal(client.connected, true);
  });

  test(`on_message that ${way} is reported, and the messages behind it come`, async (t) => {
    const topic = freshTopic();
    const texts = [];
    const client = clientFor(t, broker.url, {
      on_message: (_client, _userdata, message) => {
        texts.push(message.text());
        if (message.text() === "2") return fail();
      },
    });
    await client.subscribe(topic, { qos: 1 });
    await Promise.all(["1", "2", "3", "4"].map((text) => client.publish(topic, text, { qos: 1 })));
    await until(() => texts.length === 4, "four messages");
    assert.deepEqual(texts, ["1", "2", "3", "4"]);
    await until(() => client.errors.length > 0, "on_error");
    checkReport(client, "on_message");
  });

  test(`a handler that ${way} is reported, and on_message and loops are served`, async (t) => {
    const topic = freshTopic();
    const texts = [];
    const client = clientFor(t, broker.url, {
      on_message: (_client, _userdata, message) => texts.push(message.text()),
    });
    const loop = client.messages();
    await client.subscribe(`${topic}/handled`, fail);
    await client.subscribe(`${topic}/other`);
    await client.publish(`${topic}/handled`, "1", { qos: 1 });
    await client.publish(`${topic}/other`, "2", { qos: 1 });
    await until(() => texts.length === 1, "the other message");
    assert.equal((await loop.next()).value.text(), "1");
    assert.equal((await loop.next()).value.text(), "2");
    checkReport(client, "a message handler");
  });

  test(`on_disconnect that ${way} is reported, and the client reconnects`, async (t) => {
    const fake = await startFakeBroker();
    t.after(() => fake.stop());
    const client = clientFor(
      t,
      { mqttserver: fake.url, maxmqttreconnectdelay: 0.05 },
      { on_disconnect: fail },
    );
    await client.start();
    fake.connections[0].reset();
    await until(() => fake.connections[1] && client.connected, "the next connection");
    checkReport(client, "on_disconnect");
    client.on_disconnect = null;
  });

  test(`on_disconnect that ${way} does not keep stop() from resolving`, async (t) => {
    const client = clientFor(t, broker.url, { on_disconnect: fail });
    await client.start();
    await client.stop();
    await until(() => client.errors.length > 0, "on_error");
    checkReport(client, "on_disconnect");
    assert.equal(client.state, "stopped");
  });

  test(`on_error that ${way} is on the console, and the client goes on`, async (t) => {
    const warnings = captureWarnings(t);
    const client = clientFor(t, broker.url, {
      on_connect: () => {
        throw new Error("first");
      },
      on_error: fail,
    });
    await client.start();
    await client.publish("a", "b", { qos: 1 });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /on_error itself threw.*boom/);
  });

  test(`without on_error a callback that ${way} is on the console once`, async (t) => {
    const warnings = captureWarnings(t);
    const topic = freshTopic();
    const client = clientFor(t, broker.url, { on_error: undefined, on_message: fail });
    await client.subscribe(topic);
    for (const text of ["1", "2", "3"]) await client.publish(topic, text, { qos: 1 });
    await until(() => client.stats().received === 3, "three messages");
    await new Promise(setImmediate);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /CALLBACK_FAILED on_message threw: boom/);
  });
}

test("whatever is thrown is reported: text, undefined, objects without a message", async (t) => {
  const topic = freshTopic();
  const odd = ["just text", undefined, null, 7, { no: "message" }, Object.create(null)];
  let next = 0;
  const client = clientFor(t, broker.url, {
    on_message: () => {
      throw odd[next++];
    },
  });
  await client.subscribe(topic);
  for (const _ of odd) await client.publish(topic, "x", { qos: 1 });
  await until(() => client.errors.length === odd.length, "all reports");
  assert.match(client.errors[0].message, /just text/);
  assert.deepEqual(
    client.errors.map((error) => error.cause),
    odd,
  );
});

test("callbacks that throw never end the process", async () => {
  const { stdout, stderr, code, signal } = await run(
    `
    import { MqttCustom } from "mqtt-lib";
    const topic = "t/" + process.pid;
    const later = async () => { throw new Error("later"); };
    const now = () => { throw new Error("now"); };
    for (const fail of [now, later]) {
      const client = new MqttCustom({
        credentials: { mqttserver: process.argv[2] },
        on_connect: fail, on_disconnect: fail, on_message: fail, on_error: fail,
      });
      await client.subscribe(topic);
      await client.subscribe(topic + "/handled", fail);
      await client.publish(topic, "x", { qos: 1 });
      await client.publish(topic + "/handled", "x", { qos: 1 });
      await client.stop();
      console.log(client.state, client.stats().received);
    }
    `,
    [broker.url],
    { flags: ["--unhandled-rejections=strict"] },
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(lines(stdout), ["stopped 2", "stopped 2"]);
  assert.equal(signal, null);
});

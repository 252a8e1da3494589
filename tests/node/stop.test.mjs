// stop(): pending messages are sent, then DISCONNECT, and then no timer and no socket of the client is left.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freePort } from "../support/ports.mjs";
import { assertError, outOfRange, wrongType } from "../support/expected-errors.mjs";
import { clientFor, collect, failure, freshTopic, lines, run, until } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

/** The resources that a script has open, except its output and files that Node itself has just read. */
const OPEN = `const open = () => process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|TTYWrap|CloseReq)$/.test(name));`;

for (const transport of ["url", "wsUrl"]) {
  test(`a script that publishes at QoS 1 over ${transport === "url" ? "TCP" : "WebSocket"}, awaits and stops exits by itself`, async () => {
    const { stdout, stderr, code, signal } = await run(
      `
      import { MqttCustom } from "mqtt-lib";
      ${OPEN}
      const client = new MqttCustom({ credentials: { mqttserver: process.argv[2] } });
      await client.publish("t", "x", { qos: 1 });
      await client.stop();
      console.log("open: " + open());
      process.on("exit", () => console.log("exit"));
      `,
      [broker[transport]],
    );
    assert.equal(stderr, "");
    assert.deepEqual(lines(stdout), ["open: ", "exit"]);
    assert.deepEqual([code, signal], [0, null]);
  });
}

test("stop() without await, as the last line of a script, sends all and exits", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, broker.url, topic);
  const { stderr, code, signal } = await run(
    `
    import { MqttCustom } from "mqtt-lib";
    const [, , mqttserver, topic] = process.argv;
    const client = new MqttCustom({ credentials: { mqttserver, stoptimeout: 3600 } });
    client.publish(topic, "published");
    client.batch_publish(topic, "batched");
    client.qpublish(topic, "queued");
    client.stop();
    `,
    [broker.url, topic],
  );
  assert.equal(stderr, "");
  assert.deepEqual([code, signal], [0, null]);
  await received.count(3);
  assert.deepEqual(received.texts(), ["published", '["batched"]', "queued"]);
});

for (const [name, setup] of Object.entries({
  "that never was started": `new MqttCustom({ autostart: false })`,
  "that is connecting to a broker that never answers": `new MqttCustom({ credentials: { mqttserver: process.argv[2] } })`,
  "that is waiting to reconnect": `await (async () => {
      const client = new MqttCustom({ credentials: { mqttserver: "mqtt://127.0.0.1:1" }, on_error() {} });
      await client.start().catch(() => {});
      return client;
    })()`,
  "that waits with a batch and a queue": `await (async () => {
      const client = new MqttCustom({ credentials: { mqttserver: process.argv[3], stoptimeout: 3600 } });
      await client.start();
      for (const qos of [0, 1, 2]) { client.batch_publish("a", qos, { qos }); client.qpublish("a", qos, { qos }); }
      client.subscribe("a");
      return client;
    })()`,
})) {
  test(`stop() of a client ${name} leaves nothing open`, async (t) => {
    const silent = await fakeBroker(t, scripts.silent);
    const { stdout, stderr, code, signal } = await run(
      `
      import { MqttCustom } from "mqtt-lib";
      ${OPEN}
      const client = ${setup};
      await Promise.all([client.stop(), client.stop()]);
      console.log(client.state);
      console.log("open: " + open());
      await client.stop();
      `,
      [silent.url, broker.url],
    );
    assert.equal(stderr, "");
    assert.deepEqual(lines(stdout), ["stopped", "open: "]);
    assert.deepEqual([code, signal], [0, null]);
  });
}

test("stop() sends batches, queue and unacknowledged messages before it resolves", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, broker.url, `${topic}/#`, { qos: 2 });
  const client = clientFor(t, {
    mqttserver: broker.url,
    publishinterval: 3600,
    maxinflight: 3,
    stoptimeout: 3600,
  });
  await client.start();
  let ended = 0;
  const count = () => ended++;
  for (let i = 0; i < 100; i++) client.publish(`${topic}/publish`, i, { qos: i % 3 }).then(count);
  for (let i = 0; i < 3; i++) client.batch_publish(`${topic}/batch`, i).then(count);
  for (let i = 0; i < 3; i++) client.qpublish(`${topic}/queue`, i).then(count);
  await client.stop();
  assert.equal(ended, 106);
  await received.count(104);
  assert.equal(client.stats().queued, 0);
  assert.equal(client.stats().inFlight, 0);
  const of = (name) =>
    received.filter((message) => message.topic.endsWith(name)).map((message) => message.text());
  assert.deepEqual(of("batch"), ["[0,1,2]"]);
  assert.deepEqual(of("queue"), ["0", "1", "2"]);
  assert.equal(of("publish").length, 100);
});

test("stop() says DISCONNECT after everything else, and calls on_disconnect with 0 once", async (t) => {
  const fake = await fakeBroker(t);
  const calls = [];
  const client = clientFor(t, fake.url, { on_disconnect: (...all) => calls.push(all.slice(2)) });
  await client.start();
  client.publish("a", "b");
  await Promise.all([client.stop(), client.stop()]);
  await client.stop();
  assert.deepEqual(
    fake.connections[0].packets.map(({ cmd }) => cmd),
    ["connect", "publish", "disconnect"],
  );
  assert.deepEqual(calls, [[0, undefined]]);
  assert.equal(fake.connections.length, 1);
});

test("stop() right after construction does not wait for a connection that has nothing to send", async (t) => {
  const fake = await fakeBroker(t, scripts.silent);
  const client = clientFor(t, { mqttserver: fake.url, stoptimeout: 3600, connecttimeout: 3600 });
  await client.stop();
  assert.equal(client.state, "stopped");
});

test("stop() while connecting ends a pending start() with STOPPED", async (t) => {
  const fake = await fakeBroker(t, scripts.silent);
  const client = clientFor(t, { mqttserver: fake.url, connecttimeout: 3600 });
  const started = failure(client.start());
  await client.stop();
  assert.equal((await started).code, "STOPPED");
});

test("stop() takes no longer than stoptimeout when the broker does not acknowledge", async (t) => {
  const fake = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "publish"),
  );
  const client = clientFor(t, { mqttserver: fake.url, stoptimeout: 0.05 });
  await client.start();
  const errors = [1, 2].map((qos) => failure(client.publish("a", "b", { qos })));
  await client.stop();
  for (const error of await Promise.all(errors)) assert.equal(error.code, "STOPPED");
  assert.equal(client.stats().inFlight, 0);
  assert.equal(fake.connections[0].packets.at(-1).cmd, "disconnect");
});

test("stop() with messages pending and no broker ends them with an error and resolves", async (t) => {
  const port = await freePort();
  const client = clientFor(t, { mqttserver: `mqtt://127.0.0.1:${port}`, stoptimeout: 0.05 });
  const errors = [
    failure(client.publish("a", "b")),
    failure(client.publish("a", "b", { qos: 2 })),
    failure(client.batch_publish("a", "b")),
    failure(client.qpublish("a", "b")),
    failure(client.subscribe("a")),
  ];
  await client.stop();
  for (const error of await Promise.all(errors)) {
    assert.ok(["STOPPED", "CONNECTION_REFUSED"].includes(error.code), error.code);
  }
  assert.equal(client.state, "stopped");
});

test("stop() while the connection is down waits for the broker to come back, and delivers", async (t) => {
  const fake = await fakeBroker(t);
  const client = clientFor(t, { mqttserver: fake.url, maxmqttreconnectdelay: 0.05, stoptimeout: 3600 });
  await client.start();
  fake.connections[0].reset();
  await until(() => !client.connected, "the loss");
  const published = client.publish("a", "late", { qos: 1 });
  await client.stop();
  await published;
  const all = fake.connections.flatMap(({ packets }) => packets.map(({ cmd }) => cmd));
  assert.deepEqual(all, ["connect", "connect", "publish", "disconnect"]);
});

test("flush() after stop() and on an idle client resolves", async (t) => {
  const client = clientFor(t, broker.url, { autostart: false });
  await client.flush();
  await client.start();
  await client.stop();
  await client.flush();
});

test("a client that is stopped from a callback leaves nothing open", async () => {
  const { stdout, stderr, code, signal } = await run(
    `
    import { MqttCustom } from "mqtt-lib";
    new MqttCustom({
      credentials: { mqttserver: process.argv[2] },
      on_connect: (client) => { client.subscribe("t/" + process.pid); client.publish("t/" + process.pid, "x"); },
      on_message: (client) => client.stop(),
      on_disconnect: (client, userdata, rc) => console.log("disconnected " + rc),
    });
    `,
    [broker.url],
  );
  assert.equal(stderr, "");
  assert.equal(stdout, "disconnected 0\n");
  assert.deepEqual([code, signal], [0, null]);
});

test("a client that is used is not collected although nobody keeps it", async () => {
  const { stdout, stderr, code } = await run(
    `
    import { MqttCustom } from "mqtt-lib";
    (() => {
      new MqttCustom({
        credentials: { mqttserver: process.argv[2] },
        on_connect: (client) => client.subscribe("t/" + process.pid),
        on_message: (client, userdata, message) => {
          if (message.text() === "end") client.stop();
          console.log(message.text());
        },
      });
    })();
    const other = new MqttCustom({ credentials: { mqttserver: process.argv[2] } });
    await other.start();
    for (let i = 0; i < 20; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await other.publish("t/" + process.pid, "still there", { qos: 1 });
    await other.publish("t/" + process.pid, "end", { qos: 1 });
    await other.stop();
    `,
    [broker.url],
    { flags: ["--expose-gc"] },
  );
  assert.equal(stderr, "");
  assert.equal(stdout, "still there\nend\n");
  assert.equal(code, 0);
});

describe("stop() with a wrong argument", () => {
  const WRONG = {
    "a reason code that no client sends": [
      { reasonCode: 3 },
      outOfRange("options.reasonCode", "0, 4", "128 to 255"),
    ],
    "a reason code that is text": [{ reasonCode: "4" }, outOfRange("options.reasonCode")],
    "an unknown key": [{ reasoncode: 4 }, wrongType('no key "reasoncode"', 'did you mean "reasonCode"')],
    "an option that is no object": [4, wrongType("options must be an object", "a number was given")],
    "a property that is not of DISCONNECT": [{ properties: { topicAlias: 1 } }, wrongType("topicAlias")],
    "a reason code in MQTT 3.1.1, which has none": [{ reasonCode: 4 }, wrongType("MQTT 5")],
  };
  for (const [name, [options, expected]] of Object.entries(WRONG)) {
    test(`rejects and stops nothing: ${name}`, async (t) => {
      const mqttversion = name.includes("3.1.1") ? 4 : 5;
      const client = clientFor(t, { mqttserver: broker.url, mqttversion });
      await client.start();
      const loop = client.messages();
      const asked = mqttversion === 5 ? client.request(freshTopic(), "x", { timeout: 0.2 }) : undefined;
      assertError(await failure(client.stop(options)), expected);
      assert.equal(client.state, "connected");
      if (asked) assert.equal((await failure(asked)).code, "TIMEOUT", "a request goes on");
      await client.stop();
      assert.equal((await loop.next()).done, true);
    });
  }

  test("rejects also when the client is stopped already, and never ends the process", async () => {
    const { stdout, stderr, code } = await run(
      `
      import { MqttCustom } from "mqtt-lib";
      const client = new MqttCustom({ autostart: false });
      await client.stop();
      client.stop({ reasonCode: 3 });
      await client.stop({ reasonCode: 3 }).catch(({ name, code }) => console.log(name, code));
      `,
    );
    assert.equal(stderr, "");
    assert.equal(stdout, "RangeError OUT_OF_RANGE\n");
    assert.equal(code, 0);
  });
});

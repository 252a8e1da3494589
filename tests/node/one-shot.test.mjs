// publish_high_priority: one message over a connection of its own, with or without a client.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom, MqttError } from "mqtt-lib";
import { startEmbedded } from "../support/embedded.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freePort } from "../support/ports.mjs";
import { captureWarnings, clientFor, collect, failure, freshTopic, lines, run, until } from "./helpers.mjs";

const shared = sharedFixtures({ mosquitto: startMosquitto, aedes: startEmbedded });

const brokers = {
  "mosquitto over TCP": () => ({ port: shared.mosquitto.port, mqttprotocol: "mqtt" }),
  "mosquitto over WebSocket": () => ({ port: shared.mosquitto.wsPort }),
  "aedes over TCP": () => ({ port: shared.aedes.port, mqttprotocol: "mqtt" }),
  "aedes over WebSocket": () => ({ port: shared.aedes.port, mqttprotocol: "ws" }),
};

for (const [name, where] of Object.entries(brokers)) {
  test(`as a static method it publishes through ${name} at every QoS`, async (t) => {
    const topic = freshTopic();
    const received = await collect(
      t,
      name.startsWith("aedes") ? shared.aedes.url : shared.mosquitto.url,
      topic,
      {
        qos: 2,
      },
    );
    for (const qos of [0, 1, 2]) {
      const options = { hostname: "127.0.0.1", ...where(), qos };
      assert.equal(await MqttCustom.publish_high_priority(topic, `${qos}`, options), undefined);
    }
    await received.count(3);
    assert.deepEqual(
      received.map((message) => [message.text(), message.qos]),
      [
        ["0", 0],
        ["1", 1],
        ["2", 2],
      ],
    );
  });
}

test("under its camelCase name, with a URL, and with retain it does the same", async (t) => {
  const topic = freshTopic();
  await MqttCustom.publishHighPriority(topic, Uint8Array.of(104, 105), {
    hostname: shared.mosquitto.url,
    retain: true,
    qos: 1,
  });
  const received = await collect(t, shared.mosquitto.url, topic);
  await received.count(1);
  assert.equal(received[0].text(), "hi");
  assert.equal(received[0].retain, true);
  await MqttCustom.publishHighPriority(topic, null, { hostname: shared.mosquitto.url, retain: true, qos: 1 });
});

test("called on a client it takes server and credentials from there, but not its id, will or session", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(
    t,
    {
      mqttserver: broker.url,
      mqttclientid: "the-client",
      mqttusername: "me",
      mqttpassword: "secret",
      mqttcleansession: false,
      willsettopic: "will",
    },
    { autostart: false },
  );
  await client.publish_high_priority("a", "b", { qos: 1 });
  assert.equal(client.state, "idle", "the client itself need not be started");
  const [connect, publish, disconnect] = broker.connections[0].packets;
  assert.equal(connect.username, "me");
  assert.equal(connect.password.toString(), "secret");
  assert.notEqual(connect.clientId, "the-client");
  assert.equal(connect.clean, true);
  assert.equal(connect.will, undefined);
  assert.deepEqual(
    [publish.cmd, publish.topic, publish.payload.toString(), publish.qos],
    ["publish", "a", "b", 1],
  );
  assert.equal(disconnect.cmd, "disconnect", "an orderly end");
});

test("what is given in the call wins over the client's credentials", async (t) => {
  const [mine, other] = [await fakeBroker(t), await fakeBroker(t)];
  const client = clientFor(
    t,
    { mqttserver: "127.0.0.1", mqttport: mine.port, mqttprotocol: "mqtt", mqttusername: "me" },
    { autostart: false },
  );
  await client.publishHighPriority("a", "b", { port: other.port, mqttusername: "you" });
  assert.equal(mine.connections.length, 0);
  assert.equal(other.connections[0].packets[0].username, "you");
  await client.publishHighPriority("a", "b", { hostname: other.url });
  assert.equal(other.connections.length, 2);
});

test("on a connected client it uses a connection of its own and disturbs the other in no way", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url);
  await client.start();
  for (let i = 0; i < 3; i++) client.batch_publish("a", i);
  await client.publish_high_priority("urgent", "now");
  await until(() => !broker.connections[1].open, "the end of the second connection");
  assert.deepEqual(
    broker.connections[1].packets.map(({ cmd }) => cmd),
    ["connect", "publish", "disconnect"],
  );
  assert.equal(broker.connections.length, 2);
  assert.equal(client.connected, true);
  assert.equal(client.stats().queued, 3);
  await client.flush();
});

test("on a stopped client it still works", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.mosquitto.url, topic);
  const client = clientFor(t, shared.mosquitto.url);
  await client.start();
  await client.stop();
  await client.publish_high_priority(topic, "x", { qos: 1 });
  await received.count(1);
  assert.equal(client.state, "stopped");
});

test("many at once each arrive", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, shared.mosquitto.url, topic, { qos: 1 });
  const sent = Array.from({ length: 30 }, (_, i) => String(i).padStart(2, "0"));
  const options = { hostname: "127.0.0.1", port: shared.mosquitto.port, mqttprotocol: "mqtt", qos: 1 };
  await Promise.all(sent.map((text) => MqttCustom.publish_high_priority(topic, text, options)));
  await received.count(30);
  assert.deepEqual(received.texts().sort(), sent);
});

for (const how of ["static", "method"]) {
  test(`as a ${how} it leaves nothing open: the script exits by itself`, async () => {
    const { stdout, stderr, code, signal } = await run(
      `
      import { MqttCustom } from "mqtt-lib";
      const open = () => process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|TTYWrap|CloseReq)$/.test(name));
      const hostname = process.argv[2];
      const client = ${how === "static" ? "MqttCustom" : "new MqttCustom({ autostart: false })"};
      await client.publish_high_priority("t", "x", { hostname, qos: 1 });
      console.log("open: " + open());
      await client.publish_high_priority("t", "x", { hostname: "mqtt://127.0.0.1:1" }).catch(({ code }) => console.log(code));
      console.log("open: " + open());
      process.on("exit", () => console.log("exit"));
      `,
      [shared.mosquitto.url],
    );
    assert.equal(stderr, "");
    assert.deepEqual(lines(stdout), ["open: ", "CONNECTION_REFUSED", "open: ", "exit"]);
    assert.deepEqual([code, signal], [0, null]);
  });
}

test("when nothing listens it rejects with CONNECTION_REFUSED and the address, and does not try again", async () => {
  const port = await freePort();
  const error = await failure(
    MqttCustom.publish_high_priority("t", "x", { hostname: "127.0.0.1", port, mqttprotocol: "mqtt" }),
  );
  assert.ok(error instanceof MqttError, error.message);
  assert.equal(error.code, "CONNECTION_REFUSED");
  assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}`));
});

test("when the broker refuses it rejects with the reason", async (t) => {
  const broker = await fakeBroker(t, scripts.refuses(5));
  const error = await failure(MqttCustom.publish_high_priority("t", "x", { hostname: broker.url }));
  assert.equal(error.code, "NOT_AUTHORIZED");
  assert.equal(error.reasonCode, 5);
  assert.equal(broker.connections.length, 1);
});

test("when the broker never answers it rejects with TIMEOUT", async (t) => {
  const broker = await fakeBroker(t, scripts.silent);
  const error = await failure(
    MqttCustom.publish_high_priority("t", "x", { hostname: broker.url, connecttimeout: 0.05 }),
  );
  assert.equal(error.code, "TIMEOUT");
  assert.match(error.message, /connecttimeout/);
});

test("when the broker never acknowledges it rejects with TIMEOUT", async (t) => {
  const warnings = captureWarnings(t);
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "publish"),
  );
  const error = await failure(
    MqttCustom.publish_high_priority("t", "x", { hostname: broker.url, qos: 1, acktimeout: 0.05 }),
  );
  assert.equal(error.code, "TIMEOUT");
  assert.match(error.message, /acktimeout/);
  assert.deepEqual(warnings, [], "the promise carries it");
});

test("when the connection breaks before the acknowledgement it rejects with CONNECTION_LOST", async (t) => {
  const warnings = captureWarnings(t);
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }, connection) => {
      if (cmd === "publish") connection.reset();
      return cmd === "publish";
    }),
  );
  const error = await failure(MqttCustom.publish_high_priority("t", "x", { hostname: broker.url, qos: 1 }));
  assert.equal(error.code, "CONNECTION_LOST");
  assert.equal(broker.connections.length, 1);
  assert.deepEqual(warnings, [], "the promise carries it");
});

test("what is wrong with its arguments is named, without a connection", async () => {
  const cases = [
    [["t", {}, {}], TypeError, "INVALID_PAYLOAD", /JSON\.stringify/],
    [["", "x", {}], TypeError, "INVALID_TOPIC", /empty/],
    [["a/#", "x", {}], TypeError, "INVALID_TOPIC", /wildcards/],
    [["t", "x", { hostnam: "h" }], TypeError, "INVALID_OPTION", /hostnam/],
    [["t", "x", { port: 70000 }], RangeError, "OUT_OF_RANGE", /port.*70000/],
    [["t", "x", { qos: 3 }], RangeError, "OUT_OF_RANGE", /qos must be 0, 1 or 2; 3 was given/],
    [["t", "x", "later"], TypeError, "INVALID_OPTION", /must be an object; a string was given/],
  ];
  for (const [args, kind, code, words] of cases) {
    const error = await failure(MqttCustom.publish_high_priority(...args));
    assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
    assert.equal(error.code, code);
    assert.match(error.message, words);
  }
});

test("without options it goes to localhost:1883", async () => {
  const { stdout, stderr, code } = await run(`
    import { MqttCustom } from "mqtt-lib";
    import { startBroker } from "./scripts/broker.mjs";
    let taken = false;
    const broker = await startBroker({ port: 1883, onPortInUse: () => { taken = true; } });
    if (taken) await broker.stop();
    const seen = [];
    broker.aedes.on("publish", ({ topic, payload }, client) => client && seen.push(topic + " " + payload));
    try {
      await MqttCustom.publish_high_priority("a", "b", { qos: 1 });
      console.log(taken ? "published to another's" : "published " + seen);
    } catch (error) {
      console.log(error.message);
    }
    if (!taken) await broker.stop();
  `);
  assert.equal(stderr, "");
  assert.match(stdout, /^(published a b|published to another's|.*localhost:1883.*)\n$/);
  assert.equal(code, 0);
});

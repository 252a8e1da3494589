// Connecting: automatically or with start(), to the server in the credentials. The callbacks get the arguments of the
// original library.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { WebSocketServer } from "ws";
import { startEmbedded } from "../support/embedded.mjs";
import { fakeBroker } from "../support/fake-broker.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, freshTopic, run, until } from "./helpers.mjs";

const shared = sharedFixtures({ mosquitto: startMosquitto, aedes: startEmbedded });

const brokers = {
  "mosquitto over TCP": () => shared.mosquitto.url,
  "mosquitto over WebSocket": () => shared.mosquitto.wsUrl,
  "aedes over TCP": () => shared.aedes.url,
  "aedes over WebSocket": () => shared.aedes.wsUrl,
};

for (const [name, url] of Object.entries(brokers)) {
  test(`a client connects to ${name} by itself and tells on_connect and on_disconnect`, async (t) => {
    const userdata = { mine: true };
    const calls = [];
    const client = clientFor(t, url(), {
      userdata,
      on_connect: (...all) => calls.push(["on_connect", ...all]),
      on_disconnect: (...all) => calls.push(["on_disconnect", ...all]),
    });
    assert.equal(client.state, "connecting");
    assert.equal(client.connected, false);
    await until(() => calls.length > 0, "on_connect");
    assert.equal(client.state, "connected");
    assert.equal(client.connected, true);
    const [callback, first, second, flags, rc] = calls[0];
    assert.equal(callback, "on_connect");
    assert.equal(first, client);
    assert.equal(second, userdata);
    assert.deepEqual({ ...flags }, { sessionPresent: false });
    assert.equal(rc, 0);

    await client.stop();
    assert.equal(client.state, "stopped");
    assert.equal(client.connected, false);
    assert.equal(calls.length, 2);
    assert.deepEqual(calls[1].slice(0, 4), ["on_disconnect", client, userdata, 0]);
    assert.equal(calls[1][4], undefined);
    assert.deepEqual(client.errors, []);
  });
}

test("start() resolves once connected, and can be called any number of times", async (t) => {
  const broker = await fakeBroker(t);
  let connects = 0;
  const client = clientFor(t, broker.url, { on_connect: () => connects++ });
  await Promise.all([client.start(), client.start(), client.start()]);
  await client.start();
  assert.equal(client.connected, true);
  assert.equal(broker.connections.length, 1);
  assert.equal(connects, 1);
});

test("a client with autostart false stays idle until start() is called", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, broker.url, { autostart: false });
  assert.equal(client.state, "idle");
  await new Promise(setImmediate);
  assert.equal(client.state, "idle");
  assert.equal(broker.connections.length, 0);
  const started = client.start();
  assert.equal(client.state, "connecting");
  await started;
  assert.equal(client.state, "connected");
});

test("after stop() a client starts again and works as before", async (t) => {
  const topic = freshTopic();
  const texts = [];
  const client = clientFor(t, shared.mosquitto.url, {
    on_connect: (self) => self.subscribe(topic),
    on_message: (_client, _userdata, message) => texts.push(message.text()),
  });
  await client.start();
  await client.stop();
  await client.start();
  assert.equal(client.connected, true);
  await client.subscribe(topic);
  await client.publish(topic, "again", { qos: 1 });
  await until(() => texts.length > 0, "the message");
  assert.deepEqual(texts, ["again"]);
});

test("start() called while stop() is at work connects again afterwards", async (t) => {
  const client = clientFor(t, shared.mosquitto.url);
  await client.start();
  const stopped = client.stop();
  const started = client.start();
  await Promise.all([stopped, started]);
  assert.equal(client.state, "connected");
});

test("any method may be called from any callback", async (t) => {
  const topic = freshTopic();
  const steps = [];
  const client = clientFor(t, shared.mosquitto.url, {
    on_connect(self, _userdata, _flags, rc) {
      steps.push(`connect ${rc}`);
      if (steps.length > 1) return;
      self.subscribe(topic);
      self.publish(topic, "one");
      self.start();
    },
    on_message(self, _userdata, message) {
      steps.push(message.text());
      if (message.text() === "one") {
        self.publish(topic, "two", { qos: 1 });
        self.batch_publish(`${topic}/batch`, 1);
        self.flush();
        self.unsubscribe("nothing/such");
      } else {
        self.stop();
      }
    },
    on_disconnect(self, _userdata, rc) {
      steps.push(`disconnect ${rc}`);
      if (steps.length < 5) self.start();
    },
  });
  await until(() => steps.length >= 5, "the second connect");
  assert.deepEqual(steps, ["connect 0", "one", "two", "disconnect 0", "connect 0"]);
  assert.deepEqual(client.errors, []);
});

test("clients of one process do not disturb each other", async (t) => {
  const topics = Array.from({ length: 20 }, () => freshTopic());
  const received = topics.map(() => []);
  const clients = topics.map((_, i) =>
    clientFor(t, i % 2 ? shared.mosquitto.url : shared.mosquitto.wsUrl, {
      userdata: i,
      on_message: (self, userdata, message) =>
        received[i].push([self === clients[i], userdata, message.text()]),
    }),
  );
  await Promise.all(clients.map((client, i) => client.subscribe(topics[i], { qos: 1 })));
  await Promise.all(
    clients.map((client, i) => client.publish(topics[(i + 1) % 20], `from ${i}`, { qos: 1 })),
  );
  await until(() => received.every((list) => list.length === 1), "one message each");
  received.forEach((list, i) => {
    assert.deepEqual(list, [[true, i, `from ${(i + 19) % 20}`]]);
  });
});

test("the options object is left as it was and may be frozen, and changing it later changes nothing", async (t) => {
  const broker = await fakeBroker(t);
  const options = Object.freeze({
    credentials: Object.freeze({ mqttserver: broker.url, mqttclientid: "a" }),
  });
  const client = new MqttCustom(options);
  t.after(() => client.stop());
  await client.start();
  const loose = { credentials: { mqttserver: broker.url, mqttclientid: "b" }, on_error() {} };
  const second = new MqttCustom(loose);
  t.after(() => second.stop());
  loose.credentials.mqttserver = "mqtt://nowhere.invalid";
  loose.credentials.mqttclientid = "c";
  await second.start();
  assert.deepEqual(
    broker.connections.map(({ packets }) => packets[0].clientId),
    ["a", "b"],
  );
});

test("mqttport, mqttprotocol and mqttpath choose the endpoint when mqttserver is a host", async (t) => {
  const host = "127.0.0.1";
  for (const credentials of [
    { mqttserver: host, mqttport: shared.mosquitto.port, mqttprotocol: "mqtt" },
    { mqttserver: host, mqttport: shared.mosquitto.wsPort },
    { mqttserver: host, mqttport: shared.mosquitto.wsPort, mqttprotocol: "ws", mqttpath: "/mqtt" },
    { mqttserver: `mqtt://${host}`, mqttport: shared.mosquitto.port },
  ]) {
    const client = clientFor(t, credentials);
    await client.start();
    assert.equal(client.connected, true, JSON.stringify(credentials));
    await client.stop();
  }
});

test("new MqttCustom() goes to localhost:1883", async () => {
  const { stdout, stderr, code } = await run(`
    import { MqttCustom } from "mqtt-lib";
    import { startBroker } from "./scripts/broker.mjs";
    let broker;
    let taken = false;
    broker = await startBroker({ port: 1883, onPortInUse: () => { taken = true; } });
    if (taken) { await broker.stop(); broker = undefined; }
    const client = new MqttCustom();
    client.on_error = () => {};
    try {
      await client.start();
      console.log(broker ? "connected " + broker.aedes.connectedClients : "connected to another's");
    } catch (error) {
      console.log(error.message);
    }
    await client.stop();
    await broker?.stop();
  `);
  assert.equal(stderr, "");
  assert.match(stdout, /^(connected 1|connected to another's|.*localhost:1883.*)\n$/);
  assert.equal(code, 0);
});

test("over WebSocket the client offers the subprotocol mqtt, and no other", async (t) => {
  const offered = [];
  const handleProtocols = (protocols) => {
    offered.push(...protocols);
    return "mqtt";
  };
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols });
  await once(server, "listening");
  t.after(() => server.close());
  server.on("connection", (socket) => socket.once("message", () => socket.send(Buffer.from([32, 2, 0, 0]))));
  const client = clientFor(t, { mqttserver: `ws://127.0.0.1:${server.address().port}/mqtt` });
  await client.start();
  await client.stop();
  assert.deepEqual(offered, ["mqtt"]);
});

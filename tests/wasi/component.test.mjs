// The component, transpiled to JavaScript by jco, in Node with a real Mosquitto.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mqtt } from "../../wasi/dist/js/mqtt-lib-client.js";
import { collect, freshTopic } from "../node/helpers.mjs";
import { freePort } from "../support/ports.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { bytes, failure, given, ROOT, run, take, text } from "./helpers.mjs";

const { MqttCustom } = mqtt;
let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

/** A client that is stopped after its test. */
function clientFor(t, credentials = {}) {
  const client = new MqttCustom({ mqttserver: "127.0.0.1", mqttport: broker.port, ...credentials });
  t.after(() => client.stop());
  return client;
}

/** A started client that is subscribed to what it publishes. */
function echoFor(t, credentials) {
  const client = clientFor(t, credentials);
  const topic = freshTopic("wasi");
  client.start();
  assert.equal(client.subscribe(`${topic}/#`, { qos: 2 }), 2);
  return { client, topic };
}

test("a client connects by itself; start() waits for it, stop() ends it, and it starts again", (t) => {
  const client = clientFor(t);
  assert.match(client.state(), /^connect(ing|ed)$/);
  client.start();
  assert.equal(client.state(), "connected");
  assert.equal(client.connected(), true);
  const events = [
    { tag: "state-change", val: "connecting" },
    { tag: "state-change", val: "connected" },
    { tag: "connect", val: { sessionPresent: false, rc: 0, properties: undefined } },
  ];
  for (const event of events) assert.deepEqual(client.nextEvent(0), event);
  client.stop();
  assert.equal(client.state(), "stopped");
  const ends = [
    { tag: "state-change", val: "stopped" },
    { tag: "disconnect", val: { rc: 0, error: undefined } },
    { tag: "close" },
  ];
  for (const event of ends) assert.deepEqual(client.nextEvent(0), event);
  assert.equal(failure(() => client.nextEvent(0)).code, "STOPPED");
  assert.equal(failure(() => client.publish("a", bytes(""))).code, "STOPPED");
  client.start();
  assert.equal(client.connected(), true);
});

test("a message is published and received at each QoS", (t) => {
  const { client, topic } = echoFor(t);
  for (const qos of [0, 1, 2]) {
    client.publish(`${topic}/${qos}`, bytes(`at ${qos}`), { qos });
    const message = client.nextMessage(30);
    const { id, ...rest } = message;
    assert.equal(id === undefined, qos === 0);
    assert.deepEqual(
      { ...rest, payload: text(message.payload) },
      {
        topic: `${topic}/${qos}`,
        payload: `at ${qos}`,
        qos,
        retain: false,
        dup: false,
        properties: undefined,
      },
    );
  }
  assert.equal(client.nextMessage(0), undefined);
  assert.equal(client.stats().inFlight, 0n);
});

test("MQTT 5: properties of a message go out and come back at each QoS, and in 3.1.1 they are an error", (t) => {
  const { client, topic } = echoFor(t, { mqttversion: "v5" });
  const properties = {
    payloadFormatIndicator: true,
    messageExpiryInterval: 1000,
    contentType: "text/plain",
    responseTopic: "to/somebody",
    correlationData: Uint8Array.of(0, 255),
    userProperties: [
      ["unit", "C"],
      ["unit", ""],
      ["", "é"],
    ],
  };
  for (const qos of [0, 1, 2]) {
    client.publish(topic, bytes("x"), { qos, properties });
    const { messageExpiryInterval: left, ...rest } = given(client.nextMessage(30).properties);
    const { messageExpiryInterval: seconds, ...wanted } = properties;
    assert.deepEqual(rest, wanted);
    assert.ok(left > seconds - 60 && left <= seconds, `${left} of ${seconds} s`);
  }
  client.qpublish(topic, bytes("queued"), { properties: { contentType: "a" } });
  client.batchPublish(topic, "1", { properties: { contentType: "b" } });
  client.flush();
  const types = [client.nextMessage(30), client.nextMessage(30)].map(
    (message) => message.properties.contentType,
  );
  assert.deepEqual(types.sort(), ["a", "b"]);
  for (const [wrong, code] of [
    [{ responseTopic: "a/+" }, "INVALID_OPTION"],
    [{ contentType: "\0" }, "INVALID_OPTION"],
    [{ contentType: "x".repeat(65_536) }, "OUT_OF_RANGE"],
  ]) {
    assert.equal(failure(() => client.publish(topic, bytes(""), { properties: wrong })).code, code);
  }
  const old = clientFor(t);
  old.start();
  const error = failure(() => old.publish(topic, bytes(""), { properties }));
  assert.equal(error.code, "INVALID_OPTION");
  assert.match(error.message, /mqttversion/);
});

test("MQTT 5: what the broker does not take is refused with its reason", async (t) => {
  const strict = await startMosquitto({ config: "retain_available false\nmax_packet_size 200" });
  t.after(() => strict.stop());
  const client = clientFor(t, { mqttport: strict.port, mqttversion: "v5" });
  client.start();
  const retained = failure(() => client.publish("a", bytes("x"), { retain: true }));
  assert.deepEqual([retained.code, retained.reasonCode], ["NOT_SUPPORTED", 0x9a]);
  const large = failure(() => client.publish("a", bytes("x".repeat(300)), { qos: 1 }));
  assert.deepEqual([large.code, large.reasonCode], ["PACKET_TOO_LARGE", 0x95]);
  client.publish("a", bytes("small"), { qos: 2 });
  assert.equal(client.connected(), true);
});

test("a retained message comes to a later subscriber, as one", (t) => {
  const { client, topic } = echoFor(t);
  client.publish(`${topic}/kept`, bytes("kept"), { qos: 1, retain: true });
  const later = clientFor(t);
  const { codes } = later.subscribeTopics([`${topic}/kept`, `${topic}/other`], { qos: 1 });
  assert.deepEqual([...codes], [1, 1]);
  assert.equal(later.nextMessage(30).retain, true);
  client.publish(`${topic}/kept`, bytes(""), { retain: true });
});

test("three megabytes go out and come back whole", (t) => {
  const { client, topic } = echoFor(t);
  const payload = Uint8Array.from({ length: 3 << 20 }, (_, i) => (i * 31) >> 3);
  client.publish(topic, payload, { qos: 1 });
  assert.deepEqual(Buffer.from(client.nextMessage(30).payload), Buffer.from(payload));
});

test("after unsubscribe nothing comes any more", (t) => {
  const { client, topic } = echoFor(t);
  client.unsubscribe(`${topic}/#`);
  client.publish(topic, bytes("unheard"), { qos: 1 });
  assert.equal(client.nextMessage(0.1), undefined);
});

test("five batch-publish are one array, in order", (t) => {
  const { client, topic } = echoFor(t, { publishinterval: 3600 });
  for (const item of [1, "two", null, [4], { five: 5 }]) client.batchPublish(topic, JSON.stringify(item));
  assert.deepEqual(take(client, 1), ['[1,"two",null,[4],{"five":5}]']);
  assert.equal(client.stats().sent, 1n);
});

test("five qpublish are five messages, in order", (t) => {
  const { client, topic } = echoFor(t, { publishinterval: 3600 });
  for (let i = 0; i < 5; i++) client.qpublish(topic, bytes(`${i}`), { qos: 1 });
  assert.deepEqual(take(client, 5), ["0", "1", "2", "3", "4"]);
});

test("fewer than that wait for publishinterval, and go out while the host waits", (t) => {
  const { client: patient, topic } = echoFor(t, { publishinterval: 3600 });
  patient.batchPublish(topic, "1");
  patient.qpublish(topic, bytes("2"));
  assert.equal(patient.nextMessage(0.3), undefined);
  assert.equal(patient.stats().queued, 2n);
  patient.flush();
  assert.deepEqual(take(patient, 2), ["[1]", "2"]);

  const { client: quick, topic: other } = echoFor(t, { publishinterval: 0.2 });
  quick.batchPublish(other, "1");
  quick.batchPublish(other, "2");
  quick.qpublish(other, bytes("3"));
  assert.ok(quick.poll() <= 0.2, "poll says when something is due");
  assert.deepEqual(take(quick, 2), ["[1,2]", "3"]);
});

test("a restart of the broker is survived, with the subscription", async (t) => {
  const other = await startMosquitto();
  t.after(() => other.stop());
  const { client, topic } = echoFor(t, { mqttport: other.port, maxmqttreconnectdelay: 0.1 });
  await other.restart();
  client.publish(topic, bytes("after"), { qos: 1 });
  assert.deepEqual(take(client, 1), ["after"]);
  assert.equal(client.stats().reconnects, 1n);

  await other.restart("SIGKILL");
  const tags = [];
  while (tags.at(-1) !== "connect") tags.push(client.nextEvent(30).tag);
  assert.equal(tags.filter((tag) => tag === "disconnect").length, 1);
});

test("keep alive goes on while the host waits", (t) => {
  const { client } = echoFor(t, { mqttkeepalive: 1 });
  // Mosquitto closes a silent connection after one and a half times the keep alive.
  assert.equal(client.nextMessage(3), undefined);
  assert.equal(client.stats().reconnects, 0n);
  assert.equal(client.connected(), true);
});

test("stop() sends what is pending", async (t) => {
  const topic = freshTopic("wasi");
  const received = await collect(t, broker.url, `${topic}/#`, { qos: 2 });
  const client = clientFor(t, { publishinterval: 3600 });
  client.batchPublish(`${topic}/batch`, "1", { qos: 1 });
  client.batchPublish(`${topic}/batch`, "2", { qos: 1 });
  client.qpublish(`${topic}/queue`, bytes("3"), { qos: 2 });
  client.stop();
  await received.count(2);
  assert.deepEqual(received.texts().sort(), ["3", "[1,2]"]);
});

test("publish-high-priority needs no client", async (t) => {
  const topic = freshTopic("wasi");
  const received = await collect(t, broker.url, topic, { qos: 2 });
  MqttCustom.publishHighPriority(topic, bytes("now"), { hostname: "localhost", port: broker.port, qos: 2 });
  await received.count(1);
  assert.deepEqual(received.texts(), ["now"]);
});

test("the broker publishes the last will when the client is dropped without stop()", async (t) => {
  const topic = freshTopic("wasi");
  const received = await collect(t, broker.url, topic, { qos: 1 });
  const client = new MqttCustom({
    mqttserver: "127.0.0.1",
    mqttport: broker.port,
    willsettopic: topic,
    willsetpayload: bytes("gone"),
    willsetqos: 1,
  });
  client.start();
  client[Symbol.dispose]();
  await received.count(1);
  assert.deepEqual(received.texts(), ["gone"]);
});

test("what is wrong with an argument is said by the one validator", (t) => {
  const wrong = (credentials) => failure(() => new MqttCustom(credentials));
  assert.deepEqual(wrong({ mqttport: 70_000 }), {
    code: "OUT_OF_RANGE",
    message: "credentials.mqttport must be a whole number from 1 to 65535; 70000 was given",
    reasonCode: undefined,
    properties: undefined,
  });
  assert.match(
    wrong({ mqttprotocol: "wss" }).message,
    /needs TLS: use the component whose name ends in -tls\.wasm/,
  );
  assert.match(
    wrong({ certs: {} }).message,
    /credentials\.certs needs TLS: use the component whose name ends in -tls\.wasm$/,
  );
  assert.equal(wrong({ mqttserver: "mqtts://localhost" }).code, "INVALID_OPTION");
  assert.equal(wrong({ willsettopic: "a/#" }).code, "INVALID_TOPIC");

  const client = clientFor(t);
  assert.equal(failure(() => client.publish("a/#", bytes(""))).code, "INVALID_TOPIC");
  assert.equal(failure(() => client.publish("a", bytes(""), { qos: 3 })).code, "OUT_OF_RANGE");
  assert.equal(failure(() => client.subscribe("a/#/b")).code, "INVALID_TOPIC");
  assert.equal(failure(() => client.batchPublish("a", "{")).code, "INVALID_PAYLOAD");
  assert.match(
    failure(() => client.subscribeTopics([])).message,
    /was given no topic filter; give at least one$/,
  );
  assert.match(failure(() => client.snapshot("#", -1)).message, /^quiet must be a number of seconds/);
  for (const timeout of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(failure(() => client.nextMessage(timeout)).code, "OUT_OF_RANGE");
  }
});

test("a refused connection, a wrong host and a wrong password are errors of start(), and no traps", async (t) => {
  const closed = await freePort();
  const refused = clientFor(t, { mqttport: closed, stoptimeout: 0 });
  const error = failure(() => refused.start());
  assert.equal(error.code, "CONNECTION_REFUSED");
  assert.match(error.message, new RegExp(`cannot connect to mqtt://127.0.0.1:${closed}: connection refused`));
  assert.equal(refused.state(), "connecting");

  const nowhere = clientFor(t, { mqttserver: "nowhere.invalid", stoptimeout: 0 });
  assert.equal(failure(() => nowhere.start()).code, "CONNECTION_REFUSED");

  const strict = await startMosquitto({ config: "allow_anonymous false" });
  t.after(() => strict.stop());
  const nobody = clientFor(t, { mqttport: strict.port, mqttusername: "x", mqttpassword: bytes("y") });
  const { code, reasonCode } = failure(() => nobody.start());
  assert.deepEqual({ code, reasonCode }, { code: "NOT_AUTHORIZED", reasonCode: 5 });

  assert.equal(
    failure(() => MqttCustom.publishHighPriority("a", bytes(""), { hostname: "127.0.0.1", port: closed }))
      .code,
    "CONNECTION_REFUSED",
  );
});

test("several servers are tried in turn", async (t) => {
  const closed = await freePort();
  const mqttservers = [`mqtt://127.0.0.1:${closed}`, `mqtt://127.0.0.1:${broker.port}`];
  const client = clientFor(t, { mqttserver: undefined, mqttservers });
  client.start();
  assert.equal(client.connected(), true);
});

test("a host that denies the network gets an error, and no trap", async () => {
  const { stdout, stderr } = await run(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { _denyDnsLookup, _denyTcp } from "@bytecodealliance/preview2-shim/sockets";
     import { mqtt } from ${JSON.stringify(`${ROOT}/wasi/dist/js/mqtt-lib-client.js`)};
     _denyDnsLookup(); _denyTcp();
     for (const mqttserver of ["127.0.0.1", "localhost"]) {
       const client = new mqtt.MqttCustom({ mqttserver, mqttport: ${broker.port} });
       try { client.start(); } catch ({ payload }) { console.log(payload.code, payload.message); }
       console.log(client.state());
     }`,
  ]);
  assert.match(stdout, /^(CONNECTION_REFUSED cannot connect .*\nconnecting\n){2}$/, stderr);
});

// Brokers that break the rules of MQTT 5, as MQTT.js 5.16 guards against them: the same events in the same order with the package
// `mqtt` and with mqtt-lib/mqttjs, and the same reason codes of errors. The sentences of errors are each one's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import mqttPacket from "mqtt-packet";
import theirs from "mqtt";
import ours from "mqtt-lib/mqttjs";
import { startFakeBroker } from "../support/fake-broker.mjs";

const OK = { cmd: "connack", reasonCode: 0 };
const AUTH = (reasonCode, authenticationMethod) => ({
  cmd: "auth",
  reasonCode,
  properties: { authenticationMethod },
});
const json = { properties: { authenticationMethod: "json" } };

const publish = (topic, more = {}) => ({ cmd: "publish", topic, payload: "0123456789", qos: 0, ...more });
const alias = (topic, topicAlias) => publish(topic, { properties: { topicAlias } });
const chunk = (packets) =>
  Buffer.concat(
    packets.map((packet) =>
      packet instanceof Uint8Array ? packet : mqttPacket.generate(packet, { protocolVersion: 5 }),
    ),
  );

/**
 * Options of the client; what the broker sends in one chunk on each connection; what else the program does.
 * @type {Record<string, [object, (index: number) => any[], ((client: any, log: (line: string) => void, drop: () => void) => void)?]>}
 */
const CASES = {
  "an alias beyond topicAliasMaximum": [
    { properties: { topicAliasMaximum: 3 } },
    () => [OK, alias("a", 4), publish("b")],
  ],
  "alias 0": [
    { properties: { topicAliasMaximum: 3 } },
    () => [OK, Buffer.from([0x30, 8, 0, 1, 0x74, 3, 0x23, 0, 0, 0x78]), publish("b")],
  ],
  "an alias without a topic": [{ properties: { topicAliasMaximum: 3 } }, () => [OK, alias("", 1)]],
  "an alias that nobody allowed, and the client connects again": [
    { reconnectPeriod: 60 },
    (index) => (index > 0 ? [OK] : [OK, alias("a", 1), publish("b")]),
  ],
  "a second CONNACK behind a message": [{}, () => [OK, publish("a"), OK, publish("b")]],
  "a CONNACK that accepts behind one that refuses": [{}, () => [{ ...OK, reasonCode: 135 }, OK]],
  "AUTH that nobody asked for, behind CONNACK": [
    {},
    () => [OK, { cmd: "auth", reasonCode: 24 }, publish("a")],
  ],
  "AUTH that nobody asked for, before CONNACK": [{}, () => [{ cmd: "auth", reasonCode: 24 }]],
  "AUTH with another method": [json, () => [AUTH(24, "weaker")]],
  "AUTH that nothing answers": [json, () => [AUTH(24, "json")]],
  "handleAuth fails": [
    json,
    () => [AUTH(24, "json")],
    (client) => {
      client.handleAuth = (_packet, done) => done(new Error("no"));
    },
  ],
  "AUTH with a code that brokers do not have": [json, () => [AUTH(25, "json")]],
  "a CONNACK that is larger than maximumPacketSize": [{ properties: { maximumPacketSize: 1 } }, () => [OK]],
  "a message that is larger than maximumPacketSize, and the client connects again": [
    { properties: { maximumPacketSize: 17 }, reconnectPeriod: 60 },
    (index) => (index > 0 ? [OK] : [OK, publish("a/b"), publish("b", { payload: "" })]),
  ],
  "a message as large as maximumPacketSize": [
    { properties: { maximumPacketSize: 18 } },
    () => [OK, publish("a/b")],
  ],
  "the broker's own maximum packet size": [
    {},
    () => [{ ...OK, properties: { maximumPacketSize: 1 } }, publish("a")],
  ],
  "the keep alive of the broker": [
    { keepalive: 30, properties: { maximumPacketSize: 100 } },
    () => [{ ...OK, properties: { serverKeepAlive: 16, maximumPacketSize: 95 } }],
    (client, log) => client.on("connect", () => log(seenOf(client))),
  ],
  "no keep alive, and a broker that wants one": [
    { keepalive: 0 },
    () => [{ ...OK, properties: { serverKeepAlive: 16 } }],
    (client, log) => client.on("connect", () => log(seenOf(client))),
  ],
  "properties of a refusal": [
    { keepalive: 30 },
    () => [{ ...OK, reasonCode: 135, properties: { serverKeepAlive: 16, reasonString: "go away" } }],
    (client, log) => client.on("error", () => log(seenOf(client))),
  ],
  "refusals with reconnectOnConnackError": [
    { reconnectPeriod: 60, reconnectOnConnackError: true },
    (index) => [{ ...OK, reasonCode: index > 0 ? 0 : 135 }],
  ],
  "customHandleAcks that fails": [
    { customHandleAcks: (topic, _message, _packet, done) => done(topic === "bad" ? new Error("no") : 0) },
    () => [OK, publish("bad", { qos: 1, messageId: 1 }), publish("good", { qos: 1, messageId: 2 })],
  ],
  "customHandleAcks that calls back twice": [
    {
      customHandleAcks: (topic, _message, _packet, done) => {
        if (topic === "twice") done(new Error("no"));
        done(0);
      },
    },
    () => [OK, publish("twice", { qos: 1, messageId: 1 }), publish("after", { qos: 1, messageId: 2 })],
  ],
  "a handler that never calls back on a connection that ends": [
    { reconnectPeriod: 60 },
    (index) => [OK, publish(`parked/${index}`)],
    (client, _log, drop) => {
      client.handleMessage = ({ topic }, done) => (topic === "parked/0" ? drop() : done());
    },
  ],
  "DISCONNECT in the chunk of CONNACK": [
    {},
    () => [OK, publish("a"), { cmd: "disconnect", reasonCode: 139 }],
    (client) => client.on("disconnect", () => client.stream.destroy()),
  ],
  "a receive maximum that MQTT does not allow": [{ properties: { receiveMaximum: 0 } }, () => [OK]],
  onKeepaliveTimeout: [{}, () => [OK], (client) => client.on("connect", () => client.onKeepaliveTimeout())],
};

const seenOf = ({ keepalive, keepaliveManager, options, serverProperties }) =>
  JSON.stringify([
    keepalive,
    keepaliveManager?.keepalive,
    options.keepalive,
    options.properties,
    serverProperties,
  ]);

/** The events of a client, until nothing happens any more. */
async function eventsOf(mqtt, [options, answer, also]) {
  const lines = [];
  const log = (line) => lines.push(line);
  let index = 0;
  let drop = () => {};
  const broker = await startFakeBroker((connection) => {
    const number = index++;
    connection.onPacket = ({ cmd, reasonCode, properties }) => {
      if (cmd === "connect") {
        log(`broker got connect ${JSON.stringify(properties ?? {})}`);
        drop = () => connection.close();
        connection.write(chunk(answer(number)));
      } else if (cmd !== "disconnect") {
        // MQTT.js says nothing when it ends a connection.
        log(`broker got ${cmd} ${reasonCode}`);
      }
    };
  });
  const client = mqtt.connect(broker.url, {
    protocolVersion: 5,
    reconnectPeriod: 0,
    clientId: "c",
    ...structuredOptions(options),
  });
  const isOurSentence = (error) => !(error.code > 0) || /^Connection refused/.test(error.message);
  client.on("error", (error) => log(`error ${error.code} ${isOurSentence(error) ? error.message : ""}`));
  for (const event of ["connect", "close", "reconnect", "offline"]) client.on(event, () => log(event));
  client.on("disconnect", ({ reasonCode }) => log(`disconnect ${reasonCode}`));
  client.on("message", (topic) => log(`message ${topic}`));
  also?.(client, log, () => drop());
  await quiet(lines);
  log(`connected ${client.connected}`);
  const events = [...lines];
  await client.endAsync(true);
  await broker.stop();
  return events;
}

/** Resolves when nothing more has happened since the broker got CONNECT. */
async function quiet(lines) {
  for (let before = 0; before === 0 || before < lines.length; ) {
    before = lines.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/** MQTT.js writes into the options that it gets. */
const structuredOptions = (options) => ({
  ...options,
  ...(options.properties && { properties: { ...options.properties } }),
});

for (const [name, one] of Object.entries(CASES)) {
  test(`the same events with both packages: ${name}`, async () => {
    const [events, expected] = await Promise.all([eventsOf(ours, one), eventsOf(theirs, one)]);
    assert.deepEqual(events, expected);
  });
}

test("the error of a broker that breaks a rule has the error of the native client as its cause", async () => {
  const broker = await startFakeBroker((connection) => {
    connection.onPacket = ({ cmd }) => cmd === "connect" && connection.write(chunk([OK, OK]));
  });
  const client = ours.connect(broker.url, { protocolVersion: 5, reconnectPeriod: 0 });
  const error = await new Promise((resolve) => client.once("error", resolve));
  assert.equal(error.name, "ErrorWithReasonCode");
  assert.equal(error.code, 130);
  assert.equal(error.cause.code, "PROTOCOL_ERROR");
  assert.match(error.message, /a second CONNACK/);
  await client.endAsync(true);
  await broker.stop();
});

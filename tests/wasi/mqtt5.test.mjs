// What MQTT 5 has more, through the component: properties of every packet, options of subscriptions, requests, enhanced
// authentication, "auto", server references, aliases. Brokers that Mosquitto is not are in this process.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mqtt } from "../../wasi/dist/js/mqtt-lib-client.js";
import { freshTopic, until } from "../node/helpers.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { METHOD, scramClient, scramServer } from "../support/scram.mjs";
import { bytes, failure, given, take, text } from "./helpers.mjs";
import { refused, remote } from "./remote.mjs";

const { MqttCustom } = mqtt;
const V5 = { mqttversion: "v5" };
let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

function clientFor(t, credentials = {}) {
  const client = new MqttCustom({ mqttserver: "127.0.0.1", mqttport: broker.port, ...V5, ...credentials });
  t.after(() => client.stop());
  return client;
}

test("properties of CONNECT, of the will, of SUBSCRIBE, UNSUBSCRIBE and DISCONNECT are sent as they are given", async (t) => {
  const fake = await fakeBroker(t);
  const userProperties = [["who", "wasi"]];
  const client = await remote(t, fake, {
    ...V5,
    properties: {
      sessionExpiryInterval: 60,
      receiveMaximum: 7,
      requestResponseInformation: true,
      userProperties,
    },
    willsettopic: "gone",
    willProperties: { willDelayInterval: 5, contentType: "text/plain" },
  });
  await client.call("start");
  await client.call("subscribe", "a/#", {
    qos: 1,
    noLocal: true,
    retainAsPublished: true,
    retainHandling: 2,
    properties: {
      subscriptionIdentifiers: undefined,
      subscriptionIdentifier: Uint32Array.of(77),
      userProperties,
    },
  });
  await client.call("unsubscribe", "a/#", { properties: { userProperties } });
  await client.call("stop", {
    reasonCode: 4,
    properties: { sessionExpiryInterval: 10, reasonString: "enough" },
  });
  const connection = await fake.connection();
  await until(() => !connection.open, "the end of the connection");
  const [connect, subscribe, unsubscribe, disconnect] = connection.packets;
  assert.equal(connect.properties.sessionExpiryInterval, 60);
  assert.equal(connect.properties.receiveMaximum, 7);
  assert.equal(connect.properties.requestResponseInformation, true);
  assert.equal(connect.properties.userProperties.who, "wasi");
  assert.equal(connect.will.properties.willDelayInterval, 5);
  assert.equal(connect.will.properties.contentType, "text/plain");
  const [{ topic, qos, nl, rap, rh }] = subscribe.subscriptions;
  assert.deepEqual({ topic, qos, nl, rap, rh }, { topic: "a/#", qos: 1, nl: true, rap: true, rh: 2 });
  assert.equal(subscribe.properties.subscriptionIdentifier, 77);
  assert.equal(subscribe.properties.userProperties.who, "wasi");
  assert.equal(unsubscribe.properties.userProperties.who, "wasi");
  assert.equal(disconnect.reasonCode, 4);
  assert.equal(disconnect.properties.sessionExpiryInterval, 10);
  assert.equal(disconnect.properties.reasonString, "enough");
});

test("properties of CONNACK, SUBACK, PUBACK and of a refusal come back", async (t) => {
  const fake = await fakeBroker(
    t,
    scripts.accepts(
      (packet, connection) => {
        const properties = { reasonString: "because", userProperties: { a: "b" } };
        if (packet.cmd === "subscribe") {
          connection.send({ cmd: "suback", messageId: packet.messageId, granted: [1], properties });
        } else if (packet.cmd === "publish" && packet.topic === "free") {
          connection.send({ cmd: "puback", messageId: packet.messageId, reasonCode: 16, properties });
        } else if (packet.cmd === "publish") {
          connection.send({ cmd: "puback", messageId: packet.messageId, reasonCode: 0x87, properties });
        } else return false;
        return true;
      },
      { properties: { serverKeepAlive: 9, topicAliasMaximum: 3, maximumQoS: 1, responseInformation: "r/1" } },
    ),
  );
  const client = await remote(t, fake, V5);
  const connack = await client.next("connect");
  assert.deepEqual(given(connack.properties), {
    serverKeepAlive: 9,
    topicAliasMaximum: 3,
    maximumQos: 1,
    responseInformation: "r/1",
  });
  assert.equal(await client.call("protocolVersion"), 5);
  const because = { reasonString: "because", userProperties: [["a", "b"]] };
  const results = await client.call("subscribeTopics", ["a"], { qos: 1 });
  assert.deepEqual([[...results.codes], given(results.properties)], [[1], because]);
  const result = await client.call("publish", "free", bytes("x"), { qos: 1 });
  assert.deepEqual([result.reasonCode, given(result.properties)], [16, because]);
  const error = await refused(client.call("publish", "a", bytes("x"), { qos: 1 }));
  assert.deepEqual(
    [error.code, error.reasonCode, given(error.properties)],
    ["PUBLISH_REFUSED", 0x87, because],
  );
});

test("a property that may not stand in its packet, or is too large, is refused by name", (t) => {
  const client = clientFor(t);
  const wrong = (properties) => failure(() => client.publish("a", bytes(""), { properties }));
  assert.deepEqual(
    [wrong({ serverKeepAlive: 1 }).code, wrong({ topicAlias: 70_000 }).code],
    ["INVALID_OPTION", "OUT_OF_RANGE"],
  );
  assert.match(
    wrong({ serverKeepAlive: 1 }).message,
    /properties of Publish: a property stands where it is not allowed/,
  );
  assert.match(wrong({ topicAlias: 70_000 }).message, /topicAlias/);
});

test("identifiers of subscriptions come with the messages, and noLocal keeps away one's own", (t) => {
  const client = clientFor(t);
  const topic = freshTopic("wasi");
  client.subscribe(`${topic}/#`, { properties: { subscriptionIdentifier: Uint32Array.of(5) } });
  client.subscribe(`${topic}/+`, { properties: { subscriptionIdentifier: Uint32Array.of(300_000) } });
  client.publish(`${topic}/a`, bytes("x"));
  const seen = new Set();
  for (const message of [client.nextMessage(30), client.nextMessage(0.3)]) {
    for (const number of message?.properties.subscriptionIdentifier ?? []) seen.add(number);
  }
  assert.deepEqual([...seen].sort(), [300_000, 5]);
  const alone = clientFor(t);
  alone.subscribe(`${topic}/own`, { noLocal: true });
  alone.publish(`${topic}/own`, bytes("mine"), { qos: 1 });
  client.publish(`${topic}/own`, bytes("yours"), { qos: 1 });
  assert.deepEqual(take(alone, 1), ["yours"]);
});

test("a request is answered by a responder, and without one it fails after its timeout", async (t) => {
  const topic = freshTopic("wasi");
  const responder = await remote(t, broker, V5);
  await responder.call("subscribe", topic, { qos: 1 });
  const client = clientFor(t);
  const answered = (async () => {
    for (const factor of [2, 3]) {
      const message = await responder.call("nextMessage", 30);
      const payload = bytes(String(Number(text(message.payload)) * factor));
      assert.equal(await responder.call("respond", message.properties, payload), true);
    }
  })();
  // In the worker, because this thread is blocked by its calls.
  const asker = await remote(t, broker, V5);
  const ask = async (payload) =>
    text((await asker.call("request", topic, bytes(payload), { qos: 1 })).payload);
  assert.deepEqual([await ask("21"), await ask("21")], ["42", "63"]);
  await answered;
  assert.equal(await responder.call("respond", undefined, bytes("")), false);
  const late = failure(() => client.request(freshTopic("nobody"), bytes(""), { timeout: 0.2 }));
  assert.equal(late.code, "TIMEOUT");
  assert.match(late.message, /no response to the request .* within 0.2 s/);
  client.publish(topic, bytes("1"), { qos: 1 });
  assert.equal(client.connected(), true);
});

/** A broker that authenticates clients by SCRAM. */
const scramBroker = (t) =>
  fakeBroker(t, (connection) => {
    let exchange;
    scripts.accepts((packet) => {
      const data = text(packet.properties?.authenticationData ?? bytes(""));
      const say = (cmd, reasonCode, authenticationData) =>
        connection.send({
          cmd,
          reasonCode,
          sessionPresent: false,
          properties: { authenticationMethod: METHOD, authenticationData: Buffer.from(authenticationData) },
        });
      if (packet.cmd === "connect" || (packet.cmd === "auth" && packet.reasonCode === 0x19)) {
        exchange = { of: packet.cmd, server: scramServer({ user: "pencil" }) };
        say("auth", 0x18, exchange.server.first(data));
        return true;
      }
      if (packet.cmd !== "auth") return false;
      say(exchange.of === "connect" ? "connack" : "auth", 0, exchange.server.final(data));
      return true;
    })(connection);
  });

test("an AUTH is an event, authenticate() answers it, and begins again later", async (t) => {
  const fake = await scramBroker(t);
  let exchange = scramClient("user", "pencil");
  const properties = { authenticationMethod: METHOD, authenticationData: bytes(exchange.first) };
  const client = await remote(t, fake, { ...V5, properties });
  const answer = async () => {
    const { reasonCode, properties } = await client.next("auth");
    assert.equal(reasonCode, 0x18);
    const data = exchange.final(text(properties.authenticationData));
    await client.call("authenticate", { authenticationData: bytes(data) });
  };
  await answer();
  exchange.verify(text((await client.next("connect")).properties.authenticationData));
  exchange = scramClient("user", "pencil");
  await client.call("authenticate", { authenticationData: bytes(exchange.first) });
  await answer();
  const { reasonCode, properties: last } = await client.next("auth");
  exchange.verify(text(last.authenticationData));
  assert.equal(reasonCode, 0);
  assert.equal(await client.call("connected"), true);
});

test("auto speaks 5 where the broker does, and 3.1.1 elsewhere", async (t) => {
  const modern = clientFor(t, { mqttversion: "auto" });
  modern.start();
  assert.equal(modern.protocolVersion(), 5);
  const old = await fakeBroker(t, (connection) => {
    connection.onPacket = (packet) => {
      if (packet.cmd !== "connect") return;
      if (packet.protocolVersion === 5) {
        connection.write(Uint8Array.of(0x20, 2, 0, 1));
        connection.close();
      } else connection.send({ cmd: "connack", returnCode: 0, sessionPresent: false });
    };
  });
  const client = await remote(t, old, { mqttversion: "auto" });
  await client.call("start");
  assert.equal(await client.call("protocolVersion"), 4);
});

test("the server that a broker names is followed where that is allowed, and named in the error elsewhere", async (t) => {
  const named = `127.0.0.1:${broker.port}`;
  const moved = await fakeBroker(t, (connection) => {
    connection.onPacket = (packet) => {
      if (packet.cmd !== "connect") return;
      connection.send({
        cmd: "connack",
        reasonCode: 0x9c,
        sessionPresent: false,
        properties: { serverReference: named },
      });
      connection.close();
    };
  });
  const stays = await remote(t, moved, V5);
  const error = await refused(stays.call("start"));
  assert.deepEqual([error.reasonCode, error.properties.serverReference], [0x9c, named]);
  const follows = await remote(t, moved, { ...V5, followServerReference: true });
  await follows.call("start");
  assert.equal(await follows.call("connected"), true);
});

test("topics that repeat are replaced by aliases, unless that is turned off", async (t) => {
  for (const topicAliases of [undefined, false]) {
    const fake = await fakeBroker(t, scripts.accepts(undefined, { properties: { topicAliasMaximum: 5 } }));
    const client = await remote(t, fake, { ...V5, topicAliases });
    await client.call("start");
    for (let i = 0; i < 3; i++) await client.call("publish", "a/long/topic", bytes("x"), { qos: 1 });
    const { packets } = await fake.connection();
    const topics = packets.filter(({ cmd }) => cmd === "publish").map(({ topic }) => topic);
    assert.equal(topics.at(-1), topicAliases === false ? "a/long/topic" : "");
  }
});

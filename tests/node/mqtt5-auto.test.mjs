// The version of a connection: version 5 with a broker that supports only 3.1.1 is an error, "auto" falls back to 3.1.1.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Aedes } from "aedes";
import { startEmbedded } from "../support/embedded.mjs";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startTap } from "../support/tap.mjs";
import { clientFor, failure, freshTopic, until } from "./helpers.mjs";

/** The versions of the CONNECT packets that the broker has received. */
const versions = (tap) => tap.of("client", "connect").map((packet) => packet.protocolVersion);

async function old(t) {
  const aedes = await startEmbedded({ Aedes }); // version 1, which knows 3.1.1 alone
  t.after(() => aedes.stop());
  return aedes;
}

test('"auto" against a broker of 3.1.1 ends at 3.1.1, without an error, and goes on with it', async (t) => {
  const aedes = await old(t);
  for (const url of [aedes.url, aedes.wsUrl]) {
    const client = clientFor(t, { mqttserver: url, mqttversion: "auto", maxmqttreconnectdelay: 0.1 });
    const topic = freshTopic();
    const received = [];
    // Properties are queued with the message, and left out if the broker does not support them.
    const early = client.publish(topic, "early", { qos: 1, properties: { contentType: "text/plain" } });
    await client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => received.push(message.text()));
    await early;
    assert.equal(client.mqttversion, 4);
    await client.publish(topic, "late", { qos: 1 });
    await until(() => received.includes("late"));
    assert.deepEqual(client.errors, []);
    const error = await failure(client.publish(topic, "x", { properties: { contentType: "a" } }));
    assert.match(error.message, /3\.1\.1/);
    for (const broker of Object.values(aedes.aedes.clients)) broker.close();
    await until(() => client.stats().reconnects === 1);
    assert.deepEqual(
      client.errors.map((one) => one.code),
      ["CONNECTION_LOST"],
    );
  }
});

test('"auto" stays at 5 where the broker speaks it', async (t) => {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const tap = await startTap(broker.port);
  t.after(() => tap.stop());
  const client = clientFor(t, { mqttserver: tap.url, mqttversion: "auto", maxmqttreconnectdelay: 0.1 });
  const topic = freshTopic();
  const received = [];
  await client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => received.push(message));
  await client.publish(topic, "x", { qos: 1, properties: { contentType: "text/plain" } });
  await until(() => received.length === 1);
  assert.equal(received[0].properties.contentType, "text/plain");
  assert.equal(client.mqttversion, 5);
  tap.cut();
  await until(() => client.stats().reconnects === 1);
  assert.deepEqual(versions(tap), [5, 5]);
  await client.stop();
  assert.equal(client.mqttversion, undefined, "without a connection there is none");
});

test("a broker that hangs up on MQTT 5, or answers in the words of 3.1.1: auto goes on with 4", async (t) => {
  const answers = {
    "hangs up": (connection) => connection.close(),
    "says return code 1": (connection) => connection.write(Uint8Array.of(0x20, 2, 0, 1)),
    "says reason 132": (connection) => connection.write(Uint8Array.of(0x20, 3, 0, 0x84, 0)),
  };
  for (const [what, answer] of Object.entries(answers)) {
    const broker = await startFakeBroker(
      scripts.accepts((packet, connection) => {
        if (packet.cmd !== "connect" || packet.protocolVersion === 4) return false;
        answer(connection);
        return true;
      }),
    );
    t.after(() => broker.stop());
    const client = clientFor(t, { mqttserver: broker.url, mqttversion: "auto" });
    await client.start();
    const tried = broker.connections.map((connection) => connection.packets[0].protocolVersion);
    assert.deepEqual(tried, [5, 4], what);
    assert.deepEqual(client.errors, [], what);
  }
});

test("5 against a broker of 3.1.1 is an error that names the version and what to do", async (t) => {
  const aedes = await old(t);
  const client = clientFor(t, { mqttserver: aedes.url, mqttversion: 5 });
  const error = await failure(client.start());
  t.diagnostic(`${error.code} ${error.message}`);
  assert.equal(error.code, "NOT_SUPPORTED");
  assert.match(error.message, /MQTT 5/);
  assert.match(error.message, /mqttversion/);
});

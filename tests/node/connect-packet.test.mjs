// The fields of CONNECT: client id, password, session, will, and how the broker responds.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { fakeBroker } from "../support/fake-broker.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, failure, freshTopic, until } from "./helpers.mjs";

const shared = sharedFixtures({ mosquitto: startMosquitto });

test("CONNECT says what the credentials say", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, {
    mqttserver: broker.url,
    mqttclientid: "my-client",
    mqttkeepalive: 17,
    mqttusername: "jörg",
    mqttpassword: Uint8Array.of(0, 1, 254, 255),
    mqttcleansession: false,
    willsettopic: "the/will",
    willsetpayload: "gone",
    willsetqos: 2,
    willsetretain: true,
  });
  await client.start();
  const [connect] = broker.connections[0].packets;
  assert.equal(connect.protocolId, "MQTT");
  assert.equal(connect.protocolVersion, 4);
  assert.equal(connect.clientId, "my-client");
  assert.equal(connect.keepalive, 17);
  assert.equal(connect.username, "jörg");
  assert.deepEqual([...connect.password], [0, 1, 254, 255]);
  assert.equal(connect.clean, false);
  const { topic, payload, qos, retain } = connect.will;
  assert.deepEqual(
    { topic, payload: payload.toString(), qos, retain },
    { topic: "the/will", payload: "gone", qos: 2, retain: true },
  );
});

test("a real broker takes the right user name and password, and refuses others", async (t) => {
  const guarded = await startMosquitto({
    config(folder) {
      execFileSync("mosquitto_passwd", ["-b", "-c", join(folder, "passwords"), "jörg", "pässword"]);
      return `allow_anonymous false\npassword_file ${folder}/passwords`;
    },
  });
  t.after(() => guarded.stop());
  for (const mqttserver of [guarded.url, guarded.wsUrl]) {
    const bytes = new TextEncoder().encode("pässword");
    for (const mqttpassword of ["pässword", bytes, bytes.buffer]) {
      const client = clientFor(t, { mqttserver, mqttusername: "jörg", mqttpassword });
      await client.start();
      await client.stop();
    }
    for (const wrong of [{ mqttusername: "jörg", mqttpassword: "password" }, { mqttusername: "jörg" }, {}]) {
      const client = clientFor(t, { mqttserver, ...wrong });
      const error = await failure(client.start());
      assert.equal(error.code, "NOT_AUTHORIZED");
      assert.ok([4, 5].includes(error.reasonCode));
      await client.stop();
    }
  }
});

test("without credentials for it CONNECT has a random client id, keepalive 60, a clean session and no will", async (t) => {
  const broker = await fakeBroker(t);
  const clients = [broker.url, broker.url].map((url) => clientFor(t, url));
  await Promise.all(clients.map((client) => client.start()));
  const [first, second] = broker.connections.map(({ packets }) => packets[0]);
  assert.ok(first.clientId.length > 0);
  assert.notEqual(first.clientId, second.clientId);
  assert.equal(first.keepalive, 60);
  assert.equal(first.clean, true);
  assert.equal(first.will, undefined);
  assert.equal(first.username, undefined);
  assert.equal(first.password, undefined);
});

test("a client keeps its client id when it reconnects", async (t) => {
  const broker = await fakeBroker(t);
  const client = clientFor(t, { mqttserver: broker.url, maxmqttreconnectdelay: 0.05 });
  await client.start();
  broker.connections[0].reset();
  await until(() => broker.connections[1]?.packets[0], "the second CONNECT");
  assert.equal(broker.connections[1].packets[0].clientId, broker.connections[0].packets[0].clientId);
});

test("mqttcleansession false resumes the broker's session, and on_connect says so", async (t) => {
  const credentials = { mqttserver: shared.mosquitto.url, mqttclientid: "resumed", mqttcleansession: false };
  const topic = freshTopic();
  const present = [];
  const on_connect = (_client, _userdata, flags) => present.push(flags.sessionPresent);
  const first = clientFor(t, credentials, { on_connect });
  await first.subscribe(topic, { qos: 1 });
  await first.stop();

  const other = clientFor(t, shared.mosquitto.url);
  await other.publish(topic, "while you were away", { qos: 1 });

  const texts = [];
  const second = clientFor(t, credentials, {
    on_connect,
    on_message: (_client, _userdata, message) => texts.push(message.text()),
  });
  await second.start();
  await until(() => texts.length > 0, "the message that waited");
  assert.deepEqual(present, [false, true]);
  assert.deepEqual(texts, ["while you were away"]);
});

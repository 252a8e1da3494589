// mqtt-lib/mqttjs: what it exports, and how a client is made and connects.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import mqtt, { connect, connectAsync, ErrorWithReasonCode, MqttClient, ReasonCodes } from "mqtt-lib/mqttjs";
import { brokerOf, clients } from "../support/mqttjs-clients.mjs";
import { freshTopic } from "./helpers.mjs";

const { shared, clientOf, connected } = clients();

describe("what is exported", () => {
  test("names and default are those of the package mqtt, and require gives the same objects", () => {
    const required = createRequire(import.meta.url)("mqtt-lib/mqttjs");
    assert.equal(required.MqttClient, MqttClient);
    assert.equal(mqtt.connect, connect);
    for (const name of ["Client", "Store", "UniqueMessageIdProvider", "DefaultMessageIdProvider"]) {
      assert.equal(mqtt[name], required[name], name);
    }
    assert.equal(ReasonCodes[135], "Not authorized");
    assert.equal(ReasonCodes[16], "No matching subscribers");
    assert.equal(new ErrorWithReasonCode("a", 5).code, 5);
  });

  test("all that the package mqtt exports is there", async () => {
    const theirs = await import("mqtt");
    const internal = ["applyMixin", "nextTick", "module.exports", "default", "__esModule"];
    for (const name of Object.keys(theirs.default).filter((one) => !internal.includes(one))) {
      assert.equal(typeof mqtt[name], typeof theirs[name], name);
    }
  });
});

describe("connect", () => {
  test("a client is an EventEmitter, and connect gives it before it is connected", (t) => {
    const client = clientOf(t, shared.mosquitto.url);
    assert.ok(client instanceof MqttClient);
    assert.ok(client instanceof EventEmitter);
    assert.equal(client.connected, false);
    assert.match(client.options.clientId, /^mqttjs_[0-9a-f]+$/);
  });

  test("connect has the CONNACK packet", async (t) => {
    const client = clientOf(t, shared.mosquitto.url);
    const [packet] = await once(client, "connect");
    assert.equal(packet.cmd, "connack");
    assert.equal(packet.returnCode, 0);
    assert.equal(packet.sessionPresent, false);
    assert.equal(client.connected, true);
  });

  test("a URL, a URL with options, and options alone", async (t) => {
    const { port } = shared.mosquitto;
    await connected(t, { clientId: "one" }, `mqtt://127.0.0.1:${port}`);
    await connected(t, { port, host: "127.0.0.1", protocol: "tcp" }, undefined);
    const client = await connected(t, undefined, `mqtt://user:secret@127.0.0.1:${port}?clientId=two`);
    assert.equal(client.options.username, "user");
    assert.equal(client.options.password, "secret");
    assert.equal(client.options.clientId, "two");
    const apart = await connected(t, { password: "secret" }, `mqtt://user@127.0.0.1:${port}`);
    assert.equal(apart.options.username, "user");
    assert.equal(apart.options.password, "secret");
  });

  test("over WebSocket, and with options of the package ws", async (t) => {
    const client = await connected(t, {}, shared.mosquitto.wsUrl);
    const topic = freshTopic();
    await client.subscribeAsync(topic);
    const message = once(client, "message");
    await client.publishAsync(topic, "a");
    assert.equal(`${(await message)[1]}`, "a");
    await connected(t, { wsOptions: { handshakeTimeout: 5000 } }, shared.mosquitto.wsUrl);
  });

  test("connectAsync resolves with the client, and rejects with the first error", async () => {
    const client = await connectAsync(shared.mosquitto.url);
    assert.equal(client.connected, true);
    await client.endAsync();
    await assert.rejects(connectAsync("mqtt://127.0.0.1:1", { reconnectPeriod: 10 }), {
      code: "ECONNREFUSED",
    });
  });

  test("what is wrong throws at once", () => {
    assert.throws(() => connect("localhost"), /Missing protocol/);
    assert.throws(
      () => connect("mqtt://localhost", { clean: false }),
      /Missing clientId for unclean clients/,
    );
    assert.throws(
      () => connect("mqtt://localhost", { protocolVersion: 3, protocolId: "MQIsdp" }),
      /MQTT 3\.1/,
    );
    assert.throws(
      () => connect("mqtt://localhost", { socksProxy: "socks5://a" }),
      /socksProxy is not supported/,
    );
    const outgoingStore = { put() {} };
    assert.throws(() => connect("mqtt://localhost", { outgoingStore }), /store: "persistent"/);
  });

  test("a refusal is an error with its code, and no reconnect follows", async (t) => {
    const broker = await brokerOf(t, (socket) =>
      socket.once("data", () => socket.write(Buffer.of(0x20, 2, 0, 5))),
    );
    const client = clientOf(t, broker, { reconnectPeriod: 10 });
    let reconnects = 0;
    client.on("reconnect", () => {
      reconnects += 1;
    });
    const closed = new Promise((resolve) => client.once("close", resolve));
    const [error] = await once(client, "error");
    assert.ok(error instanceof ErrorWithReasonCode);
    assert.equal(error.message, "Connection refused: Not authorized");
    assert.equal(error.code, 5);
    await closed;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(reconnects, 0);
  });

  test("a broker that is silent is a connack timeout", async (t) => {
    const url = await brokerOf(t, () => {});
    const client = clientOf(t, url, { connectTimeout: 50, reconnectPeriod: 0 });
    const [error] = await once(client, "error");
    assert.equal(error.message, "connack timeout");
  });
});

// Brokers that are down, violate MQTT, refuse or do not answer CONNECT: start() rejects with a description, the client
// continues to try, and the process does not end.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { MqttError } from "mqtt-lib";
import { badBrokers, startPeers, stopPeers } from "../support/bad-brokers.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { freePort } from "../support/ports.mjs";
import { clientFor, failure, run, until } from "./helpers.mjs";

const peers = {};

before(() => startPeers(peers));
after(() => stopPeers(peers));

const BROKERS = badBrokers(peers);

describe("start() rejects and the client goes on trying, with", () => {
  for (const [name, prepare] of Object.entries(BROKERS)) {
    test(name, async (t) => {
      const [where, code, ...words] = await prepare(t);
      const credentials = typeof where === "string" ? { mqttserver: where } : where;
      const rcs = [];
      const client = clientFor(
        t,
        { maxmqttreconnectdelay: 0.05, ...credentials },
        {
          on_connect: (_client, _userdata, _flags, rc) => rcs.push(rc),
          on_disconnect: () => rcs.push("lost"),
        },
      );
      const error = await failure(client.start());
      assert.ok(error instanceof MqttError, `${error.name}: ${error.message}`);
      assert.equal(error.name, "MqttError");
      assert.equal(error.code, code, error.message);
      for (const word of words)
        assert.ok(error.message.includes(word), `"${error.message}" should say ${word}`);
      const refused = /CONNACK (\d)/.exec(name)?.[1];
      assert.equal(error.reasonCode, refused && Number(refused));
      assert.equal(client.connected, false);
      assert.deepEqual(client.errors, [], "the promise carried it");

      await until(() => client.errors.length >= 1, "another attempt, told to on_error");
      assert.equal(client.state, "connecting");
      assert.equal(client.errors[0].code, code);
      assert.ok(rcs.every((rc) => rc === Number(refused)));
      if (refused) assert.ok(rcs.length >= 2, "on_connect is called for a refusal");
    });
  }
});

test("no bad broker throws out of a timer or ends the process", async (t) => {
  const bad = await Promise.all([
    fakeBroker(t, scripts.closesAtOnce),
    fakeBroker(t, scripts.resetsAtOnce),
    fakeBroker(t, scripts.garbage()),
    fakeBroker(t, scripts.refuses(5)),
    fakeBroker(t, scripts.silent),
  ]);
  const urls = [
    ...bad.flatMap(({ url, wsUrl }) => [url, wsUrl]),
    `mqtt://127.0.0.1:${await freePort()}`,
    `ws://127.0.0.1:${await freePort()}`,
    `ws://127.0.0.1:${peers.mosquitto.port}`,
    `mqtt://127.0.0.1:${peers.mosquitto.wsPort}`,
  ];
  const { stdout, stderr, code, signal } = await run(
    `
    import { MqttCustom } from "mqtt-lib";
    const [, , ...urls] = process.argv;
    console.warn = () => {};
    process.on("uncaughtException", (error) => console.log("uncaught", error));
    const clients = urls.map((mqttserver) =>
      new MqttCustom({
        credentials: { mqttserver, connecttimeout: 0.05, maxmqttreconnectdelay: 0.02, stoptimeout: 0.2 },
      }),
    );
    for (const client of clients) {
      client.publish("a", "x", { qos: 1 });
      client.batch_publish("a", "x");
      client.subscribe("a");
      client.start();
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    console.log(clients.every(({ state }) => state === "reconnecting" || state === "connecting"));
    await Promise.all(clients.map((client) => client.stop()));
    console.log(clients.every(({ state }) => state === "stopped"));
    `,
    urls,
    { flags: ["--unhandled-rejections=strict"] },
  );
  assert.equal(stderr, "");
  assert.equal(stdout, "true\ntrue\n");
  assert.deepEqual([code, signal], [0, null]);
});

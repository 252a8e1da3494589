// Brokers that are down, violate MQTT, refuse or do not answer CONNECT: start() rejects with a description, the client
// continues to try, and the process does not end.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { MqttError } from "mqtt-lib";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freePort } from "../support/ports.mjs";
import { clientFor, failure, run, until } from "./helpers.mjs";

let mosquitto;
let web;

before(async () => {
  mosquitto = await startMosquitto();
  web = createHttpServer((_request, response) => response.writeHead(404).end("not here")).listen(
    0,
    "127.0.0.1",
  );
  await once(web, "listening");
});

after(async () => {
  web?.close();
  web?.closeAllConnections();
  await mosquitto?.stop();
});

/** Each returns credentials, and the code and parts of the expected error. */
const BROKERS = {
  "a port where nothing listens (TCP)": async () => {
    const port = await freePort();
    return [
      `mqtt://127.0.0.1:${port}`,
      "CONNECTION_REFUSED",
      `127.0.0.1:${port}`,
      "nothing listens",
      "mqttport",
    ];
  },
  "a port where nothing listens (WebSocket)": async () => {
    const port = await freePort();
    return [
      `ws://127.0.0.1:${port}`,
      "CONNECTION_REFUSED",
      `127.0.0.1:${port}`,
      "nothing listens",
      "mqttport",
    ];
  },
  "a host that does not exist": async () => [
    "mqtt://no-such-host.invalid:1883",
    "CONNECTION_REFUSED",
    "no-such-host.invalid",
    "mqttserver",
  ],
  "a plain TCP broker behind a WebSocket URL": async () => [
    `ws://127.0.0.1:${mosquitto.port}/mqtt`,
    "CONNECTION_REFUSED",
    `127.0.0.1:${mosquitto.port}`,
    "does not speak WebSocket",
    "mqtt://",
  ],
  "a WebSocket broker behind a TCP URL": async () => [
    `mqtt://127.0.0.1:${mosquitto.wsPort}`,
    "CONNECTION_REFUSED",
    `127.0.0.1:${mosquitto.wsPort}`,
    "ws://",
  ],
  "a web server behind a WebSocket URL": async () => [
    `ws://127.0.0.1:${web.address().port}/mqtt`,
    "CONNECTION_REFUSED",
    "HTTP 404",
    "/mqtt",
    "path",
  ],
  "a web server behind a TCP URL": async () => [
    `mqtt://127.0.0.1:${web.address().port}`,
    "CONNECTION_REFUSED",
    "HTTP",
    "ws://",
  ],
  "a WebSocket server that does not know MQTT": async (t) => {
    const broker = await fakeBroker(t, scripts.silent, { subprotocol: false });
    return [broker.wsUrl, "CONNECTION_REFUSED", "subprotocol", `${broker.wsPort}`];
  },
};
for (const kind of ["url", "wsUrl"]) {
  const over = kind === "url" ? "TCP" : "WebSocket";
  const refusals = [
    [1, "CONNECTION_REFUSED", "MQTT 3.1.1"],
    [2, "CONNECTION_REFUSED", "mqttclientid"],
    [3, "CONNECTION_REFUSED", "not available"],
    [4, "NOT_AUTHORIZED", "mqttusername", "mqttpassword"],
    [5, "NOT_AUTHORIZED", "mqttusername"],
  ];
  for (const [code, name, ...words] of refusals) {
    BROKERS[`a broker that refuses with CONNACK ${code} (${over})`] = async (t) => {
      const broker = await fakeBroker(t, scripts.refuses(code));
      return [broker[kind], name, `CONNACK ${code}`, ...words];
    };
  }
  const scripted = (script, ...expected) => {
    return async (t) => {
      const broker = await fakeBroker(t, script);
      const port = kind === "url" ? broker.port : broker.wsPort;
      return [broker[kind], ...expected, `127.0.0.1:${port}`];
    };
  };
  Object.assign(BROKERS, {
    [`a broker that closes at once (${over})`]: scripted(
      scripts.closesAtOnce,
      "CONNECTION_REFUSED",
      "before it answered",
    ),
    [`a broker that cuts the connection at once (${over})`]: scripted(
      scripts.resetsAtOnce,
      "CONNECTION_REFUSED",
    ),
    [`a broker that answers garbage (${over})`]: scripted(scripts.garbage(), "PROTOCOL_ERROR", "MQTT"),
    [`a broker that answers something before CONNACK (${over})`]: scripted(
      scripts.garbage(Uint8Array.of(0xd0, 0x00)),
      "PROTOCOL_ERROR",
      "before CONNACK",
    ),
    [`a broker that answers with an endless length (${over})`]: scripted(
      scripts.garbage(Uint8Array.of(0x20, 0xff, 0xff, 0xff, 0xff, 0x01)),
      "PROTOCOL_ERROR",
    ),
    [`a broker that never answers (${over})`]: async (t) => {
      const broker = await fakeBroker(t, scripts.silent);
      const credentials = { mqttserver: broker[kind], connecttimeout: 0.1 };
      return [credentials, "TIMEOUT", "did not answer CONNECT in 0.1 s (connecttimeout)"];
    },
  });
}

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
    `ws://127.0.0.1:${mosquitto.port}`,
    `mqtt://127.0.0.1:${mosquitto.wsPort}`,
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

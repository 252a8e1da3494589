// `websocket.agent`: CONNECT proxies for MQTT over TCP and TLS too, and what is said when the proxy refuses.

import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { after, before, test } from "node:test";
import { HttpsProxyAgent } from "https-proxy-agent";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { startProxy } from "../support/gateway.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, failure, freshTopic } from "./helpers.mjs";

const certificates = makeCertificates();
const brokers = {};
let proxy;

before(async () => {
  brokers.mqtt = await startMosquitto();
  brokers.mqtts = await startTlsMosquitto(certificates);
  proxy = await startProxy();
});

after(async () => {
  proxy?.stop();
  await Promise.all(Object.values(brokers).map((broker) => broker.stop()));
});

/** A proxy that answers every CONNECT with this status. */
async function refusingProxy(t, status) {
  const server = createServer();
  server.on("connect", (_request, socket) =>
    socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

for (const scheme of ["mqtt", "mqtts"]) {
  const credentials = (agent) => ({
    mqttserver: brokers[scheme].tlsUrl ?? brokers[scheme].url,
    websocket: { agent },
    certs: scheme === "mqtts" ? { ca: certificates.ca } : undefined,
  });

  test(`over ${scheme} a proxy agent makes the connection`, async (t) => {
    const asked = proxy.seen.length;
    const client = clientFor(t, credentials(new HttpsProxyAgent(proxy.url)));
    const topic = freshTopic();
    const received = client.messages(topic);
    await client.subscribe(topic);
    await client.publish(topic, "through the proxy", { qos: 1 });
    assert.equal((await received.next()).value.text(), "through the proxy");
    assert.equal(proxy.seen.length, asked + 1);
    await client.stop();
    assert.equal(client.state, "stopped");
  });

  test(`over ${scheme} a plain http.Agent makes the connection`, async (t) => {
    await clientFor(t, credentials(new Agent())).publish(freshTopic(), "x", { qos: 1 });
  });
}

test("a proxy that wants a password is named, not the broker", async (t) => {
  const agent = new HttpsProxyAgent(await refusingProxy(t, 407));
  for (const mqttserver of [brokers.mqtt.url, brokers.mqtt.wsUrl, "wss://localhost:1/mqtt"]) {
    const error = await failure(clientFor(t, { mqttserver, websocket: { agent } }).start());
    assert.equal(error.code, "CONNECTION_REFUSED");
    assert.match(
      error.message,
      /the proxy of websocket\.agent answered HTTP 407 for .*user name and password/,
    );
  }
});

/** One broker address of each transport. */
const everywhere = () => [
  brokers.mqtt.url,
  brokers.mqtts.tlsUrl,
  brokers.mqtt.wsUrl,
  "wss://localhost:1/mqtt",
];

/** The proxy that answers each CONNECT in this way. */
async function scriptedProxy(t, answer) {
  const server = createTcpServer((socket) =>
    socket.on("error", () => {}).once("data", () => answer(socket)),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return new HttpsProxyAgent(`http://127.0.0.1:${server.address().port}`);
}

test("a proxy that forbids the host says so, over each transport", async (t) => {
  const agent = new HttpsProxyAgent(await refusingProxy(t, 403));
  for (const mqttserver of everywhere()) {
    const error = await failure(clientFor(t, { mqttserver, websocket: { agent } }).start());
    assert.match(
      error.message,
      /the proxy of websocket\.agent answered HTTP 403 .*lets this host and port through/,
    );
  }
});

const SILENCES = {
  "closes instead of an answer": (socket) => socket.end(),
  "closes in its answer": (socket) => socket.end("HTTP/1.1 200 O"),
  "resets the connection": (socket) => socket.resetAndDestroy(),
};

for (const [what, answer] of Object.entries(SILENCES)) {
  test(`a proxy that ${what} is named, not the broker`, async (t) => {
    const agent = await scriptedProxy(t, answer);
    for (const mqttserver of everywhere()) {
      const error = await failure(clientFor(t, { mqttserver, websocket: { agent } }).start());
      assert.match(error.message, /: websocket\.agent made no connection to .*; check the proxy, or/);
    }
  });
}

test("a proxy that speaks no HTTP is named, not the broker", async (t) => {
  const agent = await scriptedProxy(t, (socket) => socket.end("SSH-2.0-x\r\n\r\n"));
  for (const mqttserver of everywhere()) {
    const error = await failure(clientFor(t, { mqttserver, websocket: { agent } }).start());
    assert.match(
      error.message,
      /the proxy of websocket\.agent answered something else than HTTP for .*: check the proxy's own host/,
    );
  }
});

test("an agent that is none, and a proxy that is not there, are named", async (t) => {
  const unusable = { websocket: { agent: { no: "agent" } }, mqttserver: brokers.mqtt.url };
  assert.match(
    (await failure(clientFor(t, unusable).start())).message,
    /websocket\.agent made no connection/,
  );
  const agent = new HttpsProxyAgent("http://127.0.0.1:1");
  const away = { websocket: { agent }, mqttserver: brokers.mqtt.url };
  assert.match(
    (await failure(clientFor(t, away).start())).message,
    /websocket\.agent made no connection.*ECONNREFUSED/,
  );
});

test("stop() while the agent is at work ends at once, and its socket is closed", async (t) => {
  const sockets = [];
  const server = createServer();
  server.on("connect", (_request, socket) => sockets.push(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const agent = new HttpsProxyAgent(`http://127.0.0.1:${server.address().port}`);
  const client = clientFor(t, { mqttserver: brokers.mqtt.url, websocket: { agent } });
  const started = client.start();
  await once(server, "connect");
  await client.stop();
  await failure(started);
  sockets[0].write("HTTP/1.1 200 OK\r\n\r\n");
  sockets[0].resume();
  await once(sockets[0], "end");
  sockets[0].destroy();
});

// wss from Chromium to Mosquitto, whose certificate the browser verifies; options that a page cannot set are rejected with
// advice; no secret is in errors or in an address bar. Owns a browser that trusts one key.

import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { startEmbedded } from "../support/embedded.mjs";
import { startGateway } from "../support/gateway.mjs";
import { startTlsFront } from "../support/tls-front.mjs";
import { inChromium, openPage } from "./support/chromium.mjs";

const SECRET = "hunter2Xy";
const certificates = makeCertificates();
const server = certificates.issue("server");

/** The form in which Chromium takes a trusted key. */
function spki(path) {
  const key = new X509Certificate(readFileSync(path)).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

const shared = inChromium(
  {
    broker: () => startTlsMosquitto(certificates, { server }),
    embedded: startEmbedded,
    stranger: () => startTlsMosquitto(certificates, { server: certificates.issue("stranger") }),
    gateway: () => startGateway({ admits: ({ url }) => url.startsWith("/open") }),
  },
  [`--ignore-certificate-errors-spki-list=${spki(server.cert)}`],
);

/** Returns everything that a user could log of a failed start(). */
function failed(page, credentials) {
  return page.evaluate(async (given) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const log = [];
    console.warn = (...all) => log.push(...all);
    const client = new MqttCustom({
      credentials: given,
      on_error: (_client, _userdata, error) => log.push(error),
    });
    const error = await client.start().then(
      () => undefined,
      (thrown) => thrown,
    );
    log.push(error, JSON.stringify(client.stats()));
    await client.stop();
    const all = log.map((one) => `${one} ${one?.message} ${one?.stack}`).join("\n");
    return { code: error?.code, type: error?.constructor.name, message: error?.message, all };
  }, credentials);
}

/** A client in the page publishes messages to itself; returns QoS and length of those received. */
const echo = (page, mqttserver, messages) =>
  page.evaluate(
    async ([mqttserver, messages]) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      const client = new MqttCustom({ credentials: { mqttserver } });
      const received = [];
      let done;
      const all = new Promise((resolve) => {
        done = resolve;
      });
      await client.subscribe("browser/tls", { qos: 2 }, (_client, _userdata, message) => {
        received.push([message.qos, message.payload.length]);
        if (received.length === messages.length) done();
      });
      for (const [qos, length] of messages)
        await client.publish("browser/tls", new Uint8Array(length), { qos });
      await all;
      await client.stop();
      return received;
    },
    [mqttserver, messages],
  );

test("wss to a broker whose certificate the browser trusts: each QoS, and 1 MB", async (t) => {
  const page = await openPage(t, shared);
  const small = [0, 1, 2].map((qos) => [qos, 5]);
  assert.deepEqual(await echo(page, shared.broker.wssUrl, small), small);
  // Mosquitto's WebSocket listener would take half a minute (see ../support/mosquitto.mjs).
  const front = await startTlsFront(shared.embedded.port, { server, ca: certificates.ca, mutual: false });
  t.after(() => front.stop());
  const large = [[1, 1_000_000]];
  assert.deepEqual(await echo(page, `wss://127.0.0.1:${front.port}/mqtt`, large), large);
});

test("wss to a broker whose certificate the browser does not trust is CONNECTION_REFUSED", async (t) => {
  const { code, message } = await failed(await openPage(t, shared), { mqttserver: shared.stranger.wssUrl });
  assert.equal(code, "CONNECTION_REFUSED");
  assert.match(message, /^cannot connect to wss:\/\/127\.0\.0\.1/);
});

const NODE_ONLY = {
  certs: { ca: "ca.pem", cert: "device.pem", key: "device.key" },
  "websocket.headers": { Authorization: "Bearer a" },
  "websocket.agent": {},
};

for (const [name, value] of Object.entries(NODE_ONLY)) {
  test(`a page cannot set ${name}, and the error says what to do instead`, async (t) => {
    const [outer, inner] = name.split(".");
    const credentials = { mqttserver: shared.broker.wssUrl, [outer]: inner ? { [inner]: value } : value };
    const { code, type, message } = await failed(await openPage(t, shared), credentials);
    assert.equal(code, "INVALID_OPTION");
    assert.equal(type, "TypeError");
    assert.ok(message.startsWith(`credentials.${name} is for Node only: `), message);
    assert.match(message, /in a page the browser sees to it; use wss and a CA that it trusts/);
  });
}

test("a page's subprotocols and query are those that were given", async (t) => {
  const page = await openPage(t, shared);
  const state = await page.evaluate(async (mqttserver) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const client = new MqttCustom({
      credentials: { mqttserver, websocket: { protocols: ["mqttv3.1", "mqtt"] } },
    });
    await client.start();
    const { state } = client;
    await client.stop();
    return state;
  }, `ws://127.0.0.1:${shared.gateway.port}/open?token=a%2Fb`);
  assert.equal(state, "connected");
  assert.equal(shared.gateway.seen.at(-1).url, "/open?token=a%2Fb");
  assert.equal(shared.gateway.seen.at(-1).protocols, "mqttv3.1, mqtt");
});

const query = `?X-Amz-Signature=${SECRET}`;
const SECRETS = {
  "a signed URL that is refused": () => ({ mqttserver: shared.gateway.url + query }),
  "a signed URL that is none": () => ({ mqttserver: `ws://[::zz]:80/mqtt${query}` }),
  "a subprotocol that is none": () => ({
    mqttserver: shared.gateway.url,
    websocket: { protocols: [`a ${SECRET}`] },
  }),
  "certs in a page": () => ({ certs: { key: SECRET, passphrase: SECRET } }),
  "headers in a page": () => ({ websocket: { headers: { Authorization: SECRET } } }),
  "a password in the URL": () => ({ mqttserver: `ws://me:${SECRET}@127.0.0.1/mqtt` }),
};

for (const [what, credentials] of Object.entries(SECRETS)) {
  test(`a page shows nothing of ${what}`, async (t) => {
    const { code, all } = await failed(await openPage(t, shared), credentials());
    assert.match(code, /^(CONNECTION_REFUSED|INVALID_OPTION)$/);
    assert.ok(!all.includes(SECRET), all);
  });
}

test("the demo page keeps the password out of the address bar and of every request", async (t) => {
  const demo = await startEmbedded();
  const page = await shared.browser.newPage();
  t.after(async () => {
    await page.close();
    await demo.stop();
  });
  const addresses = [];
  page.on("request", (request) => addresses.push(request.url()));
  page.on("framenavigated", (frame) => addresses.push(frame.url()));
  await page.goto(demo.page);
  await page.locator("html[data-ready]").waitFor({ state: "attached" });
  await page.locator("[name=mqttusername]").fill("me");
  await page.locator("[name=mqttpassword]").fill(SECRET);
  await page.locator("[name=mqttpassword]").press("Enter");
  await page.locator("#greeting").waitFor();
  addresses.push(page.url());
  assert.ok(addresses.length > 2);
  for (const address of addresses) assert.ok(!address.includes(SECRET), address);
});

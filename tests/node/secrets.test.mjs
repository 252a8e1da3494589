// Passwords, passphrases, keys, tokens in headers, subprotocols and queries never appear in any output. Provokes many
// failures, and searches everything that a user could log of them.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import { MqttCustom } from "mqtt-lib";
import { makeCertificates, startTlsMosquitto } from "../support/certificates.mjs";
import { startGateway } from "../support/gateway.mjs";
import { freePort } from "../support/ports.mjs";
import { until } from "./helpers.mjs";

const SECRET = "hunter2Xy";
const NUMBER = 7_304_155_921;
const certificates = makeCertificates();
const { ca, path, openssl } = certificates;
const own = certificates.issue("device", { names: "DNS:device" });
const keyText = readFileSync(own.key, "utf8");
const keyBody = keyText.split("\n").slice(1, -2).join("");
openssl("pkcs8", "-topk8", "-in", own.key, "-out", path("locked.key"), "-passout", "pass:other");
openssl("genpkey", "-algorithm", "ed25519", "-out", path("short.key"));
const shortBody = readFileSync(path("short.key"), "utf8").split("\n")[1];
/** What must not appear anywhere, including a line of the key. */
const HIDDEN = [
  SECRET,
  encodeURIComponent(SECRET),
  String(NUMBER),
  keyBody.slice(0, 20),
  keyBody.slice(-20),
  shortBody,
];

let broker;
let gateway;
let closedPort;
let silent;

before(async () => {
  const more = (folder) => {
    writeFileSync(`${folder}/passwords`, "");
    return `allow_anonymous false\npassword_file ${folder}/passwords`;
  };
  const folder = certificates.folder;
  broker = await startTlsMosquitto(certificates, { mutual: true, more: more(folder) });
  gateway = await startGateway({ admits: ({ url }) => url.startsWith("/open") });
  closedPort = await freePort();
  const sockets = new Set();
  const server = createServer((socket) => sockets.add(socket.on("error", () => {})));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  silent = {
    port: server.address().port,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
});

after(async () => {
  silent?.stop();
  await Promise.all([broker?.stop(), gateway?.stop()]);
});

const query = `?X-Amz-Credential=a&X-Amz-Signature=${SECRET}&X-Amz-Security-Token=${SECRET}`;
const signed = { mqttusername: "me", mqttpassword: SECRET };
const guarded = (websocket) => ({ mqttserver: gateway.url, websocket });
const mutual = (certs) => ({ mqttserver: broker.tlsUrl, ...signed, certs: { ca, ...own, ...certs } });

/** Credentials that fail, each for a different reason. */
const FAIL = {
  "a password that the broker does not take": () => ({ mqttserver: broker.url, ...signed }),
  "a password in bytes": () => ({ mqttserver: broker.url, ...signed, mqttpassword: Buffer.from(SECRET) }),
  "MQTT 5 and such a password": () => ({ mqttserver: broker.url, ...signed, mqttversion: 5 }),
  "a password without a user name": () => ({ mqttserver: broker.url, mqttpassword: SECRET }),
  "a password that is a number": () => ({ ...signed, mqttpassword: NUMBER }),
  "a password that is a list": () => ({ ...signed, mqttpassword: [SECRET] }),
  "a password to a host far away": () => ({
    mqttserver: broker.url.replace("127.0.0.1", "0.0.0.0"),
    ...signed,
  }),
  "user and password in the URL": () => ({ mqttserver: `mqtt://me:${SECRET}@127.0.0.1` }),
  "a password with signs of a URL in it": () => ({ mqttserver: `mqtt://me:?/#${SECRET}@127.0.0.1` }),
  "a user before a scheme that is not known": () => ({ mqttserver: `http://me:${SECRET}@h/` }),
  "credentials that are a URL": () => `mqtt://me:${SECRET}@127.0.0.1`,
  "a signed URL with a scheme that is not known": () => ({ mqttserver: `https://h/mqtt${query}` }),
  "a signed URL with a bad port": () => ({ mqttserver: `wss://h:99999/mqtt${query}` }),
  "a signed URL with a bad host": () => ({ mqttserver: `ws://[::zz]:80/mqtt${query}` }),
  "a signed URL that is no URL": () => ({ mqttserver: `ws://a%zz/mqtt${query}` }),
  "a signed URL where nothing listens": () => ({ mqttserver: `ws://127.0.0.1:${closedPort}/mqtt${query}` }),
  "a signed URL of no host": () => ({ mqttserver: `ws://nowhere.invalid/mqtt${query}` }),
  "a signed URL that is refused": () => ({ mqttserver: gateway.url + query }),
  "a signed URL without a TLS server": () => ({ mqttserver: `wss://127.0.0.1:${closedPort}/mqtt${query}` }),
  "a signed URL of a server that is not trusted": () => ({ mqttserver: broker.wssUrl + query }),
  "a signed URL that is never answered": () => ({
    mqttserver: `ws://127.0.0.1:${silent.port}/mqtt${query}`,
    connecttimeout: 0.1,
  }),
  "a signed path that is wrong": () => ({ mqttprotocol: "ws", mqttpath: `mqtt${query}` }),
  "a signed path with a fragment": () => ({ mqttprotocol: "ws", mqttpath: `/mqtt${query}#a` }),
  "certs and a signed URL without TLS": () => ({ mqttserver: `ws://h/mqtt${query}`, certs: { ca } }),
  "a header that is refused": () => guarded({ headers: { Authorization: `Bearer ${SECRET}` } }),
  "a header that HTTP does not allow": () => guarded({ headers: { Authorization: `Bearer ${SECRET}\n` } }),
  "a header that is no text": () => guarded({ headers: { Authorization: Symbol(SECRET) } }),
  "headers that are a text": () => guarded({ headers: `Authorization: ${SECRET}` }),
  "a subprotocol that is refused": () => guarded({ protocols: ["mqtt", SECRET] }),
  "a subprotocol that is none": () => guarded({ protocols: ["mqtt", `a ${SECRET}`] }),
  "a subprotocol that is a number": () => guarded({ protocols: NUMBER }),
  "an agent that is a URL": () => guarded({ agent: `http://me:${SECRET}@proxy` }),
  "a wrong passphrase": () => mutual({ key: path("locked.key"), passphrase: SECRET }),
  "a passphrase that is a number": () => mutual({ passphrase: NUMBER }),
  "a passphrase under a wrong name": () => mutual({ passphrasee: SECRET }),
  "a key in place of a certificate": () => mutual({ cert: keyText }),
  "a key in place of a CA": () => mutual({ ca: keyText }),
  "a key without its first line": () => mutual({ key: keyBody }),
  "a short key without its first line": () => mutual({ key: shortBody }),
  "a key on one line": () => mutual({ key: keyText.replaceAll("\n", " ") }),
  "a key in bytes, cut short": () => mutual({ key: Buffer.from(keyText).subarray(0, 150) }),
  "a key of another certificate": () => mutual({ cert: readFileSync(ca) }),
  "a key for a flag": () => mutual({ dangerouslyDisableServerVerification: keyText }),
  "a key for an ALPN name": () => mutual({ iotProtocolName: keyText + keyText }),
  "authentication data of the wrong kind": () => ({
    mqttversion: 5,
    properties: { authenticationMethod: "a", authenticationData: NUMBER },
  }),
};

/** Records everything that is printed meanwhile, except the output of the test itself. */
function recordConsole(t, log) {
  for (const name of ["log", "info", "warn", "error", "debug", "trace"]) {
    t.mock.method(console, name, (...all) => log.push(...all));
  }
}

function isClean(log) {
  const text = log
    .map((one) =>
      [
        inspect(one, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
        one instanceof Error ? `${one.message} ${one.stack} ${one}` : String(one),
      ].join("\n"),
    )
    .join("\n");
  for (const hidden of HIDDEN) assert.ok(!text.includes(hidden), `${hidden} is shown:\n${text}`);
}

for (const [what, credentials] of Object.entries(FAIL)) {
  test(`nothing is shown of ${what}`, async (t) => {
    const log = [];
    recordConsole(t, log);
    let client;
    try {
      const keep = (_client, _userdata, ...all) => log.push(...all);
      client = new MqttCustom({ credentials: credentials(), on_error: keep, on_disconnect: keep });
      t.after(() => client.stop());
      await client.start();
    } catch (error) {
      log.push(error);
    }
    assert.ok(
      log.some((one) => one instanceof Error),
      "nothing went wrong",
    );
    if (client) log.push(client, client.stats(), client.state, JSON.stringify(client));
    isClean(log);
  });

  // Here `properties` are those of the message, and the options are not credentials.
  if (/authentication|credentials/.test(what)) continue;
  test(`nothing is shown by a one-shot of ${what}`, async (t) => {
    const log = [];
    recordConsole(t, log);
    const { mqttserver, ...more } = credentials();
    const options = { hostname: mqttserver, ...more };
    await MqttCustom.publish_high_priority("a/b", "payload", options).catch((error) => log.push(error));
    assert.ok(log.length > 0, "nothing went wrong");
    isClean(log);
  });
}

test("nothing is shown when a connection is lost, and at the end", async (t) => {
  const log = [];
  recordConsole(t, log);
  const open = await startGateway();
  const keep = (_client, _userdata, ...all) => log.push(...all);
  const client = new MqttCustom({
    credentials: {
      mqttserver: `${open.url}${query}`,
      ...signed,
      websocket: { headers: { Authorization: SECRET }, protocols: ["mqtt", SECRET] },
    },
    on_error: keep,
    on_disconnect: keep,
  });
  t.after(() => client.stop());
  await client.start();
  log.push(inspect(client, { depth: Number.POSITIVE_INFINITY, showHidden: true }));
  await open.stop();
  await until(() => log.some((one) => one?.code === "CONNECTION_LOST"), "the loss");
  await until(() => log.some((one) => one?.code === "CONNECTION_REFUSED"), "the next attempt");
  await client.publish("a/#", "payload").catch((error) => log.push(error));
  await client.stop();
  log.push(client, client.stats());
  isClean(log);
});

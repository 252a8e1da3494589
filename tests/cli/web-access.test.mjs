// The embedded broker: which web pages may connect, by Origin and Host, and how much a connection may send before its
// CONNECT is accepted.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { WebSocket } from "ws";
import { cli } from "../support/command.mjs";
import { startEmbedded } from "../support/embedded.mjs";

const refused = [];
let broker;
before(async () => {
  broker = await startEmbedded({
    allowed: ["https://app.example", "null"],
    connectTimeout: 500,
    onRefused: (why) => refused.push(why),
  });
});
after(() => broker?.stop());

/** The status of an upgrade: 101 if the WebSocket opens. */
async function upgrade({ host, origin }) {
  const headers = { ...(host && { Host: host }), ...(origin && { Origin: origin }) };
  const socket = new WebSocket(broker.wsUrl, "mqtt", { headers });
  const [event, response] = await Promise.race([
    once(socket, "open").then(() => ["open"]),
    once(socket, "unexpected-response").then(([, response]) => ["refused", response]),
  ]);
  socket.on("error", () => {});
  socket.terminate();
  return event === "open" ? 101 : response.statusCode;
}

/** The status of the page, asked for with one host or several. */
async function get(...hosts) {
  const headers = hosts.flatMap((host) => ["Host", host]);
  const asked = request(broker.page, { headers }).end();
  const [response] = await once(asked, "response");
  response.resume();
  return response.statusCode;
}

const GOOD_HOSTS = [
  undefined,
  "localhost:1883",
  "127.0.0.1:1",
  "[::1]:1883",
  "192.168.1.5:1883",
  "app.localhost",
  "app.example",
];
const BAD_HOSTS = [
  "evil.example:1883",
  "127.evil.example",
  "localhost.evil.example",
  "127.0.0.1.nip.io",
  "a b",
  "evil@localhost",
  "localhost#evil.example",
];
const GOOD_ORIGINS = [
  undefined,
  "http://localhost:5173",
  "http://127.0.0.1",
  "https://[::1]:3000",
  "https://app.example",
  "null",
];
const BAD_ORIGINS = [
  "https://evil.example",
  "http://app.example",
  "https://app.example.evil.example",
  "http://127.evil.example",
  "http://localhost.evil.example",
  "file://",
  "nonsense",
];

test("hosts and origins of this machine are accepted, and those of the option", async () => {
  for (const host of GOOD_HOSTS) assert.equal(await upgrade({ host }), 101, `${host}`);
  for (const origin of GOOD_ORIGINS) assert.equal(await upgrade({ origin }), 101, `${origin}`);
  assert.equal(await upgrade({ host: "192.168.1.5:1883", origin: "http://192.168.1.5:3000" }), 101);
  assert.equal(await get("localhost"), 200);
  assert.deepEqual(refused, []);
});

test("others are refused, and the reason is said", async () => {
  for (const host of BAD_HOSTS) {
    assert.equal(await upgrade({ host }), 403, host);
    assert.equal(await get(host), 403, host);
  }
  for (const origin of BAD_ORIGINS) assert.equal(await upgrade({ origin }), 403, origin);
  assert.equal(await upgrade({ host: "localhost", origin: "http://192.168.1.5:3000" }), 403);
  assert.equal(refused.length, 2 * BAD_HOSTS.length + BAD_ORIGINS.length + 1);
  for (const why of refused) assert.match(why, /none of this machine; the option allow-origin permits more/);
});

test("a request with two hosts is refused, whichever comes first", async () => {
  for (const hosts of [
    ["localhost", "evil.example"],
    ["evil.example", "localhost"],
    ["localhost", "localhost"],
  ]) {
    refused.length = 0;
    assert.equal(await get(...hosts), 403, `${hosts}`);
    assert.match(refused[0], new RegExp(`the host "${hosts.join(", ")}" is none of this machine`));
  }
});

test("mqtt-lib broker takes --allow-origin, and prints what it refuses", async () => {
  const embedded = cli(["broker", "-p", "0", "--allow-origin", "https://app.example"]);
  await embedded.until("stdout", (text) => text.includes("Ctrl-C"));
  const port = /:(\d+) /.exec(embedded.stdout())[1];
  for (const [origin, event] of [
    ["https://app.example", "open"],
    ["https://evil.example", "unexpected-response"],
  ]) {
    const socket = new WebSocket(`ws://localhost:${port}/mqtt`, "mqtt", { headers: { Origin: origin } });
    await once(socket, event);
    socket.on("error", () => {}).terminate();
  }
  await embedded.until("stderr", (text) => text.includes("evil.example"));
  embedded.kill("SIGINT");
  assert.match(
    (await embedded.ended).stderr,
    /^mqtt-lib: refused: a web page of "https:\/\/evil\.example".*\n$/,
  );
});

/** A PUBLISH-like beginning of 200 MB. */
const HUGE = Buffer.from([0x10, 0xff, 0xff, 0xff, 0x5f, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0xff, 0xff]);

for (const [name, open] of [
  ["TCP", async () => [connect(broker.port, "127.0.0.1"), (socket, bytes) => socket.write(bytes)]],
  [
    "WebSocket, frames",
    async () => {
      const socket = new WebSocket(broker.wsUrl, "mqtt");
      await once(socket, "open");
      return [socket, (ws, bytes) => ws.send(bytes)];
    },
  ],
  [
    "WebSocket, one frame",
    async () => {
      const socket = new WebSocket(broker.wsUrl, "mqtt");
      await once(socket, "open");
      return [socket, (ws, bytes) => ws.send(bytes, { fin: false })];
    },
  ],
]) {
  test(`${name}: a connection that sends 200 MB before its CONNECT is accepted is ended long before`, async () => {
    const [socket, send] = await open();
    let isOpen = true;
    socket.on("error", () => {});
    const closed = once(socket, "close").then(() => {
      isOpen = false;
    });
    send(socket, HUGE);
    const chunk = Buffer.alloc(64 << 10, 65);
    let sent = 0;
    while (isOpen && sent < 200e6) {
      send(socket, chunk);
      sent += chunk.length;
      await new Promise(setImmediate);
    }
    await closed;
    assert.ok(sent < 50e6, `${sent}`);
  });

  test(`${name}: a connection that sends no CONNECT is ended`, async () => {
    const [socket, send] = await open();
    socket.on("error", () => {});
    send(socket, HUGE.subarray(0, 1));
    await once(socket, "close");
  });
}

test("a client that is connected may send more, and stay longer, than before", async () => {
  for (const mqttserver of [broker.url, broker.wsUrl]) {
    const client = new MqttCustom({ credentials: { mqttserver } });
    await client.start();
    for (let i = 0; i < 8; i++) await client.publish("large", Buffer.alloc(200_000), { qos: 1 });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await client.publish("large", "x", { qos: 1 });
    assert.equal(client.stats().reconnects, 0);
    await client.stop();
  }
});

test("the head of an HTTP request has the same time, however slowly it comes, also behind another request", async () => {
  const { port } = new URL(broker.page);
  for (const first of ["", "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n"]) {
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {}).resume();
    socket.write(`${first}GET / HTTP/1.1\r\n`);
    const timer = setInterval(() => socket.write("X: a\r\n"), 50);
    await once(socket, "close");
    clearInterval(timer);
  }
});

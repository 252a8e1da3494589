// Node-RED without its editor, whose package `mqtt` is the drop-in: a flow takes messages from a topic and publishes them on
// another. Five messages, the broker is away for a second, five more after the flow has reconnected.

const { mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { createServer: createHttp } = require("node:http");
const { connect, createServer } = require("node:net");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const mqtt = require("mqtt");
const RED = require("node-red");

const [url, topic] = process.argv.slice(2);
const { port } = new URL(url);
const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-node-red-"));
const sockets = new Set();

/** The broker of the flow, which can go away and come back. */
const between = createServer((socket) => {
  const broker = connect(Number(port), "127.0.0.1");
  socket.pipe(broker).pipe(socket);
  for (const one of [socket, broker]) one.on("error", () => {});
  socket.on("close", () => broker.destroy());
  sockets.add(socket);
});

const flow = (proxy) => [
  { id: "tab", type: "tab", label: "flow" },
  {
    id: "broker",
    type: "mqtt-broker",
    broker: "127.0.0.1",
    port: String(proxy),
    protocolVersion: "4",
    autoConnect: true,
    keepalive: "60",
    cleansession: true,
    clientid: `node-red-${topic}`,
  },
  {
    id: "in",
    type: "mqtt in",
    z: "tab",
    topic: `node-red/${topic}/in`,
    qos: "1",
    datatype: "utf8",
    broker: "broker",
    wires: [["out"]],
  },
  {
    id: "out",
    type: "mqtt out",
    z: "tab",
    topic: `node-red/${topic}/out`,
    qos: "1",
    retain: "false",
    broker: "broker",
    wires: [],
  },
];

/** Until the flow answers; what it answers twice counts once. */
async function exchange(client, texts, answered) {
  while (!texts.every((text) => answered.has(text))) {
    for (const text of texts.filter((one) => !answered.has(one)))
      client.publish(`node-red/${topic}/in`, text, { qos: 1 });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function main() {
  await new Promise((resolve) => between.listen(0, "127.0.0.1", resolve));
  writeFileSync(join(folder, "flows.json"), JSON.stringify(flow(between.address().port)));
  const settings = {
    userDir: folder,
    flowFile: "flows.json",
    httpAdminRoot: false,
    httpNodeRoot: false,
    mqttReconnectTime: 200,
    logging: { console: { level: "off" } },
  };
  RED.init(createHttp(), settings);
  await RED.start();
  const client = await mqtt.connectAsync(url);
  const answered = new Set();
  client.on("message", (_topic, payload) => answered.add(payload.toString()));
  await client.subscribeAsync(`node-red/${topic}/out`, { qos: 1 });
  await exchange(client, ["0", "1", "2", "3", "4"], answered);
  const { port: own } = between.address();
  between.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await new Promise((resolve) => between.listen(own, "127.0.0.1", resolve));
  await exchange(client, ["5", "6", "7", "8", "9"], answered);
  if (sockets.size < 2) throw new Error("the flow did not reconnect");
  if (require(require.resolve("mqtt", { paths: [require.resolve("@node-red/nodes/package.json")] })) !== mqtt)
    throw new Error("the flow has another package mqtt");
  await client.endAsync();
  await RED.stop();
  rmSync(folder, { recursive: true, force: true });
  console.log(answered.size);
  process.exit(0);
}

main();

// zigbee2mqtt without a radio, whose package `mqtt` is the drop-in: its state with a will, the retained discovery for Home
// Assistant, requests and answers. Five requests, the connection to the broker is cut, five more after it has reconnected.

const { mkdirSync, mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { connect, createServer } = require("node:net");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const mqtt = require("mqtt");

const [url, topic] = process.argv.slice(2);
const base = `z2m-${topic}`;
const discovery = `homeassistant-${topic}`;
const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-zigbee2mqtt-"));
process.env.ZIGBEE2MQTT_DATA = folder;
const sockets = new Set();

/** Stands between zigbee2mqtt and the broker, to cut their connection. */
const between = createServer((socket) => {
  const broker = connect(Number(new URL(url).port), "127.0.0.1");
  socket.pipe(broker).pipe(socket);
  for (const one of [socket, broker]) one.on("error", () => {});
  socket.on("close", () => broker.destroy());
  sockets.add(socket);
});

/** zigbee2mqtt knows one by the name of its class. */
class Endpoint {
  ID = 1;
  deviceIeeeAddress = "0x00124b0000000001";
  meta = {};
  binds = [];
  configuredReportings = [];
  getInputClusters = () => [];
  getOutputClusters = () => [];
}

/** What a stick with the network's coordinator would say. */
function withoutRadio() {
  const { Controller } = require("zigbee-herdsman");
  const coordinator = {
    ieeeAddr: "0x00124b0000000001",
    type: "Coordinator",
    networkAddress: 0,
    endpoints: [new Endpoint()],
    interviewState: "SUCCESSFUL",
    interviewCompleted: true,
    getEndpoint: () => coordinator.endpoints[0],
    save() {},
  };
  const none = function* () {};
  Object.assign(Controller.prototype, {
    start: async () => "resumed",
    stop: async () => {},
    backup: async () => {},
    isStopping: () => false,
    permitJoin: async () => {},
    getPermitJoin: () => false,
    getPermitJoinEnd: () => undefined,
    getCoordinatorVersion: async () => ({ type: "none", meta: { revision: 1 } }),
    getNetworkParameters: async () => ({
      panID: 6754,
      extendedPanID: "0xdddddddddddddddd",
      channel: 11,
      nwkUpdateID: 0,
    }),
    getDevicesByType: (type) => (type === "Coordinator" ? [coordinator] : []),
    getDeviceByIeeeAddr: (address) => (address === coordinator.ieeeAddr ? coordinator : undefined),
    *getDevicesIterator(accepts = () => true) {
      if (accepts(coordinator)) yield coordinator;
    },
    getGroupsIterator: none,
    getGroups: () => [],
    getGroupByID: () => undefined,
  });
}

const settings = (port) => `version: 5
mqtt: { base_topic: ${base}, server: "mqtt://127.0.0.1:${port}", client_id: ${base} }
serial: { port: /dev/null, adapter: zstack }
advanced: { log_output: [], network_key: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], pan_id: 6754 }
homeassistant: { enabled: true, discovery_topic: ${discovery} }
frontend: { enabled: false }
`;

async function main() {
  await new Promise((resolve) => between.listen(0, "127.0.0.1", resolve));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "configuration.yaml"), settings(between.address().port));
  const client = await mqtt.connectAsync(url);
  const states = [];
  const answers = new Set();
  const devices = new Set();
  client.on("message", (on, payload) => {
    const text = payload.toString();
    if (on === `${base}/bridge/state`) states.push(JSON.parse(text).state);
    else if (on.startsWith(discovery)) devices.add(on);
    else answers.add(JSON.parse(text).transaction);
  });
  await client.subscribeAsync([`${base}/bridge/state`, `${discovery}/#`, `${base}/bridge/response/#`]);
  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const exchange = async (names) => {
    for (const transaction of names) {
      const request = JSON.stringify({ transaction });
      await client.publishAsync(`${base}/bridge/request/health_check`, request, { qos: 1 });
      await until(() => answers.has(transaction));
    }
  };

  withoutRadio();
  const { Controller } = require("zigbee2mqtt/dist/controller.js");
  const controller = new Controller(
    async () => {},
    async () => {},
  );
  await controller.start();
  await until(() => states.at(-1) === "online" && devices.size > 0);
  await exchange(["0", "1", "2", "3", "4"]);
  for (const socket of sockets) socket.destroy();
  await until(() => states.includes("offline") && states.at(-1) === "online");
  await exchange(["5", "6", "7", "8", "9"]);
  if (require("zigbee2mqtt/package.json").version !== "2.14.1") throw new Error("another version");
  if (require(require.resolve("mqtt", { paths: [require.resolve("zigbee2mqtt/package.json")] })) !== mqtt)
    throw new Error("zigbee2mqtt has another package mqtt");
  await controller.stop();
  await until(() => states.at(-1) === "offline");
  await client.endAsync();
  rmSync(folder, { recursive: true, force: true });
  console.log(answers.size);
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

// The main workloads. `goal` is the ratio to MQTT.js in the same run, `dropIn` that of
// mqtt-lib/mqttjs, `ofBare` the ratio to the bare socket.

const all = ["mqtt-lib", "drop-in", "mqttjs", "paho", "bare"];
const noBare = ["mqtt-lib", "drop-in", "mqttjs", "paho"];

export const TABLE = [
  {
    name: "ws-publish-0",
    measure: "publish",
    transport: "ws",
    clients: all,
    goal: 50,
    dropIn: 10,
    ofBare: 0.5,
  },
  { name: "ws-publish-1", measure: "window", transport: "ws", qos: 1, clients: noBare, goal: 25, dropIn: 4 },
  { name: "ws-publish-2", measure: "window", transport: "ws", qos: 2, clients: noBare, goal: 16, dropIn: 4 },
  {
    name: "ws-receive-1",
    measure: "receive",
    transport: "ws",
    packed: 1,
    clients: all,
    goal: 2.5,
    dropIn: 2,
  },
  {
    name: "ws-receive-16",
    measure: "receive",
    transport: "ws",
    packed: 16,
    clients: all,
    goal: 4,
    dropIn: 2,
  },
  {
    name: "tcp-publish-0",
    measure: "publish",
    transport: "tcp",
    clients: ["mqtt-lib", "mqttjs", "bare"],
    goal: 10,
  },
  {
    name: "tcp-publish-1",
    measure: "window",
    transport: "tcp",
    qos: 1,
    clients: ["mqtt-lib", "mqttjs"],
    goal: 10,
  },
  {
    name: "tcp-publish-2",
    measure: "window",
    transport: "tcp",
    qos: 2,
    clients: ["mqtt-lib", "mqttjs"],
    goal: 7,
  },
  {
    name: "tcp-receive",
    measure: "receive",
    transport: "tcp",
    packed: 16,
    clients: ["mqtt-lib", "mqttjs", "bare"],
    goal: 4,
  },
];

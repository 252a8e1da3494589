// The workloads in Chromium. `goal` is the ratio to MQTT.js, `ofBare` to the bare WebSocket; `repeat` is how often it is
// measured in a round, because results vary by a tenth.

const all = ["mqtt-lib", "mqttjs", "bare"];
const two = ["mqtt-lib", "mqttjs"];

export const BROWSER = [
  { name: "chromium-publish-0", measure: "publish", clients: all, goal: 5 },
  { name: "chromium-publish-1", measure: "window", qos: 1, clients: two, goal: 20 },
  { name: "chromium-publish-2", measure: "window", qos: 2, clients: two, goal: 20 },
  { name: "chromium-receive-1", measure: "receive", packed: 1, clients: all, ofBare: 0.95, repeat: 3 },
  { name: "chromium-receive-16", measure: "receive", packed: 16, clients: all, goal: 6 },
].map((workload) => ({ size: 64, packed: 1, window: 1000, subscriptions: 0, repeat: 1, ...workload }));

// An edge node in a process of its own, to be killed. Its arguments: the broker's URL and the name of the node. It prints "born".

import { EdgeNode } from "mqtt-lib/sparkplug";

const [mqttserver, name] = process.argv.slice(2);
const node = new EdgeNode({
  group: "plant",
  node: name,
  credentials: { mqttserver },
  metrics: [{ name: "temperature", type: "Double", value: 20 }],
  devices: { press: [{ name: "pressure", type: "Int32", value: 1 }] },
  onCommand: ({ device, metrics }) =>
    node.update(Object.fromEntries(metrics.map((metric) => [metric.name, metric.value])), device),
});
await node.start();
console.log("born");

// mqtt-lib/sparkplug: what its types allow, and what they refuse. It is only compiled, never run.

import { MqttCustom } from "mqtt-lib";
import {
  type Change,
  type Command,
  decodePayload,
  EdgeNode,
  type EdgeNodeOptions,
  encodePayload,
  HostApplication,
  type HostApplicationOptions,
  type HostNode,
  type Metric,
} from "mqtt-lib/sparkplug";

const options: Required<EdgeNodeOptions> = {
  group: "plant",
  node: "line",
  credentials: { mqttserver: "localhost" },
  metrics: [{ name: "a", type: "Int64", value: 1n, properties: { unit: { type: "String", value: "m" } } }],
  devices: { press: [{ name: "b", type: "BooleanArray", value: [true], timestamp: new Date() }] },
  primaryHost: "scada",
  aliases: true,
  datatypes: true,
  bdSeq: 3,
  onCommand: ({ device, metrics }: Command) => [device?.length, metrics[0]?.value],
  onBirth: async () => {},
  onError: ({ code }) => code,
  Client: MqttCustom,
};
const node = new EdgeNode(options);
node.start({ timeout: 5 });
const sent: Promise<boolean> = node.update({ a: 2, b: { value: null, isHistorical: true } }, "press");
node.connectDevice("press", []);
node.client.stats();

const hostOptions: HostApplicationOptions = {
  id: "scada",
  credentials: async () => ({ mqttserver: "localhost" }),
  onData: ({ group, node, device, metrics }: Change) => [group, node, device, metrics],
};
const host = new HostApplication(hostOptions);
const known: HostNode | undefined = host.node("plant", "line");
const stale: boolean | undefined = known?.devices.get("press")?.metrics.get("b")?.stale;
host.command("plant", "line", { a: 1, c: { type: "Double", value: 0.5 } }, "press");

const metrics: Metric[] = decodePayload(
  encodePayload({ seq: 1, metrics: [{ name: "a", type: "Text", value: "x" }] }),
).metrics;
export { metrics, sent, stale };

// @ts-expect-error a group is needed
new EdgeNode({ node: "a" });
// @ts-expect-error a type that does not exist
new EdgeNode({ group: "a", node: "b", metrics: [{ name: "a", type: "Integer" }] });
// @ts-expect-error an option that does not exist
new HostApplication({ id: "a", group: "b" });
// @ts-expect-error bytes are needed
decodePayload("text");
// @ts-expect-error it is read only
node.born = true;

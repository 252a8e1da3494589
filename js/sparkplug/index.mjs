// The entry "mqtt-lib/sparkplug": payloads of Sparkplug B 3.0, edge nodes and host applications.

export { EdgeNode } from "./edge-node.mjs";
export { HostApplication } from "./host-application.mjs";
export { decodePayload, encodePayload } from "./payload.mjs";

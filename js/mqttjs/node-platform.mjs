// The platform of the facade in Node.

import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { MqttCustom } from "../node.mjs";
import { open } from "./node-streams.mjs";
import { platform } from "./platform.mjs";

Object.assign(platform, {
  EventEmitter,
  MqttCustom,
  bytes: (/** @type {Uint8Array} */ { buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  protocols: ["mqtt", "mqtts", "tcp", "ssl", "tls", "ws", "wss"],
  open,
  streamOf: (/** @type {any[]} */ values) => Readable.from(values),
  later: process.nextTick,
});

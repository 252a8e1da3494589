// Streams messages to a client: blocks that are encoded once and written repeatedly, as fast as the socket accepts them, for
// a given time. The number of messages is known afterwards.

import { frame } from "./frames.mjs";
import { lengthBytes } from "./sink.mjs";

const BLOCK = 64 * 1024;

/** A PUBLISH packet with QoS 0. */
export function publishPacket(topic, size, version = 4) {
  const name = Buffer.from(topic);
  const properties = version === 5 ? [0] : [];
  const length = 2 + name.length + properties.length + size;
  const head = Buffer.from([0x30, ...lengthBytes(length), name.length >> 8, name.length & 255]);
  return Buffer.concat([head, name, Buffer.from(properties), Buffer.alloc(size, "x")]);
}

/** Complete frames of `packed` messages each, about 64 KiB, with every topic at least once. */
function block({ ws, topics, size, packed, version }) {
  const parts = [];
  let messages = 0;
  let bytes = 0;
  while (bytes < BLOCK || messages < topics.length) {
    const packets = [];
    for (let i = 0; i < packed; i++) {
      packets.push(publishPacket(topics[(messages + i) % topics.length], size, version));
    }
    const joined = Buffer.concat(packets);
    const part = ws ? frame(joined) : joined;
    parts.push(part);
    bytes += part.length;
    messages += packed;
  }
  return { bytes: Buffer.concat(parts), messages };
}

/** Streams for `ms`; resolves with the number of messages. */
export function stream(socket, ms, options) {
  const { bytes, messages } = block(options);
  const end = performance.now() + ms;
  let sent = 0;
  return new Promise((resolve) => {
    const go = () => {
      while (!socket.destroyed) {
        if (performance.now() >= end) return resolve(sent);
        sent += messages;
        if (!socket.write(bytes)) return void socket.once("drain", go);
      }
      resolve(sent);
    };
    go();
  });
}

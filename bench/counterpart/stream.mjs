// Streams messages to a client: blocks that are encoded once and written repeatedly, as fast as the socket accepts them, for
// a given time; with QoS 1 as fast as they are acknowledged. The number of messages is known afterwards.

import { frame } from "./frames.mjs";
import { lengthBytes } from "./sink.mjs";

const BLOCK = 64 * 1024;
/** So many bytes lie ready for the kernel. */
const AHEAD = 2 << 20;

/** A PUBLISH packet, with an identifier of QoS 1 and otherwise of QoS 0. */
export function publishPacket(topic, size, version = 4, id = 0) {
  const name = Buffer.from(topic);
  const more = [...(id ? [id >> 8, id & 255] : []), ...(version === 5 ? [0] : [])];
  const length = 2 + name.length + more.length + size;
  const head = Buffer.from([id ? 0x32 : 0x30, ...lengthBytes(length), name.length >> 8, name.length & 255]);
  return Buffer.concat([head, name, Buffer.from(more), Buffer.alloc(size, "x")]);
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
        // Enough of them, so that the client never waits until this process goes on.
        if (!socket.write(bytes) && socket.writableLength > AHEAD) return void socket.once("drain", go);
      }
      resolve(sent);
    };
    go();
  });
}

/** Streams QoS 1 over TCP for `ms`, at most `window` messages unacknowledged; resolves with the number of messages. */
export function streamAcknowledged(connection, ms, { topics: [topic], size, window, version }) {
  const { socket, sink } = connection;
  const packets = Array.from({ length: window }, (_, i) => publishPacket(topic, size, version, i + 1));
  const one = packets[0].length;
  const ring = Buffer.concat(packets);
  const before = sink.acknowledged;
  const end = performance.now() + ms;
  let sent = 0;
  return new Promise((resolve) => {
    const go = () => {
      if (socket.destroyed || performance.now() >= end) {
        connection.onChunk = () => {};
        return resolve(sent);
      }
      // Acknowledgements come in order, so the identifiers of those that are acknowledged are the next ones of the ring.
      let room = window - (sent - (sink.acknowledged - before));
      while (room > 0) {
        const from = sent % window;
        const count = Math.min(room, window - from);
        socket.write(ring.subarray(from * one, (from + count) * one));
        sent += count;
        room -= count;
      }
    };
    connection.onChunk = go;
    go();
  });
}

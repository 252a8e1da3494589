// Not a client: the speed of `ws` and net.Socket with prepared bytes, as a reference for the clients. Sends frames of up to
// 500 messages that are encoded once; counts received messages by their size.

import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { WebSocket } from "ws";
import { publishPacket } from "../counterpart/stream.mjs";

const A_FRAME = 500;
/** 500 messages of 64 bytes. */
const FRAME_BYTES = 45_000;
const ENOUGH = 4 << 20;
const CONNECT = Buffer.from([0x10, 16, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 4, 98, 97, 114, 101]);
const SUBSCRIBE = Buffer.from([0x82, 6, 0, 1, 0, 1, 97, 0]);

/** The same interface for both: send(bytes), waiting(), drained(). */
async function open(url, onBytes) {
  if (url.startsWith("ws")) {
    const ws = new WebSocket(url, "mqtt", { perMessageDeflate: false, skipUTF8Validation: true });
    ws.on("message", onBytes);
    let stream;
    ws.on("upgrade", (response) => {
      stream = response.socket;
    });
    await once(ws, "open");
    return { client: ws, stream, send: (bytes) => ws.send(bytes) };
  }
  const stream = connectTcp({ port: Number(new URL(url).port), host: "127.0.0.1", noDelay: true });
  stream.on("data", onBytes);
  await once(stream, "connect");
  return { client: stream, stream, send: (bytes) => stream.write(bytes) };
}

export async function connect({ url, onMessage, size, topic }) {
  const a_message = publishPacket(topic, size).length;
  let answered = null;
  let rest = 0;
  const { client, stream, send } = await open(url, (bytes) => {
    if (answered !== null) {
      answered();
      answered = null;
    } else {
      rest += bytes.length;
      const whole = Math.floor(rest / a_message);
      rest -= whole * a_message;
      onMessage(bytes, whole);
    }
  });
  const answer = (bytes) => {
    const promise = new Promise((resolve) => {
      answered = resolve;
    });
    send(bytes);
    return promise;
  };
  await answer(CONNECT);
  const single = publishPacket(topic, size);
  const a_frame = Math.max(1, Math.min(A_FRAME, Math.floor(FRAME_BYTES / single.length)));
  let joined;
  return {
    client,
    async burst(_topic, _payload, count) {
      joined ??= Buffer.concat(new Array(a_frame).fill(single));
      for (let left = count; left > 0; left -= a_frame) send(joined.subarray(0, left * single.length));
      if (stream.writableLength > ENOUGH) await once(stream, "drain");
    },
    send: () => send(single),
    subscribe: () => answer(SUBSCRIBE),
    async close() {
      stream.destroy();
    },
  };
}

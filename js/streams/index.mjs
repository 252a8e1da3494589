// The entry "mqtt-lib/streams": in a page or worker, the sockets of `credentials.transport`, and the transport over
// `WebSocketStream`. Registers them under a global symbol, so that neither it nor the core imports the other.

import { StreamsDuplex } from "./duplex.mjs";
import { StreamsSocket } from "./socket.mjs";

const { WebSocketStream } = /** @type {any} */ (globalThis);
const CONNECT = Symbol.for("mqtt-lib.connect");

/** @param {string} url @param {string | string[]} protocols @param {any} credentials */
const open = (url, protocols, credentials) =>
  credentials?.transport
    ? new StreamsSocket(url, protocols, credentials.transport, (streams) => new StreamsDuplex(streams))
    : new WebSocket(url, protocols);

// Node opens transports itself.
/** @type {any} */ (globalThis)[CONNECT] = (/** @type {any} */ connect) => connect ?? open;

/** @param {{ url: string, protocols: string | string[], signal: AbortSignal }} to */
async function overWebSocketStream({ url, protocols, signal }) {
  const socket = new WebSocketStream(url, { protocols: [protocols].flat(), signal });
  const { readable, writable } = await socket.opened;
  return { readable, writable, closed: socket.closed };
}

export const webSocketStream = WebSocketStream && overWebSocketStream;

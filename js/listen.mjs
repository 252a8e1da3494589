// Bytes that arrive, put straight into the memory of the core: two calls by numbers only, where the core's own
// handler needs ten of all kinds. What does not go this way is left to that handler.

import { bulk, memoryBytes } from "./runtime.mjs";

/** @param {any} socket a WebSocket, or what is dressed as one @param {number} generation @param {{ number: number }} client */
export function listen(socket, generation, client) {
  const general = socket.onmessage;
  /** @param {{ data: any }} event */
  socket.onmessage = (event) => {
    const { data } = event;
    if (typeof data !== "string") {
      const bytes = ArrayBuffer.isView(data) ? /** @type {Uint8Array} */ (data) : new Uint8Array(data);
      const { length } = bytes;
      const at = bulk.space(client.number, length);
      if (at !== 0) {
        memoryBytes().set(bytes, at);
        return bulk.received(client.number, generation, length);
      }
    }
    general(event);
  };
}

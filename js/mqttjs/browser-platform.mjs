// The platform of the facade in pages and workers.

import { MqttCustom } from "../browser.mjs";
import { Emitter } from "./emitter.mjs";
import { Payload } from "./payload.mjs";
import { platform } from "./platform.mjs";
import { webSocketUrl } from "./websocket-url.mjs";

Object.assign(platform, {
  EventEmitter: Emitter,
  MqttCustom,
  bytes: (/** @type {Uint8Array<ArrayBuffer>} */ { buffer, byteOffset, byteLength }) =>
    new Payload(buffer, byteOffset, byteLength),
  protocols: ["ws", "wss"],
  open(/** @type {any} */ options, /** @type {any} */ client) {
    options.hostname ??= options.host || globalThis.location?.hostname;
    if (!options.hostname) throw new Error("Could not determine host. Specify host manually.");
    const url = webSocketUrl(options, client);
    const socket = options.createWebsocket?.(url, ["mqtt"], options) ?? new WebSocket(url, ["mqtt"]);
    socket.binaryType = "arraybuffer";
    return socket;
  },
  // Not the function itself: it may be called on no other object than the global one.
  later: (/** @type {() => void} */ callback) => queueMicrotask(callback),
});

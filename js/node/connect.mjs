// The factory of sockets in Node: from a URL to a socket with the interface of a WebSocket. Owns the choice of the transport
// by scheme; never throws: a URL that it cannot use is reported through onerror and onclose.

import { Certificates } from "./certificates.mjs";
import { codeOf, failure, shownUrl } from "./failure.mjs";
import { TcpSocket } from "./tcp.mjs";
import { WebSocketAdapter } from "./websocket-adapter.mjs";
import { WsSocket } from "./websocket.mjs";

/**
 * @param {string} url ws://, wss://, mqtt:// or mqtts://
 * @param {string | string[]} [protocols] WebSocket subprotocols
 * @param {{ certs?: import("./certificates.mjs").Certs | null, websocket?: import("./websocket.mjs").Details | null } | null} [credentials]
 * @returns {WebSocketAdapter}
 */
export function connect(url, protocols = "mqtt", credentials = {}) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch (error) {
    const text = `"${shownUrl(url)}" is not a URL; give one such as mqtt://localhost:1883`;
    // Without the cause, whose message has the whole URL.
    return unusable(failure(text, undefined, codeOf(error)));
  }
  if (parsed.hostname === "") {
    return unusable(failure(`"${shownUrl(url)}" has no host name; give a URL such as mqtt://localhost:1883`));
  }
  const { certs, websocket } = credentials ?? {};
  /** @type {Certificates | undefined} */
  let certificates;
  try {
    if (/^(mqtts|wss):$/.test(parsed.protocol)) certificates = new Certificates(certs);
  } catch (error) {
    return unusable(/** @type {Error} */ (error));
  }
  switch (parsed.protocol) {
    case "mqtt:":
    case "mqtts:":
      return new TcpSocket(parsed, certificates);
    case "ws:":
    case "wss:":
      return new WsSocket(parsed, protocols, certificates, websocket);
    default:
      return unusable(failure(`"${shownUrl(url)}" must begin with ws://, wss://, mqtt:// or mqtts://`));
  }
}

/** @param {Error} error */
function unusable(error) {
  const socket = new WebSocketAdapter();
  socket.failedToOpen(error);
  return socket;
}

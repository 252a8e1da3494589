// The factory of sockets in Node: from a URL to a socket with the interface of a WebSocket. Owns the choice of the transport
// by scheme; never throws: a URL that it cannot use is reported through onerror and onclose.

import { familyOptions, parseAddress } from "./address.mjs";
import { Certificates } from "./certificates.mjs";
import { codeOf, failure } from "../sockets/failure.mjs";
import { shownUrl } from "./socket-failure.mjs";
import { StreamsSocket } from "../streams/socket.mjs";
import { toDuplex } from "./streams.mjs";
import { TcpSocket } from "./tcp.mjs";
import { WebSocketAdapter } from "../sockets/websocket-adapter.mjs";
import { WsSocket } from "./websocket.mjs";

/**
 * @param {string} url ws://, wss://, mqtt:// or mqtts://
 * @param {string | string[]} [protocols] WebSocket subprotocols
 * @param {{
 *   certs?: import("./certificates.mjs").Certs | null,
 *   websocket?: import("./websocket.mjs").Details | null,
 *   connecttimeout?: number,
 *   transport?: import("../streams/socket.mjs").Transport | null,
 * } | null} [credentials]
 * @returns {WebSocketAdapter}
 */
export function connect(url, protocols = "mqtt", credentials = {}) {
  if (credentials?.transport) return new StreamsSocket(url, protocols, credentials.transport, toDuplex);
  let address;
  try {
    address = parseAddress(url);
  } catch (error) {
    const text = `"${shownUrl(url)}" is not a URL; give one such as mqtt://localhost:1883`;
    // Without the cause, whose message has the whole URL.
    return unusable(failure(text, undefined, codeOf(error)));
  }
  const { protocol } = address.url;
  if (address.url.protocol === "unix:")
    return new TcpSocket(address, { path: decodeURI(address.url.pathname) });
  if (address.host === "") {
    return unusable(failure(`"${shownUrl(url)}" has no host name; give a URL such as mqtt://localhost:1883`));
  }
  const { certs, websocket, connecttimeout } = credentials ?? {};
  const options = familyOptions(connecttimeout);
  /** @type {Certificates | undefined} */
  let certificates;
  try {
    if (/^(mqtts|wss):$/.test(protocol)) certificates = new Certificates(certs);
  } catch (error) {
    return unusable(/** @type {Error} */ (error));
  }
  switch (protocol) {
    case "mqtt:":
    case "mqtts:":
      return new TcpSocket(address, options, certificates, websocket?.agent);
    case "ws:":
    case "wss:":
      return new WsSocket(address, protocols, options, certificates, websocket);
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

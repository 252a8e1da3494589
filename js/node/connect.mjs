// The one factory the driver knows in Node: a URL in, a socket dressed as a WebSocket out.
// Owns the choice by scheme; never throws, a URL it cannot use ends in onerror and onclose.

import { familyOptions, parseAddress } from "./address.mjs";
import { Certificates } from "./certificates.mjs";
import { DressedSocket } from "./dressed.mjs";
import { codeOf, failure, shownUrl } from "./failure.mjs";
import { TcpSocket } from "./tcp.mjs";
import { WsSocket } from "./websocket.mjs";

/**
 * @param {string} url ws://, wss://, mqtt:// or mqtts://
 * @param {string | string[]} [protocols] WebSocket subprotocols
 * @param {{ certs?: import("./certificates.mjs").Certs | null, websocket?: import("./websocket.mjs").Details | null, connecttimeout?: number } | null} [credentials]
 * @returns {DressedSocket}
 */
export function connect(url, protocols = "mqtt", credentials = {}) {
  let address;
  try {
    address = parseAddress(url);
  } catch (error) {
    const text = `"${shownUrl(url)}" is not a URL; write for example mqtt://localhost:1883`;
    // The cause would show the whole of it.
    return unusable(failure(text, undefined, codeOf(error)));
  }
  const { protocol } = address.url;
  if (address.host === "") {
    return unusable(failure(`"${shownUrl(url)}" names no host; write for example mqtt://localhost:1883`));
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
  const socket = new DressedSocket();
  socket.neverOpened(error);
  return socket;
}

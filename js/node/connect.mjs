// The one factory the driver knows in Node: a URL in, a socket dressed as a WebSocket out.
// Owns the choice by scheme; never throws, a URL it cannot use ends in onerror and onclose.

import { DressedSocket } from "./dressed.mjs";
import { failure } from "./failure.mjs";
import { TcpSocket } from "./tcp.mjs";
import { WsSocket } from "./websocket.mjs";

/**
 * @param {string} url ws://, wss://, mqtt:// or mqtts://
 * @param {string} [protocol] WebSocket subprotocol
 * @param {{ tls?: import("node:tls").ConnectionOptions }} [options]
 * @returns {DressedSocket}
 */
export function connect(url, protocol = "mqtt", options = {}) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch (error) {
    return unusable(`"${url}" is not a URL; write for example mqtt://localhost:1883`, error);
  }
  if (parsed.hostname === "") {
    return unusable(`"${url}" names no host; write for example mqtt://localhost:1883`);
  }
  switch (parsed.protocol) {
    case "mqtt:":
    case "mqtts:":
      return new TcpSocket(parsed, options?.tls);
    case "ws:":
    case "wss:":
      return new WsSocket(parsed, protocol, options?.tls);
    default:
      return unusable(`"${url}" must begin with ws://, wss://, mqtt:// or mqtts://`);
  }
}

/** @param {string} message @param {unknown} [cause] */
function unusable(message, cause) {
  const socket = new DressedSocket();
  socket.neverOpened(failure(message, cause));
  return socket;
}

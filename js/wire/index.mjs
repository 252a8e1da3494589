// The entry "mqtt-lib/wire": the value of the option `wire`, which shows each packet of a client's connections. Owns the tap on
// a socket; never changes a byte, and no failure in here reaches the connection.

import { Framer, WHOLE } from "../mqttjs/framer.mjs";
import { readPacket } from "../mqttjs/packets.mjs";
import { platform } from "../mqttjs/platform.mjs";
import { WirePacket } from "./packet.mjs";

// Payloads and other bytes are given as they are.
platform.bytes = (bytes) => bytes;

const CONNECT = 1;
const FIVE = 5;

/** @param {(packet: WirePacket) => unknown} show called with each packet @returns {(connect?: (...all: any[]) => any) => (...all: any[]) => any} */
export function wireLog(show) {
  if (typeof show !== "function")
    throw Object.assign(new TypeError(`wireLog must be given a function; ${typeof show} was given`), {
      code: "INVALID_OPTION",
    });
  let connections = 0;
  return (connect) =>
    (url, protocols, ...others) => {
      const socket = connect ? connect(url, protocols, ...others) : new WebSocket(url, protocols);
      connections += 1;
      tap(socket, show, connections);
      return socket;
    };
}

/** @param {any} socket of the platform, or an adapter of js/node/ @param {(packet: WirePacket) => unknown} show @param {number} connection */
function tap(socket, show, connection) {
  let isFive = false;
  /** @param {"sent" | "received"} direction */
  const side = (direction) => {
    const framer = new Framer(
      () => WHOLE,
      (bytes) => {
        const packet = readPacket(bytes, isFive);
        // A packet of MQTT says its version once; CONNECT says it in front of its properties.
        if (bytes[0] >> 4 === CONNECT && packet.protocolVersion === FIVE && !isFive) {
          isFive = true;
          Object.assign(packet, readPacket(bytes, true));
        }
        const result = /** @type {any} */ (show(new WirePacket(direction, connection, bytes.length, packet)));
        if (typeof result?.then === "function") Promise.resolve(result).catch(warn);
      },
    );
    return (/** @type {any} */ data) => {
      if (typeof data === "string") return;
      try {
        framer.push(ArrayBuffer.isView(data) ? /** @type {any} */ (data) : new Uint8Array(data));
      } catch (error) {
        warn(error);
      }
    };
  };
  const [sent, received] = [side("sent"), side("received")];
  const { send } = socket;
  socket.send = (/** @type {any} */ data) => {
    sent(data);
    return send.call(socket, data);
  };
  if (typeof socket.received === "function") {
    const { received: pass } = socket;
    socket.received = (/** @type {any} */ data) => {
      received(data);
      return pass.call(socket, data);
    };
  } else {
    // Before `onmessage` is set, so that a packet is shown before what it leads to.
    socket.addEventListener?.("message", (/** @type {any} */ { data }) => received(data));
  }
}

/** @param {unknown} error */
function warn(error) {
  try {
    // biome-ignore lint/suspicious/noConsole: nobody else would hear of it, and the connection is to go on
    console.warn("mqtt-lib: the function given to wireLog threw:", error);
  } catch {
    // Others are not to suffer from a console that throws.
  }
}

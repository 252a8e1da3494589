// What a broker says, read off the proxy: taps that make packets of the bytes on their way to the client, over
// TCP or WebSocket. Owns the proof that a broker, not the client, broke a rule of MQTT.

import mqttPacket from "mqtt-packet";

/** A tap for startProxy; `onPacket(packet, index)` is called with each whole packet from the broker. */
export function fromBroker(ws, onPacket) {
  const readers = new Map();
  return (index, way, bytes) => {
    if (way !== "down") return;
    let reader = readers.get(index);
    if (reader === undefined) {
      const parser = mqttPacket.parser();
      parser.on("packet", (packet) => onPacket(packet, index));
      const parse = (chunk) => parser.parse(Buffer.from(chunk));
      reader = ws ? unframe(parse) : parse;
      readers.set(index, reader);
    }
    reader(bytes);
  };
}

/** The payloads of a server's WebSocket frames, without the HTTP answer before them. */
function unframe(emit) {
  let rest = Buffer.alloc(0);
  let open = false;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    if (!open) {
      const end = rest.indexOf("\r\n\r\n");
      if (end < 0) return;
      open = true;
      rest = rest.subarray(end + 4);
    }
    while (rest.length >= 2) {
      const short = rest[1] & 127;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (rest.length < header) return;
      const length =
        short < 126 ? short : short === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
      if (rest.length < header + length) return;
      if ((rest[0] & 15) <= 2) emit(rest.subarray(header, header + length));
      rest = rest.subarray(header + length);
    }
  };
}

/**
 * Counts the messages that a broker publishes again after it has sent their PUBREL, which it must not
 * [MQTT-4.3.3-1] and against which no receiver can do anything: the identifier may be that of a new message.
 * Mosquitto 2.0.11 does so when a connection breaks before it has resent the PUBRELs of the one before. Then
 * `db__message_reconnect_reset_outgoing` takes "PUBREL to be resent" for "PUBLISH to be resent".
 */
export class AfterRelease {
  #carried = new Map();
  #released = new Set();
  /** How often, by topic and payload. @type {Map<string, number>} */
  again = new Map();

  see(packet) {
    if (packet.cmd === "pubrel") this.#released.add(this.#carried.get(packet.messageId));
    if (packet.cmd !== "publish" || packet.qos !== 2) return;
    const message = `${packet.topic} ${packet.payload}`;
    this.#carried.set(packet.messageId, message);
    if (this.#released.has(message)) this.again.set(message, (this.again.get(message) ?? 0) + 1);
  }
}

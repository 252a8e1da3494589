// Parses the packets of a broker from the bytes that pass through the proxy, over TCP or WebSocket. Owns the proofs that a
// broker, and not the client, has violated MQTT.

import mqttPacket from "mqtt-packet";

/** A tap for startProxy that calls `onPacket(packet, index)` with each packet from the broker. */
export function fromBroker(ws, onPacket, protocolVersion = 4) {
  const readers = new Map();
  return (index, way, bytes) => {
    if (way !== "down") return;
    let reader = readers.get(index);
    if (reader === undefined) {
      const parser = mqttPacket.parser({ protocolVersion });
      parser.on("packet", (packet) => onPacket(packet, index));
      const parse = (chunk) => parser.parse(Buffer.from(chunk));
      reader = ws ? unframe(parse) : parse;
      readers.set(index, reader);
    }
    reader(bytes);
  };
}

/** Extracts the payloads of a server's WebSocket frames, without the HTTP response before them. */
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
 * Counts the messages that a broker publishes again after it has sent their PUBREL, which violates [MQTT-4.3.3-1]. No
 * receiver can detect that, because the packet identifier may belong to a new message. Mosquitto 2.0.11 does it if a
 * connection fails before the PUBRELs of the previous one were resent: `db__message_reconnect_reset_outgoing` then treats
 * "PUBREL to be resent" as "PUBLISH to be resent".
 */
export class ResentAfterPubrel {
  #carried = new Map();
  #released = new Set();
  /** How often each was resent, by topic and payload. @type {Map<string, number>} */
  again = new Map();

  see(packet) {
    if (packet.cmd === "pubrel") this.#released.add(this.#carried.get(packet.messageId));
    if (packet.cmd !== "publish" || packet.qos !== 2) return;
    const message = `${packet.topic} ${packet.payload}`;
    this.#carried.set(packet.messageId, message);
    if (this.#released.has(message)) this.again.set(message, (this.again.get(message) ?? 0) + 1);
  }
}

/**
 * In which order a broker has published the numbered messages of each topic on each connection. MQTT wants that of the
 * publisher [MQTT-4.6.0-6]. Mosquitto 2.0.11 with `max_inflight_messages 20` breaks it when connections fail: after one
 * that was cut, messages that it had never sent (DUP 0) follow later ones that it sends again (DUP 1).
 */
export class OrderOfTheBroker {
  /** By topic: the connection and the number of each message, and whether it was sent again. @type {Map<string, [number, number, boolean][]>} */
  #sent = new Map();
  /** What it has sent on topics of which it broke the order, for people. @type {string[]} */
  stories = [];

  see(packet, index) {
    if (packet.cmd !== "publish") return;
    if (!this.#sent.has(packet.topic)) this.#sent.set(packet.topic, []);
    this.#sent.get(packet.topic).push([index, Number.parseInt(packet.payload, 10), packet.dup]);
  }

  /** A line for each connection: the numbers as they were sent, those with DUP marked by "d". */
  #story(topic, early) {
    const lines = new Map();
    for (const [connection, number, dup] of this.#sent.get(topic)) {
      lines.set(
        connection,
        `${lines.get(connection) ?? `  connection ${connection}:`} ${number}${dup ? "d" : ""}`,
      );
    }
    return [
      `${topic}: ${early} handed over before a smaller number; sent by the broker:`,
      ...lines.values(),
    ].join("\n");
  }

  /** Whether it has sent `number` on a connection without `earlier` before it, and `earlier` later. */
  #overtakes(topic, number, earlier) {
    const sent = this.#sent.get(topic) ?? [];
    return sent.some(([connection, one], place) => {
      if (one !== number) return false;
      const before = sent.slice(0, place).filter(([index]) => index === connection);
      const isEarlier = ([, other]) => other === earlier;
      return !before.some(isEarlier) && sent.slice(place).some(isEarlier);
    });
  }

  /** How many of the received numbers came before a smaller one; throws if one did that the broker sent behind it. */
  judge(topic, received) {
    const early = received.filter((number, place) => {
      const overtaken = received.slice(place + 1).filter((other) => other < number);
      for (const other of overtaken) {
        if (!this.#overtakes(topic, number, other))
          throw new Error(`on ${topic} ${number} was handed over before ${other}, which came first`);
      }
      return overtaken.length > 0;
    });
    if (early.length > 0) this.stories.push(this.#story(topic, early));
    return early.length;
  }
}

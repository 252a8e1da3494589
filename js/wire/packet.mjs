// One packet on the wire, as `wireLog` shows it: decoded, with its direction and time, and as one line of text. Owns which
// fields are secrets; never shows one.

const MASK = "***";
/** How much of a payload is in the line. */
const SHOWN = 60;
/** Of a packet; they are said otherwise, or by the payload. */
const OTHERWISE = ["cmd", "length", "topic", "payload", "qos", "retain", "dup", "will", "protocolId"];

/** @param {any} packet its fields are changed */
function mask(packet) {
  for (const name of ["username", "password"]) if (name in packet) packet[name] = MASK;
  if (packet.properties?.authenticationData) packet.properties.authenticationData = MASK;
  return packet;
}

/** Bytes as text where they are text. @param {Uint8Array} bytes */
function shown(bytes) {
  const end = bytes.length > SHOWN ? "…" : "";
  // Without the last character, of which the bytes may have been cut.
  const text = new TextDecoder().decode(bytes.subarray(0, SHOWN));
  const printable = end === "" ? text : text.replace(/\uFFFD+$/, "");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they make bytes no text
  if (/[\u0000-\u0008\u000E-\u001F\u007F\uFFFD]/.test(printable)) return `${bytes.length} bytes`;
  return `${JSON.stringify(printable)}${end}`;
}

/** @param {unknown} value @returns {string} */
function text(value) {
  if (value instanceof Uint8Array) return shown(value);
  if (Array.isArray(value)) return `[${value.map(text).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${fields(value, [])}}`;
}

/** @param {object} object @param {string[]} without */
const fields = (object, without) =>
  Object.entries(object)
    .filter(([name]) => !without.includes(name))
    .map(([name, value]) => `${name}=${text(value)}`)
    .join(" ");

export class WirePacket {
  time = new Date();

  /** @param {"sent" | "received"} direction @param {number} connection @param {number} bytes @param {any} packet */
  constructor(direction, connection, bytes, packet) {
    this.direction = direction;
    this.connection = connection;
    this.bytes = bytes;
    this.packet = mask(packet);
  }

  /** One line: time, direction, name, fields. */
  toString() {
    const { packet } = this;
    const isPublish = packet.cmd === "publish";
    const parts = [
      this.time.toISOString().slice(11, 23),
      this.direction === "sent" ? "->" : "<-",
      (packet.cmd ?? "?").toUpperCase(),
      isPublish && `${JSON.stringify(packet.topic)} qos=${packet.qos}`,
      isPublish && packet.retain && "retain",
      isPublish && packet.dup && "dup",
      fields(packet, OTHERWISE),
      packet.will && `will=${text(packet.will)}`,
      isPublish && shown(packet.payload),
      `(${this.bytes} bytes)`,
    ];
    return parts.filter(Boolean).join(" ");
  }
}

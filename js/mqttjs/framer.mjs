// Finds the packets in the bytes of one direction of a connection. Walks over headers only; a packet is put together where
// somebody wants to see it. Never interprets more than the header and the packet identifier of a message.

/** What somebody wants to see of a packet. */
export const NOTHING = 0;
export const WHOLE = 1;
/** Up to the packet identifier of a PUBLISH of QoS 1 or 2. */
export const HEAD = 2;

export class Framer {
  /** Bytes of a packet that nobody wants, and that are still to come. */
  #skip = 0;
  /** A packet that is not complete. @type {Uint8Array | null} */
  #part = null;
  #wants;
  #packet;

  /**
   * @param {(type: number, first: number) => number} wants what somebody wants to see of a packet
   * @param {(bytes: Uint8Array, type: number) => void} packet called with that
   */
  constructor(wants, packet) {
    this.#wants = wants;
    this.#packet = packet;
  }

  /** True between two packets. */
  get isBetween() {
    return this.#skip === 0 && this.#part === null;
  }

  /** @param {Uint8Array} bytes they may be changed after the call */
  push(bytes) {
    let chunk = bytes;
    if (this.#part !== null) {
      chunk = new Uint8Array(this.#part.length + bytes.length);
      chunk.set(this.#part);
      chunk.set(bytes, this.#part.length);
      this.#part = null;
    }
    let at = Math.min(this.#skip, chunk.length);
    this.#skip -= at;
    while (at < chunk.length) {
      const body = bodyAt(chunk, at);
      if (body === 0) return this.#keep(chunk, at);
      const end = body + lengthAt(chunk, at);
      const type = chunk[at] >> 4;
      const wanted = this.#wants(type, chunk[at]);
      const seen = wanted === HEAD ? headOf(chunk, body) : end;
      if (wanted !== NOTHING) {
        if (seen > chunk.length) return this.#keep(chunk, at);
        this.#packet(chunk.subarray(at, seen), type);
      }
      this.#skip = Math.max(0, end - chunk.length);
      at = end;
    }
  }

  /** @param {Uint8Array} chunk @param {number} at */
  #keep(chunk, at) {
    this.#part = chunk.slice(at);
  }
}

/** Where the body of a packet begins; 0 if its header is not complete. @param {Uint8Array} bytes @param {number} at */
function bodyAt(bytes, at) {
  for (let end = at + 1; end < bytes.length && end < at + 5; end++) if (bytes[end] < 128) return end + 1;
  return bytes.length >= at + 5 ? at + 5 : 0;
}

/** The remaining length (§2.2.3). @param {Uint8Array} bytes @param {number} at */
function lengthAt(bytes, at) {
  let length = 0;
  for (let i = 1, scale = 1; i < 5; i++, scale *= 128) {
    const byte = bytes[at + i];
    length += (byte & 127) * scale;
    if (byte < 128) break;
  }
  return length;
}

/** Where the packet identifier of a PUBLISH ends, or a later place if that is not known yet. @param {Uint8Array} bytes @param {number} body */
const headOf = (bytes, body) =>
  body + 2 > bytes.length ? body + 2 : body + 4 + bytes[body] * 256 + bytes[body + 1];

/** The packet identifier of a PUBLISH of QoS 1 or 2. @param {Uint8Array} packet */
export function messageIdOf(packet) {
  const at = headOf(packet, bodyAt(packet, 0)) - 2;
  return packet[at] * 256 + packet[at + 1];
}

/** Topic and packet identifier of a PUBLISH of QoS 1 or 2. @param {Uint8Array} packet @returns {[string, number]} */
export function topicAndIdOf(packet) {
  const body = bodyAt(packet, 0);
  const topic = packet.subarray(body + 2, headOf(packet, body) - 2);
  return [new TextDecoder().decode(topic), messageIdOf(packet)];
}

// Takes binary frames out of what a WebSocket receives (RFC 6455, section 5.2), before the package `ws` sees the bytes:
// payloads are handed over as they come, also those of a message in several frames, of which `ws` would keep all until the last
// has come; headers are passed over. A frame of text is reported as soon as it begins. Every other frame is left to `ws`, to which
// it is passed as it is. Owns where frames begin and end; never judges a frame, and copies nothing but what closes the gaps
// between payloads.

const FINAL = 0x80;
const MASKED = 0x80;
/** `ws` closes the connection for a longer one. */
export const LONGEST = 2 ** 28 + 2 ** 20;

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;

/** Who has the beginning of a message in several frames. */
const NOBODY = 0;
const TAKERS = 1;
const WS = 2;

/** The beginning of a message, behind which another one is wrong. */
const BEGINNING = Uint8Array.of(BINARY, 0);

/**
 * @typedef {object} Takers
 * @property {boolean} takes whether frames may be taken
 * @property {(payload: Uint8Array) => void} takePayload called with payloads of a read, joined; a view
 * @property {(bytes: Uint8Array) => void} leave called with frames that are left to `ws`, or pieces of them; a view
 * @property {() => void} rejectText called where a frame of text begins, behind which nothing is read
 */

export class IncomingFrames {
  /** Bytes of the payload of a frame that are still to come. */
  #left = 0;
  /** Whether we take that frame. */
  #takes = false;
  #begun = NOBODY;
  /** The header of a frame, of which a read had the beginning only. @type {Uint8Array | null} */
  #header = null;

  /** How many bytes come next that are payload and are taken. */
  get ahead() {
    return this.#takes ? this.#left : 0;
  }

  /** @param {Uint8Array} read they are changed @param {Takers} takers */
  read(read, takers) {
    const bytes = this.#header === null ? read : joined(this.#header, read);
    this.#header = null;
    const { length } = bytes;
    let [from, upto] = [0, 0];
    const handOver = () => {
      if (upto > from) takers.takePayload(bytes.subarray(from, upto));
      from = upto = 0;
    };
    for (let at = 0; at < length; ) {
      const begin = at;
      if (this.#left === 0) {
        const header = headerLength(bytes, at);
        if (at + header > length) {
          this.#header = bytes.slice(at);
          break;
        }
        // Nothing follows a masked frame, with which `ws` ends the connection.
        this.#left = bytes[at + 1] < MASKED ? payloadLength(bytes, at, header) : Infinity;
        const isOurs = this.#left <= LONGEST && takers.takes;
        const opcode = bytes[at] & ~FINAL;
        if (isOurs && opcode === TEXT) {
          handOver();
          this.#takes = true;
          return takers.rejectText();
        }
        this.#takes =
          isOurs && opcode === (this.#begun === TAKERS ? CONTINUATION : BINARY) && this.#begun !== WS;
        if (!this.#takes) handOver();
        if ((bytes[at] & 15) <= BINARY) this.#beginOrEnd(bytes, at, takers);
        at += header;
      }
      const end = Math.min(length, at + this.#left);
      this.#left -= end - at;
      if (this.#takes) {
        if (upto === 0) from = upto = at;
        if (upto < at) bytes.copyWithin(upto, at, end);
        upto += end - at;
      } else {
        takers.leave(bytes.subarray(begin, end));
      }
      at = end;
    }
    handOver();
  }

  /** A frame of data: what `ws` has not seen the beginning of must begin there. @param {Uint8Array} bytes @param {number} at @param {Takers} takers */
  #beginOrEnd(bytes, at, takers) {
    if (!this.#takes && this.#begun === TAKERS) {
      if ((bytes[at] & 15) === CONTINUATION) bytes[at] |= BINARY;
      else takers.leave(BEGINNING);
    }
    const which = this.#takes ? TAKERS : WS;
    this.#begun = bytes[at] < FINAL ? which : NOBODY;
  }
}

/** @param {Uint8Array} first @param {Uint8Array} second */
function joined(first, second) {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** Of a frame without mask. @param {Uint8Array} bytes @param {number} at */
function headerLength(bytes, at) {
  const short = bytes[at + 1] & 127;
  return short < 126 ? 2 : short === 126 ? 4 : 10;
}

/** @param {Uint8Array} bytes @param {number} at @param {number} header */
function payloadLength(bytes, at, header) {
  if (header === 2) return bytes[at + 1] & 127;
  let length = 0;
  for (let i = at + 2; i < at + header; i++) length = length * 256 + bytes[i];
  return length;
}

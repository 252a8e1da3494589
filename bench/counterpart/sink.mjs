// A cheap parser of MQTT: reads the packets of a client only as far as an acknowledgement requires. Payloads are skipped and
// not unmasked. Acknowledgements are collected until the caller takes them.

const TYPE = 0;
const LENGTH = 1;
const TOPIC_HIGH = 2;
const TOPIC_LOW = 3;
const TOPIC = 4;
const ID_HIGH = 5;
const ID_LOW = 6;
const SKIP = 7;
const WHOLE = 8;

const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBCOMP = 0x70;

/** Packets whose complete body is needed: CONNECT, SUBSCRIBE, UNSUBSCRIBE. */
const NEEDED = new Set([1, 8, 10]);

export class Sink {
  /** PUBLISH packets received, completely or in part. */
  messages = 0;
  /** PUBACK packets received, completely or in part. */
  acknowledged = 0;
  version = 4;
  #state = TYPE;
  #first = 0;
  #left = 0;
  #shift = 0;
  #skip = 0;
  #id = 0;
  #body = [];
  #acks = Buffer.allocUnsafe(8192);
  #acked = 0;

  /** Bytes from `at` to `end`; the value of byte i is chunk[i] ^ mask[(i + phase) & 3]. */
  feed(chunk, at, end, mask, phase) {
    let state = this.#state;
    let left = this.#left;
    let skip = this.#skip;
    let first = this.#first;
    let i = at;
    while (i < end) {
      if (state === SKIP || state === TOPIC) {
        const step = Math.min(skip, end - i);
        i += step;
        skip -= step;
        if (skip === 0) state = state === SKIP ? TYPE : ID_HIGH;
        continue;
      }
      const byte = chunk[i] ^ mask[(i + phase) & 3];
      i += 1;
      switch (state) {
        case TYPE:
          first = byte;
          left = 0;
          this.#shift = 0;
          state = LENGTH;
          break;
        case LENGTH:
          left += (byte & 127) * 2 ** this.#shift;
          this.#shift += 7;
          if (byte > 127) break;
          state = this.#after(first, left);
          skip = left;
          break;
        case TOPIC_HIGH:
          skip = byte << 8;
          left -= 1;
          state = TOPIC_LOW;
          break;
        case TOPIC_LOW:
          skip += byte;
          left -= 1 + skip;
          state = skip === 0 ? ID_HIGH : TOPIC;
          break;
        case ID_HIGH:
          this.#id = byte << 8;
          left -= 1;
          state = ID_LOW;
          break;
        case ID_LOW:
          left -= 1;
          this.#ack(first >> 4 === 6 ? PUBCOMP : (first & 6) === 2 ? PUBACK : PUBREC, this.#id + byte);
          skip = left;
          state = left === 0 ? TYPE : SKIP;
          break;
        default:
          this.#body.push(byte);
          left -= 1;
          if (left === 0) {
            this.#answer(first >> 4, this.#body);
            this.#body = [];
            state = TYPE;
          }
      }
    }
    this.#state = state;
    this.#left = left;
    this.#skip = skip;
    this.#first = first;
  }

  /** The state that follows a fixed header. */
  #after(first, left) {
    const type = first >> 4;
    if (type === 3) {
      this.messages += 1;
      return first & 6 ? TOPIC_HIGH : left === 0 ? TYPE : SKIP;
    }
    if (type === 6) return ID_HIGH;
    if (type === 4) this.acknowledged += 1;
    if (type === 12) this.#put([0xd0, 0]);
    if (left === 0) return TYPE;
    return NEEDED.has(type) ? WHOLE : SKIP;
  }

  #ack(type, id) {
    if (this.#acked + 4 > this.#acks.length) this.#grow(4);
    const acks = this.#acks;
    let at = this.#acked;
    acks[at++] = type;
    acks[at++] = 2;
    acks[at++] = id >> 8;
    acks[at++] = id & 255;
    this.#acked = at;
  }

  #put(bytes) {
    this.#grow(bytes.length);
    for (const byte of bytes) this.#acks[this.#acked++] = byte;
  }

  #grow(by) {
    if (this.#acked + by <= this.#acks.length) return;
    this.#acks = Buffer.concat([this.#acks], Math.max(this.#acks.length * 2, this.#acked + by));
  }

  #answer(type, body) {
    if (type === 1) {
      this.version = body[6];
      this.#put(this.version === 5 ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0]);
      return;
    }
    const five = this.version === 5;
    let at = 2 + (five ? 1 + body[2] : 0);
    const codes = [];
    while (at < body.length) {
      at += 2 + body[at] * 256 + body[at + 1];
      codes.push(type === 8 ? body[at++] & 3 : 0);
    }
    const rest = [body[0], body[1], ...(five ? [0] : []), ...(type === 8 || five ? codes : [])];
    this.#put([type === 8 ? 0x90 : 0xb0, ...lengthBytes(rest.length), ...rest]);
  }

  /** Acknowledgements since the last call, or null; the caller may keep them. */
  take() {
    if (this.#acked === 0) return null;
    const taken = Buffer.from(this.#acks.subarray(0, this.#acked));
    this.#acked = 0;
    return taken;
  }
}

/** A variable byte integer of MQTT. */
export function lengthBytes(length) {
  const bytes = [];
  do {
    bytes.push((length & 127) | (length > 127 ? 128 : 0));
    length >>>= 7;
  } while (length > 0);
  return bytes;
}

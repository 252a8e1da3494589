// A simulated WebSocket for bench/compare.mjs: it acknowledges PUBLISH packets of one length, and delivers prepared chunks. It
// does as little work as possible, because its work is included in the figures.

export const TOPIC = "bench/publish/sensor";
const SIZE = 64;
/** The length of a PUBLISH with a packet identifier, which is at PID. */
const WHOLE = 2 + 2 + TOPIC.length + 2 + SIZE;
const PID = 4 + TOPIC.length;

/** Chunks by their QoS and number of messages. */
const chunks = new Map();
function chunk(packed, qos) {
  const key = `${qos} ${packed}`;
  if (!chunks.has(key)) {
    const packets = Array.from({ length: packed }, (_, i) => {
      const id = qos > 0 ? [(i + 1) >> 8, (i + 1) & 255] : [];
      const length = 2 + TOPIC.length + id.length + SIZE;
      const head = [0x30 + 2 * qos, length, 0, TOPIC.length, ...Buffer.from(TOPIC), ...id];
      return [...head, ...new Uint8Array(SIZE)];
    });
    chunks.set(key, Uint8Array.from(packets.flat()).buffer);
  }
  return chunks.get(key);
}

export class LoopSocket {
  /** The latest one. @type {LoopSocket} */
  static last;
  readyState = 0;
  bufferedAmount = 0;
  protocol = "mqtt";
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;

  constructor() {
    LoopSocket.last = this;
    setImmediate(() => {
      this.readyState = 1;
      this.#tell("open");
    });
  }

  /** Builds from before 2026-11-26 use this method. */
  addEventListener(name, listener) {
    this[`on${name}`] = listener;
  }

  #tell(name, data) {
    this[`on${name}`]?.({ type: name, data, target: this });
  }

  #later = (data) => setImmediate(() => this.#tell("message", data));

  /** Messages of QoS 1 are acknowledged to nobody. */
  deliver(packed, qos = 0) {
    this.#tell("message", chunk(packed, qos));
  }

  /** The beginning of a packet whose rest comes with the next send. */
  #rest = new Uint8Array(0);

  send(sent) {
    const bytes = this.#rest.length === 0 ? sent : Buffer.concat([this.#rest, sent]);
    this.#rest = bytes.slice(bytes.length - incomplete(bytes));
    if (bytes.length === this.#rest.length) return;
    const first = bytes[0];
    if (first === 0x10) this.#later(Uint8Array.of(0x20, 2, 0, 0).buffer);
    else if (first === 0x82) this.#later(Uint8Array.of(0x90, 3, bytes[2], bytes[3], 0).buffer);
    else if (first === 0x32 || first === 0x34 || first === 0x62) this.#later(answers(bytes));
  }

  close() {}
}

const lengthAt = (bytes, at) => (bytes[at] === 0x62 ? 4 : WHOLE);

/** How many bytes at the end belong to a PUBLISH or PUBREL that is not complete. */
function incomplete(bytes) {
  if (bytes[0] !== 0x32 && bytes[0] !== 0x34 && bytes[0] !== 0x62) return 0;
  let at = 0;
  while (at < bytes.length && at + lengthAt(bytes, at) <= bytes.length) at += lengthAt(bytes, at);
  return bytes.length - at;
}

function answers(bytes) {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  const say = (first, at) => {
    out[length++] = first;
    out[length++] = 2;
    out[length++] = bytes[at];
    out[length++] = bytes[at + 1];
  };
  for (let at = 0; at + lengthAt(bytes, at) <= bytes.length; ) {
    if (bytes[at] === 0x62) {
      say(0x70, at + 2);
      at += 4;
    } else {
      say(bytes[at] === 0x32 ? 0x40 : 0x50, at + PID);
      at += WHOLE;
    }
  }
  return out.buffer.slice(0, length);
}

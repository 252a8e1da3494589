// A simulated WebSocket for bench/compare.mjs: it acknowledges PUBLISH packets of one length, and delivers prepared chunks. It
// does as little work as possible, because its work is included in the figures.

export const TOPIC = "bench/publish/sensor";
const SIZE = 64;
/** The length of a PUBLISH with a packet identifier, which is at PID. */
const WHOLE = 2 + 2 + TOPIC.length + 2 + SIZE;
const PID = 4 + TOPIC.length;

/** Chunks by their number of messages. */
const chunks = new Map();
function chunk(packed) {
  if (!chunks.has(packed)) {
    const one = [
      0x30,
      2 + TOPIC.length + SIZE,
      0,
      TOPIC.length,
      ...Buffer.from(TOPIC),
      ...new Uint8Array(SIZE),
    ];
    chunks.set(
      packed,
      Uint8Array.from({ length: one.length * packed }, (_, i) => one[i % one.length]).buffer,
    );
  }
  return chunks.get(packed);
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

  deliver(packed) {
    this.#tell("message", chunk(packed));
  }

  send(bytes) {
    const first = bytes[0];
    if (first === 0x10) this.#later(Uint8Array.of(0x20, 2, 0, 0).buffer);
    else if (first === 0x82) this.#later(Uint8Array.of(0x90, 3, bytes[2], bytes[3], 0).buffer);
    else if (first === 0x32 || first === 0x34 || first === 0x62) this.#later(answers(bytes));
  }

  close() {}
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
  for (let at = 0; at < bytes.length; ) {
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

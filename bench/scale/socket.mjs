// A simulated WebSocket with a broker behind it that accepts everything, and a clock that only this file moves: both have to be
// there before the package is loaded. Owns the virtual time; measures nothing.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const PINGRESP = Uint8Array.of(0xd0, 0);
const CONNACK = Uint8Array.of(0x20, 2, 0, 0);

let now = 1_000_000;
/** Timers of the package: [when, call]. @type {Map<number, [number, () => void]>} */
const timers = new Map();
let timer = 0;

/** Moves the clock, and calls what is due. @param {number} ms */
export function pass(ms) {
  now += ms;
  for (const [id, [at, call]] of timers) {
    if (at > now) continue;
    timers.delete(id);
    call();
  }
}

export class ScaleSocket {
  /** Those that are open. @type {ScaleSocket[]} */
  static all = [];
  readyState = 0;
  bufferedAmount = 0;
  protocol = "mqtt";
  onopen = null;
  onmessage = null;
  onclose = null;
  onerror = null;
  published = 0;

  constructor() {
    ScaleSocket.all.push(this);
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen?.({ type: "open" });
    });
  }

  /** @param {Uint8Array} bytes */
  deliver(bytes) {
    this.onmessage?.({ type: "message", data: bytes.buffer });
  }

  /** @param {Uint8Array} bytes whole packets */
  send(bytes) {
    for (let at = 0; at < bytes.length; ) {
      let [length, body] = [0, at + 1];
      for (let shift = 0; ; shift += 7) {
        length += (bytes[body] & 127) << shift;
        if (bytes[body++] < 128) break;
      }
      const answer = this.#answer(bytes, at, body, length);
      if (answer) queueMicrotask(() => this.deliver(answer));
      at = body + length;
    }
  }

  #answer(bytes, at, body, length) {
    const type = bytes[at] >> 4;
    if (type === 1) return CONNACK.slice();
    if (type === 12) return PINGRESP.slice();
    if (type === 10) return Uint8Array.of(0xb0, 2, bytes[body], bytes[body + 1]);
    if (type === 8) {
      let count = 0;
      for (let i = body + 2; i < body + length; i += 3 + bytes[i] * 256 + bytes[i + 1]) count += 1;
      const rest = 2 + count;
      const head = rest < 128 ? [0x90, rest] : [0x90, (rest & 127) | 128, rest >> 7];
      return Uint8Array.from([...head, bytes[body], bytes[body + 1], ...new Uint8Array(count)]);
    }
    if (type !== 3) return undefined;
    this.published += 1;
    const id = body + 2 + bytes[body] * 256 + bytes[body + 1];
    return (bytes[at] & 6) === 2 ? Uint8Array.of(0x40, 2, bytes[id], bytes[id + 1]) : undefined;
  }

  close() {}
}

/** A PUBLISH of QoS 0. @param {string} topic @param {number} size */
export function message(topic, size) {
  const name = Buffer.from(topic);
  const length = 2 + name.length + size;
  if (length > 127) throw new Error("too long for this");
  const bytes = new Uint8Array(2 + length);
  bytes.set([0x30, length, name.length >> 8, name.length & 255]);
  bytes.set(name, 4);
  return bytes;
}

/** The package, loaded over this socket and clock. @param {string} dist */
export async function load(dist) {
  globalThis.WebSocket = /** @type {any} */ (ScaleSocket);
  globalThis.performance.now = () => now;
  globalThis.setTimeout = /** @type {any} */ (
    (/** @type {() => void} */ call, ms = 0) => {
      timers.set(++timer, [now + ms, call]);
      return timer;
    }
  );
  globalThis.clearTimeout = /** @type {any} */ ((/** @type {number} */ id) => timers.delete(id));
  const lib = await import(pathToFileURL(`${dist}/bare.mjs`).href);
  await lib.init(readFileSync(`${dist}/mqtt_lib_bg.wasm`));
  return lib;
}

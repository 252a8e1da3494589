// MQTT.js's store in memory. The core keeps messages itself: with `clean: false` it keeps them in here over the end of a client,
// otherwise a store that is given as an option is only closed. One of another package, or with methods of its own, is refused:
// nothing would be in it.

import { platform } from "./platform.mjs";

export class Store {
  /** @type {Map<number, any>} */
  #packets = new Map();

  /** What the core keeps, for `store` of the native client. */
  records = {
    /** @type {Map<number, Uint8Array>} */
    kept: new Map(),
    open() {
      return this.kept;
    },
    /** @param {[number, Uint8Array | undefined][]} changes */
    write(changes) {
      for (const [number, bytes] of changes) {
        if (bytes === undefined) this.kept.delete(number);
        else this.kept.set(number, bytes.slice());
      }
    },
    close() {},
  };

  /** @param {{ clean?: boolean }} [options] */
  constructor(options) {
    this.options = { clean: true, ...options };
  }

  /** @param {any} packet @param {((error?: Error) => void)} [done] */
  put(packet, done) {
    this.#packets.set(packet.messageId, packet);
    done?.();
    return this;
  }

  /** @param {any} packet @param {((error: Error | null, packet?: any) => void)} [done] */
  get(packet, done) {
    answer(this.#packets.get(packet.messageId), done);
    return this;
  }

  /** @param {any} packet @param {((error: Error | null, packet?: any) => void)} [done] */
  del(packet, done) {
    const known = this.#packets.get(packet.messageId);
    this.#packets.delete(packet.messageId);
    answer(known, done);
    return this;
  }

  /** Of the packets that were put. */
  createStream() {
    if (platform.streamOf !== undefined) return platform.streamOf([...this.#packets.values()]);
    throw new Error("a Store of mqtt-lib/mqttjs has no stream in a page");
  }

  /** @param {((error?: Error) => void)} [done] */
  close(done) {
    if (this.options.clean) this.#packets.clear();
    done?.();
  }
}

/** @param {any} packet @param {((error: Error | null, packet?: any) => void)} [done] */
function answer(packet, done) {
  if (packet === undefined) done?.(new Error("missing packet"));
  else done?.(null, packet);
}

/** What MQTT.js calls with each packet. */
const OF_PACKETS = ["put", "get", "del", "createStream"];

/** @param {any} options */
export function checkStores(options) {
  for (const name of ["incomingStore", "outgoingStore"]) {
    const store = options[name];
    if (store == null) continue;
    const own = OF_PACKETS.find((method) => store[method] !== /** @type {any} */ (Store.prototype)[method]);
    if (store instanceof Store && own === undefined) continue;
    const what =
      store instanceof Store ? `calls no ${own}() of a Store of your own` : "cannot use a store of MQTT.js";
    throw new Error(
      `${name}: mqtt-lib/mqttjs ${what}, because its core keeps the messages; give native: { store: "persistent" } and import "mqtt-lib/persistent", or native: { store } with methods open, write and close`,
    );
  }
}

/** Closes the stores that were given; `done` gets the first error. @param {any[]} stores @param {(error?: Error) => void} done */
export function closeStores([store, ...others], done) {
  if (store === undefined) return done();
  store.close((/** @type {Error | undefined} */ error) =>
    closeStores(others, (another) => done(error ?? another)),
  );
}

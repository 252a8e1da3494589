// The stores of messages that components see. Components with the same filter and options share one store, which has one handler of the
// client, so a filter is subscribed to once. A store is closed a moment after its last component: StrictMode unmounts and
// mounts again at once.

import { report } from "../report.mjs";

/** @type {any} */
export const NONE = Object.freeze([]);
const LIMIT = 100;

/** Of each client, by filter or typed topic, and then by options. @type {WeakMap<object, Map<any, Map<string, Store>>>} */
const stores = new WeakMap();

class Store {
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #closing;
  #isClosed = false;
  /** @type {any} */
  #added;
  #client;
  #add;
  #forget;
  messages = NONE;

  /** @param {any} client @param {any} filter @param {any} options @param {() => void} forget */
  constructor(client, filter, { limit = LIMIT, ...options }, forget) {
    this.#client = client;
    this.#forget = forget;
    // As JSON, `Infinity` is null.
    const most = limit ?? Number.POSITIVE_INFINITY;
    this.#add = () =>
      client.addHandler(
        filter,
        (/** @type {unknown} */ _client, /** @type {unknown} */ _userdata, /** @type {any} */ message) => {
          this.messages = most > 0 ? [...this.messages, message].slice(-most) : NONE;
          for (const changed of this.#listeners) changed();
        },
        options,
      );
    this.#subscribe();
  }

  #subscribe() {
    this.#added = this.#add();
    this.#added.ready.catch((/** @type {any} */ error) => {
      if (this.#isClosed) return;
      // A client that is stopped may be started again.
      if (error?.code === "STOPPED") return this.#client.addEventListener("statechange", this.#started);
      this.#forget();
      report(this.#client, "useMessages", error);
    });
  }

  #started = () => {
    if (this.#client.state === "stopped") return;
    this.#client.removeEventListener("statechange", this.#started);
    this.#subscribe();
  };

  /** @param {() => void} changed */
  listen(changed) {
    clearTimeout(this.#closing);
    this.#listeners.add(changed);
    return () => {
      this.#listeners.delete(changed);
      if (this.#listeners.size > 0) return;
      this.#closing = setTimeout(() => this.closeUnused());
    };
  }

  closeUnused() {
    if (this.#listeners.size > 0) return;
    clearTimeout(this.#closing);
    this.#isClosed = true;
    this.#client.removeEventListener("statechange", this.#started);
    this.#forget();
    return this.#added.remove().catch(() => {});
  }
}

/** @param {any} client @param {any} filter @param {string} key */
export const find = (client, filter, key) => stores.get(client)?.get(filter)?.get(key);

/** @param {any} client @param {any} filter @param {string} key */
export function open(client, filter, key) {
  const ofClient = stores.get(client) ?? new Map();
  /** @type {Map<string, Store>} */
  const ofFilter = ofClient.get(filter) ?? new Map();
  /** @type {Store} */
  const store = new Store(client, filter, JSON.parse(key), () => {
    if (ofFilter.get(key) !== store) return;
    ofFilter.delete(key);
    if (ofFilter.size === 0 && ofClient.get(filter) === ofFilter) ofClient.delete(filter);
  });
  stores.set(client, ofClient.set(filter, ofFilter.set(key, store)));
  return store;
}

/** Closes the stores of a client that no component uses. @param {any} client */
export const closeAll = (client) =>
  Promise.all(
    [...(stores.get(client)?.values() ?? [])]
      .flatMap((ofFilter) => [...ofFilter.values()])
      .map((store) => store.closeUnused()),
  );

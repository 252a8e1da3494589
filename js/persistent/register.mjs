// Registers the store of `store: "persistent"` under a global symbol, so that neither it nor the core imports the other.

const NAME = Symbol.for("mqtt-lib.persistent");

/** @param {() => object} make */
export function register(make) {
  /** @type {any} */ (globalThis)[NAME] = make;
}

/** @param {string} message @param {unknown} [cause] */
export function locked(message, cause) {
  return Object.assign(new Error(message, { cause }), { code: "STORE_LOCKED" });
}

/** `shut` closes what is open, and does not wait for what is being opened. @typedef {{ shut: () => Promise<void> | void }} Store */

/** Where the core says that its WebAssembly has failed: then no client has a store any more, and none closes its own. */
const FAILED = Symbol.for("mqtt-lib.failed");
/** Those that are open. @type {Set<Store>} */
const opened = new Set();
/** Those that are being opened; resolves when that has ended. @type {Map<Store, Promise<void>>} */
const opening = new Map();
/** Resolves when those of clients that have failed are closed. */
let closing = Promise.resolve();

/** @type {any} */
const here = globalThis;
const before = here[FAILED];
here[FAILED] = () => {
  before?.();
  const all = new Set([...opened, ...opening.keys()]);
  const shut = async (/** @type {Store} */ store) => {
    await opening.get(store); // as it is now: what is opened later waits for this
    await store.shut();
  };
  closing = Promise.allSettled([...all].map(shut)).then(() => {});
};

/** Opens a store, after those of clients that have failed are closed. @template T @param {Store} store @param {() => Promise<T>} open @returns {Promise<T>} */
export async function openAfterFailure(store, open) {
  // A failure of this turn is announced first: it is not one of the client that calls this.
  await undefined;
  const result = closing.then(open);
  const ended = Promise.allSettled([opening.get(store), result]).then(() => {
    if (opening.get(store) === ended) opening.delete(store);
  });
  opening.set(store, ended);
  return result;
}

/** To be awaited before a store is closed: what its open() obtains until then is closed too. @param {Store} store */
export async function openingEnded(store) {
  await undefined;
  await opening.get(store);
}

/** @param {Store} store */
export function opens(store) {
  opened.add(store);
}

/** @param {Store} store */
export function closes(store) {
  opened.delete(store);
}

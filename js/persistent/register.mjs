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

/** Where the core says that its WebAssembly has failed: then no client has a store any more, and none closes its own. */
const FAILED = Symbol.for("mqtt-lib.failed");
/** Those that are open. @type {Set<{ close: () => Promise<void> }>} */
const opened = new Set();
/** Resolves when those of clients that have failed are closed. */
let closing = Promise.resolve();

/** @type {any} */
const here = globalThis;
const before = here[FAILED];
here[FAILED] = () => {
  before?.();
  closing = Promise.allSettled([...opened].map((store) => store.close())).then(() => {});
};

/** To be awaited before a store is opened. */
export const closedAfterFailure = () => closing;

/** @param {{ close: () => Promise<void> }} store */
export function opens(store) {
  opened.add(store);
}

/** @param {{ close: () => Promise<void> }} store */
export function closes(store) {
  opened.delete(store);
}

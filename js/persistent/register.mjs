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

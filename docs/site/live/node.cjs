// What the broker asks of Node, for a page: what scripts/live.mjs puts in the place of Node's modules `assert`, `crypto` and
// `util`. Its `events` and `stream` are packages.

/** @param {unknown} value @param {string} [message] */
function assert(value, message) {
  if (!value) throw new Error(message ?? "an assertion failed");
}

const randomUUID = () => crypto.randomUUID();

/** @param {(...all: any[]) => void} call that ends with a callback */
const promisify =
  (call) =>
  (/** @type {any[]} */ ...all) =>
    new Promise((resolve, reject) => {
      call(...all, (/** @type {unknown} */ error, /** @type {unknown} */ value) =>
        error ? reject(error) : resolve(value),
      );
    });

/** @param {any} Child @param {any} Parent */
function inherits(Child, Parent) {
  Object.setPrototypeOf(Child.prototype, Parent.prototype);
}

module.exports = Object.assign(assert, { randomUUID, promisify, inherits });

// Promises of pending operations, by token. Tokens are small numbers that are reused; 0 means none.

import { refused } from "./errors.mjs";

const ignore = () => {};

/** @type {(value?: any) => void} */
let resolveNext = ignore;
/** @type {(reason: unknown) => void} */
let rejectNext = ignore;
/** @type {(resolve: (value?: any) => void, reject: (reason: unknown) => void) => void} */
const executor = (resolve, reject) => {
  resolveNext = resolve;
  rejectNext = reject;
};

/** A promise whose rejection is not reported as unhandled. @template T @param {Promise<T>} promise @returns {Promise<T>} */
export function quiet(promise) {
  promise.catch(ignore);
  return promise;
}

/** A rejection that is not reported as unhandled, not even where `vm` ends this in its middle. @param {unknown} error @returns {Promise<never>} */
export function rejected(error) {
  const promise = quiet(new Promise(executor));
  rejectNext(error);
  return /** @type {Promise<never>} */ (promise);
}

/**
 * @typedef {object} Entry
 * @property {Promise<any>} promise
 * @property {(value?: any) => void} resolve
 * @property {(reason: unknown) => void} reject
 * @property {string} [topic]
 * @property {(value?: any) => void} [linked] the promise's own `resolve`, where `resolve` does more
 */

export class Pending {
  /** @type {(Entry | undefined)[]} */
  #entries = [undefined];
  /** @type {number[]} */
  #free = [];

  /** The token that the next `commit` will use. */
  next() {
    const { length } = this.#free;
    return length > 0 ? this.#free[length - 1] : this.#entries.length;
  }

  /** Creates the promise of the token that `next` has returned. @param {number} token @param {string} topic for Node's errors @returns {Entry} */
  commit(token, topic) {
    // At the end of the stack the executor does not run, and what the one before it has left is another promise's.
    resolveNext = rejectNext = ignore;
    /** @type {Promise<any>} */
    const promise = new Promise(executor);
    if (token === this.#entries.length) this.#entries.push(undefined);
    else this.#free.pop();
    const entry = /** @type {any} */ (import.meta).page
      ? { promise, resolve: resolveNext, reject: rejectNext }
      : { promise, resolve: resolveNext, reject: rejectNext, topic };
    this.#entries[token] = entry;
    return entry;
  }

  /** `undefined` for a promise that is one of the core. @param {number} token */
  promise(token) {
    return this.#entries[token]?.promise;
  }

  /** @param {number} token */
  #take(token) {
    const entry = this.#entries[token];
    if (entry !== undefined) {
      this.#entries[token] = undefined;
      this.#free.push(token);
    }
    return entry;
  }

  /** @param {Uint32Array} words @param {number} from @param {number} count */
  resolveAll(words, from, count) {
    for (let i = from; i < from + count; i++) this.#take(words[i])?.resolve();
  }

  /** Resolves one promise with a value. @param {number} token @param {any} value */
  resolve(token, value) {
    this.#take(token)?.resolve(value);
  }

  /** @param {unknown} error */
  rejectAll(error) {
    for (let token = 1; token < this.#entries.length; token++) this.reject(token, error);
  }

  /** @param {number} token @param {unknown} error */
  reject(token, error) {
    const entry = this.#take(token);
    if (entry === undefined) return;
    const end = () => {
      entry.promise.catch(ignore);
      entry.reject(error);
    };
    if (/** @type {any} */ (import.meta).page) end();
    else refused(error, entry, end);
  }
}

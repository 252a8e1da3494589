// Promises of pending operations, by token. Tokens are small numbers that are reused; 0 means none.

/** @type {(value?: any) => void} */
let resolveNext;
/** @type {(reason: unknown) => void} */
let rejectNext;
/** @type {(resolve: (value?: any) => void, reject: (reason: unknown) => void) => void} */
const executor = (resolve, reject) => {
  resolveNext = resolve;
  rejectNext = reject;
};

const ignore = () => {};

/** A promise whose rejection is not reported as unhandled. @template T @param {Promise<T>} promise @returns {Promise<T>} */
export function quiet(promise) {
  promise.catch(ignore);
  return promise;
}

/** A rejection that is not reported as unhandled. @param {unknown} error @returns {Promise<never>} */
export const rejected = (error) => quiet(Promise.reject(error));

/** @typedef {{ promise: Promise<any>, resolve: (value?: any) => void, reject: (reason: unknown) => void }} Entry */

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

  /** Creates the promise of the token that `next` has returned. @param {number} token */
  commit(token) {
    /** @type {Promise<any>} */
    const promise = new Promise(executor);
    if (token === this.#entries.length) this.#entries.push(undefined);
    else this.#free.pop();
    this.#entries[token] = { promise, resolve: resolveNext, reject: rejectNext };
    return promise;
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
    entry.promise.catch(ignore);
    entry.reject(error);
  }
}

// Creates and settles the promises of the core. In JavaScript that is a line; in Rust each closure costs half a KiB.

// As they are now: fake timers that a test installs later drive the application.
const { setTimeout: begin, clearTimeout: end } = globalThis;

/** A promise whose rejection is not reported as unhandled. @template T @param {Promise<T>} promise */
function quiet(promise) {
  promise.catch(() => {});
  return promise;
}

/** A promise, and the function that settles it. */
export function pending() {
  /** @type {(failed: boolean, value: unknown) => void} */
  let settle = () => {};
  const promise = new Promise((resolve, reject) => {
    settle = (failed, value) => (failed ? reject : resolve)(value);
  });
  return { promise: quiet(promise), settle };
}

/** A promise of ours for any value: what the user's has for `then` or `constructor` throws into it. @param {unknown} value */
export function promised(value) {
  return quiet(new Promise((resolve) => resolve(value)));
}

/** Tells what became of it. @param {unknown} promise @param {(settled: { failed: boolean, value: unknown }) => void} tell */
export function settled(promise, tell) {
  promised(promise).then(
    (value) => tell({ failed: false, value }),
    (value) => tell({ failed: true, value }),
  );
}

/** Likewise for anything with `then`, of any realm or library; otherwise undefined. @param {any} value */
export function thenable(value) {
  try {
    return typeof value?.then === "function" ? promised(value) : undefined;
  } catch (thrown) {
    return rejected(thrown);
  }
}

/** So long a store may take to answer, in milliseconds. */
const LONGEST = 60_000;
/**
 * Of each store: how long it may take now, what ends each answer that is awaited, whether the next answer is that of open(),
 * and what the last open() has answered in time.
 * @type {WeakMap<object, { limit: number, awaited: Set<() => void>, opens: boolean, opening?: Promise<unknown> }>}
 */
const states = new WeakMap();

/** @param {object} store */
function stateOf(store) {
  const state = states.get(store) ?? { limit: LONGEST, awaited: new Set(), opens: false };
  states.set(store, state);
  return state;
}

/** What a store answers; rejected if it takes too long. @param {any} store @param {unknown} value */
export function answer(store, value) {
  const state = stateOf(store);
  const given = promised(value);
  const answered = quiet(
    new Promise((resolve, reject) => {
      /** @type {ReturnType<typeof begin> | undefined} */
      let timer;
      const limitIt = () => {
        end(timer);
        timer = begin(() => {
          const text = `its promise has not settled within ${state.limit / 1000} s; make open(), write() and close() settle theirs`;
          reject(new Error(text));
        }, state.limit);
      };
      state.awaited.add(limitIt);
      limitIt();
      given.then(resolve, reject).then(() => {
        end(timer);
        state.awaited.delete(limitIt);
      });
    }),
  );
  if (state.opens) {
    state.opens = false;
    state.opening = answered;
    // Of an open() that settles late nobody makes use, unless a later one has succeeded.
    quiet(given.then(() => state.opening?.catch(() => store.close())));
  }
  return answered;
}

/** From now on a store must answer within so many milliseconds, also what it was asked before; undefined: within LONGEST, and it is opened next. @param {object} store @param {number} [limit] */
export function expire(store, limit) {
  const state = stateOf(store);
  state.opens = limit === undefined;
  state.limit = limit ?? LONGEST;
  for (const limitIt of state.awaited) limitIt();
}

/** @param {unknown} error */
export function rejected(error) {
  return quiet(Promise.reject(error));
}

/** Publishes one message with a client that exists only for it. @param {any} client @param {unknown[]} message */
async function sent(client, message) {
  try {
    await client.call(0);
    return await client.call(2, ...message);
  } finally {
    await client.call(1);
    client.free();
  }
}

/** @param {any} client @param {string} topic @param {Uint8Array} payload @param {object} options */
export function deliver(client, topic, payload, options) {
  return quiet(sent(client, [topic, payload, options]));
}

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
/** The limits of stores whose clients stop. @type {WeakMap<object, number>} */
const limits = new WeakMap();
/** Ends what a store has not answered yet, each after a time. @type {WeakMap<object, Set<(limit: number) => void>>} */
const waiting = new WeakMap();
/** Those whose next answer is that of open(). @type {WeakSet<object>} */
const opens = new WeakSet();
/** What the last open() has answered, in time. @type {WeakMap<object, Promise<unknown>>} */
const openings = new WeakMap();

/** What a store answers; rejected if it takes too long. @param {any} store @param {unknown} value */
export function answer(store, value) {
  const all = waiting.get(store) ?? new Set();
  waiting.set(store, all);
  const answered = quiet(
    new Promise((resolve, reject) => {
      /** @type {ReturnType<typeof begin> | undefined} */
      let timer;
      /** @param {number} limit */
      const limitTo = (limit) => {
        end(timer);
        timer = begin(() => {
          const text = `its promise has not settled within ${limit / 1000} s; make open(), write() and close() settle theirs`;
          reject(new Error(text));
        }, limit);
      };
      all.add(limitTo);
      limitTo(limits.get(store) ?? LONGEST);
      promised(value)
        .then(resolve, reject)
        .then(() => {
          end(timer);
          all.delete(limitTo);
        });
    }),
  );
  if (opens.delete(store)) {
    openings.set(store, answered);
    // Of an open() that settles late nobody makes use, unless a later one has succeeded.
    quiet(promised(value).then(() => openings.get(store)?.catch(() => store.close())));
  }
  return answered;
}

/** From now on a store must answer within so many milliseconds, also what it was asked before; undefined: within LONGEST, and it is opened next. @param {object} store @param {number} [limit] */
export function expire(store, limit) {
  if (limit === undefined) opens.add(store);
  limits.set(store, limit ?? LONGEST);
  for (const limitTo of waiting.get(store) ?? []) limitTo(limit ?? LONGEST);
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

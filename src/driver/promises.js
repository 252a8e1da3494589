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

/** What a store has not answered yet. @typedef {{ pending: Set<(error: Error) => void>, limit?: number, timer?: ReturnType<typeof begin> }} Answers */
/** @type {WeakMap<object, Answers>} */
const stores = new WeakMap();

/** @param {object} store */
function answersOf(store) {
  const answers = stores.get(store) ?? { pending: new Set() };
  stores.set(store, answers);
  return answers;
}

/** Rejects what is pending when it is late. @param {Answers} answers */
function watch(answers) {
  const { pending, limit } = answers;
  if (limit === undefined || pending.size === 0 || answers.timer !== undefined) return;
  answers.timer = begin(() => {
    const text = `its promise has not settled within ${limit / 1000} s of stop() (credentials.stoptimeout); make open(), write() and close() settle theirs`;
    for (const reject of pending) reject(new Error(text));
    pending.clear();
    answers.timer = undefined;
  }, limit);
}

/** What a store answers; rejected if it is late, see `expire`. @param {object} store @param {unknown} value */
export function answer(store, value) {
  const answers = answersOf(store);
  const { pending } = answers;
  const answered = new Promise((resolve, reject) => {
    pending.add(reject);
    promised(value)
      .then(resolve, reject)
      .then(() => {
        pending.delete(reject);
        if (pending.size > 0) return;
        end(answers.timer);
        answers.timer = undefined;
      });
  });
  watch(answers);
  return quiet(answered);
}

/** From now on a store must answer within so many milliseconds; undefined: whenever it likes. @param {object} store @param {number} [limit] */
export function expire(store, limit) {
  const answers = answersOf(store);
  answers.limit = limit;
  watch(answers);
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

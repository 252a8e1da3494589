// Promises of the core: made and settled here, because in JavaScript that is a line, and of Rust's closures each costs
// half a KiB.

/** Its rejection ends no Node process, whether or not somebody looks at it. @template T @param {Promise<T>} promise */
function quiet(promise) {
  promise.catch(() => {});
  return promise;
}

/** A promise, and what settles it. */
export function pending() {
  /** @type {(failed: boolean, value: unknown) => void} */
  let settle = () => {};
  const promise = new Promise((resolve, reject) => {
    settle = (failed, value) => (failed ? reject : resolve)(value);
  });
  return { promise: quiet(promise), settle };
}

/** @param {unknown} error */
export function rejected(error) {
  return quiet(Promise.reject(error));
}

/** One message, by a client that is there for it alone. @param {any} client @param {unknown[]} message */
async function sent(client, message) {
  try {
    await client.start();
    return await client.publish(...message);
  } finally {
    await client.stop();
    client.free();
  }
}

/** @param {any} client @param {string} topic @param {Uint8Array} payload @param {object} options */
export function deliver(client, topic, payload, options) {
  return quiet(sent(client, [topic, payload, options]));
}

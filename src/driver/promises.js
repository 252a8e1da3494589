// Creates and settles the promises of the core. In JavaScript that is a line; in Rust each closure costs half a KiB.

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

/** @param {unknown} error */
export function rejected(error) {
  return quiet(Promise.reject(error));
}

/** Publishes one message with a client that exists only for it. @param {any} client @param {unknown[]} message */
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

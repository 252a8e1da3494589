// What tests share, brokers above all: started side by side, and stopped when they are over. When one does not start,
// that is told at once and the others are stopped; left behind, they would keep the process of the file alive until
// the time limit.

import { after, before } from "node:test";

/** `starts` has a function for each name, and the result what it gave: something with a `stop()`, or a `close()`. */
export async function startAll(starts) {
  const started = {};
  const all = Object.entries(starts).map(async ([name, start]) => {
    started[name] = await start();
  });
  // All have to be known before they can be stopped, also those that are slower than a failure.
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
  if (failed) {
    await stopAll(started);
    throw failed.reason;
  }
  return started;
}

export async function stopAll(started) {
  await Promise.all(Object.values(started).map(async (one) => (one.stop ? one.stop() : one.close())));
}

/**
 * What all tests of the file share; it is there from the first test on. `further` is what is to be done with it before
 * that: a `before` of the file's own would not wait, node:test runs them at the same time.
 */
export function forTheFile(starts, further = async () => {}) {
  const started = {};
  before(async () => {
    Object.assign(started, await startAll(starts));
    await further(started);
  });
  after(() => stopAll(started));
  return started;
}

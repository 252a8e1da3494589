// Fixtures that the tests of a file share, such as brokers: started concurrently, and stopped after the tests. If one does
// not start, the failure is reported at once and the others are stopped; otherwise they would keep the process alive until
// the time limit.

import { after, before } from "node:test";

/** Calls the functions in `starts`; the result has what they returned, which has a `stop()` or a `close()`, by name. */
export async function startAll(starts) {
  const started = {};
  const all = Object.entries(starts).map(async ([name, start]) => {
    started[name] = await start();
  });
  // Waits for all of them, because those that are slower than the failure must be stopped too.
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
 * Fixtures for all tests of the file, ready before the first test. `further` prepares them: another `before` hook of the
 * file would run at the same time.
 */
export function sharedFixtures(starts, further = async () => {}) {
  const started = {};
  before(async () => {
    Object.assign(started, await startAll(starts));
    await further(started);
  });
  after(() => stopAll(started));
  return started;
}

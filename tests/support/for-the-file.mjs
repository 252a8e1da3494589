// What all tests of a file share, brokers above all: started side by side before the tests, stopped after them. When
// one of them does not start, the file fails at once and the others are stopped; left behind, they would keep its
// process alive until the time limit.

import { after, before } from "node:test";

/**
 * `starts` has a function for each name, and the result what it gave, from the first test on. What is started has a
 * `stop()`, or a `close()`.
 */
export function forTheFile(starts) {
  const started = {};
  before(async () => {
    const all = Object.entries(starts).map(async ([name, start]) => {
      started[name] = await start();
    });
    // All have to be known before `after` stops them, also those that are slower than a failure.
    const failed = (await Promise.allSettled(all)).find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
  });
  after(() => Promise.all(Object.values(started).map(async (one) => (one.stop ? one.stop() : one.close()))));
  return started;
}

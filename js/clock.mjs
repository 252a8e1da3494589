// The clock of the platform at the time of the import: fake timers that a test installs later affect the application, but
// not the connection. The glue of the WebAssembly uses it too (scripts/shorten.mjs). A timer that was cleared does nothing,
// even if the platform calls it late.

const { setTimeout: begin, clearTimeout: end, queueMicrotask: enqueue, performance: clock } = globalThis;
const now = clock?.now;

/** @typedef {{ work?: () => void, id: ReturnType<typeof begin> }} Timer */

/** @param {() => void} work @param {number} ms @returns {Timer} */
export function setTimeout(work, ms) {
  /** @type {Timer} */
  const timer = { work, id: begin(() => timer.work?.(), ms) };
  return timer;
}

/** @param {Timer | undefined} timer */
export function clearTimeout(timer) {
  if (timer === undefined) return;
  timer.work = undefined;
  end(timer.id);
}

/** @param {() => void} work */
export const queueMicrotask = (work) => enqueue(work);

/** What `performance.now` has given last: the core asks right before it hands messages over. */
export let latest = 0;

export const performance = { now: () => (latest = now.call(clock)) };

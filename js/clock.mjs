// The clock of the platform as it was when the package was imported: fake timers that a test installs later drive the
// application, not the connection. Also what the glue of the WebAssembly is built with (scripts/shorten.mjs). A timer
// that was cleared does nothing, even if the platform calls it late.

const { setTimeout: begin, clearTimeout: end, queueMicrotask: enqueue, performance: clock } = globalThis;
const { now } = clock;

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

export const performance = { now: () => now.call(clock) };

// A line on standard error when something takes long: one that is rewritten on a terminal, one every so often elsewhere.

const PATIENCE_MS = 2000;
const TERMINAL_MS = 500;
const ELSEWHERE_MS = 10_000;
const CLEAR = "\r\x1b[K";

/** @param {number} count */
export const grouped = (count) => Math.round(count).toLocaleString("en-US");

/** `text(seconds)` is the line; the function that is returned ends it. @param {boolean} quiet @param {(seconds: number) => string} text */
export function showProgress(quiet, text) {
  if (quiet) return () => {};
  const { isTTY } = process.stderr;
  const begin = performance.now();
  let shown = 0;
  const show = () => {
    const now = performance.now();
    if (now - begin < PATIENCE_MS || now - shown < (isTTY ? TERMINAL_MS : ELSEWHERE_MS)) return;
    shown = now;
    const line = text((now - begin) / 1000);
    process.stderr.write(isTTY ? CLEAR + line : `mqtt-lib: ${line}\n`);
  };
  const timer = setInterval(show, TERMINAL_MS);
  return () => {
    clearInterval(timer);
    if (isTTY && shown > 0) process.stderr.write(CLEAR);
  };
}

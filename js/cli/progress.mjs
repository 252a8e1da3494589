// Progress of a long operation on standard error: a line that is rewritten on a terminal, one line every ten seconds elsewhere.

const QUIET_MS = 2000;
const TERMINAL_MS = 500;
const ELSEWHERE_MS = 10_000;
const CLEAR = "\r\x1b[K";

/** @param {number} count */
export const grouped = (count) => Math.round(count).toLocaleString("en-US");

/** @param {number} count @param {string} [noun] @param {string} [one] what follows the noun after 1 @param {string} [more] and otherwise */
export const plural = (count, noun = "message", one = "", more = one) =>
  `${grouped(count)} ${noun}${count === 1 ? one : `s${more}`}`;

/** Prints the line `text(seconds)` now and then; the returned function ends that. @param {boolean} quiet @param {(seconds: number) => string} text */
export function showProgress(quiet, text) {
  if (quiet) return () => {};
  const { isTTY } = process.stderr;
  const begin = performance.now();
  let shown = 0;
  const show = () => {
    const now = performance.now();
    if (now - begin < QUIET_MS || now - shown < (isTTY ? TERMINAL_MS : ELSEWHERE_MS)) return;
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

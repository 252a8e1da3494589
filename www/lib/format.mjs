// Formats numbers, sizes and times for the whole page.

const digits = new Intl.NumberFormat("en");
const UNITS = ["B", "KiB", "MiB", "GiB"];

export const count = (number) => digits.format(Math.round(number));

/** Up to three significant digits: 0.42, 4.2, 42, 4,200. */
export function figure(number) {
  if (!Number.isFinite(number)) return "–";
  if (number >= 100 || Number.isInteger(number)) return count(number);
  return number.toFixed(number >= 10 ? 1 : 2);
}

export function bytes(number) {
  let unit = 0;
  let size = number;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 ? count(size) : figure(size)} ${UNITS[unit]}`;
}

export function milliseconds(ms) {
  if (ms === undefined) return "–";
  return ms < 10_000 ? `${figure(ms)} ms` : `${figure(ms / 1000)} s`;
}

/** Remaining seconds of a countdown. */
export function countdown(seconds) {
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
}

const two = (number) => String(number).padStart(2, "0");

/** The time of day, to the millisecond. */
export function clock(at = Date.now()) {
  const date = new Date(at);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

export function shorten(text, length) {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

export const plural = (number, one, more = `${one}s`) => `${count(number)} ${number === 1 ? one : more}`;

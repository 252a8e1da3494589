// A seeded random generator, so that failures of random tests can be reproduced.

/** @typedef {ReturnType<typeof randomOf>} Random */

/** A generator (mulberry32) whose numbers follow from all the seeds given. */
export function randomOf(...seeds) {
  let state = 0x9e3779b9;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (const seed of seeds) {
    state = (state ^ Math.imul(seed + 1, 0x85ebca6b)) | 0;
    next();
  }
  return {
    /** 0 up to but not 1. */
    next,
    /** A whole number, both ends included. */
    between: (from, to) => from + Math.floor(next() * (to - from + 1)),
    /** Small numbers as likely as large ones: each doubling has the same share. */
    scale: (from, to) => Math.floor(Math.exp(Math.log(from) + next() * (Math.log(to + 1) - Math.log(from)))),
    pick: (list) => list[Math.floor(next() * list.length)],
    /** Of `[[value, weight], ...]`. */
    weighted(list) {
      let left = next() * list.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [value, weight] of list) {
        left -= weight;
        if (left < 0) return value;
      }
      return list.at(-1)[0];
    },
  };
}

/** `MQTT_SEED=n` of the environment alone, or `count` seeds from `first` on. */
export function seeds(count, first = 0) {
  const only = process.env.MQTT_SEED;
  if (only === undefined) return Array.from({ length: count }, (_, i) => first + i);
  if (!/^\d+$/.test(only)) throw new Error(`MQTT_SEED must be a whole number; "${only}" was given`);
  return [Number(only)];
}

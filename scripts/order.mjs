// The order of functions in which a .wasm compresses best: gzip finds a repetition within 32 KB only, so functions with the same
// pieces belong side by side. Owns how it is found; the same input gives the same order. Changes no .wasm.
import { bodyStart } from "./binary.mjs";

/** Reach of a match in gzip, less what zlib keeps for itself. */
const WINDOW = 32_000;
/** Length of the pieces that are compared, in bytes; one that more functions have is always near. */
const PIECE = 8;
const MOST_FUNCTIONS = 20;
const MOVES = 12_000;
/** By how many pieces a move may be worse at first; at the end by none. */
const WORSE = 6;

/** Numbers from 0 to below 1, always the same. @param {number} state */
function numbers(state) {
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * For each piece that several functions have, those functions; and for each function its pieces: number, first and last place.
 * @param {Buffer[]} codes
 */
function pieces(codes) {
  /** @type {Map<string, number[][]>} */
  const found = new Map();
  for (const [i, code] of codes.entries()) {
    for (let at = bodyStart(code); at + PIECE <= code.length; at++) {
      const piece = code.toString("latin1", at, at + PIECE);
      const places = found.get(piece) ?? [];
      const last = places.at(-1);
      if (last?.[0] === i) last[2] = at;
      else places.push([i, at, at]);
      found.set(piece, places);
    }
  }
  const shared = [...found.values()].filter(({ length }) => length > 1 && length <= MOST_FUNCTIONS);
  /** @type {number[][]} */
  const of = codes.map(() => []);
  for (const [number, places] of shared.entries()) {
    for (const [i, first, last] of places) of[i].push(number, first, last);
  }
  return {
    having: shared.map((places) => places.map(([i]) => i)),
    of: of.map((all) => Int32Array.from(all)),
  };
}

/** The best order that is found from this beginning: which function stands at each place. @param {Uint8Array[]} functions @param {number} [beginning] */
export function bestOrder(functions, beginning = 1) {
  const codes = functions.map((code) => Buffer.from(code));
  const { having, of } = pieces(codes);
  const seen = new Int32Array(having.length);
  /** How often a piece is out of reach of the same one. @param {number[]} order */
  const misses = (order) => {
    seen.fill(-WINDOW);
    let count = 0;
    let begin = WINDOW;
    for (const i of order) {
      const own = of[i];
      for (let k = 0; k < own.length; k += 3) {
        if (begin + own[k + 1] - seen[own[k]] > WINDOW) count++;
        seen[own[k]] = begin + own[k + 2];
      }
      begin += codes[i].length;
    }
    return count;
  };
  const next = numbers(beginning);
  /** @param {number} count */
  const below = (count) => Math.floor(next() * count);
  let order = [...codes.keys()];
  let best = order;
  let now = misses(order);
  let fewest = now;
  const movable = order.filter((i) => of[i].length > 0);
  for (let move = 0; move < MOVES && movable.length > 1; move++) {
    const one = movable[below(movable.length)];
    const others = having[of[one][3 * below(of[one].length / 3)]];
    const near = others[below(others.length)];
    const from = order.indexOf(one);
    const moved = order.slice(from, from + (next() < 0.6 ? 1 : 1 + below(8)));
    if (moved.includes(near)) continue;
    const tried = [...order.slice(0, from), ...order.slice(from + moved.length)];
    tried.splice(tried.indexOf(near) + below(2), 0, ...moved);
    const count = misses(tried);
    if (count > now + WORSE * (1 - move / MOVES)) continue;
    [order, now] = [tried, count];
    if (now < fewest) [best, fewest] = [order, now];
  }
  return best;
}

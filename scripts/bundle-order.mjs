// The order of what may stand in any order in a bundle: functions beside each other, methods of a class, functions of an object.
// gzip finds repetitions better in some orders. Owns how one is found; the same bundle gives the same order. Changes no name.
import { gzipSync } from "node:zlib";

/** How many moves are tried; a thousand take about three seconds. */
const MOVES = 4000;
const MOST_MOVED = 8;
/** An object of that many functions is one whose order nobody asks for: what the .wasm imports. */
const MANY = 30;

/** Numbers below a bound, always the same. */
function numbers() {
  let state = 1;
  return (/** @type {number} */ bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** @param {any} node @returns {any[]} what may change places within it */
function movable({ type, body, properties }) {
  if (type === "Program" || type === "BlockStatement")
    return body.filter((/** @type {any} */ one) => one.type === "FunctionDeclaration");
  if (type === "ClassBody")
    return body.filter((/** @type {any} */ one) => one.type === "MethodDefinition" && !one.computed);
  if (type !== "ObjectExpression" || properties.length < MANY) return [];
  const functions = properties.filter((/** @type {any} */ one) =>
    /^(ArrowFunction|Function|Call)Expression$/.test(one.value.type),
  );
  return functions.length >= properties.length - 1 ? functions : [];
}

/** @param {any} node @param {any[][]} [groups] */
function groupsOf(node, groups = []) {
  if (node === null || typeof node !== "object") return groups;
  const group = movable(node);
  if (group.length > 1) groups.push(group);
  for (const child of Object.values(node)) groupsOf(child, groups);
  return groups;
}

/** A part of the text: as it is, or the place of one of a group. @typedef {string | { group: number, place: number }} Part */

/** @param {string} text an ES module, minified @param {number} [moves] */
export async function compressible(text, moves = MOVES) {
  const { parse } = await import("acorn"); // not before set-up has installed it
  const groups = groupsOf(parse(text, { ecmaVersion: 2022, sourceType: "module" }));
  const all = groups
    .flatMap((nodes, group) => nodes.map(({ start, end }, place) => ({ start, end, group, place })))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  /** By group, and place at first. @type {Part[][][]} */
  const bodies = groups.map(() => []);
  let next = 0;
  /** @param {number} from @param {number} to @returns {Part[]} */
  const parts = (from, to) => {
    /** @type {Part[]} */
    const found = [];
    let at = from;
    while (next < all.length && all[next].start < to) {
      const { start, end, group, place } = all[next++];
      found.push(text.slice(at, start), { group, place });
      bodies[group][place] = parts(start, end);
      at = end;
    }
    return [...found, text.slice(at, to)];
  };
  const whole = parts(0, text.length);
  const orders = groups.map((nodes) => [...nodes.keys()]);
  /** @param {Part[]} of @returns {string} */
  const written = (of) =>
    of
      .map((part) =>
        typeof part === "string" ? part : written(bodies[part.group][orders[part.group][part.place]]),
      )
      .join("");
  const below = numbers();
  let best = text;
  let size = gzipSync(text, { level: 9 }).length;
  for (let move = 0; move < moves && all.length > 0; move++) {
    const { group } = all[below(all.length)];
    const before = orders[group];
    const order = [...before];
    const from = below(order.length);
    const moved = order.splice(from, below(5) < 3 ? 1 : 1 + below(MOST_MOVED));
    order.splice(below(order.length + 1), 0, ...moved);
    orders[group] = order;
    const tried = written(whole);
    const now = gzipSync(tried, { level: 9 }).length;
    if (now > size) orders[group] = before;
    else [best, size] = [tried, now];
  }
  return best;
}

// Which handlers are the same: the same function given again for a filter is one handler, and so is what `respond` makes of
// it. Owns the numbers by which the core knows that.

/** The numbers of functions, which are never used again. @type {WeakMap<object, number>} */
const keys = new WeakMap();
let last = 0;

/** @param {unknown} handler */
export function keyOf(handler) {
  if (typeof handler !== "function") return 0;
  const key = keys.get(handler) ?? ++last;
  keys.set(handler, key);
  return key;
}

/** From now on `made` is the same handler as `handler`. @template {Function} T @param {T} made @param {Function} handler */
export function sameAs(made, handler) {
  keys.set(made, keyOf(handler));
  return made;
}

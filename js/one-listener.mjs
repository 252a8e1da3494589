// One listener of an AbortSignal for all calls that it may end, because Node warns of a leak at eleven. Owns who is called.

/** @type {WeakMap<AbortSignal, Set<() => void>>} */
const calledAt = new WeakMap();

/** @this {AbortSignal} */
function callAll() {
  for (const listener of calledAt.get(this) ?? []) listener();
}

/** Calls `listener` when the signal is aborted, unless what is returned was called before. @param {AbortSignal} signal @param {() => void} listener */
export function listen(signal, listener) {
  const listeners = calledAt.get(signal) ?? new Set();
  if (listeners.size === 0) signal.addEventListener("abort", callAll);
  calledAt.set(signal, listeners.add(listener));
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) signal.removeEventListener("abort", callAll);
  };
}

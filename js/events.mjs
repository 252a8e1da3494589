// The events of a client: what its callbacks are given, as properties of an `Event`. Listeners are guarded, because what one
// throws is reported like what a callback throws, and must end neither the process nor another listener. Owns which
// property is which argument; never decides when an event happens.

import { quiet } from "./pending.mjs";

/** Of a client: what belongs to it inside the package. */
export const HOOKS = Symbol();

/** By the slots of the core: the type, the level in the log, and the names of the arguments behind the client. */
const EVENTS = [
  ["connect", "info", "userdata", "flags", "rc", "properties"],
  ["disconnect", "warn", "userdata", "rc", "error"],
  ["message", "", "userdata", "message"],
  ["error", "error", "userdata", "error"],
  [],
  ["statechange", "debug", "userdata", "state"],
  ["reconnecting", "warn", "userdata", "attempt", "delay", "error"],
  ["close", "info", "userdata"],
];
export const CONNECT = 0;
export const DISCONNECT = 1;
export const MESSAGE = 2;
export const ERROR = 3;
export const STATE = 5;
export const CLOSE = 7;

/** The promises that listeners of the event that is dispatched now have returned; undefined for those who returned none. @type {(Promise<unknown> | undefined)[] | undefined} */
let results;

/** Of each listener, also over several clients, so that the platform recognises it. @type {WeakMap<object, EventListener>} */
const guards = new WeakMap();

/** @param {any} listener */
function guarded(listener) {
  // Also undefined and null: what is no listener the platform refuses, or takes for none.
  if (Object(listener) !== listener) return listener;
  let guard = guards.get(listener);
  if (guard === undefined) {
    /** @this {any} @param {any} event */
    guard = function (event) {
      // Of an event that the application has dispatched nobody wants to know.
      const own = results ?? [];
      const at = own.push(undefined) - 1;
      try {
        const result =
          typeof listener === "function" ? listener.call(this, event) : listener.handleEvent(event);
        // Anything with `then`, as a promise of ours.
        if (typeof result?.then === "function") own[at] = Promise.resolve(result);
      } catch (thrown) {
        this[HOOKS].thrown(event.type, thrown);
      }
    };
    // Node removes by its guard a listener whose signal is aborted.
    guards.set(listener, guard).set(guard, guard);
  }
  return guard;
}

export class Events extends EventTarget {
  /** @override @param {string} type @param {any} listener @param {any} [options] */
  addEventListener(type, listener, options) {
    super.addEventListener(type, guarded(listener), options);
    if (type === "message") /** @type {any} */ (this)[HOOKS].inbound.listen();
  }

  /** @override @param {string} type @param {any} listener @param {any} [options] */
  removeEventListener(type, listener, options) {
    super.removeEventListener(type, guarded(listener), options);
  }
}

/**
 * Dispatches the event of a slot; what its listeners have returned, of those of messages unsettled.
 * @param {any} client @param {number} slot @param {unknown[]} values
 */
export function announce(client, slot, values) {
  const [type, level, ...names] = EVENTS[slot];
  /** @type {any} */
  const event = new Event(type);
  for (const [at, name] of names.entries()) event[name] = values[at];
  const outer = results;
  /** @type {(Promise<unknown> | undefined)[]} */
  const own = [];
  const { logger } = client[HOOKS];
  if (level && logger) {
    const { isTrusted: _, userdata: __, properties: ___, error, state = "", ...others } = event;
    // A logger is not to disturb: asynchronous, so that what it throws rejects, as what it returns may.
    const log = async () =>
      (logger[level] ?? logger).call(logger, `mqtt-lib: ${type} ${error?.message ?? state}`.trim(), {
        ...others,
        error,
      });
    quiet(log());
    // Instead of a warning in the console.
    if (slot === ERROR) own.push(undefined);
  }
  results = own;
  try {
    client.dispatchEvent(event);
  } catch (thrown) {
    // It is the application's own, and the core is below it.
    client[HOOKS].thrown(type, thrown);
  }
  results = outer;
  if (slot !== MESSAGE)
    for (const result of own) result?.catch((thrown) => client[HOOKS].thrown(type, thrown));
  return own;
}

// What a component sees of the connection: an object that is another one whenever something of it has changed.

import { useCallback, useSyncExternalStore } from "react";
import { useMqtt } from "./provider.mjs";

/** @typedef {{ state: string, connected: boolean, attempt: number, delay: number, error: any }} Connection */

const NONE = Object.freeze({ attempt: 0, delay: 0, error: undefined });
/** On a server, and in the first rendering of a page that came from one. */
const IDLE = Object.freeze({ state: "idle", connected: false, ...NONE });
const EVENTS = ["statechange", "reconnecting", "connect", "disconnect"];

/** @type {WeakMap<object, Connection>} */
const known = new WeakMap();

/** @param {any} client @param {any} [event] */
function look(client, event) {
  const before = known.get(client) ?? { ...IDLE, state: undefined };
  const { state, connected } = client;
  const isNew = event?.type === "reconnecting" && event.attempt !== before.attempt;
  if (state === before.state && connected === before.connected && !isNew) return before;
  const { attempt, delay, error } = isNew ? event : connected || state === "stopped" ? NONE : before;
  const now = Object.freeze({ state, connected, attempt, delay, error });
  known.set(client, now);
  return now;
}

/** @returns {any} */
export function useConnection() {
  const client = useMqtt();
  const subscribe = useCallback(
    (/** @type {() => void} */ changed) => {
      const listener = (/** @type {any} */ event) => {
        look(client, event);
        changed();
      };
      for (const type of EVENTS) client.addEventListener(type, listener);
      return () => {
        for (const type of EVENTS) client.removeEventListener(type, listener);
      };
    },
    [client],
  );
  return useSyncExternalStore(
    subscribe,
    () => look(client),
    () => IDLE,
  );
}

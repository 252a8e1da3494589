// The hooks over the messages of a topic.

import { useCallback, useSyncExternalStore } from "react";
import { useMqtt } from "./provider.mjs";
import { find, NONE, open } from "./stores.mjs";

/** @param {any} filter @param {any} [options] @returns {any[]} */
export function useMessages(filter, options) {
  const client = useMqtt();
  const key = JSON.stringify(options ?? {});
  const subscribe = useCallback(
    (/** @type {() => void} */ changed) =>
      (find(client, filter, key) ?? open(client, filter, key)).listen(() => changed()),
    [client, filter, key],
  );
  return useSyncExternalStore(
    subscribe,
    () => find(client, filter, key)?.messages ?? NONE,
    () => NONE,
  );
}

/** @param {any} filter @param {any} [options] */
export function useMessage(filter, options) {
  return useMessages(filter, { ...options, limit: 1 })[0];
}

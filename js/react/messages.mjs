// The hooks over the messages of a topic.

import { useCallback, useSyncExternalStore } from "react";
import { checkLimit, checkOptions } from "./checks.mjs";
import { useMqtt } from "./provider.mjs";
import { find, NONE, open } from "./stores.mjs";

/** @param {any} filter @param {any} [options] @returns {any[]} */
export function useMessages(filter, options) {
  const client = useMqtt();
  checkOptions("options of useMessages()", options);
  checkLimit(options?.limit);
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
  checkOptions("options of useMessage()", options);
  return useMessages(filter, { ...options, limit: 1 })[0];
}

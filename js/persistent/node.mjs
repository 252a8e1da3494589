// The entry "mqtt-lib/persistent" for Node: registers the store that `store: "persistent"` refers to.

import { FileStore } from "./file-store.mjs";
import { useNativeChecksum } from "./native-checksum.mjs";
import { register } from "./register.mjs";

/** @param {{ folder?: string }} [options] */
export const persistent = (options) => new FileStore(options);

useNativeChecksum();
register(persistent);

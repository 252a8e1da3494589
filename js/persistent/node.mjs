// The entry "mqtt-lib/persistent" for Node: registers the store that `store: "persistent"` refers to.

import { LevelStore } from "./leveldb.mjs";
import { register } from "./register.mjs";

/** @param {{ folder?: string }} [options] */
export const persistent = (options) => new LevelStore(options);

register(persistent);

// The entry "mqtt-lib/persistent" for pages and workers: registers the store that `store: "persistent"` refers to.

import { IndexedDbStore } from "./indexeddb.mjs";
import { register } from "./register.mjs";

export const persistent = () => new IndexedDbStore();

register(persistent);

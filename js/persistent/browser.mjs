// The entry "mqtt-lib/persistent" for pages and workers: registers the store that `store: "persistent"` means.

import { PageStore } from "./indexeddb.mjs";
import { register } from "./register.mjs";

export const persistent = () => new PageStore();

register(persistent);

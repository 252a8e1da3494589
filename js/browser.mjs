// The entry for pages and workers: the .wasm, and the other one for a store, are beside this file, under URLs that bundlers recognise.

import { use } from "./runtime.mjs";

export { MqttCustom } from "./client.mjs";
export { MqttError } from "./errors.mjs";
export { init } from "./runtime.mjs";
export { topicMatches } from "./topic-matches.mjs";

use({
  node: false,
  url: () => new URL("./mqtt_lib_bg.wasm", import.meta.url),
  store: () => new URL("./mqtt_lib_store.wasm", import.meta.url),
});

// The entry for pages and workers: the .wasm is beside this file, under a URL that bundlers recognise.

import { use } from "./runtime.mjs";

export { MqttCustom } from "./client.mjs";
export { MqttError } from "./errors.mjs";
export { init } from "./runtime.mjs";
export { topicMatches } from "./topic-matches.mjs";

use({ node: false, url: () => new URL("./mqtt_lib_bg.wasm", import.meta.url) });

// The entry for pages and workers that load the .wasm themselves: it knows no URL of it. `mqtt-lib/inline` is built on it.

import { use } from "./runtime.mjs";

export { MqttCustom } from "./client.mjs";
export { MqttError } from "./errors.mjs";
export { init } from "./runtime.mjs";
export { topicMatches } from "./topic-matches.mjs";

use({ node: false });

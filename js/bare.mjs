// The entry for pages and workers that load the .wasm themselves: it knows no place for it. Also what
// `mqtt-lib/inline` is made of.

import { use } from "./runtime.mjs";

export { MqttCustom } from "./client.mjs";
export { MqttError } from "./errors.mjs";
export { init } from "./runtime.mjs";

use({ node: false });

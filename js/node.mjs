// The entry for Node: the .wasm is read synchronously when the first client is created, or its text where a bundler has left
// the file behind.

import { readFileSync } from "node:fs";
import { inlined } from "./load.mjs";
import { useNode } from "./node/use.mjs";

export { MqttCustom } from "./client.mjs";
export { MqttError } from "./errors.mjs";
export { init } from "./runtime.mjs";
export { topicMatches } from "./topic-matches.mjs";

useNode(() => {
  try {
    return readFileSync(new URL("./mqtt_lib_whole.wasm", import.meta.url));
  } catch (cause) {
    try {
      // @ts-expect-error made by scripts/inline.mjs
      require("./inline/wasm.js");
    } catch {
      throw cause;
    }
    return inlined();
  }
});

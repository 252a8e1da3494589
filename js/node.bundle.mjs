// The entry for programs for Node that are bundled: an ES module that needs no other file, neither beside it nor in
// node_modules. The .wasm is inside as text, and `ws` is built into it (scripts/ws.mjs).

// @ts-expect-error made by scripts/inline.mjs
import "./inline/wasm.js";
import { inlined } from "./load.mjs";
import { useNode } from "./node/use.mjs";

export { MqttCustom } from "./client.mjs";
export { MqttError } from "./errors.mjs";
export { init } from "./runtime.mjs";
export { topicMatches } from "./topic-matches.mjs";

useNode(inlined);

// The entry for Node: the .wasm is read at once when the first client is made, and sockets are TCP,
// TLS or the package `ws`, all dressed as a WebSocket.

import { readFileSync } from "node:fs";
import { useStacks } from "./errors.mjs";
import { connect } from "./node/connect.mjs";
import { remember } from "./node/stack.mjs";
import { use } from "./runtime.mjs";

export { MqttCustom } from "./client.mjs";
export { MqttError } from "./errors.mjs";
export { init } from "./runtime.mjs";

useStacks(remember);
use({
  node: true,
  connect,
  advice: 'tell a bundler to leave "mqtt-lib" out as external',
  bytes: () => readFileSync(new URL("./mqtt_lib_bg.wasm", import.meta.url)),
  file: (source) => (/^file:/.test(`${source}`) ? readFileSync(new URL(`${source}`)) : undefined),
});

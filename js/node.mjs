// The entry for Node: the .wasm is read synchronously when the first client is created. Sockets are TCP, TLS or the
// package `ws`, each behind a WebSocket adapter.

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
  advice: 'mark "mqtt-lib" as external in the bundler\'s configuration',
  bytes: () => readFileSync(new URL("./mqtt_lib_bg.wasm", import.meta.url)),
  file: (source) => (/^file:/.test(`${source}`) ? readFileSync(new URL(`${source}`)) : undefined),
});

// The globals that Hermes does not have, and the WebSocket that React Native has; then the bundle.
globalThis.WebSocket = require("ws");
for (const name of [
  "Event",
  "EventTarget",
  "FinalizationRegistry",
  "TextDecoder",
  "WeakRef",
  "WebAssembly",
]) {
  delete globalThis[name];
}
[globalThis.BROKER, globalThis.TOPIC] = process.argv.slice(2);
require("./out/main.js");

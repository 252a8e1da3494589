// The globals that Hermes does not have; then the bundle.
delete globalThis.WebAssembly;
delete globalThis.FinalizationRegistry;
delete globalThis.TextDecoder;
require("./out/main.js");

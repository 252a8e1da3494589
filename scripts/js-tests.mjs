// Which files of tests/node run with the core of `mqtt-lib/js` in `node --jitless`, where there is no WebAssembly: those of the stage
// `js`, a minute of what a client does most; and those that the stage `js-all` leaves out, with the reason.

export const IN_STAGE = [
  "bad-options",
  "batch",
  "events",
  "handling",
  "message-object",
  "mqtt5-properties",
  "overlapping-filters",
  "publish-qos",
  "queue",
  "reconnect",
  "retained-and-will",
  "stats",
  "stop",
  "subscribe",
  "transports",
  "utf8",
];

/** @type {Record<string, string>} */
export const CANNOT = {
  "a-trap-of-the-webassembly": "makes instances of WebAssembly trap",
  aws: "Node's fetch needs WebAssembly",
  "before-the-wasm-is-loaded": "loads a .wasm",
  "bench-compare": "loads a .wasm",
  "idle-memory": "the memory of mqtt-lib/js grows by half as much again, which is more than the bound",
  init: "loads a .wasm",
  "memory-above-2-gib": "the memory of mqtt-lib/js is at most 2 GiB",
  "memory-of-all-clients": "looks at instances of WebAssembly",
  "persistent-store":
    "reads what its child process writes to stderr, where Node says that there is no WebAssembly",
  readme: "reads what its child processes write to stderr",
  "service-example": "Node's fetch needs WebAssembly",
};

// Which files of tests/node run with the core of `mqtt-lib/js` in `node --jitless`, where there is no WebAssembly: those of the stage
// `js`, a minute of what a client does most; and those that the stage `js-all` leaves out, with the reason.

export const IN_STAGE = [
  "bad-options",
  "batch",
  "events",
  "handling",
  "js-entry",
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
};

// The numbers by which js/ names the operations of the core, and `act`, which does those that end at once. The other half
// are `MqttCustom::call` in src/api.rs, `act` and `stat` in src/fast_path.rs, and `engine::State`.

import * as core from "../pkg/mqtt_lib.js";
import { failed } from "./trap.mjs";

/** Of `core.call`. */
export const START = 0;
export const STOP = 1;
export const PUBLISH = 2;
export const QPUBLISH = 3;
export const BATCH = 4;
/** Of an item that is JSON text already. */
export const BATCH_JSON = 5;
export const FLUSH = 6;
export const SUBSCRIBE = 7;
export const UNSUBSCRIBE = 8;
export const REAUTHENTICATE = 9;
/** The promise of a batch that another call of the core has begun. */
export const BATCH_PROMISE = 10;
export const ONE_SHOT = 11;

/** Of `act`. */
export const CHECK_LOOP = 0;
export const WATCH = 1;
export const UNWATCH = 2;
export const REFUSE = 3;
export const SET_CALLBACK = 4;
export const WITHDRAW = 5;
/** What it answers: nothing of the call was on the wire. 0: there is none, or its answer has come. */
export const UNSENT = 1;

/** Nothing, once the WebAssembly has failed. @type {typeof core.act} */
export const act = (...all) => (failed() === undefined ? core.act(...all) : 0);

/** Of `stat`, by number: the counters. */
export const COUNTERS = [
  "sent",
  "received",
  "bytesSent",
  "bytesReceived",
  "inFlight",
  "queued",
  "dropped",
  "reconnects",
  "suspects",
];
/** Seconds until the next attempt to connect; NaN if none waits. */
export const RECONNECT_IN = 9;
/** The state, and 8 times the version of MQTT on the connection there is. */
export const STATUS = 10;
/** The token of the call that was made last; the second time there is none. */
export const LAST_TOKEN = 11;
/** Bytes of the messages that are not sent yet. */
export const BYTES_QUEUED = 12;

export const STATES = ["idle", "connecting", "connected", "reconnecting", "stopped"];
export const STOPPED = STATES[4];
/** Above the operation: twice the key of a handler, and 1 more for one that is given in `on_connect`. */
export const IDENTITY = 16;

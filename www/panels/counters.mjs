// The client's counters, as stats() gives them.

import { byId, make, setText } from "../lib/dom.mjs";
import { bytes, count, milliseconds } from "../lib/format.mjs";

const NAMES = {
  received: "received",
  sent: "sent",
  bytesReceived: "bytes in",
  bytesSent: "bytes out",
  inFlight: "in flight",
  queued: "waiting",
  bytesQueued: "waiting, B",
  unhandled: "unhandled",
  dropped: "dropped",
  suspects: "suspects",
  ackP50: "ack, 50 %",
  ackP99: "ack, 99 %",
  attempts: "attempts",
  reconnects: "reconnects",
};

/** @param {string} key @param {number | undefined} value */
function shown(key, value) {
  if (key.startsWith("ack")) return milliseconds(value === undefined ? undefined : value * 1000);
  return key.startsWith("bytes") ? bytes(value ?? 0) : count(value ?? 0);
}

export function countersPanel(session) {
  const values = Object.entries(NAMES).map(([key, name]) => {
    const value = make("dd", { id: `stat-${key}` }, "0");
    byId("stats").append(make("div", {}, make("dt", {}, name), value));
    return { key, value };
  });
  return {
    refresh() {
      const stats = session.client?.stats() ?? {};
      for (const { key, value } of values) {
        setText(value, shown(key, stats[key]));
      }
    },
  };
}

// The client's counters, as stats() gives them.

import { byId, make, setText } from "../lib/dom.mjs";
import { bytes, count } from "../lib/format.mjs";

const NAMES = {
  received: "received",
  sent: "sent",
  bytesReceived: "bytes in",
  bytesSent: "bytes out",
  inFlight: "in flight",
  queued: "waiting",
  dropped: "dropped",
  reconnects: "reconnects",
};

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
        setText(value, key.startsWith("bytes") ? bytes(stats[key] ?? 0) : count(stats[key] ?? 0));
      }
    },
  };
}

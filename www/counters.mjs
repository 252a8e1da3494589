// The client's counters, as stats() gives them.

import { byId, make } from "./dom.mjs";

const NAMES = {
  sent: "sent",
  received: "received",
  bytesSent: "bytes sent",
  bytesReceived: "bytes received",
  inFlight: "in flight",
  queued: "queued",
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
        const text = (stats[key] ?? 0).toLocaleString("en");
        if (value.textContent !== text) value.textContent = text;
      }
    },
  };
}

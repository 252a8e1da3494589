// Work of the application's OpenTelemetry SDK, its processors, propagators and exporters: what they throw goes into OpenTelemetry's
// own log, because observing a client loses no message and fails no call.

import { diag } from "@opentelemetry/api";

/** What `work` gives; `otherwise` where it throws. @template T @param {() => T} work @param {T} otherwise @returns {T} */
export function shielded(work, otherwise) {
  try {
    return work();
  } catch (error) {
    try {
      diag.error("mqtt-lib/otel:", error);
    } catch {
      // The log throws, too.
    }
    return otherwise;
  }
}

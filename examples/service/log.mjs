// One line of JSON for an event, with the trace it belongs to.

import { trace } from "@opentelemetry/api";

/** @param {"info" | "warn" | "error"} level @param {string} message @param {object} [more] */
export function log(level, message, more = {}) {
  const span = trace.getActiveSpan()?.spanContext();
  const ids = span && { trace_id: span.traceId, span_id: span.spanId };
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...ids, ...more })}\n`);
}

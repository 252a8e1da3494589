// Trace context in the user properties of a message (MQTT 5): with the propagator that the application has registered, and
// where there is none as W3C Trace Context says, level 1. Owns the way to text and back.

import { createTraceState, isSpanContextValid, propagation, trace, TraceFlags } from "@opentelemetry/api";

/** @typedef {import("@opentelemetry/api").Context} Context */
/** @typedef {Record<string, string | string[]>} Carrier */

const PARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const getter = {
  /** @param {Carrier} carrier */
  keys: (carrier) => Object.keys(carrier),
  /** @param {Carrier} carrier @param {string} key */
  get: (carrier, key) => carrier[key],
};

const isRegistered = () => propagation.fields().length > 0;

/** Writes the trace context of `context` into `carrier`. @param {Context} context @param {Carrier} carrier */
export function inject(context, carrier) {
  if (isRegistered()) return propagation.inject(context, carrier);
  const span = trace.getSpanContext(context);
  if (span === undefined || !isSpanContextValid(span)) return;
  const flags = (span.traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, "0");
  carrier.traceparent = `00-${span.traceId}-${span.spanId}-${flags}`;
  delete carrier.tracestate;
  const state = span.traceState?.serialize();
  if (state) carrier.tracestate = state;
}

/** @param {Context} context @param {Carrier | null | undefined} carrier @returns {Context} */
export function extract(context, carrier) {
  if (typeof carrier !== "object" || carrier === null) return context;
  if (isRegistered()) return propagation.extract(context, carrier, getter);
  const parent = typeof carrier.traceparent === "string" ? PARENT.exec(carrier.traceparent) : null;
  if (parent === null) return context;
  const [, version, traceId, spanId, flags, more] = parent;
  const span = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(typeof carrier.tracestate === "string" && { traceState: createTraceState(carrier.tracestate) }),
  };
  if (version === "ff" || (version === "00" && more !== undefined) || !isSpanContextValid(span))
    return context;
  return trace.setSpanContext(context, span);
}

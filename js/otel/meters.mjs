// The metrics of a client: those of the semantic conventions for messaging, and the counters of `client.stats()` as metrics of
// MQTT. Owns the instruments; of a topic only its template becomes an attribute, because topics are many.

import { errorType } from "./conventions.mjs";

/** Seconds, as the conventions advise. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** By the counter of `stats()`: whether it only grows, the name of the metric, its unit and what it says. @type {[string, boolean, string, string, string][]} */
const STATS = [
  ["inFlight", false, "mqtt.client.inflight", "{message}", "QoS 1 and 2 messages sent and not acknowledged."],
  ["queued", false, "mqtt.client.queued", "{message}", "Messages that wait to be sent."],
  ["unhandled", false, "mqtt.client.unhandled", "{message}", "Messages received and not dealt with."],
  ["dropped", true, "mqtt.client.dropped", "{message}", "Messages given up."],
  ["reconnects", true, "mqtt.client.reconnects", "{connection}", "Accepted connections after the first one."],
  ["bytesSent", true, "mqtt.client.sent", "By", "Bytes handed to the connection."],
  ["bytesReceived", true, "mqtt.client.received", "By", "Bytes received."],
];

const now = () => globalThis.performance.now() / 1000;

/** Starts a clock; what is returned gives the seconds since. */
export function clock() {
  const since = now();
  return () => now() - since;
}

export class Meters {
  #conventions;
  #end = () => {};

  /** @param {import("@opentelemetry/api").Meter} meter @param {any} client @param {import("./conventions.mjs").Conventions} conventions */
  constructor(meter, client, conventions) {
    this.#conventions = conventions;
    const seconds = { unit: "s", advice: { explicitBucketBoundaries: BOUNDARIES } };
    const messages = { unit: "{message}" };
    this.operation = meter.createHistogram("messaging.client.operation.duration", {
      description: "Duration of a publish, until it is acknowledged.",
      ...seconds,
    });
    this.process = meter.createHistogram("messaging.process.duration", {
      description: "Duration of the handling of a message.",
      ...seconds,
    });
    this.sent = meter.createCounter("messaging.client.sent.messages", {
      description: "Messages that were published.",
      ...messages,
    });
    this.consumed = meter.createCounter("messaging.client.consumed.messages", {
      description: "Messages that were handed to handlers and loops.",
      ...messages,
    });
    this.#observe(meter, client);
  }

  /** @param {import("@opentelemetry/api").Meter} meter @param {any} client */
  #observe(meter, client) {
    const connected = meter.createObservableGauge("mqtt.client.connected", {
      description: "1 while the client is connected.",
    });
    const counters = STATS.map(([key, grows, name, unit, description]) => ({
      key,
      instrument: meter[grows ? "createObservableCounter" : "createObservableUpDownCounter"](name, {
        unit,
        description,
      }),
    }));
    const instruments = [connected, ...counters.map(({ instrument }) => instrument)];
    /** @param {import("@opentelemetry/api").BatchObservableResult} result */
    const observe = (result) => {
      const stats = client.stats();
      const attributes = this.#conventions.common();
      result.observe(connected, client.connected ? 1 : 0, attributes);
      for (const { key, instrument } of counters) result.observe(instrument, stats[key], attributes);
    };
    meter.addBatchObservableCallback(observe, instruments);
    this.#end = () => meter.removeBatchObservableCallback(observe, instruments);
  }

  /** @param {"operation" | "process"} which @param {number} seconds @param {Record<string, any>} operation @param {unknown} [error] */
  record(which, seconds, operation, error) {
    const attributes = {
      ...operation,
      ...this.#conventions.version(),
      ...(error !== undefined && { "error.type": errorType(error) }),
    };
    this[which].record(seconds, attributes);
    return attributes;
  }

  /** Ends the observation of the client. */
  end() {
    this.#end();
  }
}

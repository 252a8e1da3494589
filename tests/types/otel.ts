// mqtt-lib/otel: what its types allow, and what they refuse. It is only compiled, never run.

import { context, metrics, trace } from "@opentelemetry/api";
import { MqttCustom } from "mqtt-lib";
import { type InstrumentOptions, type Instrumentation, instrument, messageContext } from "mqtt-lib/otel";

const client = new MqttCustom<{ mine: string }>({ userdata: { mine: "a" } });
const options: Required<InstrumentOptions> = {
  tracer: trace.getTracer("a"),
  meter: metrics.getMeter("a"),
  template: (topic) => (topic.startsWith("a") ? "a/{id}" : undefined),
  attributes: { "server.address": "localhost", "server.port": 1883 },
  propagate: false,
};
const instrumentation: Instrumentation = instrument(client, options);
instrument(client);
instrument(client, null);
instrumentation.remove();
client.subscribe("a", (_client, _userdata, message) =>
  context.with(messageContext(message), () => message.text()),
);

// @ts-expect-error an option that does not exist
instrument(client, { traces: trace });
// @ts-expect-error a template is a function
instrument(client, { template: "a/{id}" });
// @ts-expect-error the client comes first
instrument({ tracer: trace.getTracer("a") });

// OpenTelemetry's SDK: traces to an OTLP endpoint, metrics for Prometheus to fetch.

import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

/** @param {string} instance */
export function startTelemetry(instance) {
  const resource = resourceFromAttributes({ "service.name": "jobs", "service.instance.id": instance });
  const isTraced = process.env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined;
  const spanProcessors = isTraced ? [new BatchSpanProcessor(new OTLPTraceExporter())] : [];
  const tracers = new BasicTracerProvider({ resource, spanProcessors });
  const prometheus = new PrometheusExporter({ preventServerStart: true });
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(new MeterProvider({ resource, readers: [prometheus] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return {
    /** @param {any} request @param {any} response */
    metrics: (request, response) => prometheus.getMetricsRequestHandler(request, response),
    /** Sends the spans that are not sent yet. */
    stop: () => tracers.shutdown().catch(() => {}),
  };
}

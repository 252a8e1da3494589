// A service for Kubernetes: handles jobs from MQTT and publishes their results. It loses no job: a job is acknowledged when its
// result is out, SIGTERM finishes what is begun, and the broker keeps the rest for the pod's next start.
//
//   MQTT_URL                      mqtt://localhost:1883
//   MQTT_USERNAME, MQTT_PASSWORD  none
//   POD_NAME                      the client identifier, the same at each start of the pod (a StatefulSet's)
//   PORT                          8080, of the probes and of /metrics
//   OTEL_EXPORTER_OTLP_ENDPOINT   where traces go; without it they go nowhere

import { MqttCustom } from "mqtt-lib";
import { instrument } from "mqtt-lib/otel";
import { serve } from "./http.mjs";
import { log } from "./log.mjs";
import { startTelemetry } from "./telemetry.mjs";

const { MQTT_URL, MQTT_USERNAME, MQTT_PASSWORD, POD_NAME = "worker-0", PORT = "8080" } = process.env;
/** No job takes so long: a pod with an older one is started again. */
const LONGEST_JOB_S = 60;
/** Less than terminationGracePeriodSeconds. */
const STOP_S = 20;

const telemetry = startTelemetry(POD_NAME);
let isSubscribed = false;
let isStopping = false;

const client = new MqttCustom({
  credentials: {
    mqttserver: MQTT_URL ?? "mqtt://localhost:1883",
    mqttusername: MQTT_USERNAME,
    mqttpassword: MQTT_PASSWORD,
    mqttclientid: POD_NAME,
    mqttversion: 5,
    mqttcleansession: false,
    properties: { sessionExpiryInterval: 3600 }, // a pod that never comes back leaves no queue for ever
    maxmqttreconnectdelay: 30,
    stoptimeout: STOP_S,
  },
  on_error: (client, userdata, error) => log("error", error.message, { code: error.code }),
});
instrument(client, { attributes: { "messaging.client.id": POD_NAME } });
client.addEventListener("connect", ({ flags }) => log("info", "connected", { sessionPresent: flags.sessionPresent }));
client.addEventListener("disconnect", ({ error }) => log("info", "disconnected", { code: error?.code }));
client.addEventListener("reconnecting", ({ attempt, delay }) => log("warn", "reconnecting", { attempt, delay }));

const server = serve(Number(PORT), {
  // Alive: jobs come to their end. A broker that is away is no reason for a restart.
  "/healthz": () => client.state !== "stopped" && (client.stats().oldestUnhandled ?? 0) < LONGEST_JOB_S,
  "/readyz": () => client.connected && isSubscribed && !isStopping,
  "/metrics": telemetry.metrics,
});

/** The work: a job says how long it takes, in milliseconds. */
async function handle(client, userdata, message) {
  const job = message.json();
  await new Promise((resolve) => setTimeout(resolve, job.ms));
  await client.publish(`results/${job.id}`, JSON.stringify({ id: job.id, by: POD_NAME }), { qos: 1 });
  log("info", "job done", { id: job.id });
}

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, async () => {
    isStopping = true;
    log("info", "stopping", { signal, unhandled: client.stats().unhandled });
    await client.stop(); // finishes the jobs that have begun, and acknowledges them
    await telemetry.stop();
    server.close();
    log("info", "stopped", { unhandled: client.stats().unhandled });
    process.exit();
  });
}

// Pods share the jobs. What fails three times is put aside, and does not come again.
const options = { qos: 1, concurrency: 8, onFailure: "retry", retries: 2, retryDelay: 0.1, deadLetter: "jobs-dead" };
await client.subscribe("$share/workers/jobs/+", options, handle);
isSubscribed = true;
log("info", "ready");

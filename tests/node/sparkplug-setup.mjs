// What the tests of mqtt-lib/sparkplug share: a mosquitto, an observer that reads payloads with the package `sparkplug-payload`,
// edge nodes and host applications that end with their test.

import { createRequire } from "node:module";
import { after, before } from "node:test";
import mqtt from "mqtt";
import { EdgeNode, HostApplication } from "mqtt-lib/sparkplug";
import { startMosquitto } from "../support/mosquitto.mjs";
import { until } from "./helpers.mjs";

export const oracle = createRequire(import.meta.url)("sparkplug-payload").get("spBv1.0");
/** Started before the first test. @type {any} */
export let mosquitto;

before(async () => {
  mosquitto = await startMosquitto();
});

after(() => mosquitto?.stop());

/** Records what is published under a filter: verb, payload as the oracle reads it, QoS and retain. */
export async function watch(t, filter = "spBv1.0/#", url = mosquitto.url) {
  const observer = await mqtt.connectAsync(url);
  t.after(() => observer.endAsync(true));
  const seen = [];
  observer.on("message", (topic, payload, { qos, retain }) => {
    const [, group, verb] = topic.split("/");
    const isState = group === "STATE";
    const content = read(isState, payload);
    seen.push({ topic, verb: isState ? "STATE" : verb, content, qos, retain });
  });
  await observer.subscribeAsync(filter, { qos: 1 });
  return {
    seen,
    observer,
    verbs: () => seen.map(({ verb }) => verb),
    of: (verb) => seen.filter((one) => one.verb === verb),
    count: (verb, count) =>
      until(
        () => seen.filter((one) => one.verb === verb).length >= count,
        `${count} ${verb}; ${seen.map((one) => one.verb)}`,
      ),
  };
}

/** 64-bit numbers of the oracle as numbers. */
const longs = (_key, value) =>
  typeof value === "object" && value !== null && "low" in value ? value.low + value.high * 2 ** 32 : value;

/** What is no payload has no content. */
function read(isState, payload) {
  try {
    return isState ? JSON.parse(payload) : JSON.parse(JSON.stringify(oracle.decodePayload(payload), longs));
  } catch {
    return undefined;
  }
}

let made = 0;
export function edgeNode(t, options = {}, credentials = {}) {
  const errors = [];
  const node = new EdgeNode({
    group: "plant",
    node: `n${++made}`,
    metrics: [{ name: "temperature", type: "Double", value: 20 }],
    onError: (error) => errors.push(error),
    ...options,
    credentials: { mqttserver: mosquitto.url, maxmqttreconnectdelay: 0.1, ...credentials },
  });
  node.errors = errors;
  t.after(() => node.stop());
  return node;
}

export function hostOf(t, options = {}) {
  const changes = [];
  const errors = [];
  const note = (kind) => (change) => changes.push({ kind, ...change });
  const host = new HostApplication({
    id: `h${++made}`,
    onBirth: note("birth"),
    onData: note("data"),
    onDeath: note("death"),
    onError: (error) => errors.push(error),
    ...options,
    credentials: { mqttserver: mosquitto.url, maxmqttreconnectdelay: 0.1, ...options.credentials },
  });
  host.changes = changes;
  host.errors = errors;
  t.after(() => host.stop());
  return host;
}

export const metricOf = (message, name) =>
  message.content.metrics.find((metric) => metric.name === name)?.value;

// The entry "mqtt-lib/otel": OpenTelemetry for a client, by the semantic conventions for messaging. Owns which methods of a
// client are replaced, and puts them back. Knows the client's public interface only.

import { metrics, trace } from "@opentelemetry/api";
import { Conventions } from "./conventions.mjs";
import { Meters } from "./meters.mjs";
import { Publishing } from "./publishing.mjs";
import { Receiving } from "./receiving.mjs";

export { messageContext } from "./receiving.mjs";

const NAME = "mqtt-lib";
/** On an instrumented client: ends that. A registered symbol, because `import` and `require` give two copies of this file. */
const REMOVE = Symbol.for("mqtt-lib.otel.remove");

/** @param {any} options */
function checked(options) {
  if (options != null && typeof options !== "object")
    throw new TypeError(`instrument: options must be an object; a ${typeof options} was given`);
  const { tracer, meter, template, attributes, propagate, ...unknown } = options ?? {};
  for (const key of Object.keys(unknown)) {
    throw new TypeError(
      `instrument: unknown option ${JSON.stringify(key)}; known are tracer, meter, template, attributes, propagate`,
    );
  }
  if (template !== undefined && typeof template !== "function")
    throw new TypeError("instrument: template must be a function that makes a template of a topic");
  if (tracer !== undefined && typeof tracer?.startSpan !== "function")
    throw new TypeError('instrument: tracer must be a Tracer, as trace.getTracer("name") gives it');
  if (meter !== undefined && typeof meter?.createHistogram !== "function")
    throw new TypeError('instrument: meter must be a Meter, as metrics.getMeter("name") gives it');
  return { tracer, meter, template, attributes, propagate };
}

/** @param {any} client @param {any} [options] */
export function instrument(client, options) {
  const { tracer, meter, template, attributes, propagate = true } = checked(options);
  if (typeof client?.publish !== "function" || typeof client.addEventListener !== "function")
    throw new TypeError("instrument: the first argument must be a client, a MqttCustom");
  client[REMOVE]?.();

  const conventions = new Conventions(client, template, attributes);
  const meters = new Meters(meter ?? metrics.getMeter(NAME), client, conventions);
  const parts = { client, tracer: tracer ?? trace.getTracer(NAME), conventions, meters, propagate };
  const publishing = new Publishing(parts);
  const receiving = new Receiving(parts);

  /** @type {Map<string | symbol, PropertyDescriptor>} */
  const replaced = new Map();
  /** @param {string | symbol} name @param {PropertyDescriptor} property */
  const define = (name, property) => {
    replaced.set(name, property);
    Object.defineProperty(client, name, { ...property, configurable: true, enumerable: false });
  };
  for (const [name, method] of [...publishing.methods(), ...receiving.methods()])
    define(name, { value: method, writable: true });
  for (const [name, property] of receiving.callbacks()) define(name, property);

  const remove = () => {
    for (const name of replaced.keys()) delete client[name];
    receiving.end();
    meters.end();
  };
  define(REMOVE, { value: remove });
  return { remove, [Symbol.dispose ?? "dispose"]: remove };
}

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

/** @param {string} text */
const wrong = (text) => Object.assign(new TypeError(`instrument: ${text}`), { code: "INVALID_OPTION" });

/** @param {string} name @param {unknown} given */
function checkObject(name, given) {
  if (given == null || (typeof given === "object" && !Array.isArray(given))) return;
  const kind = Array.isArray(given) ? "an array" : `a ${typeof given}`;
  throw wrong(`${name} must be an object; ${kind} was given`);
}

/** @param {any} options */
function checked(options) {
  checkObject("options", options);
  const { tracer, meter, template, attributes, propagate, ...unknown } = options ?? {};
  for (const key of Object.keys(unknown)) {
    throw wrong(
      `unknown option ${JSON.stringify(key)}; known are tracer, meter, template, attributes, propagate`,
    );
  }
  if (template !== undefined && typeof template !== "function")
    throw wrong("template must be a function that makes a template of a topic");
  if (tracer !== undefined && typeof tracer?.startSpan !== "function")
    throw wrong('tracer must be a Tracer, as trace.getTracer("name") gives it');
  if (meter !== undefined && typeof meter?.createHistogram !== "function")
    throw wrong('meter must be a Meter, as metrics.getMeter("name") gives it');
  checkObject("attributes", attributes);
  if (propagate !== undefined && typeof propagate !== "boolean")
    throw wrong(`propagate must be true or false; a ${typeof propagate} was given`);
  return { tracer, meter, template, attributes, propagate };
}

/** @param {any} client @param {any} [options] */
export function instrument(client, options) {
  const { tracer, meter, template, attributes, propagate = true } = checked(options);
  if (typeof client?.publish !== "function" || typeof client.addEventListener !== "function")
    throw wrong("the first argument must be a client, a MqttCustom");
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

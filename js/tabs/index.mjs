// The entry "mqtt-lib/tabs": the class `MqttCustom` whose clients of all tabs of an origin share one connection. Its core speaks
// MQTT with the hub of that connection instead of the broker, so everything above the connection is as in any client.

import { MqttCustom as Client } from "mqtt-lib";
import { isObject, Member } from "./member.mjs";
import { canShare } from "./names.mjs";

export * from "mqtt-lib";

/** How the native client finds the transports of its owner, see js/hooks.mjs. */
const CONNECT = Symbol.for("mqtt-lib.connect");

/** That of the client which is being constructed. @type {Member | undefined} */
let current;

/** @param {string} text */
const invalid = (text) => Object.assign(new TypeError(text), { code: "INVALID_OPTION" });

/** For the core of a tab: its session is with the hub, which knows by itself that a tab is gone. @param {any} given */
function forHub(given) {
  // The core says what is wrong.
  if (!isObject(given)) return given;
  if (given.store != null && given.store !== "memory")
    throw invalid(
      "credentials.store must be left out with mqtt-lib/tabs; use mqtt-lib for a client with a store",
    );
  if (given.transport != null)
    throw invalid(
      "credentials.transport cannot be used with mqtt-lib/tabs, whose connection belongs to all tabs; use mqtt-lib",
    );
  if (given.properties?.authenticationMethod !== undefined)
    throw invalid(
      "credentials.properties.authenticationMethod cannot be used with mqtt-lib/tabs; use mqtt-lib",
    );
  return {
    ...given,
    mqttclientid: given.mqttclientid || `tab-${crypto.randomUUID().slice(0, 13)}`,
    mqttcleansession: false,
    mqttkeepalive: 0,
  };
}

/** The constructor's argument for the core. @param {any} options @param {() => void} up */
function prepare(options, up) {
  current = undefined;
  const { credentials } = options ?? {};
  const isFunction = typeof credentials === "function";
  // Whatever else was given is left for the validator to reject.
  if (!canShare() || (credentials != null && !isFunction && !isObject(credentials))) return options;
  const member = new Member(Client, isFunction ? credentials : { ...credentials }, up);
  current = member;
  const asked = async (/** @type {number} */ attempt, /** @type {any} */ error) =>
    forHub(await member.answer(attempt, error));
  return { ...options, credentials: isFunction ? asked : forHub({ ...credentials }) };
}

/** By client: a private field is not there yet when the client's constructor asks. @type {WeakMap<object, Member | undefined>} */
const members = new WeakMap();

export class MqttCustom extends Client {
  /** @param {any} [options] */
  constructor(options) {
    super(prepare(options, () => this.#up()));
    const member = current;
    members.set(this, member);
    current = undefined;
    // Not of a client that has been started again by now.
    this.addEventListener("close", () => this.state === "stopped" && member?.leave());
  }

  /** The shared connection is there: an attempt that waits for its time is made now. */
  #up() {
    const { state } = this;
    if (state === "connecting" || state === "reconnecting") this.start().catch(() => {});
  }

  /** @param {any} own how the platform connects @returns {any} */
  [CONNECT](own) {
    const member = members.has(this) ? members.get(this) : current;
    return member === undefined ? own : (/** @type {string} */ url) => member.open(url);
  }
}

Object.defineProperty(MqttCustom, "name", { value: "MqttCustom" });

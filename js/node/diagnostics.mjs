// What Node alone shows of a client: `console.log(client)`, and its events on the channels of `node:diagnostics_channel`. Never
// shows a secret: the address is without user name and query.

import { channel } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { MqttCustom } from "../client.mjs";
import { HOOKS } from "../events.mjs";
import { shownUrl } from "./socket-failure.mjs";

const TYPES = ["connect", "disconnect", "reconnecting", "statechange", "error", "close"];

/** @param {any} prototype */
function show(prototype) {
  /** @this {MqttCustom} @param {number} depth @param {import("node:util").InspectOptions} options */
  const shown = function (depth, options) {
    if (depth < 0) return "[MqttCustom]";
    const { state, mqttversion } = this;
    const all = {
      address: shownUrl(this[HOOKS].url ?? "") || undefined,
      state,
      mqttversion,
      stats: this.stats(),
    };
    return `MqttCustom ${inspect(all, { ...options, depth: options.depth == null ? null : Number(options.depth) - 1 })}`;
  };
  Object.defineProperty(prototype, inspect.custom, { value: shown });
}

/** @param {any} prototype */
function publish(prototype) {
  const channels = new Map(TYPES.map((type) => [type, channel(`mqtt-lib:${type}`)]));
  const { dispatchEvent } = prototype;
  /** @this {MqttCustom} @param {Event} event */
  const dispatch = function (event) {
    const its = channels.get(event.type);
    if (its?.hasSubscribers) its.publish({ client: this, event });
    return dispatchEvent.call(this, event);
  };
  Object.defineProperty(prototype, "dispatchEvent", { value: dispatch, writable: true, configurable: true });
}

export function diagnose() {
  show(MqttCustom.prototype);
  publish(MqttCustom.prototype);
}

// A client of the WASI component with the part of the native client's interface that the schedules of faults use: calls are
// made one after the other in a worker, which asks for messages between them.

import { Worker } from "node:worker_threads";

const VERSIONS = { 4: "v4", 5: "v5" };

export class WasiClient {
  #worker;
  #calls = new Map();
  #count = 0;
  #stats = {};
  state = "connecting";

  /** `credentials` of the native client, and its callbacks. */
  constructor({ credentials, on_message, on_error }) {
    const { mqttversion, ...others } = credentials;
    const workerData = { ...others, mqttversion: VERSIONS[mqttversion] };
    this.#worker = new Worker(new URL("wasi-client-worker.mjs", import.meta.url), { workerData });
    this.#worker.on("message", ({ id, value, error, event, stats, state }) => {
      if (stats) [this.#stats, this.state] = [stats, state];
      if (event?.tag === "message") {
        const { topic, payload } = event.val;
        on_message(this, undefined, { topic, text: () => new TextDecoder().decode(payload) });
      } else if (event?.tag === "error") {
        on_error(this, undefined, event.val);
      }
      const call = this.#calls.get(id);
      this.#calls.delete(id);
      if (error) call?.reject(Object.assign(new Error(error.message), error));
      else call?.resolve(value);
    });
  }

  #call(name, ...args) {
    const id = ++this.#count;
    const result = new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }));
    result.catch(() => {});
    this.#worker.postMessage({ id, name, args });
    return result;
  }

  publish = (topic, payload, options) =>
    this.#call("publish", topic, new TextEncoder().encode(payload), options);

  /** Ends when it is in the queue: whether it arrives the peer says. */
  qpublish = (topic, payload, options) =>
    this.#call("qpublish", topic, new TextEncoder().encode(payload), options);

  subscribe = (topic, options) => this.#call("subscribe", topic, options);

  stats = () => this.#stats;

  async stop() {
    await this.#call("stop").catch(() => {});
    await this.#worker.terminate();
  }
}

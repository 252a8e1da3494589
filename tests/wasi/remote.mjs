// A client of the component in a worker, for tests whose broker or proxy is in this process. Each method returns a promise;
// an error of the interface rejects it, as an object with `code` and the rest.

import { Worker } from "node:worker_threads";

/** The component as jco has made it. */
const MODULE = new URL("../../wasi/dist/js/mqtt-lib-client.js", import.meta.url).href;

export class Remote {
  #worker;
  #calls = new Map();
  #count = 0;

  constructor(credentials, module = MODULE, preopen = undefined) {
    this.#worker = new Worker(new URL("client-worker.mjs", import.meta.url), {
      workerData: { credentials, module, preopen },
    });
    this.#worker.on("message", ({ id, value, error }) => {
      const { resolve, reject } = this.#calls.get(id);
      this.#calls.delete(id);
      if (error) reject(error);
      else resolve(value);
    });
  }

  call(name, ...args) {
    const id = ++this.#count;
    const result = new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }));
    this.#worker.postMessage({ id, name, args });
    return result;
  }

  /** The next event of this kind; others are passed over. */
  async next(tag, timeout = 30) {
    for (;;) {
      const event = await this.call("nextEvent", timeout);
      if (event === undefined) throw new Error(`no event "${tag}" within ${timeout} s`);
      if (event.tag === tag) return event.val;
    }
  }

  async end() {
    this.#worker.unref();
    await this.#worker.terminate();
  }
}

/** A client that is ended after its test; `preopen` is a folder that it may use. */
export async function remote(t, broker, credentials = {}, module = MODULE, preopen = undefined) {
  const given = { mqttserver: "127.0.0.1", mqttport: broker.port, ...credentials };
  const client = new Remote(given, module, preopen);
  t.after(() => client.end());
  await client.call("new");
  return client;
}

/** The error of a call that fails. */
export async function refused(call) {
  return call.then(
    () => {
      throw new Error("expected an error, but there was none");
    },
    (error) => error,
  );
}

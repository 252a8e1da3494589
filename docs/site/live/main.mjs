// Runs an example of the site in the page: the package itself, with the broker of live/broker.mjs at every address. Owns the
// clients of what runs; one example runs at a time.
import * as lib from "mqtt-lib/inline";
import "mqtt-lib/streams";
import { quiet, transport } from "./broker.mjs";
import { show } from "./show.mjs";

const IMPORT = /^import (\{[^}]*\}) from "mqtt-lib";$/gm;
const AsyncFunction = /** @type {any} */ (async () => {}).constructor;
/** @type {Set<any>} */
const clients = new Set();

/** The same client, connected to the broker of the page. */
class MqttCustom extends lib.MqttCustom {
  constructor(options = {}) {
    super({ ...options, credentials: inPage(options.credentials) });
    clients.add(this);
  }

  /** aedes acknowledges a publish before it delivers it, other than the brokers that the examples are written for. @param {any} [options] */
  async stop(options) {
    await quiet();
    return super.stop(options);
  }
}

/** @param {any} given */
function inPage(given) {
  if (typeof given === "function") return async (/** @type {any[]} */ ...all) => inPage(await given(...all));
  const { mqttport, mqttserver, websocket, ...rest } = given ?? {};
  return { ...rest, mqttserver: "ws://this.page", mqttkeepalive: 0, transport };
}

/** Ends what runs. */
export async function stop() {
  await Promise.all(Array.from(clients, (client) => client.stop()));
}

/** Resolves when the example has ended, and each of its clients. @param {string} code @param {(line: string) => void} print */
export async function run(code, print) {
  await stop();
  clients.clear();
  const log = (/** @type {unknown[]} */ ...all) => print(all.map((one) => show(one)).join(" "));
  const body = code.replace(IMPORT, (_all, names) => `const ${names.replaceAll(" as ", ": ")} = mqttLib;`);
  const console = { ...globalThis.console, log, info: log, warn: log, error: log, debug: log };
  await new AsyncFunction("mqttLib", "console", body)({ ...lib, MqttCustom }, console);
  await Promise.all(Array.from(clients, closed));
}

/** @param {any} client @returns {Promise<void>} */
const closed = (client) =>
  new Promise((resolve) => {
    if (client.state === "stopped") resolve();
    else client.addEventListener("close", () => resolve());
  });

// `mqtt-lib broker`: runs the embedded broker until a signal ends it. Its package, aedes, must be installed by the user.

import { whole } from "./arguments.mjs";
import { startEmbedded } from "./embedded.mjs";
import { EXIT, Failure, Interrupted, UsageError } from "./failure.mjs";
import { printable } from "../node/printable.mjs";
import { plural } from "./progress.mjs";
import { printNotice, untilEnded } from "./session.mjs";

const STOCK_PORT = 1883;

/** @param {Pick<import("./session.mjs").Context, "values" | "words" | "end">} context */
export async function broker({ values, words, end }) {
  if (words.length > 0) throw new UsageError(`mqtt-lib broker takes options only; "${words[0]}" was given`);
  const host = values.host ?? "localhost";
  const wanted = whole(values, "port", 0, 65_535) ?? STOCK_PORT;
  const { aedes, port, stop } = await start(host, wanted, values["allow-origin"] ?? []);
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const speaks =
    Number.parseInt(aedes.version, 10) >= 2
      ? "MQTT 5.0 and 3.1.1"
      : "MQTT 3.1.1 (for 5.0: npm install aedes@2.0.0-beta.1)";
  print(`mqtt://${where} and ws://${where}/mqtt, ${speaks}; Ctrl-C ends it`);
  if (values.verbose) printEvents(aedes);
  try {
    await untilEnded(end.signal);
  } catch (error) {
    if (error instanceof Interrupted) error.code = EXIT.OK;
    throw error;
  } finally {
    await stop();
  }
}

/** @param {string} text */
function print(text) {
  process.stdout.write(`${printable(text)}\n`);
}

/** @param {string} host @param {number} port @param {string[]} allowed */
async function start(host, port, allowed) {
  const Aedes = await load();
  try {
    return await startEmbedded(Aedes, {
      host,
      port,
      allowed,
      onPortInUse: portInUse,
      onRefused: printNotice,
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {number} port */
function portInUse(port) {
  throw new Failure(`port ${port} is in use; give another one with --port, or 0 for any free port`);
}

async function load() {
  try {
    return (await import("aedes")).Aedes;
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Failure(
      "the broker is in a package of its own, aedes; install it: npm install aedes (or: npx -p mqtt-lib -p aedes mqtt-lib broker)",
    );
  }
}

/** Prints who connects and disconnects, and what is published. @param {any} aedes */
function printEvents(aedes) {
  aedes.on("client", (/** @type {{ id: string }} */ client) => print(`${client.id} connected`));
  aedes.on("clientDisconnect", (/** @type {{ id: string }} */ client) => print(`${client.id} disconnected`));
  aedes.on("publish", (/** @type {any} */ packet, /** @type {{ id: string } | null} */ client) => {
    if (client)
      print(
        `${client.id} ${packet.topic} ${plural(packet.payload.length, "byte")}, QoS ${packet.qos}${packet.retain ? ", retained" : ""}`,
      );
  });
}

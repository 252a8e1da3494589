// One cell of the matrix in a process of its own, so that a client that hangs or throws spoils no other cell. The parent
// (support/run-cell.mjs) says which cell, owns the broker, and ends this process if it takes too long.

import { BROKERS } from "../brokers/index.mjs";
import { OPERATIONS } from "../operations/index.mjs";
import { PROOF } from "../operations/killed.mjs";
import { makeCell } from "./cell.mjs";
import { innocentTraffic } from "./innocent.mjs";
import { brief, Failed, NotDone, REFUSED_CONNECTIONS } from "./outcome.mjs";

const answers = new Map();
let asked = 0;

/** Asks the parent to kill or start a node. */
function control(action, node) {
  const number = ++asked;
  process.send({ control: { number, action, node } });
  return new Promise((resolve, reject) => answers.set(number, { resolve, reject }));
}

process.on("message", ({ begin, answer }) => {
  if (answer) {
    const { resolve, reject } = answers.get(answer.number);
    if (answer.error) reject(new Error(answer.error));
    else resolve();
  }
  if (begin) {
    runCell(begin)
      .catch((error) => ({ result: "failed", reason: error.stack ?? String(error) }))
      .then((result) => process.send({ result }, () => process.exit(0)));
  }
});
process.on("disconnect", () => process.exit(1));
process.on("uncaughtException", (error) => {
  process.send({ result: { result: "failed", reason: `uncaught: ${brief(error)}` } }, () => process.exit(1));
});

async function runCell({ broker: brokerName, operation: operationName, version, nodes, credentials, round }) {
  const broker = BROKERS.find(({ name }) => name === brokerName);
  const operation = [...OPERATIONS, PROOF].find(({ name }) => name === operationName);
  const cell = makeCell({ broker, nodes, credentials, version, control });
  const absent = operation.absent?.(cell) ?? broker.skips?.[operation.name];
  if (absent) return { result: "cannot", reason: absent };
  let traffic;
  let counts;
  let failure;
  try {
    const clientId = cell.name("main");
    const own = operation.acktimeout ? { acktimeout: operation.acktimeout } : {};
    const client =
      operation.innocent === false ? undefined : await cell.connected({ mqttclientid: clientId, ...own });
    traffic = client && (await innocentTraffic(cell, client));
    try {
      await operation.run(cell, client, { clientId, round });
    } catch (error) {
      failure = error;
    }
    const answers = !(failure instanceof NotDone && operation.answers === false);
    counts = await traffic?.finish({ seconds: failure instanceof Failed ? 5 : undefined, answers });
  } catch (error) {
    counts ??= error.counts;
    failure = worse(failure, error);
  }
  const mine = cell.clients();
  const connections = cell.connections();
  const extra = Math.max(
    operation.extraConnections ?? 0,
    failure instanceof NotDone ? 2 * REFUSED_CONNECTIONS + (operation.repeats ?? 0) : 0,
  );
  if (connections > mine + extra && !(failure instanceof Failed)) {
    failure = worse(failure, new Failed(`${connections} connections of ${mine} clients`));
  }
  await cell.stop().catch((error) => {
    failure = worse(failure, error);
  });
  const report = { innocent: counts, clients: mine, connections, notes: cell.notes, figures: cell.figures };
  if (!failure) return { ...report, result: "passed" };
  if (failure instanceof NotDone) {
    const known = broker.cannot?.[`${operation.name} ${version}`] ?? broker.cannot?.[operation.name];
    const proof = known && (await proofOf(operation, cell));
    if (proof)
      return { ...report, result: "cannot", reason: `${known} (here: ${failure.message}; ${proof})` };
    if (known) failure.message += "; MQTT.js can do it here";
  }
  const unexpected = failure instanceof Failed || failure instanceof NotDone ? undefined : failure.stack;
  return { ...report, result: "failed", reason: unexpected ?? failure.message };
}

/** One failure of two: that of the client, if one of them is, with what both say. */
function worse(first, second) {
  if (!first) return second;
  const both = `${first.message}; ${second.message}`;
  return first instanceof NotDone && second instanceof NotDone ? new NotDone(both) : new Failed(both);
}

/** What happens to MQTT.js in the same place; nothing if it succeeds. */
async function proofOf(operation, cell) {
  if (!operation.second) return "not tried with another client";
  try {
    await operation.second(cell);
    return undefined;
  } catch (error) {
    return `with MQTT.js: ${brief(error)}`;
  }
}

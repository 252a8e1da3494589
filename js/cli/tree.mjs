// `mqtt-lib tree`: prints the retained messages under a filter as a tree of topic levels.

import { seconds } from "./arguments.mjs";
import { UsageError } from "./failure.mjs";
import { checkOutput, write } from "./output.mjs";
import { printable } from "../node/printable.mjs";
import { plural } from "./progress.mjs";
import { printNotice, unlessEnded, withClient } from "./session.mjs";

/** A payload longer than this is cut. */
const MAX_SHOWN = 60;
/** Levels behind this many are one, because each line has the branches of all above it. */
const MAX_LEVELS = 32;
/** Lines that are written together. */
const LINES_TOGETHER = 1000;

/** @typedef {import("mqtt-lib").Message} Message */
/** @typedef {{ message?: Message, levels: Map<string, Node> }} Node */

/** @param {import("./session.mjs").Context} context */
export async function tree(context) {
  const { values, end } = context;
  const filters = [...(values.topic ?? []), ...context.topics, ...context.words];
  if (filters.length > 1)
    throw new UsageError(`mqtt-lib tree takes one filter; ${filters.length} were given`);
  const [filter = "#"] = filters;
  checkOutput();
  const limit = {
    seconds: seconds(values, "timeout"),
    late: (/** @type {number} */ s) =>
      `the retained messages under "${filter}" were not complete within ${s} s`,
  };
  let skipped = 0;
  const messages = await withClient(
    context,
    {},
    async (client) => {
      const found = await unlessEnded(client.snapshot(filter), end.signal);
      skipped = client.stats().dropped;
      return found;
    },
    limit,
  );
  if (values.json) await write([Buffer.from(json(messages))]);
  else await writeLines(linesOf(rootOf(messages), ""));
  if (!values.quiet) {
    printNotice(`${plural(messages.size, "retained message")} under ${filter}${missing(skipped)}`);
  }
}

/** @param {number} skipped */
const missing = (skipped) =>
  skipped === 0
    ? ""
    : `; ${plural(skipped, "message", " is missing, because it was", " are missing, because they were")} skipped`;

/** @param {ReadonlyMap<string, Message>} messages */
function json(messages) {
  const found = [...messages].map(([topic, message]) => [topic, message.text()]);
  const text = JSON.stringify(Object.fromEntries(found));
  return `${process.stdout.isTTY ? printable(text) : text}\n`;
}

/** @param {ReadonlyMap<string, Message>} messages */
function rootOf(messages) {
  /** @type {Node} */
  const root = { levels: new Map() };
  for (const topic of [...messages.keys()].sort()) {
    let node = root;
    const levels = topic.split("/");
    if (levels.length > MAX_LEVELS) levels.push(levels.splice(MAX_LEVELS - 1).join("/"));
    for (const level of levels) {
      const next = node.levels.get(level) ?? { levels: new Map() };
      node.levels.set(level, next);
      node = next;
    }
    node.message = messages.get(topic);
  }
  return root;
}

/** @param {Iterable<string>} lines */
async function writeLines(lines) {
  let together = [];
  for (const line of lines) {
    if (together.push(line) < LINES_TOGETHER) continue;
    await write([Buffer.from(together.join(""))]);
    together = [];
  }
  await write([Buffer.from(together.join(""))]);
}

/** @param {Node} node @param {string} indent @returns {Generator<string>} */
function* linesOf({ levels }, indent) {
  let left = levels.size;
  for (const [level, node] of levels) {
    left -= 1;
    const [branch, below] = left === 0 ? ["└─ ", "   "] : ["├─ ", "│  "];
    const shown = node.message === undefined ? "" : ` = ${shownOf(node.message)}`;
    yield `${indent}${branch}${printable(level)}${shown}\n`;
    yield* linesOf(node, indent + below);
  }
}

/** @param {Message} message */
function shownOf(message) {
  const text = printable(message.text());
  if (text.includes("\ufffd")) return plural(message.payload.length, "byte");
  return text.length > MAX_SHOWN
    ? `${text.slice(0, MAX_SHOWN)}… (${plural(message.payload.length, "byte")})`
    : text;
}

#!/usr/bin/env node
// The command `mqtt-lib`: selects the subcommand, runs it, and turns the result into an exit code and at most one sentence.

import module, { createRequire } from "node:module";
import { guess, parse } from "./arguments.mjs";
import { credentialsOf, isUrl } from "./credentials.mjs";
import { asFailure, EXIT, Interrupted, UsageError } from "./failure.mjs";
import { helpOf, overview } from "./help.mjs";
import { ALIASES, COMMANDS } from "./options.mjs";
import { hide } from "./secrets.mjs";
import { complete, exposed } from "./profile.mjs";
import { exitOnceWritten, outputAbandoned, outputWritten } from "./output.mjs";
import { abortOnSignals, printNotice } from "./session.mjs";

/** Loads the subcommand alone. */
const LOAD = /** @type {Record<string, () => Promise<(context: any) => Promise<void>>>} */ ({
  pub: async () => (await import("./pub.mjs")).pub,
  sub: async () => (await import("./sub.mjs")).sub,
  request: async () => (await import("./request.mjs")).request,
  bench: async () => (await import("./bench.mjs")).bench,
  simulate: async () => (await import("./simulate.mjs")).simulate,
  broker: async () => (await import("./broker.mjs")).broker,
  tree: async () => (await import("./tree.mjs")).tree,
  completion: async () => (await import("./completion.mjs")).completion,
});
/** Whether a command connects to a broker. @param {string} command */
const connects = (command) => COMMANDS[command].options.pw !== undefined;
/** Host and port without a scheme, which would be taken for a topic. */
const ADDRESS = /^(localhost|[\w-]+(\.[\w-]+)+):\d+$/;
const HELP = new Set(["help", "--help", "-h"]);
const VERSION = new Set(["version", "--version", "-v"]);

const version = () => createRequire(import.meta.url)("mqtt-lib/package.json").version;

/** @param {string[]} args */
async function run(args) {
  hide(args);
  const end = abortOnSignals();
  const [first, ...rest] = args;
  const code = await runCommand(end, first, rest);
  await outputWritten();
  if (outputAbandoned()) throw end.signal.reason;
  return code;
}

/** @param {AbortController} end @param {string | undefined} first @param {string[]} rest */
async function runCommand(end, first, rest) {
  if (first === undefined) {
    process.stderr.write(overview(version()));
    return EXIT.USAGE;
  }
  if (VERSION.has(first)) {
    process.stdout.write(`${version()}\n`);
    return EXIT.OK;
  }
  if (HELP.has(first)) {
    process.stdout.write(rest[0] === undefined ? overview(version()) : helpOf(commandOf(rest[0])));
    return EXIT.OK;
  }
  const command = commandOf(first);
  if (rest.includes("--help")) {
    process.stdout.write(helpOf(command));
    return EXIT.OK;
  }
  const { values, words } = parse(command, rest);
  const urls = words.filter(isUrl);
  const [word = ""] = words;
  if (ADDRESS.test(word))
    throw new UsageError(`"${word}" has no scheme: mqtt://${word}; a topic of this name is given by --topic`);
  const warnings = [exposed(values, urls), complete(command, values, urls)];
  const context = { end, values, words: words.filter((word) => !isUrl(word)) };
  const options = connects(command) ? credentialsOf(values, urls, command) : {};
  for (const warning of warnings) if (warning && !values.quiet) printNotice(warning);
  const run = await LOAD[command]();
  await run({ ...context, ...options });
  return EXIT.OK;
}

/** @param {string} name */
function commandOf(name) {
  const command = ALIASES[name] ?? name;
  if (Object.hasOwn(COMMANDS, command)) return command;
  const names = Object.keys(COMMANDS);
  if (isUrl(name))
    throw new UsageError(`the command is missing before the URL; the commands are: ${names.join(", ")}`);
  // What follows = may be a password: --PW=SECRET.
  const shown = name.replace(/=[\s\S]*/, "=…");
  throw new UsageError(
    `there is no command "${shown}"; ${guess(name, names) ?? `the commands are: ${names.join(", ")}`}`,
  );
}

async function main() {
  let code;
  try {
    code = await run(process.argv.slice(2));
  } catch (error) {
    const failure = asFailure(error);
    code = failure.code;
    if (!(failure instanceof Interrupted && code === EXIT.OK)) printNotice(failure.message);
  }
  process.stdin.destroy(); // an open terminal or pipe would keep the process alive
  exitOnceWritten(code);
}

// What V8 compiles of the package is kept for the next run where Node can (22.8 and later).
/** @type {any} */ (module).enableCompileCache?.();
main();

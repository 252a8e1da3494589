// Options that are not on the command line: of a profile, a file with one option a line, and of environment variables. Owns
// their precedence (the command line, then the environment, then the profile), and the warning about secrets in the list of
// processes.

import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "./arguments.mjs";
import { EXIT, Failure, UsageError } from "./failure.mjs";
import { COMMANDS } from "./options.mjs";
import { hide } from "./secrets.mjs";

/** Environment variables, by the option they stand for. */
const VARIABLES = /** @type {Record<string, string>} */ ({
  url: "MQTT_LIB_URL",
  username: "MQTT_LIB_USERNAME",
  pw: "MQTT_LIB_PASSWORD",
  passphrase: "MQTT_LIB_PASSPHRASE",
});
/** Each of these says which server is meant, so that one of them replaces the others of a weaker source. */
const SERVER = ["url", "host", "port"];

/** The bits of a file's mode that let others read it. */
const OTHERS = 0o044;

/** @typedef {import("./arguments.mjs").Values} Values */

const folder = () => join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "mqtt-lib");

/**
 * Adds what the environment and the profile have. `urls` are those among the words of the command line. Returns what is to
 * be said of a profile that others can read, or undefined.
 * @param {string} command @param {Values} values @param {string[]} urls
 */
export function complete(command, values, urls) {
  const named = urls.length > 0 || SERVER.some((name) => values[name] !== undefined);
  const { options } = COMMANDS[command];
  if (options.pw === undefined) return undefined;
  let server = named;
  const { warning, ...fromProfile } = profile(command, values.profile);
  for (const source of [environment(), fromProfile]) {
    const hasServer = SERVER.some((name) => source[name] !== undefined);
    for (const [name, value] of Object.entries(source)) {
      if (SERVER.includes(name) && server) continue;
      if (name === "property") values.property.push(...value);
      else values[name] ??= value;
    }
    server ||= hasServer;
  }
  return warning;
}

/** @returns {Record<string, any>} */
function environment() {
  const found = Object.entries(VARIABLES).filter(([, variable]) => process.env[variable]);
  const values = Object.fromEntries(found.map(([name, variable]) => [name, process.env[variable]]));
  hide(["--pw", values.pw ?? "", "--pw", values.passphrase ?? "", values.url ?? ""]);
  return values.url === undefined ? values : { ...values, url: [values.url] };
}

/** @param {string} command @param {string | undefined} name @returns {Record<string, any>} */
function profile(command, name) {
  if (name === undefined) return {};
  if (!/^[\w.-]+$/.test(name) || name.startsWith(".")) {
    throw new UsageError(`--profile takes a name of letters, digits, "-", "_" and "."; "${name}" was given`);
  }
  const file = join(folder(), name);
  let text;
  let mode;
  try {
    const found = statSync(file);
    if (!found.isFile()) throw new Error("it is no file");
    mode = found.mode;
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const why = code === "ENOENT" ? "there is no such file" : message;
    throw new Failure(`cannot read the profile "${name}", ${file}: ${why}`, EXIT.USAGE);
  }
  const args = text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .flatMap(wordsOf);
  hide(args);
  try {
    const { values, words } = parse(command, args);
    // Not quoted: a file of another format has its password anywhere.
    if (words.length > 0)
      throw new UsageError("a line has no option; each begins with one, as in --host HOST");
    const { property, ...rest } = values;
    if ((rest.pw ?? rest.passphrase) !== undefined && mode & OTHERS && process.platform !== "win32") {
      rest.warning = `the profile ${file} has a password and can be read by other users of this machine; chmod 600 it`;
    }
    return property.length > 0 ? { ...rest, property } : rest;
  } catch (error) {
    throw new UsageError(`in the profile ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

/** An option and its value, the rest of the line; a property has several values. @param {string} line */
function wordsOf(line) {
  const [, option, value] = /** @type {string[]} */ (line.trim().match(/^(\S+)\s*([\s\S]*)$/));
  if (/^(-D|--property)$/.test(option)) return [option, ...value.split(/\s+/)];
  return value === "" ? [option] : [option, value];
}

/** What is to be said of a secret that everybody on the machine can read, or undefined. @param {Values} values @param {string[]} urls */
export function exposed(values, urls) {
  const name = ["pw", "passphrase"].find((option) => values[option] !== undefined);
  const inUrl = [...(values.url ?? []), ...urls].some((url) => /^[^/]*\/\/[^/?#]*:[^/?#]*@/.test(url));
  if (name === undefined && !inUrl) return undefined;
  return `the ${name === "passphrase" ? "passphrase" : "password"} on the command line can be read by other users of this machine; give it as ${VARIABLES[name ?? "pw"]} or in a --profile`;
}

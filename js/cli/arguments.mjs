// Parses the words of a command line into values by name; an error names the wrong word and what is allowed. Knows
// options.mjs, but nothing of MQTT.

import { parseArgs } from "node:util";
import { UsageError } from "./failure.mjs";
import { COMMANDS } from "./options.mjs";

/**
 * @typedef {{ [name: string]: any, property: string[][] }} Values
 * @param {string} command @param {string[]} args
 * @returns {{ values: Values, words: string[] }} words: those that belong to no option
 */
export function parse(command, args) {
  const { options } = COMMANDS[command];
  // Not strict: its errors describe the JavaScript API, and it rejects `-m -5`.
  const { tokens } = parseArgs({
    args,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { short, value }]) => [
        name,
        { type: value === undefined ? "boolean" : "string", ...(short && { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  /** @type {Values} */
  const values = { property: [] };
  const words = [];
  let next = 0;
  for (const token of tokens) {
    if (token.index < next) continue; // taken by a --property before it
    if (token.kind === "positional") {
      refuseDash(options, token.value);
      words.push(token.value);
    }
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) throw unknown(command, name, rawName);
    if (option.value === undefined) {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value; "${value}" was given`);
      values[name] = true;
      continue;
    }
    if (value === undefined)
      throw new UsageError(
        `${rawName} needs a value: ${rawName} ${option.value}${rawName === "-h" ? `; for help: mqtt-lib ${command} --help` : ""}`,
      );
    if (name === "property") {
      const start = token.index + (token.inlineValue ? 1 : 2);
      const rest = args.slice(start, start + (args[start] === "user-property" ? 3 : 2));
      values.property.push([value, ...rest]);
      next = start + rest.length;
      continue;
    }
    const advice = name === "port" ? `; ${ELSEWHERE.password}` : "";
    const given = option.number ? numberOf(rawName, value, advice) : value;
    if (option.many) values[name] = [...(values[name] ?? []), given];
    else if (values[name] !== undefined) throw new UsageError(`${rawName} was given twice`);
    else values[name] = given;
  }
  return { values, words };
}

/** A word processor makes one dash of two hyphens, and a password behind it would be a topic. @param {object} options @param {string} word */
function refuseDash(options, word) {
  const [, dash, name = ""] = /^([\u2010-\u2015\u2212]+)([\w-]+)/.exec(word) ?? [];
  if (!Object.hasOwn(options, name)) return;
  throw new UsageError(`${dash}${name} begins with "${dash}", which is no hyphen; write --${name}`);
}

/** @param {string} name @param {string} text @param {string} advice */
function numberOf(name, text, advice) {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number)) {
    throw new UsageError(`${name} must be a number; "${text}" was given${advice}`);
  }
  return number;
}

/** @param {Values} values @param {string} name @param {number} min @param {number} [max] */
export function whole(values, name, min, max = Number.MAX_SAFE_INTEGER) {
  const value = values[name];
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  throw new UsageError(`--${name} must be a whole number ${range}; ${value} was given`);
}

/** Seconds above 0. @param {Values} values @param {string} name */
export function seconds(values, name) {
  const value = values[name];
  if (value === undefined || (value > 0 && value <= 2_147_483)) return value;
  throw new UsageError(`--${name} must be a number of seconds above 0, at most 2147483; ${value} was given`);
}

/** Advice for options that other tools have under this name. @type {Record<string, string>} */
const ELSEWHERE = {
  capath: "give the certificates in one file, with --cafile",
  password: "the password is given with --pw or -P",
};

/** @param {string} command @param {string} name @param {string} raw */
function unknown(command, name, raw) {
  const words = Object.entries(COMMANDS[command].options).flatMap(([long, { short }]) =>
    short ? [long, short] : [long],
  );
  const advice =
    (Object.hasOwn(ELSEWHERE, name) ? ELSEWHERE[name] : undefined) ??
    guess(name, words, "--") ??
    (/^p(w|ass)/.test(name) ? ELSEWHERE.password : undefined) ??
    `mqtt-lib ${command} --help lists all options`;
  return new UsageError(`${command} has no option ${raw}; ${advice}`);
}

/** Suggests the most similar name. @param {string} given @param {string[]} names @param {string} [prefix] */
export function guess(given, names, prefix = "") {
  const near = names
    .map((name) => ({ name, far: distance(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, far }) => name.length > 1 && far <= Math.max(1, name.length / 3))
    .sort((a, b) => a.far - b.far)[0];
  return near && `did you mean ${prefix}${near.name}?`;
}

/** Edit distance; two letters in the wrong order are one mistake. @param {string} a @param {string} b */
function distance(a, b) {
  /** @type {number[]} */
  let before = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const turned = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2] + 1 : swap;
      next.push(Math.min(swap, turned, row[j] + 1, next[j - 1] + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length];
}

// The secrets of a command line, a profile and the environment: which words may be one, and text without them. Words that
// are wrong count too: they are what errors quote.

import { isIP } from "node:net";
import { printable } from "../node/printable.mjs";
import { COMMANDS } from "./options.mjs";

/** @type {Set<string>} */
const secrets = new Set();
/** A shorter one says nothing where it is found, and is found everywhere. */
const MIN_SECRET = 3;
/** How many characters of what was given an error shows, followed by "…". */
const MAX_QUOTED = 60;

/** The @ before a host, and what was written or pasted in its place. */
const AT = /:\/*([\s\S]*)@/;
const LIKE_AT = /:\/*([\s\S]*)(?:@|%40|[\uff20\ufe6b])/i;
/** Host and port of a URL, behind which %40 belongs to a topic. */
const PLACE = /^(\[[^\]]*\]|[^:/?#]*)(:\d*)?[/?#]/;
/** What follows the first colon of a host. */
const BEHIND_HOST = /^(?:[^:/?#]*:\/\/)?[^:/?#@[\]]*:([\s\S]*)/;
const PORT = /^\d{0,5}\s*(?:[/?#]|$)/;

const LONG = /^--?(?:pw|pass(?:word|phrase|wd)?)([\s\S]*)/i;
/** The first letter that takes a value, behind letters that take none. */
const SHORT = new RegExp(`^-[${flagLetters()}]*([a-zA-Z])([\\s\\S]*)`);
/** An option with its value in one word, as quotes make it. */
const WITHIN = /\s(?:-P|--pw|--passphrase)[\s=]+(\S[\s\S]*)/;

function flagLetters() {
  const options = Object.values(COMMANDS).flatMap(({ options }) => Object.values(options));
  return options.map(({ short, value }) => (value === undefined ? short : "")).join("");
}

/** Remembers what may be a user name or password in these words, whatever form they have. @param {string[]} args */
export function hide(args) {
  for (const [at, arg] of args.entries()) {
    inUrl(arg);
    const after = args[at + 1] === "=" ? args[at + 2] : args[at + 1];
    const [, letter, inline = ""] = SHORT.exec(arg) ?? [];
    const [, rest] = LONG.exec(arg) ?? (letter === "P" ? [arg, inline] : []);
    if (rest !== undefined) keep(rest.replace(/^[\s=]+/, "") || after);
    else if (inline === "P") keep(after); // -uP SECRET
    if (letter === "p") notPort(inline || after);
    if (letter === "h") notHost(inline || after);
    const [, name, value = after] = /^--(port|host)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    if (name === "port") notPort(value);
    if (name === "host") notHost(value);
    keep(WITHIN.exec(arg)?.[1]);
  }
}

/** @param {string} arg */
function inUrl(arg) {
  for (const pattern of [AT, LIKE_AT]) {
    const [whole, user] = pattern.exec(arg) ?? [];
    if (whole === undefined || (pattern === LIKE_AT && PLACE.test(user))) continue;
    keep(whole.replace(/^:\/*/, ""));
    keep(user.slice(user.indexOf(":") + 1));
  }
  if (/:\/\//.test(arg)) notHost(arg);
}

/** A user name and password without a host. @param {string | undefined} host */
function notHost(host = "") {
  const [, behind] = BEHIND_HOST.exec(host) ?? [];
  if (behind === undefined || PORT.test(behind) || isIP(host.replace(/%.*/, ""))) return;
  for (const text of [behind, behind.split(/[/?#]/)[0]]) keep(text); // of which the rest is taken for a topic
}

/** -p is the port, where -P is the password. @param {string | undefined} port */
function notPort(port = "") {
  if (/^-?[\d.]{0,5}$/.test(port)) return;
  keep(port);
  keep(`${Number(port)}`);
}

/** @param {string | undefined} text */
function keep(text = "") {
  if (text.length < MIN_SECRET || text === "NaN") return;
  secrets.add(text);
  secrets.add(printable(text));
  try {
    secrets.add(decodeURIComponent(text));
  } catch {
    // It is no percent-encoding.
  }
}

/** @param {string} text */
export function withoutSecrets(text) {
  const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
  for (const secret of longestFirst) {
    text = text.replaceAll(secret, "…");
    // Errors of the package cut what was given, and a secret in it.
    for (let length = Math.min(secret.length - 1, MAX_QUOTED); length >= MIN_SECRET; length--)
      text = text.replaceAll(`${secret.slice(0, length)}…`, "…");
  }
  return text;
}

// Text that a terminal and a log show instead of obeying it, and messages that contain no password of the command line.

import { printable } from "../node/printable.mjs";

export { printable, printableText } from "../node/printable.mjs";

/** Secrets of the command line, so that no message prints one, whatever quotes it. @type {Set<string>} */
const secrets = new Set();
/** A shorter one says nothing where it is found, and is found everywhere. */
const MIN_SECRET = 3;

/** Remembers the user names and passwords in what may be URLs, also in those that are none. @param {string[]} args */
export function hide(args) {
  for (const [at, arg] of args.entries()) {
    const [, user] = /:\/*([\s\S]*)@/.exec(arg) ?? [];
    if (user !== undefined) for (const text of [`${user}@`, user.slice(user.indexOf(":") + 1)]) keep(text);
    if (/^(-P|--pw|--passphrase)$/.test(args[at - 1] ?? "")) keep(arg);
    const [, within] = /(?:^|\s)(?:-P|--pw|--passphrase)[\s=]+(\S[\s\S]*)/.exec(arg) ?? [];
    if (within !== undefined) keep(within);
  }
}

/** @param {string} text */
function keep(text) {
  if (text.length < MIN_SECRET) return;
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
  for (const secret of secrets) text = text.replaceAll(secret, "…");
  return text;
}

// js/types/credentials.d.ts: the interfaces of `credentials` and of the objects in it.

import { defaultOf, entries, FIRST_ANSWER, tsType, typeSentence } from "./lib/options.mjs";
import { jsdoc } from "./lib/text.mjs";

const PATH = "js/types/credentials.d.ts";

export function outputs(schema) {
  return ["credentials", "certs", "websocket"].map((list) => ({
    path: PATH,
    section: list,
    text: entries(schema, list).map(member).join(""),
  }));
}

function member(entry) {
  const parts = [
    entry.doc,
    !entry.ts && typeSentence(entry),
    entry.firstAnswer && FIRST_ANSWER,
    `Default: ${defaultOf(entry)}.`,
  ];
  return `${jsdoc(parts.filter(Boolean).join(" "), 2)}\n${entry.key}?: ${tsType(entry)} | null | undefined;\n`;
}

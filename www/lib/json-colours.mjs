// Indented JSON as elements: keys, strings, numbers and keywords each in their colour. Text is never interpreted as markup.

import { make } from "./dom.mjs";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;
/** Longer JSON is plain text: a span for each token would slow down the page. */
const COLOURED = 20_000;

/** @param {string} json @returns {(string | Node)[]} */
export function coloured(json) {
  if (json.length > COLOURED) return [json];
  const parts = [];
  let from = 0;
  for (const match of json.matchAll(TOKEN)) {
    const [all, text, colon, number] = match;
    if (match.index > from) parts.push(json.slice(from, match.index));
    const kind = colon ? "key" : text ? "text" : number ? "number" : "word";
    parts.push(make("span", { class: `json-${kind}` }, colon ? text : all));
    if (colon) parts.push(colon);
    from = match.index + all.length;
  }
  parts.push(json.slice(from));
  return parts;
}

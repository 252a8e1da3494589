// Errors of the package in the words of the page: the labels of its fields in place of the names of options, and advice that
// fits somebody who looks at a page. Owns these words; the sentences are the package's.

import { FIELDS } from "../panels/connection-table.mjs";

/** The label of a field, by its name in `credentials`. */
const LABELS = new Map(
  Object.values(FIELDS)
    .flat(2)
    .map(({ name, label }) => [name, label.split(",")[0]]),
);
const NAMES = new RegExp(`\\b(?:credentials\\.)?(${[...LABELS.keys()].join("|")})\\b`, "g");
/** Registered for MQTT over TCP. */
const TCP_PORT = /cannot connect to ws:\/\/[^/]*:(1883|8883)\//;

/** @param {any} error @returns {string} */
export function sentenceOf(error) {
  const message = String(error?.message ?? error)
    .replace('set mqttversion to 4 or "auto"', 'choose MQTT 3.1.1, or "5.0, else 3.1.1"')
    .replace("the connect-src of a page, ", "")
    .replace("and that a broker listens there", "and that the broker takes WebSockets there")
    .replace(NAMES, (_all, name) => LABELS.get(name) ?? name);
  const [, port] = message.match(TCP_PORT) ?? [];
  if (port === undefined) return message;
  return `${message}. Port ${port} is for MQTT over TCP, which no page can use: give the port of the broker's WebSocket listener, often 9001, 8080 or 8083`;
}

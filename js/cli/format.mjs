// Formats a received message for printing: the payload, with its topic, by a format string with mosquitto's letters, or JSON.

import { UsageError } from "./failure.mjs";
import { printable, printableText } from "./printable.mjs";

/** @typedef {import("mqtt-lib").Message} Message */
/** @typedef {(message: Message) => Uint8Array} Format */

const text = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const NEWLINE = text.encode("\n");

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** What came in a message as bytes to print; on a terminal as text that it does not obey. @param {string | Uint8Array} value @param {boolean} isTerminal */
function bytesOf(value, isTerminal) {
  if (!isTerminal) return typeof value === "string" ? text.encode(value) : value;
  return text.encode(typeof value === "string" ? printable(value) : printableText(lenient.decode(value)));
}

/** @param {import("./arguments.mjs").Values} values @param {boolean} [isTerminal] @returns {Format} */
export function formatOf(values, isTerminal = process.stdout.isTTY === true) {
  const given = ["json", "format", "verbose"].filter((name) => values[name] !== undefined);
  if (given.length > 1) throw new UsageError(`--${given.join(" and --")} exclude each other; give one`);
  const end = values["no-newline"] ? new Uint8Array() : NEWLINE;
  const bytes = (/** @type {string | Uint8Array} */ value) => bytesOf(value, isTerminal);
  if (values.json) return (message) => Buffer.concat([bytes(JSON.stringify(asJson(message))), NEWLINE]);
  if (values.format !== undefined) {
    const pieces = piecesOf(values.format, bytes);
    return (message) => Buffer.concat([...pieces.map((piece) => piece(message)), end]);
  }
  if (values.verbose)
    return (message) => Buffer.concat([bytes(`${message.topic} `), bytes(message.payload), end]);
  return (message) => Buffer.concat([bytes(message.payload), end]);
}

/** Names as in mosquitto's JSON; a payload that is not UTF-8 is in `payloadBase64`. @param {Message} message */
export function asJson({ topic, qos, retain, payload, properties }) {
  return {
    tst: new Date().toISOString(),
    topic,
    qos,
    retain,
    payloadlen: payload.length,
    ...payloadAsJson(payload),
    ...(properties && { properties: { ...properties, ...correlation(properties) } }),
  };
}

/** @param {Uint8Array} payload */
function payloadAsJson(payload) {
  try {
    return { payload: strict.decode(payload) };
  } catch {
    return { payloadBase64: Buffer.from(payload).toString("base64") };
  }
}

/** @param {{ correlationData?: Uint8Array }} properties */
function correlation({ correlationData }) {
  return correlationData && { correlationData: Buffer.from(correlationData).toString("base64") };
}

/** The meaning of each letter after %. @type {Record<string, (message: Message) => string | Uint8Array>} */
const LETTERS = {
  "%": () => "%",
  t: ({ topic }) => topic,
  p: ({ payload }) => payload,
  l: ({ payload }) => `${payload.length}`,
  q: ({ qos }) => `${qos}`,
  r: ({ retain }) => (retain ? "1" : "0"),
  x: ({ payload }) => Buffer.from(payload).toString("hex"),
  X: ({ payload }) => Buffer.from(payload).toString("hex").toUpperCase(),
  j: (message) => JSON.stringify(asJson(message)),
  I: () => new Date().toISOString(),
  U: () => (Date.now() / 1000).toFixed(3),
  C: ({ properties }) => properties?.contentType ?? "",
  D: ({ properties }) => properties?.correlationData ?? "",
  E: ({ properties }) => `${properties?.messageExpiryInterval ?? ""}`,
  P: ({ properties }) =>
    Object.entries(properties?.userProperties ?? {})
      .flatMap(([name, value]) => [value].flat().map((one) => `${name}:${one}`))
      .join(" "),
  R: ({ properties }) => properties?.responseTopic ?? "",
  S: ({ properties }) => [properties?.subscriptionIdentifier ?? []].flat().join(","),
};

/** @type {Record<string, string>} */
const ESCAPES = { n: "\n", t: "\t", r: "\r", 0: "\0", "\\": "\\" };

/** What the user wrote is printed as it is. @param {string} format @param {(value: string | Uint8Array) => Uint8Array} print @returns {((message: Message) => Uint8Array)[]} */
function piecesOf(format, print) {
  const parts = format.match(/%.?|\\.|[^%\\]+|\\/gs) ?? [];
  return parts.map((part) => {
    if (!part.startsWith("%")) {
      const bytes = text.encode(part.startsWith("\\") ? (ESCAPES[part[1]] ?? part) : part);
      return () => bytes;
    }
    const letter = Object.hasOwn(LETTERS, part[1] ?? "") ? LETTERS[part[1]] : undefined;
    if (letter === undefined) {
      throw new UsageError(`--format has "${part}"; allowed after % are: ${Object.keys(LETTERS).join(" ")}`);
    }
    return (message) => print(letter(message));
  });
}

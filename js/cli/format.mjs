// Formats a received message for printing: the payload, with its topic, by a format string with mosquitto's letters, or JSON.

import { colouredJson, colouredTopic, hasColours, indented } from "./colours.mjs";
import { UsageError } from "./failure.mjs";
import { printable, printableText } from "../node/printable.mjs";

/** @typedef {import("mqtt-lib").Message} Message */
/** @typedef {(message: Message) => Uint8Array} Format */

const text = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const NEWLINE = text.encode("\n");
const SPACE = text.encode(" ");

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** What came in a message as bytes to print; on a terminal as text that it does not obey. @param {string | Uint8Array} value @param {boolean} isTerminal */
function bytesOf(value, isTerminal) {
  if (!isTerminal) return typeof value === "string" ? text.encode(value) : value;
  return text.encode(typeof value === "string" ? printable(value) : printableText(lenient.decode(value)));
}

/**
 * @param {import("./arguments.mjs").Values} values
 * @param {((payload: Uint8Array) => string | undefined)} [decode] of --decode
 * @param {boolean} [isTerminal]
 * @returns {Format}
 */
export function formatOf(values, decode, isTerminal = process.stdout.isTTY === true) {
  const given = ["json", "format", "verbose"].filter((name) => values[name] !== undefined);
  if (given.length > 1) throw new UsageError(`--${given.join(" and --")} exclude each other; give one`);
  const end = values["no-newline"] ? new Uint8Array() : NEWLINE;
  const bytes = (/** @type {string | Uint8Array} */ value) => bytesOf(value, isTerminal);
  if (values.json)
    return (message) => Buffer.concat([bytes(JSON.stringify(asJson(message, decode))), NEWLINE]);
  if (values.format !== undefined) {
    if (decode || values.pretty)
      throw new UsageError("--format says how a payload is printed; leave out --decode and --pretty");
    const pieces = piecesOf(values.format, bytes);
    return (message) => Buffer.concat([...pieces.map((piece) => piece(message)), end]);
  }
  const colours = hasColours(isTerminal);
  const payload = (/** @type {Uint8Array} */ content) =>
    readable(content, { decode, isPretty: values.pretty === true, colours, isTerminal }) ?? bytes(content);
  if (!values.verbose) return (message) => Buffer.concat([payload(message.payload), end]);
  const topic = (/** @type {string} */ name) =>
    colours ? text.encode(colouredTopic(printable(name))) : bytes(name);
  return (message) => Buffer.concat([topic(message.topic), SPACE, payload(message.payload), end]);
}

/**
 * A payload that was decoded, or is JSON to be indented; undefined: it is printed as it is.
 * @param {Uint8Array} payload
 * @param {{ decode?: (payload: Uint8Array) => string | undefined, isPretty: boolean, colours: boolean, isTerminal: boolean }} how
 */
function readable(payload, { decode, isPretty, colours, isTerminal }) {
  const decoded = decode?.(payload);
  if (decoded === undefined && !isPretty) return undefined;
  const json = decoded ?? lenient.decode(payload);
  const shown = isPretty ? indented(json) : json;
  if (shown === undefined) return undefined;
  // JSON.stringify has escaped what is below U+0020; what is above and obeyed is escaped here.
  const safe = colours || isTerminal ? printableText(shown) : shown;
  return text.encode(colours ? colouredJson(safe) : safe);
}

/**
 * Names as in mosquitto's JSON; a payload that is not UTF-8 is in `payloadBase64`, what --decode makes of it in `decoded`.
 * @param {Message} message @param {(payload: Uint8Array) => string | undefined} [decode]
 */
export function asJson({ topic, qos, retain, payload, properties }, decode) {
  const decoded = decode?.(payload);
  return {
    tst: new Date().toISOString(),
    topic,
    qos,
    retain,
    payloadlen: payload.length,
    ...payloadAsJson(payload),
    ...(decoded !== undefined && { decoded: JSON.parse(decoded) }),
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

// The protobuf messages of Sparkplug B (sparkplug_b.proto), as tables, and their bytes. Buf's library does the encoding of
// fields; unknown ones, such as extensions, are skipped.

import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Of messages within messages; a template may contain itself. */
const MAX_DEPTH = 50;
/** Metrics, rows, values and properties of a payload together: each may have two bytes alone, and costs microseconds. */
const MOST_MESSAGES = 200_000;

/** @type {Record<string, number>} */
const WIRE = {
  uint32: WireType.Varint,
  uint64: WireType.Varint,
  bool: WireType.Varint,
  float: WireType.Bit32,
  double: WireType.Bit64,
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
};

/** A field: its number, a scalar or the name of a message, and whether it is repeated. @typedef {[number, string, boolean?]} Field */
/** The values that a message has one of. @param {number} first @param {number} [many] @returns {Record<string, Field>} */
const values = (first, many = 6) =>
  Object.fromEntries(
    Object.entries({
      intValue: "uint32",
      longValue: "uint64",
      floatValue: "float",
      doubleValue: "double",
      booleanValue: "bool",
      stringValue: "string",
      bytesValue: "bytes",
      datasetValue: "DataSet",
      templateValue: "Template",
    })
      .slice(0, many)
      .map(([name, kind], at) => [name, [first + at, kind]]),
  );

/** @type {Record<string, Record<string, Field>>} */
const MESSAGES = {
  Payload: {
    timestamp: [1, "uint64"],
    metrics: [2, "Metric", true],
    seq: [3, "uint64"],
    uuid: [4, "string"],
    body: [5, "bytes"],
  },
  Metric: {
    name: [1, "string"],
    alias: [2, "uint64"],
    timestamp: [3, "uint64"],
    datatype: [4, "uint32"],
    isHistorical: [5, "bool"],
    isTransient: [6, "bool"],
    isNull: [7, "bool"],
    metadata: [8, "MetaData"],
    properties: [9, "PropertySet"],
    ...values(10, 9),
  },
  MetaData: {
    isMultiPart: [1, "bool"],
    contentType: [2, "string"],
    size: [3, "uint64"],
    seq: [4, "uint64"],
    fileName: [5, "string"],
    fileType: [6, "string"],
    md5: [7, "string"],
    description: [8, "string"],
  },
  PropertySet: { keys: [1, "string", true], values: [2, "PropertyValue", true] },
  PropertySetList: { propertyset: [1, "PropertySet", true] },
  PropertyValue: {
    type: [1, "uint32"],
    isNull: [2, "bool"],
    ...values(3),
    propertysetValue: [9, "PropertySet"],
    propertysetsValue: [10, "PropertySetList"],
  },
  DataSet: {
    numOfColumns: [1, "uint64"],
    columns: [2, "string", true],
    types: [3, "uint32", true],
    rows: [4, "Row", true],
  },
  Row: { elements: [1, "DataSetValue", true] },
  DataSetValue: values(1),
  Template: {
    version: [1, "string"],
    metrics: [2, "Metric", true],
    parameters: [3, "Parameter", true],
    templateRef: [4, "string"],
    isDefinition: [5, "bool"],
  },
  Parameter: { name: [1, "string"], type: [2, "uint32"], ...values(3) },
};

/** By message: its fields by number. @type {Record<string, Map<number, [string, string, boolean?]>>} */
const BY_NUMBER = Object.fromEntries(
  Object.entries(MESSAGES).map(([message, fields]) => [
    message,
    new Map(
      Object.entries(fields).map(([name, [number, kind, repeated]]) => [number, [name, kind, repeated]]),
    ),
  ]),
);

/** @param {string} message @param {any} content @returns {Uint8Array} */
export function encode(message, content) {
  const writer = new BinaryWriter();
  write(writer, message, content);
  return writer.finish();
}

/** @param {any} writer @param {string} message @param {any} content */
function write(writer, message, content) {
  for (const [name, [number, kind, repeated]] of Object.entries(MESSAGES[message])) {
    const value = content[name];
    if (value === undefined) continue;
    for (const one of repeated ? value : [value]) {
      if (kind in WIRE) {
        writer.tag(number, WIRE[kind])[kind](one);
      } else {
        writer.tag(number, WireType.LengthDelimited).fork();
        write(writer, kind, one);
        writer.join();
      }
    }
  }
}

/** @param {string} message @param {Uint8Array} bytes @returns {any} */
export function decode(message, bytes) {
  let messages = 0;
  return read(message, bytes, 0, () => {
    if (++messages > MOST_MESSAGES)
      throw new Error(`more than ${MOST_MESSAGES} metrics, rows, values and properties`);
  });
}

/** @param {string} message @param {Uint8Array} bytes @param {number} depth @param {() => void} count @returns {any} */
function read(message, bytes, depth, count) {
  count();
  if (depth > MAX_DEPTH) throw new Error(`more than ${MAX_DEPTH} messages within each other`);
  const reader = /** @type {any} */ (new BinaryReader(bytes));
  /** @type {Record<string, any>} */
  const content = {};
  for (const [name, [, , repeated]] of Object.entries(MESSAGES[message])) if (repeated) content[name] = [];
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const field = BY_NUMBER[message].get(number);
    if (field === undefined) {
      reader.skip(wire, number);
      continue;
    }
    const [name, kind, repeated] = field;
    const value = () => (kind in WIRE ? reader[kind]() : read(kind, reader.bytes(), depth + 1, count));
    if (!repeated) content[name] = value();
    else if (kind === "uint32" && wire === WireType.LengthDelimited) readPacked(reader, content[name]);
    else content[name].push(value());
  }
  return content;
}

/** @param {any} reader @param {number[]} into */
function readPacked(reader, into) {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) into.push(reader.uint32());
}

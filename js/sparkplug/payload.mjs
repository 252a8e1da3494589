// Payloads of Sparkplug B: objects to bytes and back, in the shape that users of the package `sparkplug-payload` know. Owns what
// a metric, a data set, a template and a property look like to the application.

import { decode, encode } from "./messages.mjs";
import { shown, unsendable } from "./errors.mjs";
import { kindOf, numberOfType, TYPES } from "./types.mjs";

/** @param {unknown} bytes */
export function decodePayload(bytes) {
  if (!(bytes instanceof Uint8Array) && !ArrayBuffer.isView(bytes))
    throw unsendable(`decodePayload: a Uint8Array is needed; ${shown(bytes)} was given`);
  const { metrics, timestamp, seq, uuid, body } = decode(
    "Payload",
    new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  );
  return present({
    timestamp: whole(timestamp),
    seq: whole(seq),
    uuid,
    body,
    metrics: metrics.map(readMetric),
  });
}

/** @param {any} payload @returns {Uint8Array} */
export function encodePayload(payload) {
  if (typeof payload !== "object" || payload === null)
    throw unsendable(`encodePayload: an object is needed; ${shown(payload)} was given`);
  const { timestamp, seq, uuid, body, metrics = [] } = payload;
  return encode("Payload", {
    timestamp: time(timestamp, "timestamp"),
    seq: optional(seq, "UInt64", "seq"),
    uuid: optional(uuid, "String", "uuid"),
    body: optional(body, "Bytes", "body"),
    metrics: metrics.map(writeMetric),
  });
}

/** Without what is undefined. @template {object} T @param {T} object @returns {T} */
export function present(object) {
  return /** @type {T} */ (
    Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
  );
}

/** A number where it is exact. @param {bigint | string | undefined} value */
function whole(value) {
  if (value === undefined) return;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}

/** @param {any} value @param {string} type @param {string} what */
function optional(value, type, what) {
  return value == null ? undefined : kindOf(type)?.write(value, what);
}

/** @param {any} value @param {string} what */
const time = (value, what) => optional(value, "DateTime", what);

/** The field with the value, or the mark that it is null. @param {any} value @param {string} type @param {string} what @returns {Record<string, any>} */
function writeValue(value, type, what) {
  if (value == null) return { isNull: true };
  const kind = kindOf(type);
  if (kind !== undefined) return { [kind.field]: kind.write(value, what) };
  if (typeof value !== "object") throw unsendable(`${what} must be a ${type}; ${shown(value)} was given`);
  if (type === "DataSet") return { datasetValue: writeDataSet(value, what) };
  if (type === "Template") return { templateValue: writeTemplate(value, what) };
  if (type === "PropertySet") return { propertysetValue: writeProperties(value, what) };
  if (type === "PropertySetList")
    return {
      propertysetsValue: {
        propertyset: value.map((/** @type {any} */ one) => writeProperties(one, what)),
      },
    };
  throw unsendable(`${what}: a value of type ${type} cannot be written`);
}

/** @param {any} raw @param {string | undefined} type @returns {any} */
function readValue(raw, type) {
  if (raw.isNull) return null;
  const kind = kindOf(type);
  if (kind?.field === "bytesValue") return raw.bytesValue === undefined ? null : kind.read(raw.bytesValue);
  // Others write a UInt32 as a long, and the 64-bit types as an int.
  const number = raw.intValue ?? raw.longValue;
  if (kind !== undefined && (kind.field === "intValue" || kind.field === "longValue"))
    return number === undefined ? null : kind.read(number);
  const value = raw.datasetValue && readDataSet(raw.datasetValue);
  const template = raw.templateValue && readTemplate(raw.templateValue);
  const set = raw.propertysetValue && readProperties(raw.propertysetValue);
  const sets = raw.propertysetsValue?.propertyset.map(readProperties);
  const plain = raw.floatValue ?? raw.doubleValue ?? raw.booleanValue ?? raw.stringValue ?? raw.bytesValue;
  return plain ?? value ?? template ?? set ?? sets ?? number ?? null;
}

/** @param {any} metric */
export function writeMetric(metric) {
  if (typeof metric !== "object" || metric === null)
    throw unsendable(`a metric must be an object; ${shown(metric)} was given`);
  const { name, alias, timestamp, type, isHistorical, isTransient, metadata, properties, value } = metric;
  if (name === undefined && alias === undefined) throw unsendable("a metric must have a name or an alias");
  const what = `metric ${JSON.stringify(name ?? `alias ${alias}`)}`;
  return {
    name: optional(name, "String", `name of ${what}`),
    alias: optional(alias, "UInt64", `alias of ${what}`),
    timestamp: time(timestamp, `timestamp of ${what}`),
    datatype: metric.omitType === true ? undefined : numberOfType(type, what),
    isHistorical: optional(isHistorical, "Boolean", `isHistorical of ${what}`),
    isTransient: optional(isTransient, "Boolean", `isTransient of ${what}`),
    metadata: metadata == null ? undefined : writeMetaData(metadata, what),
    properties: properties == null ? undefined : writeProperties(properties, what),
    ...writeValue(metric.isNull === true ? null : value, type, what),
  };
}

/** @param {any} raw */
function readMetric(raw) {
  const type = raw.datatype === undefined ? undefined : (TYPES[raw.datatype] ?? "Unknown");
  const metric = present({
    name: raw.name,
    alias: whole(raw.alias),
    timestamp: whole(raw.timestamp),
    type,
    isHistorical: raw.isHistorical,
    isTransient: raw.isTransient,
    metadata: raw.metadata && readMetaData(raw.metadata),
    properties: raw.properties && readProperties(raw.properties),
    value: readValue(raw, type),
  });
  // Data messages need not say the type: who has seen the birth reads the value again.
  if (type === undefined) Object.defineProperty(metric, RAW, { value: raw, enumerable: false });
  return metric;
}

/** On a metric without a type: what it was read from. */
const RAW = Symbol("raw");

/** Gives a metric the type that its birth says, if it has none. @param {any} metric @param {string | undefined} type */
export function typed(metric, type) {
  if (metric.type !== undefined || type === undefined || metric[RAW] === undefined) return metric;
  return { ...metric, type, value: readValue(metric[RAW], type) };
}

/** @param {any} metadata @param {string} what */
function writeMetaData({ isMultiPart, size, seq, ...texts }, what) {
  return {
    ...Object.fromEntries(
      ["contentType", "fileName", "fileType", "md5", "description"].map((name) => [
        name,
        optional(texts[name], "String", `${name} of ${what}`),
      ]),
    ),
    isMultiPart: optional(isMultiPart, "Boolean", `isMultiPart of ${what}`),
    size: optional(size, "UInt64", `size of ${what}`),
    seq: optional(seq, "UInt64", `seq of ${what}`),
  };
}

/** @param {any} raw */
const readMetaData = ({ size, seq, ...others }) => present({ ...others, size: whole(size), seq: whole(seq) });

/** @param {any} properties @param {string} what */
function writeProperties(properties, what) {
  const entries = Object.entries(properties);
  return {
    keys: entries.map(([key]) => key),
    values: entries.map(([key, { type, value }]) => {
      const place = `property ${JSON.stringify(key)} of ${what}`;
      return { type: numberOfType(type, place), ...writeValue(value, type, place) };
    }),
  };
}

/** @param {any} raw */
function readProperties({ keys, values }) {
  return Object.fromEntries(
    keys.slice(0, values.length).map((/** @type {string} */ key, /** @type {number} */ at) => {
      const type = TYPES[values[at].type] ?? "Unknown";
      return [key, { type, value: readValue(values[at], type) }];
    }),
  );
}

/** @param {any} set @param {string} what */
function writeDataSet({ columns = [], types = [], rows = [] }, what) {
  if (columns.length !== types.length)
    throw unsendable(
      `${what}: a data set has as many types as columns; ${types.length} and ${columns.length} were given`,
    );
  return {
    numOfColumns: BigInt(columns.length),
    columns,
    types: types.map((/** @type {unknown} */ type) => numberOfType(type, what)),
    rows: rows.map((/** @type {any[]} */ row, /** @type {number} */ at) => {
      if (row.length !== columns.length)
        throw unsendable(
          `${what}: row ${at} of the data set has ${row.length} values, not ${columns.length}`,
        );
      return {
        elements: row.map((value, i) => {
          // There is no other way to say null in a data set.
          if (value == null) return {};
          return writeValue(value, types[i], `${what}, ${columns[i]}`);
        }),
      };
    }),
  };
}

/** @param {any} raw */
function readDataSet({ columns, types, rows }) {
  const names = types.map((/** @type {number} */ type) => TYPES[type] ?? "Unknown");
  return {
    numOfColumns: columns.length,
    columns,
    types: names,
    rows: rows.map((/** @type {any} */ { elements }) =>
      elements.map((/** @type {any} */ element, /** @type {number} */ at) => readValue(element, names[at])),
    ),
  };
}

/** @param {any} template @param {string} what */
function writeTemplate({ version, templateRef, isDefinition, metrics = [], parameters = [] }, what) {
  return {
    version: optional(version, "String", `version of ${what}`),
    templateRef: optional(templateRef, "String", `templateRef of ${what}`),
    isDefinition: optional(isDefinition, "Boolean", `isDefinition of ${what}`),
    metrics: metrics.map(writeMetric),
    parameters: parameters.map((/** @type {any} */ { name, type, value }) => {
      const place = `parameter ${JSON.stringify(name)} of ${what}`;
      const { isNull, ...written } = writeValue(value, type, place);
      return { name, type: numberOfType(type, place), ...written };
    }),
  };
}

/** @param {any} raw */
function readTemplate({ version, templateRef, isDefinition, metrics, parameters }) {
  return present({
    version,
    templateRef,
    isDefinition,
    metrics: metrics.map(readMetric),
    parameters: parameters.map((/** @type {any} */ parameter) => {
      const type = TYPES[parameter.type] ?? "Unknown";
      return { name: parameter.name, type, value: readValue(parameter, type) };
    }),
  });
}

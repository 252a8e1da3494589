// Properties of MQTT 5 (§2.2.2.2) as the package `mqtt-packet` shows and takes them. Reads
// packets that the core has made, has checked, or is about to check.

/** @typedef {"flag" | "byte" | "u16" | "u32" | "varint" | "text" | "bytes" | "pair"} Kind */
/** By identifier. @type {Record<number, [string, Kind]>} */
export const PROPERTIES = {
  // BEGIN GENERATED properties
  1: ["payloadFormatIndicator", "flag"],
  2: ["messageExpiryInterval", "u32"],
  3: ["contentType", "text"],
  8: ["responseTopic", "text"],
  9: ["correlationData", "bytes"],
  11: ["subscriptionIdentifier", "varint"],
  17: ["sessionExpiryInterval", "u32"],
  18: ["assignedClientIdentifier", "text"],
  19: ["serverKeepAlive", "u16"],
  21: ["authenticationMethod", "text"],
  22: ["authenticationData", "bytes"],
  23: ["requestProblemInformation", "flag"],
  24: ["willDelayInterval", "u32"],
  25: ["requestResponseInformation", "flag"],
  26: ["responseInformation", "text"],
  28: ["serverReference", "text"],
  31: ["reasonString", "text"],
  33: ["receiveMaximum", "u16"],
  34: ["topicAliasMaximum", "u16"],
  35: ["topicAlias", "u16"],
  36: ["maximumQoS", "byte"],
  37: ["retainAvailable", "flag"],
  38: ["userProperties", "pair"],
  39: ["maximumPacketSize", "u32"],
  40: ["wildcardSubscriptionAvailable", "flag"],
  41: ["subscriptionIdentifiersAvailable", "flag"],
  42: ["sharedSubscriptionAvailable", "flag"],
  // END GENERATED properties
};

/**
 * Reads the properties; undefined if there are none. The length of an unknown property is not known, so nothing behind it
 * can be read; the core, whose table is made of the same schema, refuses such a packet as malformed (§2.2.2.2).
 * @param {import("./reader.mjs").Reader} reader
 * @returns {Record<string, any> | undefined}
 */
export function readProperties(reader) {
  if (reader.left === 0) return undefined;
  const end = reader.varint() + reader.at;
  /** @type {Record<string, any>} */
  const properties = {};
  while (reader.at < end) {
    const [name, kind] = PROPERTIES[reader.u8()] ?? [];
    if (name === undefined) {
      reader.at = end;
    } else if (kind === "pair") {
      properties.userProperties ??= Object.create(null);
      add(properties.userProperties, reader.text(), reader.text());
    } else {
      add(properties, name, value(reader, /** @type {Kind} */ (kind)));
    }
  }
  return Object.keys(properties).length > 0 ? properties : undefined;
}

/** @param {import("./reader.mjs").Reader} reader @param {Kind} kind */
function value(reader, kind) {
  switch (kind) {
    case "flag":
      return reader.u8() === 1;
    case "byte":
      return reader.u8();
    case "u16":
      return reader.u16();
    case "u32":
      return reader.u16() * 65_536 + reader.u16();
    case "varint":
      return reader.varint();
    case "text":
      return reader.text();
    default:
      return reader.bytes(reader.u16());
  }
}

/** A value of a user property as the native client takes it. @param {any} value @returns {any} */
const textOf = (value) => {
  if (Array.isArray(value)) return value.map(textOf);
  return /number|boolean|bigint/.test(typeof value) ? `${value}` : value;
};

/** Properties of a call as the native client takes them: `mqtt-packet` sends numbers of user properties as texts. @param {any} given @returns {any} */
export function nativeProperties(given) {
  const pairs = given?.userProperties;
  if (typeof pairs !== "object" || pairs === null || Array.isArray(pairs)) return given;
  const texts = Object.entries(pairs).map(([name, value]) => [name, textOf(value)]);
  return { ...given, userProperties: Object.fromEntries(texts) };
}

/** Several values of a name are an array. @param {Record<string, any>} owner @param {string} name @param {any} given */
function add(owner, name, given) {
  const known = owner[name];
  if (known === undefined) owner[name] = given;
  else if (Array.isArray(known)) known.push(given);
  else owner[name] = [known, given];
}

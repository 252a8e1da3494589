// What aedes takes from a publisher, and the specification forbids: it would be forwarded to subscribers, which have to leave a
// broker that sends it. Owns what is wrong with a PUBLISH, for which aedes closes a connection of 3.1.1, and in MQTT 5 answers
// 0x87; and with a will, for which it closes the connection instead of accepting the CONNECT.

/** Properties of MQTT 5 that a PUBLISH and a will may have (sections 3.3.2.3 and 3.1.3.2). */
const ALLOWED = [
  "payloadFormatIndicator",
  "messageExpiryInterval",
  "contentType",
  "responseTopic",
  "correlationData",
  "userProperties",
];
/** One that only a PUBLISH may have, and one that only a will may have. */
const OF_PUBLISH = "topicAlias";
const OF_WILL = "willDelayInterval";
/** Properties that may be there several times (section 2.2.2.2). */
const SEVERAL = ["userProperties"];

/** Whether there is U+0000 in a text, or in one of a list or an object. @param {unknown} value @returns {boolean} */
function hasNul(value) {
  if (typeof value === "string") return value.includes("\0");
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return false;
  return Object.entries(value).some((pair) => pair.some(hasNul));
}

/** @param {unknown} topic */
const hasWildcard = (topic) => /[+#]/.test(String(topic));

/**
 * What is wrong with it, if anything is.
 * @param {{ topic: string, properties?: Record<string, unknown> }} packet as aedes has read it: a PUBLISH, or the will of a CONNECT
 * @param {boolean} [isWill]
 */
export function malformed({ topic, properties = {} }, isWill = false) {
  if (topic === "") return "an empty topic [MQTT-4.7.3-1]";
  if (hasWildcard(topic)) return "a wildcard in the topic [MQTT-3.3.2-2]";
  if (hasNul(topic)) return "U+0000 in the topic [MQTT-1.5.4-2]";
  if (hasNul(properties)) return "U+0000 in a property [MQTT-1.5.4-2]";
  const names = Object.keys(properties);
  const allowed = [...ALLOWED, isWill ? OF_WILL : OF_PUBLISH];
  const other = names.find((name) => !allowed.includes(name));
  if (other) return `the property ${other}, which belongs to other packets (section 2.2.2.2)`;
  const twice = names.find((name) => Array.isArray(properties[name]) && !SEVERAL.includes(name));
  if (twice) return `the property ${twice} twice (section 3.3.2.3)`;
  const { responseTopic } = properties;
  if (responseTopic === "") return "an empty response topic [MQTT-4.7.3-1]";
  if (responseTopic !== undefined && hasWildcard(responseTopic))
    return "a wildcard in the response topic [MQTT-3.3.2-14]";
  return undefined;
}

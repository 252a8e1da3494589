// What aedes takes from a publisher, and the specification forbids: it would be forwarded to subscribers, which have to leave a
// broker that sends it. Owns what is wrong with a PUBLISH; aedes then closes a connection of 3.1.1, and in MQTT 5 answers 0x87.

/** Properties of MQTT 5 that a PUBLISH may have several times (section 2.2.2.2). */
const SEVERAL = ["userProperties"];

/** Whether there is U+0000 in a text, or in one of a list or an object. @param {unknown} value @returns {boolean} */
function hasNul(value) {
  if (typeof value === "string") return value.includes("\0");
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return false;
  return Object.entries(value).some((pair) => pair.some(hasNul));
}

/** What is wrong with it, if anything is. @param {{ topic: string, properties?: Record<string, unknown> }} packet as aedes has read it */
export function malformed({ topic, properties = {} }) {
  if (hasNul(topic)) return "U+0000 in the topic [MQTT-1.5.4-2]";
  if (hasNul(properties)) return "U+0000 in a property [MQTT-1.5.4-2]";
  if (properties.subscriptionIdentifier !== undefined) return "a subscription identifier [MQTT-3.3.4-6]";
  const twice = Object.keys(properties).find(
    (name) => Array.isArray(properties[name]) && !SEVERAL.includes(name),
  );
  return twice && `the property ${twice} twice (section 3.3.2.3)`;
}

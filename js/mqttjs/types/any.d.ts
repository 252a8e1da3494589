// What MQTT.js leaves open in its types.

/** Any value. */
// biome-ignore lint/suspicious/noExplicitAny: as MQTT.js types it
export type Any = any;

// Options of MQTT.js as credentials of the native client. Owns what each one means, and the sentences of those that are
// refused; the table in docs/mqttjs.md says the same.

import { nativeProperties } from "./properties.mjs";
import { checkStores, Store } from "./store.mjs";

/** In seconds, for the native client: as good as never. */
const NEVER = 2_147_483;

/** Of a receive maximum, and of filters in a packet that nobody limits. */
const MAX = 65_535;

/** With its header (§2.2.3). */
const LARGEST_PACKET = 268_435_460;

const DEFAULTS = {
  keepalive: 60,
  reschedulePings: true,
  protocolId: "MQTT",
  protocolVersion: 4,
  reconnectPeriod: 1000,
  connectTimeout: 30_000,
  clean: true,
  resubscribe: true,
  subscribeBatchSize: null,
  writeCache: true,
  timerVariant: "auto",
};

const REFUSED = {
  socksProxy: "use a WebSocket with wsOptions.agent, such as a SocksProxyAgent",
  authPacket: "answer the broker's AUTH packets in handleAuth",
};

export const defaultId = () => `mqttjs_${Math.random().toString(16).slice(2, 10)}`;

/** Completes the options of a client, in place, and refuses what would be ignored otherwise. @param {any} options */
export function complete(options) {
  for (const [name, value] of Object.entries(DEFAULTS)) options[name] ??= value;
  if (typeof options.clientId !== "string") options.clientId = defaultId();
  for (const [name, advice] of Object.entries(REFUSED)) {
    if (options[name]) throw new Error(`${name} is not supported by mqtt-lib/mqttjs; ${advice}`);
  }
  if (options.protocolVersion !== 4 && options.protocolVersion !== 5) {
    throw new Error(
      `protocolVersion must be 4 (MQTT 3.1.1) or 5 (MQTT 5.0); ${options.protocolVersion} was given, and mqtt-lib does not speak MQTT 3.1`,
    );
  }
  if (options.protocolVersion !== 5) options.customHandleAcks = undefined;
  checkStores(options);
  return options;
}

/** Whether messages outlive the end of the client, in a store of MQTT.js. @param {any} options */
export const keepsMessages = ({ clean, outgoingStore }) =>
  !clean && outgoingStore instanceof Store && !outgoingStore.options.clean;

/** Whether an error is that of options or arguments. @param {any} error */
export const isWrong = (error) => error instanceof TypeError || error instanceof RangeError;

/** What the core keeps messages in, if in anything. @param {any} options */
export const storeOf = (options) =>
  options.native?.store ?? (keepsMessages(options) ? options.outgoingStore.records : undefined);

/** Whether what is subscribed is subscribed again after a reconnect. @param {any} options */
export const isRestored = ({ resubscribe, reconnectPeriod }) => Boolean(resubscribe && reconnectPeriod > 0);

/** @param {any} options complete ones @returns {Record<string, any>} */
export function credentialsOf(options) {
  const five = options.protocolVersion === 5;
  const store = storeOf(options);
  const { clientId, username, password, keepalive, clean, will, properties, subscribeBatchSize } = options;
  const aliases = Boolean(options.autoUseTopicAlias || options.autoAssignTopicAlias);
  return {
    mqttserver: addressOf(options),
    mqttclientid: clientId,
    mqttusername: username,
    mqttpassword: password,
    mqttkeepalive: keepalive,
    mqttcleansession: Boolean(clean),
    mqttversion: options.protocolVersion,
    topicAliases: aliases,
    resubscribe: isRestored(options),
    maxfilters: subscribeBatchSize > 0 ? Number(subscribeBatchSize) : MAX,
    // The facade decides when an attempt is made, and how long it may take; MQTT.js has no other time limits.
    connecttimeout: NEVER,
    acktimeout: NEVER,
    stoptimeout: 0,
    // Nor has it bounds of what is received; then CONNECT says nothing of them.
    maxunhandled: MAX,
    maxpacketsize: LARGEST_PACKET,
    maxmqttreconnectdelay: 0,
    ...(five && { properties: connectProperties(properties, clean, aliases) }),
    ...(will && willOf(will, five)),
    ...(store && { store }),
    ...options.native,
  };
}

/** For error sentences: the facade opens transports itself. @param {any} options */
function addressOf({ protocol, hostname, host, port }) {
  const scheme = { mqtt: "mqtt", tcp: "mqtt", ws: "ws", wss: "wss" }[String(protocol)] ?? "mqtts";
  const name = String(hostname ?? host ?? "localhost");
  const usable = /^[\w.-]+$/.test(name) ? name : "localhost";
  const number = Number(port);
  return `${scheme}://${usable}${number > 0 && number < 65_536 ? `:${number}` : ""}`;
}

/** @param {any} given @param {boolean} clean @param {boolean} aliases the core would take some, too */
function connectProperties(given, clean, aliases) {
  const properties = { ...nativeProperties(given) };
  if (aliases) properties.topicAliasMaximum ??= 0;
  const { receiveMaximum = 1 } = properties;
  if (!Number.isInteger(receiveMaximum) || receiveMaximum < 1 || receiveMaximum > MAX) {
    properties.receiveMaximum = MAX;
  }
  // Absent means 0 in MQTT 5; the native client would keep the session for ever.
  if (!clean) properties.sessionExpiryInterval ??= 0;
  return properties;
}

/** @param {any} will @param {boolean} five */
function willOf({ topic, payload, qos, retain, properties }, five) {
  return {
    // Without one the native client would leave out the will.
    willsettopic: topic || false,
    willsetpayload: payload,
    willsetqos: typeof qos === "string" ? Number(qos) : qos,
    willsetretain: Boolean(retain),
    ...(five && properties && { willProperties: nativeProperties(properties) }),
  };
}

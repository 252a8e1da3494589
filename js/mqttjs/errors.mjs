// Errors and reason codes as MQTT.js has them, and the errors of the native client as these.

export class ErrorWithReasonCode extends Error {
  /** @param {string} message @param {number} code */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

export class ErrorWithSubackPacket extends Error {
  /** @param {string} message @param {any} packet */
  constructor(message, packet) {
    super(message);
    this.packet = packet;
  }
}

for (const kind of [ErrorWithReasonCode, ErrorWithSubackPacket]) {
  const name = kind === ErrorWithReasonCode ? "ErrorWithReasonCode" : "ErrorWithSubackPacket";
  Object.defineProperty(kind, "name", { value: name });
  Object.defineProperty(kind.prototype, "name", { value: name, writable: true, configurable: true });
}

const OF_CONNACK =
  ",Unacceptable protocol version,Identifier rejected,Server unavailable,Bad username or password,Not authorized";
const FROM_128 =
  "Unspecified error,Malformed Packet,Protocol Error,Implementation specific error,Unsupported Protocol Version,Client Identifier not valid,Bad User Name or Password,Not authorized,Server unavailable,Server busy,Banned,Server shutting down,Bad authentication method,Keep Alive timeout,Session taken over,Topic Filter invalid,Topic Name invalid,Packet identifier in use,Packet Identifier not found,Receive Maximum exceeded,Topic Alias invalid,Packet too large,Message rate too high,Quota exceeded,Administrative action,Payload format invalid,Retain not supported,QoS not supported,Use another server,Server moved,Shared Subscriptions not supported,Connection rate exceeded,Maximum connect time,Subscription Identifiers not supported,Wildcard Subscriptions not supported";

/** Names of return and reason codes. @type {Record<number, string>} */
export const ReasonCodes = {
  ...OF_CONNACK.split(","),
  16: "No matching subscribers",
  17: "No subscription existed",
  ...Object.fromEntries(FROM_128.split(",").map((name, at) => [128 + at, name])),
};

const PROTOCOL_ERROR = 130;
const TOPIC_ALIAS_INVALID = 148;
const PACKET_TOO_LARGE = 149;

/** An error that ended a connection: a broker that breaks the rules is a reason code in MQTT.js, which the native client has from CONNACK on. @param {any} error */
export function connectionError(error) {
  if (error.code !== "PROTOCOL_ERROR") return error;
  const early = /maxpacketsize/.test(error.message) ? PACKET_TOO_LARGE : PROTOCOL_ERROR;
  return Object.assign(new ErrorWithReasonCode(error.message, error.reasonCode ?? early), { cause: error });
}

/** What the callback of a publish gets. @param {any} error */
export function publishError(error) {
  if (error.reasonCode === undefined) return error;
  if (error.code === "NOT_SUPPORTED" && error.reasonCode === TOPIC_ALIAS_INVALID)
    return new Error("Sending Topic Alias out of range");
  return new ErrorWithReasonCode(`Publish error: ${ReasonCodes[error.reasonCode]}`, error.reasonCode);
}

/** What the callback of a subscription or its end gets. @param {any} error @param {any} packet */
export function subscribeError(error, packet) {
  if (error.reasonCode === undefined) return error;
  return new ErrorWithSubackPacket(`Subscribe error: ${ReasonCodes[error.reasonCode]}`, packet);
}

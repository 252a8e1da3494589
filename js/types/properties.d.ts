// The properties of MQTT 5, packet by packet (MQTT 5 §2.2.2).
import type { Bytes } from "./payload.js";

/** Names and values of one's own, several of a name in an array (MQTT 5). */
export interface UserProperties {
  [name: string]: string | string[];
}

/** Properties that a message may have (MQTT 5, §3.3.2.3). */
export interface MessageProperties {
  // BEGIN GENERATED message-properties
  /** Whether the payload is UTF-8 text (§3.3.2.3.2). */
  payloadFormatIndicator?: boolean | null | undefined;
  /** Seconds after which the message is of no use any more (§3.3.2.3.3). 0 to 4294967295. */
  messageExpiryInterval?: number | null | undefined;
  /** What the payload is, such as a MIME type (§3.3.2.3.9). */
  contentType?: string | null | undefined;
  /** Topic name for the response to a request (§3.3.2.3.5). */
  responseTopic?: string | null | undefined;
  /** Tells the sender of a request which request a response answers (§3.3.2.3.6). */
  correlationData?: Bytes | string | null | undefined;
  /** Names and values of the application's own (§2.2.2.2). */
  userProperties?: UserProperties | null | undefined;
  // END GENERATED message-properties
}

/** Properties of a message to be published. */
export interface PublishProperties extends MessageProperties {
  // BEGIN GENERATED publish-properties
  /**
   * Number that replaces the topic name on this connection (§3.3.2.3.4). 1 to 65535. One of your own turns
   * automatic ones off.
   */
  topicAlias?: number | null | undefined;
  // END GENERATED publish-properties
}

/** Properties of a received message. */
export interface ReceivedProperties extends MessageProperties {
  // BEGIN GENERATED received-properties
  /** Whether the payload is UTF-8 text (§3.3.2.3.2). */
  payloadFormatIndicator?: boolean | undefined;
  /** Seconds after which the message is of no use any more (§3.3.2.3.3). */
  messageExpiryInterval?: number | undefined;
  /** What the payload is, such as a MIME type (§3.3.2.3.9). */
  contentType?: string | undefined;
  /** Topic name for the response to a request (§3.3.2.3.5). */
  responseTopic?: string | undefined;
  /** Tells the sender of a request which request a response answers (§3.3.2.3.6). */
  correlationData?: Bytes | undefined;
  /** Number of a subscription; a message carries that of each subscription it matches (§3.8.2.1.2). */
  subscriptionIdentifier?: number | number[] | undefined;
  /** Number that replaces the topic name on this connection (§3.3.2.3.4). */
  topicAlias?: number | undefined;
  /** Names and values of the application's own (§2.2.2.2). */
  userProperties?: UserProperties | undefined;
  // END GENERATED received-properties
}

/** Properties of the will (MQTT 5, §3.1.3.2). */
export interface WillProperties extends MessageProperties {
  // BEGIN GENERATED will-properties
  /** Seconds between the loss of the connection and the will (§3.1.3.2.2). 0 to 4294967295. */
  willDelayInterval?: number | null | undefined;
  // END GENERATED will-properties
}

/** Properties of CONNECT (MQTT 5, §3.1.2.11). */
export interface ConnectProperties {
  // BEGIN GENERATED connect-properties
  /**
   * Seconds for which the server keeps the session after the connection; 4294967295 means for ever
   * (§3.1.2.11.2). 0 to 4294967295. Default: 4294967295 with `mqttcleansession: false`, otherwise 0.
   */
  sessionExpiryInterval?: number | null | undefined;
  /** Name of the method of enhanced authentication (§3.1.2.11.9). `on_auth` answers its steps. */
  authenticationMethod?: string | null | undefined;
  /** Data of the authentication method (§3.1.2.11.10). */
  authenticationData?: Bytes | string | null | undefined;
  /**
   * Whether the server may send reason strings and user properties with failures (§3.1.2.11.7). Default:
   * `true`.
   */
  requestProblemInformation?: boolean | null | undefined;
  /** Whether the server may send Response Information (§3.1.2.11.6). Default: `false`. */
  requestResponseInformation?: boolean | null | undefined;
  /**
   * How many messages of QoS 1 and 2 the sender of this property takes before it has acknowledged them
   * (§3.1.2.11.3). 1 to 65535.
   */
  receiveMaximum?: number | null | undefined;
  /** Highest topic alias that the sender of this property takes (§3.1.2.11.5). 0 to 65535. Default: 32. */
  topicAliasMaximum?: number | null | undefined;
  /** Names and values of the application's own (§2.2.2.2). */
  userProperties?: UserProperties | null | undefined;
  /**
   * Bytes of the largest packet that the sender of this property takes (§3.1.2.11.4). 1 to 4294967295. The
   * same as `maxpacketsize`.
   */
  maximumPacketSize?: number | null | undefined;
  // END GENERATED connect-properties
}

/** Properties of CONNACK (MQTT 5, §3.2.2.3). */
export interface ConnackProperties {
  // BEGIN GENERATED connack-properties
  /**
   * Seconds for which the server keeps the session after the connection; 4294967295 means for ever
   * (§3.1.2.11.2).
   */
  sessionExpiryInterval?: number | undefined;
  /** Client identifier that the server chose for a client that gave none (§3.2.2.3.7). */
  assignedClientIdentifier?: string | undefined;
  /** Keep alive in seconds that replaces the one of CONNECT (§3.2.2.3.14). */
  serverKeepAlive?: number | undefined;
  /** Name of the method of enhanced authentication (§3.1.2.11.9). */
  authenticationMethod?: string | undefined;
  /** Data of the authentication method (§3.1.2.11.10). */
  authenticationData?: Bytes | undefined;
  /** Basis for the names of response topics (§3.2.2.3.15). */
  responseInformation?: string | undefined;
  /** Another server to use (§4.11). */
  serverReference?: string | undefined;
  /** The reason in words for people (§3.2.2.3.9). */
  reasonString?: string | undefined;
  /**
   * How many messages of QoS 1 and 2 the sender of this property takes before it has acknowledged them
   * (§3.1.2.11.3). Absent: 65535.
   */
  receiveMaximum?: number | undefined;
  /** Highest topic alias that the sender of this property takes (§3.1.2.11.5). Absent: 0. */
  topicAliasMaximum?: number | undefined;
  /** Largest QoS that the server supports; 2 where it is absent (§3.2.2.3.4). */
  maximumQoS?: number | undefined;
  /** Whether the server supports retained messages (§3.2.2.3.5). Absent: it does. */
  retainAvailable?: boolean | undefined;
  /** Names and values of the application's own (§2.2.2.2). */
  userProperties?: UserProperties | undefined;
  /** Bytes of the largest packet that the sender of this property takes (§3.1.2.11.4). Absent: any. */
  maximumPacketSize?: number | undefined;
  /** Whether the server supports wildcards in topic filters (§3.2.2.3.11). Absent: it does. */
  wildcardSubscriptionAvailable?: boolean | undefined;
  /** Whether the server supports subscription identifiers (§3.2.2.3.12). Absent: it does. */
  subscriptionIdentifiersAvailable?: boolean | undefined;
  /** Whether the server supports shared subscriptions (§3.2.2.3.13). Absent: it does. */
  sharedSubscriptionAvailable?: boolean | undefined;
  // END GENERATED connack-properties
}

/** Properties of SUBSCRIBE (MQTT 5, §3.8.2.1). */
export interface SubscribeProperties {
  // BEGIN GENERATED subscribe-properties
  /**
   * Number of a subscription; a message carries that of each subscription it matches (§3.8.2.1.2). 1 to
   * 268435455.
   */
  subscriptionIdentifier?: number | null | undefined;
  /** Names and values of the application's own (§2.2.2.2). */
  userProperties?: UserProperties | null | undefined;
  // END GENERATED subscribe-properties
}

/** Properties of an answer (MQTT 5). */
export interface ResultProperties {
  // BEGIN GENERATED result-properties
  /** Another server to use (§4.11). */
  serverReference?: string | undefined;
  /** The reason in words for people (§3.2.2.3.9). */
  reasonString?: string | undefined;
  /** Names and values of the application's own (§2.2.2.2). */
  userProperties?: UserProperties | undefined;
  // END GENERATED result-properties
}

/** Properties of DISCONNECT (MQTT 5, §3.14.2.2). */
export interface DisconnectProperties {
  // BEGIN GENERATED disconnect-properties
  /**
   * Seconds for which the server keeps the session after the connection; 4294967295 means for ever
   * (§3.1.2.11.2). 0 to 4294967295.
   */
  sessionExpiryInterval?: number | null | undefined;
  /** The reason in words for people (§3.2.2.3.9). */
  reasonString?: string | null | undefined;
  /** Names and values of the application's own (§2.2.2.2). */
  userProperties?: UserProperties | null | undefined;
  // END GENERATED disconnect-properties
}

/** Properties of AUTH (MQTT 5, §3.15.2.2). */
export interface AuthProperties {
  // BEGIN GENERATED auth-properties
  /** Name of the method of enhanced authentication (§3.1.2.11.9). */
  authenticationMethod?: string | null | undefined;
  /** Data of the authentication method (§3.1.2.11.10). */
  authenticationData?: Bytes | string | null | undefined;
  /** The reason in words for people (§3.2.2.3.9). */
  reasonString?: string | null | undefined;
  /** Names and values of the application's own (§2.2.2.2). */
  userProperties?: UserProperties | null | undefined;
  // END GENERATED auth-properties
}

/** An AUTH of the broker (MQTT 5, §3.15). */
export interface AuthPacket {
  /** The reason code the broker sent. */
  reasonCode: number;
  /** What came along with it. */
  properties: ResultProperties & Pick<ConnackProperties, "authenticationMethod" | "authenticationData">;
}

/**
 * MQTT client, 3.1.1 and 5.0, for Node (20 or later), pages and workers. Section numbers (§) are those of the
 * OASIS standard MQTT 3.1.1, and of MQTT 5.0 where it says MQTT 5. Times are seconds, and fractions are allowed, unless it says otherwise.
 *
 * @module mqtt-lib
 */

/** Any value. */
// biome-ignore lint/suspicious/noExplicitAny: what JSON and typed topics hold is the user's to know
type Any = any;

/** Quality of service (§4.3): 0 at most once, 1 at least once, 2 exactly once. */
export type QoS = 0 | 1 | 2;

/** Bytes that belong to whoever holds them. */
export type Bytes = ReturnType<Uint8Array["slice"]>;

/**
 * What can be published. Text is sent as UTF-8, numbers and booleans as JavaScript writes them,
 * `null` and `undefined` as an empty payload (§3.3.3). A plain object is a `TypeError` with the code
 * `"INVALID_PAYLOAD"`: use `JSON.stringify`.
 */
export type Payload = string | number | boolean | ArrayBuffer | ArrayBufferView | null | undefined;

/**
 * What can be an item of a batch: any JSON value, judged by its type. `never` for bytes, functions,
 * symbols, bigints and `undefined`, which are a `TypeError` with the code `"INVALID_PAYLOAD"`, as is
 * a value that contains itself.
 */
export type BatchItem<Item> = Item extends
  | ArrayBuffer
  | ArrayBufferView
  | ((...args: never[]) => unknown)
  | symbol
  | bigint
  | undefined
  ? never
  : Item;

// BEGIN GENERATED error-codes
/**
 * Codes of a {@link MqttError}.
 *
 * - `"CONNECTION_REFUSED"`: the server cannot be reached, or CONNACK has return code 1, 2 or 3 (§3.2.2.3).
 * - `"NOT_AUTHORIZED"`: CONNACK has return code 4 (bad user name or password) or 5 (not authorised), or a
 *   reason code that means the same (§3.2.2.3).
 * - `"CONNECTION_LOST"`: an accepted connection ended, or the broker was silent for too long.
 * - `"CERTIFICATE_INVALID"`: `certs` cannot be used: a file is missing or has another format, or a key does
 *   not match its certificate.
 * - `"CERTIFICATE_REFUSED"`: the broker requires a client certificate, or does not accept the one in `certs`
 *   (expired, of another CA).
 * - `"SERVER_UNTRUSTED"`: the broker's certificate is of an unknown CA, has expired, or is for another host.
 * - `"INSECURE_CONNECTION"`: a warning, the connection goes on: a password is sent unencrypted to another
 *   machine, or the broker is not verified.
 * - `"CREDENTIALS_FAILED"`: the credentials function threw, or its promise was rejected; `cause` is what it
 *   threw.
 * - `"QUEUE_FULL"`: `offlinesize` or `offlinebytes` is reached (by messages, or by filters of unanswered
 *   `subscribe` and `unsubscribe` calls), a loop over `messages()` is too slow, 100,000 calls were made
 *   before the WebAssembly was loaded, or the clients of the process or page together keep 2 GiB.
 * - `"DROPPED"`: the message was dropped for a later one, by `offlinepolicy`; it was not sent.
 * - `"EXPIRED"`: the message waited longer than `offlineexpiry`; it was not sent.
 * - `"TIMEOUT"`: `connecttimeout`, `acktimeout` or `publishtimeout` has passed.
 * - `"STOPPED"`: `stop()` was called before the operation was done.
 * - `"PACKET_TOO_LARGE"`: a message is larger than 268,435,455 bytes or than the broker allows, a batch item
 *   is larger than 16 MiB, or a received message is larger than `maxpacketsize`.
 * - `"PROTOCOL_ERROR"`: the broker sent what MQTT or `maxpacketsize` does not allow.
 * - `"SUBSCRIBE_FAILED"`: SUBACK has a return code of 128 or more for at least one filter (§3.9.3); the other
 *   filters stay subscribed.
 * - `"UNSUBSCRIBE_FAILED"`: UNSUBACK has a reason code of 128 or more for at least one filter (MQTT 5,
 *   §3.11.3).
 * - `"BROKER_CLOSES"`: the broker closed three connections right after this PUBLISH, SUBSCRIBE or UNSUBSCRIBE
 *   was sent, while nothing else was unanswered.
 * - `"PUBLISH_REFUSED"`: PUBACK or PUBREC has a reason code of 128 or more (MQTT 5, §3.4.2.1).
 * - `"NOT_SUPPORTED"`: the broker has stated that it does not support this QoS, retained messages, this kind
 *   of filter or this alias (MQTT 5, §3.2.2.3), it does not speak MQTT 5, or it has answered a QoS 2 publish
 *   with PUBACK (3.1.1; reported once).
 * - `"LOAD_FAILED"`: the WebAssembly could not be loaded; `cause` is the loader's error.
 * - `"CORE_FAILED"`: the WebAssembly trapped, or an exception passed through it (a stack that overflowed, a
 *   `vm` timeout); every client that used it has ended; `start()` and new clients use another instance;
 *   `cause` is what was thrown.
 * - `"CALLBACK_FAILED"`: a callback threw, or its promise was rejected; `cause` is what it threw. Or it was
 *   cut off from outside (a `vm` timeout), which stops the client: what is pending rejects.
 * - `"STORE_LOCKED"`: another process or tab has the store of this client id open.
 * - `"STORE_DAMAGED"`: part of the store cannot be read; the rest is sent.
 * - `"STORE_FAILED"`: the store cannot be opened or written; the client is stopped.
 */
export type MqttErrorCode =
  | "CONNECTION_REFUSED"
  | "NOT_AUTHORIZED"
  | "CONNECTION_LOST"
  | "CERTIFICATE_INVALID"
  | "CERTIFICATE_REFUSED"
  | "SERVER_UNTRUSTED"
  | "INSECURE_CONNECTION"
  | "CREDENTIALS_FAILED"
  | "QUEUE_FULL"
  | "DROPPED"
  | "EXPIRED"
  | "TIMEOUT"
  | "STOPPED"
  | "PACKET_TOO_LARGE"
  | "PROTOCOL_ERROR"
  | "SUBSCRIBE_FAILED"
  | "UNSUBSCRIBE_FAILED"
  | "BROKER_CLOSES"
  | "PUBLISH_REFUSED"
  | "NOT_SUPPORTED"
  | "LOAD_FAILED"
  | "CORE_FAILED"
  | "CALLBACK_FAILED"
  | "STORE_LOCKED"
  | "STORE_DAMAGED"
  | "STORE_FAILED";

/**
 * Codes of the `TypeError` or `RangeError` that a wrong argument gives.
 *
 * - `"INVALID_OPTION"` (`TypeError`): an unknown key, or a value of a wrong type.
 * - `"OUT_OF_RANGE"` (`RangeError`): a number outside its range, or a string that is too long.
 * - `"INVALID_TOPIC"` (`TypeError`): not a topic name, or not a topic filter (§4.7).
 * - `"INVALID_PAYLOAD"` (`TypeError`): an object as payload; bytes, a function or a cycle as an item of a
 *   batch.
 */
export type ArgumentErrorCode = "INVALID_OPTION" | "OUT_OF_RANGE" | "INVALID_TOPIC" | "INVALID_PAYLOAD";
// END GENERATED error-codes

/** Every `code` an error of this package can have. */
export type ErrorCode = MqttErrorCode | ArgumentErrorCode;

/** What went wrong in MQTT, on the way to the broker, or by a stated policy. */
export class MqttError extends Error {
  constructor(
    message: string,
    code: MqttErrorCode,
    reasonCode?: number,
    cause?: unknown,
    properties?: ResultProperties,
  );
  /** Always `"MqttError"`. */
  name: "MqttError";
  /** What programs compare. */
  code: MqttErrorCode;
  /** The return code the broker sent in CONNACK (§3.2.2.3) or SUBACK (§3.9.3); absent if it sent none. */
  reasonCode?: number;
  /** The specification's name of a `reasonCode` of 128 or more, such as `"session taken over"`. */
  reasonName?: string;
  /** With `"CONNECTION_LOST"` and `"CONNECTION_REFUSED"`: the status code of the WebSocket close frame (RFC 6455, section 7.4); absent if none came. */
  closeCode?: number;
  /** The reason in that close frame, `""` if it has none. */
  closeReason?: string;
  /** What came with the reason code, MQTT 5: `reasonString`, `userProperties`, `serverReference`; absent if nothing. */
  properties?: ResultProperties;
  /** With `"CALLBACK_FAILED"` and `"CREDENTIALS_FAILED"`: what the function threw; with `"LOAD_FAILED"`: the loader's error. */
  cause?: unknown;
  /** Address of the page that explains its code, with what to do. */
  readonly help: string;
  /** What `JSON.stringify` shows: name, message, code, reason code and properties. */
  toJSON(): object;
}

/**
 * What `on_error` is given: a {@link MqttError}, a `TypeError` or a `RangeError`, all with a `code`.
 */
export interface ClientError extends Error {
  /** What programs compare. */
  code: ErrorCode;
  /** The return code the broker sent; absent if it sent none. */
  reasonCode?: number;
}

/**
 * Where and how to connect. An unknown key or a value of a wrong type is a `TypeError`
 * (`"INVALID_OPTION"`), a number out of range or a text of more than 65,535 bytes is a `RangeError`
 * (`"OUT_OF_RANGE"`). `undefined` and `null` mean the default.
 */
export interface Credentials {
  // BEGIN GENERATED credentials
  /**
   * Host name, `host:port`, IP address, or a whole URL: `ws://h:9001/mqtt`, `wss://`, `mqtt://`, `mqtts://`.
   * What a URL says wins over `mqttport`, `mqttprotocol` and `mqttpath`; a `ws` URL without a port and
   * without `mqttport` means port 80, a `wss` URL 443. The servers of an array are tried in turn; the
   * reconnect delay is between rounds, and after a loss the same server comes first. At most 65,535 bytes.
   * Default: `"localhost"`.
   */
  mqttserver?: string | readonly string[] | null | undefined;
  /**
   * Port of the server. A port in `mqttserver` wins. Whole number from 1 to 65535. Default: 1883; 8883 with
   * `mqtts` and `wss`.
   */
  mqttport?: number | null | undefined;
  /**
   * Transport. `mqtt` and `mqtts` (TCP and TLS) exist in Node only; in a page they are a `TypeError`. A
   * scheme in `mqttserver` wins. Default: in Node `mqtt` without a port and on 1883, `mqtts` with `certs` and
   * on 8883, `ws` on any other port; in a page `ws`, `wss` if the page came by https.
   */
  mqttprotocol?: "ws" | "wss" | "mqtt" | "mqtts" | null | undefined;
  /**
   * Path of the WebSocket endpoint; begins with `/`, has no `#`. A path in `mqttserver` wins. At most 65,535
   * bytes. Default: `"/mqtt"`.
   */
  mqttpath?: string | null | undefined;
  /**
   * Client identifier (§3.1.3.1). With `mqttcleansession: false` give one that is always the same. With
   * `mqttversion: 5` an empty one means that the broker assigns one, which is kept. At most 65,535 bytes.
   * Default: `mqttlib` and 16 random letters and digits, made once for each client.
   */
  mqttclientid?: string | null | undefined;
  /** User name (§3.1.3.4). At most 65,535 bytes. Default: none. */
  mqttusername?: string | null | undefined;
  /**
   * Password (§3.1.3.5). With MQTT 3.1.1 it needs `mqttusername` (§3.1.2.9). At most 65,535 bytes. Default:
   * none.
   */
  mqttpassword?: string | ArrayBuffer | ArrayBufferView | null | undefined;
  /**
   * Keep alive (§3.1.2.10): the longest time between two packets of the client; a broker that receives none
   * for one and a half times as long ends the connection. 0 turns it off; whole seconds are sent, rounded up.
   * Seconds from 0 to 65535. Default: 60.
   */
  mqttkeepalive?: number | null | undefined;
  /**
   * Clean session (§3.1.2.4). `false` resumes the session that the broker keeps for `mqttclientid`, which
   * must be given then; only then is QoS 2 exactly once over reconnects. Default: `true`; `false` with a
   * `store`.
   */
  mqttcleansession?: boolean | null | undefined;
  /**
   * Where messages that the broker has not acknowledged are kept. `persistent` keeps them over the end of the
   * process or page: on disk in Node, in IndexedDB in a page; it needs `import "mqtt-lib/persistent"` and a
   * `mqttclientid`. An object is a store of your own. Default: `"memory"`.
   */
  store?: "memory" | "persistent" | Store | null | undefined;
  /**
   * Protocol level (§3.1.2.2): 4 is MQTT 3.1.1, 5 is MQTT 5.0. `auto` tries 5 and falls back to 4 where the
   * broker does not speak 5. Default: 4.
   */
  mqttversion?: 4 | 5 | "auto" | null | undefined;
  /** Properties of CONNECT (MQTT 5, §3.1.2.11); with `mqttversion` 4 a `TypeError`. Default: none. */
  properties?: ConnectProperties | null | undefined;
  /**
   * Whether repeated topics are replaced by numbers, in both directions, where the broker allows it (MQTT 5,
   * §3.3.2.3.4). Default: `true`.
   */
  topicAliases?: boolean | null | undefined;
  /**
   * Whether the server that a broker names when it refuses or ends the connection is tried next (MQTT 5,
   * §4.11); it is sent the same user name and password. In either case the name is in the error's
   * `properties.serverReference`. Default: `false`.
   */
  followServerReference?: boolean | null | undefined;
  /**
   * Whether subscriptions are restored where the broker has no session of an earlier connection. Default:
   * `true`.
   */
  resubscribe?: boolean | null | undefined;
  /**
   * Topic name of the last will (§3.1.2.5). There is no will while it is empty. At most 65,535 bytes.
   * Default: `""`.
   */
  willsettopic?: string | null | undefined;
  /** Payload of the will (§3.1.3.3). At most 65,535 bytes. Default: `""`. */
  willsetpayload?: string | ArrayBuffer | ArrayBufferView | null | undefined;
  /** QoS of the will (§3.1.2.6). Default: 0. */
  willsetqos?: QoS | null | undefined;
  /** Whether the will is retained (§3.1.2.7). Default: `false`. */
  willsetretain?: boolean | null | undefined;
  /** Properties of the will (MQTT 5, §3.1.3.2); with `mqttversion` 4 a `TypeError`. Default: none. */
  willProperties?: WillProperties | null | undefined;
  /**
   * Certificates of your own, in Node; in a page a `TypeError`, because the browser verifies the broker.
   * Means `mqtts` where the transport is not named. Without it `mqtts` and `wss` trust the CAs of Node or the
   * browser. Default: none.
   */
  certs?: Certificates | null | undefined;
  /**
   * Makes the connection in place of a socket: `({ url, protocols, signal }) => ({ readable, writable })`,
   * byte streams of the WHATWG Streams standard, or a promise of them. In a page `mqtt-lib/streams` must be
   * imported, or it is a `TypeError`. Default: none.
   */
  transport?: Transport | null | undefined;
  /** Headers, subprotocols and agent of the WebSocket handshake. Default: none. */
  websocket?: WebSocketOptions | null | undefined;
  /**
   * At this many items `batch_publish` sends the batch. Whole number of items from 1 to 1000000. The first
   * answer of a credentials function counts. Default: 5.
   */
  batchsize?: number | null | undefined;
  /**
   * At this many messages `qpublish` sends its queue. Whole number of messages from 1 to 1000000. The first
   * answer of a credentials function counts. Default: 5.
   */
  queuesize?: number | null | undefined;
  /**
   * A batch or the queue is sent at the latest this long after its first item. Seconds from 0 to 2147483. The
   * first answer of a credentials function counts. Default: 60.
   */
  publishinterval?: number | null | undefined;
  /**
   * How many QoS 1 and 2 publishes may be without their last acknowledgement (§4.3); further ones wait. For
   * QoS 2 in 3.1.1 `maxinflightqos2` is the smaller bound. Whole number of messages from 1 to 65535. Default:
   * 1000.
   */
  maxinflight?: number | null | undefined;
  /**
   * How many QoS 2 publishes of these may be without their PUBCOMP in MQTT 3.1.1, which has no Receive
   * Maximum: brokers take 20 (mosquitto) or fewer, and drop the message or close the connection beyond.
   * Further ones wait, and messages behind them too: the order of the calls holds. In MQTT 5 the broker says
   * how many it takes. Whole number of messages from 1 to 65535. Default: 16.
   */
  maxinflightqos2?: number | null | undefined;
  /**
   * How many filters go into one SUBSCRIBE or UNSUBSCRIBE: a call with more becomes several packets, and
   * subscriptions are restored in such parts. Some brokers (AWS IoT: 8) close the connection at more. Whole
   * number of filters from 1 to 65535. Default: 8.
   */
  maxfilters?: number | null | undefined;
  /**
   * Largest packet taken from the broker; the default is 16 MiB. In 3.1.1 a larger message is not stored but
   * acknowledged, counted in `stats().dropped` and reported to `on_error` (`PACKET_TOO_LARGE`); in MQTT 5
   * this is the Maximum Packet Size of CONNECT (§3.1.2.11.4), and the broker sends no larger message. Any
   * other larger packet, or one that is no message and larger than 256 KiB, ends the connection
   * (`PROTOCOL_ERROR`). A message whose properties have more than 256 KiB is skipped, acknowledged and
   * reported. Whole number of bytes from 16 to 268435460. Default: 16777216.
   */
  maxpacketsize?: number | null | undefined;
  /**
   * How many messages may be received and not dealt with: their handlers' promises are not settled, their
   * loop has not asked for the next one, or nobody has taken them. In MQTT 5 it is also the Receive Maximum,
   * unless `properties.receiveMaximum` says otherwise (§3.1.2.11.3). At the bound acknowledgements are
   * withheld and Node does not read the socket; where it cannot be paused, QoS 0 is dropped, the oldest
   * first. Whole number of messages from 1 to 65535. Default: 1000.
   */
  maxunhandled?: number | null | undefined;
  /**
   * How many bytes the payloads of these messages may have; the default is 16 MiB. Whole number of bytes from
   * 1 to 2147483648. Default: 16777216.
   */
  maxunhandledbytes?: number | null | undefined;
  /**
   * How many messages may wait to be sent: offline, behind `maxinflight`, in batches and in the queue. A
   * further call rejects with `QUEUE_FULL`, unless `offlinepolicy` says otherwise. Whole number of messages
   * from 0 to 10000000. The first answer of a credentials function counts. Default: 100000.
   */
  offlinesize?: number | null | undefined;
  /**
   * How many bytes these messages may have; the default is 64 MiB. Whole number of bytes from 0 to
   * 2147483648. The first answer of a credentials function counts. Default: 67108864.
   */
  offlinebytes?: number | null | undefined;
  /**
   * What happens when `offlinesize` or `offlinebytes` is reached. `refuse`: the new message rejects with
   * `QUEUE_FULL`. `drop-oldest`: the oldest messages that wait reject with `DROPPED`, a batch with all its
   * items. `latest`: of each topic only the latest message waits, even below these limits, and the older one
   * rejects with `DROPPED`; a message of a further topic is refused. Nothing was sent of a dropped message;
   * messages in flight are never dropped. The first answer of a credentials function counts. Default:
   * `"refuse"`.
   */
  offlinepolicy?: "refuse" | "drop-oldest" | "latest" | null | undefined;
  /**
   * How long a message may wait to be sent; then it rejects with `EXPIRED`. The time of a queued or batched
   * message starts when its queue or batch is sent. 0: no limit. Seconds from 0 to 2147483. The first answer
   * of a credentials function counts. Default: 0.
   */
  offlineexpiry?: number | null | undefined;
  /**
   * How long opening the transport and CONNACK together may take; then the attempt ends with `TIMEOUT`, and
   * the next one follows. Seconds from 0.001 to 2147483. Default: 10.
   */
  connecttimeout?: number | null | undefined;
  /**
   * How long an acknowledgement may take. A late SUBACK or UNSUBACK rejects its call with `TIMEOUT`, counted
   * from its first sending and across reconnects; a late PUBACK, PUBREC or PUBCOMP ends the connection, and
   * the message is sent again on the next one. Seconds from 0.001 to 2147483. Default: 30.
   */
  acktimeout?: number | null | undefined;
  /**
   * How long a publish may take; then it rejects with `TIMEOUT`. A message that waits is withdrawn; one in
   * flight may still arrive. 0: no limit. Seconds from 0 to 2147483. The first answer of a credentials
   * function counts. Default: 0.
   */
  publishtimeout?: number | null | undefined;
  /** How long `stop()` waits for publishes to end. Seconds from 0 to 2147483. Default: 10. */
  stoptimeout?: number | null | undefined;
  /**
   * Whether another attempt follows when one has failed, of several servers when all have, or when the
   * connection is lost. With `false` the client is stopped then: what is pending rejects with the error, and
   * `start()` begins anew. Default: `true`.
   */
  reconnect?: boolean | null | undefined;
  /**
   * Upper bound of the delay before a reconnect. The delay is random between 0 and 1, 2, 4, ... seconds, up
   * to this bound. Seconds from 0 to 86400. Default: 256.
   */
  maxmqttreconnectdelay?: number | null | undefined;
  // END GENERATED credentials
}

/** The path of a file, its text in PEM form (with a line `-----BEGIN`), or its bytes. */
export type PemSource = string | ArrayBuffer | ArrayBufferView;

/**
 * TLS in Node. Files are read for each connection, so renewed ones count from the next on. What is wrong with them is
 * `"CERTIFICATE_INVALID"`.
 */
export interface Certificates {
  // BEGIN GENERATED certs
  /** The only CAs that are trusted, in place of those of Node. Default: none. */
  ca?: PemSource | null | undefined;
  /** Client certificate, followed by the intermediate ones if there are any; needs `key`. Default: none. */
  cert?: PemSource | null | undefined;
  /** Private key of `cert`. Default: none. */
  key?: PemSource | null | undefined;
  /** Decrypts an encrypted `key`. Default: none. */
  passphrase?: string | null | undefined;
  /**
   * Certificate and key in one file, PKCS#12, in place of `cert` and `key`; `passphrase` opens it. Default:
   * none.
   */
  pfx?: PemSource | null | undefined;
  /**
   * Name that the broker's certificate must have, and that is asked for (SNI), in place of the host. Default:
   * none.
   */
  servername?: string | null | undefined;
  /** Lowest version of TLS, such as `TLSv1.3`, as `node:tls` names it. Default: none. */
  minVersion?: string | null | undefined;
  /** Cipher suites in the form of OpenSSL, as `node:tls` takes them. Default: none. */
  ciphers?: string | null | undefined;
  /**
   * Accepts any certificate, so anybody can pose as the broker; reported once to `on_error`
   * (`INSECURE_CONNECTION`). For experiments; give `ca` instead. Default: `false`.
   */
  dangerouslyDisableServerVerification?: boolean | null | undefined;
  /** Name for ALPN (RFC 7301), 1 to 255 bytes; for AWS IoT on port 443 `x-amzn-mqtt-ca`. Default: none. */
  iotProtocolName?: string | null | undefined;
  // END GENERATED certs
}

/** The handshake of a WebSocket (RFC 6455, section 4.1). `mqtt` and `mqtts` use `agent` alone. */
export interface WebSocketOptions {
  // BEGIN GENERATED websocket
  /**
   * Extra headers of the handshake. Node only; in a page a `TypeError`, because browsers allow none. Default:
   * none.
   */
  headers?: Readonly<Record<string, string>> | null | undefined;
  /** Subprotocols that are offered. Default: `"mqtt"`. */
  protocols?: string | string[] | null | undefined;
  /**
   * An `http.Agent` that makes the connection, such as a proxy's. Node only; in a page a `TypeError`.
   * Default: none.
   */
  agent?: object | null | undefined;
  // END GENERATED websocket
}

/**
 * Makes a connection in place of a socket: byte streams of the WHATWG Streams standard, or a promise of them. `url` is the
 * server's, `protocols` are the subprotocols of a WebSocket; `signal` is aborted when the connection is not wanted any more.
 * In Node a `Duplex` will do, too; a page needs `mqtt-lib/streams`. With `closed`, a promise such as that of a
 * `WebSocketStream`, errors have its `closeCode`.
 */
export type Transport = (to: {
  url: string;
  protocols: string | string[];
  signal: AbortSignal;
}) => object | PromiseLike<object>;

/**
 * A store of your own: a map from numbers to bytes that outlives the process. What the numbers and bytes
 * mean is the client's business.
 */
export interface Store {
  /**
   * Opens what belongs to this client id, keeps others out, and gives what it holds, in any order: a `Map`,
   * or an array of pairs. `damaged` tells `on_error` of what cannot be read (`"STORE_DAMAGED"`). Throws or
   * rejects if it cannot be opened, with the `code` `"STORE_LOCKED"` if another has it open.
   */
  open(
    clientId: string,
    damaged: (text: string) => void,
  ): Iterable<readonly [number, Uint8Array]> | PromiseLike<Iterable<readonly [number, Uint8Array]>>;
  /**
   * Keeps changes, all or none of them, in their order; `undefined` means that the number is kept no more.
   * If a promise is returned, what follows from the changes is sent when it resolves; up to 8 writes are
   * pending at a time, and take effect in their order. If it throws or rejects, the client is stopped.
   */
  write(changes: [number, Uint8Array | undefined][]): void | PromiseLike<void>;
  /** After `stop()`: others may open it. */
  close(): void | PromiseLike<void>;
}

/** What may end a call early. */
export interface Abortable {
  /** When it is aborted, the call rejects with its reason. What is on the wire by then takes effect. */
  signal?: AbortSignal | null | undefined;
}

/** Options of `start()`. With any of them it waits over failed attempts. */
export interface StartOptions extends Abortable {
  /** Seconds, above 0, at most 2147483; then it rejects with `"TIMEOUT"`, while attempts go on. Default: none. */
  timeout?: number | null | undefined;
}

/**
 * Options of one message. When `signal` or `timeout` ends the call, a message that is not on the wire is withdrawn; one in
 * flight is completed in this session, and not sent in another. An item that is in a batch stays in it, and a connection of
 * `publish_high_priority` may still deliver.
 */
export interface PublishOptions extends Abortable {
  /** Seconds, above 0, at most 2147483; then it rejects with `"TIMEOUT"`. Default: none of its own, see `publishtimeout`. */
  timeout?: number | null | undefined;
  /** Quality of service (§3.3.1.2). Default: 0. */
  qos?: QoS | undefined;
  /** Whether the broker keeps it for later subscribers (§3.3.1.3). Default: `false`. */
  retain?: boolean | undefined;
  /** Properties of the message (§3.3.2.3). MQTT 5; in 3.1.1 a `TypeError`. */
  properties?: PublishProperties | null | undefined;
}

/** Options of a subscription. */
export interface SubscribeOptions extends Abortable {
  /** Largest QoS the broker may deliver with (§3.8.3). Default: 0. */
  qos?: QoS | undefined;
  /** Not those that this client publishes (§3.8.3.1). MQTT 5. Default: `false`. */
  noLocal?: boolean | undefined;
  /** Messages keep the retain flag they were published with (§3.8.3.1). MQTT 5. Default: `false`. */
  retainAsPublished?: boolean | undefined;
  /** Kept messages are sent: 0 at each subscription, 1 at a new one, 2 never (§3.8.3.1). MQTT 5. Default: 0. */
  retainHandling?: 0 | 1 | 2 | undefined;
  /** Properties of SUBSCRIBE (§3.8.2.1). MQTT 5. */
  properties?: SubscribeProperties | null | undefined;
  /**
   * At most so many messages of this subscription are in the handler at a time, 1 to 65,535; 1 is one after the other.
   * Default: no limit of its own.
   */
  concurrency?: number | undefined;
  /**
   * `"handled"`: a message of QoS 1 or 2 is acknowledged when the handler has returned and its promise has settled.
   * `"manual"`: when `message.ack()` is called, too. Default: `"handled"`.
   */
  ack?: "handled" | "manual" | undefined;
  /**
   * What happens when the handler throws or rejects. `"acknowledge"`: `on_error` gets the error, and the message is
   * acknowledged. `"retry"`: it is called again, `retries` times, then as `"acknowledge"`. `"leave"`: the message is not
   * acknowledged; the broker sends it again on the next connection of the session. Default: `"acknowledge"`.
   */
  onFailure?: "acknowledge" | "retry" | "leave" | undefined;
  /** How many times `onFailure: "retry"` calls the handler again, 0 to 65,535. Default: 3. */
  retries?: number | undefined;
  /** Seconds before the first of these calls, 0 to 86,400; it doubles with each, up to 60 s. Default: 1. */
  retryDelay?: number | undefined;
  /**
   * A topic: a message whose last call has failed is published there, with the same payload and properties, and acknowledged
   * when that is confirmed. In MQTT 5 it gets the user properties `deadLetterTopic` and `deadLetterReason`.
   */
  deadLetter?: string | undefined;
}

/** Options of a subscription that hold for a whole call. */
type WholeCall =
  | "signal"
  | "properties"
  | "concurrency"
  | "ack"
  | "onFailure"
  | "retries"
  | "retryDelay"
  | "deadLetter";

declare global {
  // As TypeScript declares it itself where `lib` has "esnext.disposable".
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  // Names of the platform, for projects whose `lib` has neither DOM nor Node's types.
  interface Event {}
  interface EventTarget {}
  interface AbortSignal {}
}

/** A handler that `addHandler` has added. */
export interface AddedHandler {
  /** Its topic filter. */
  readonly filter: string;
  /** The granted QoS; rejects if the broker refuses the filter, and as `subscribe` does. */
  readonly ready: Promise<number>;
  /** Ends it; with the last handler of its filter that is unsubscribed. Resolves as `unsubscribe` does. */
  remove(): Promise<void>;
  /** The same as `remove()`, for `using`. */
  [Symbol.dispose](): void;
}

/** Options of `snapshot()`. */
export interface SnapshotOptions extends Abortable {
  /** Seconds, above 0, at most 2147483; then it rejects. Default: 30. */
  timeout?: number | null | undefined;
  /** Seconds in which no retained message comes. Default: 0.5. */
  quiet?: number | undefined;
}

/** Options of `messages()`. */
export interface MessagesOptions extends Abortable {
  /**
   * `"handled"`: a message of QoS 1 or 2 is acknowledged when the loop asks for the next one, or is left. `"manual"`: when
   * `message.ack()` is called. Default: `"handled"`.
   */
  ack?: "handled" | "manual" | undefined;
}

/** Topic filters with a QoS of their own (§4.7): `{ "a/+": 1, "b/#": { qos: 2 } }`. */
export interface FilterMap {
  readonly [filter: string]: QoS | Readonly<Omit<SubscribeOptions, WholeCall>>;
}

/** One topic filter, several, or several with a QoS of their own. */
export type Filters = string | readonly string[] | FilterMap;

/**
 * Where `publish_high_priority` connects, and how it publishes. `hostname` is another name of
 * `mqttserver` (default: `"localhost"`), `port` of `mqttport` (default: 1883).
 */
export interface HighPriorityOptions extends Omit<Credentials, "properties">, PublishOptions {
  /** Host name or URL; the same as `mqttserver`. Default: `"localhost"`. */
  hostname?: string | undefined;
  /** Port from 1 to 65535; the same as `mqttport`, so one in the server's URL wins. Default: 1883. */
  port?: number | undefined;
}

/** A received message (§3.3). */
export interface Message {
  /** Topic name it was published to. */
  topic: string;
  /** Application message. A copy: the user may keep and change it. */
  payload: Bytes;
  /** QoS it was delivered with: the smaller of the publisher's and the granted one. */
  qos: QoS;
  /** True if the broker had kept it from before the subscription (§3.3.1.3). */
  retain: boolean;
  /** True if the broker may have sent it before (§3.3.1.1). */
  dup: boolean;
  /** Properties (MQTT 5, §3.3.2.3); `undefined` if there are none. */
  properties: ReceivedProperties | undefined;
  /**
   * The application has dealt with the message, for `ack: "manual"`: it is acknowledged when the handler has ended, too. One
   * call counts for all handlers and loops that wait for it; a second one does nothing.
   */
  ack(): void;
  /**
   * Refuses a message of QoS 1 or 2, in MQTT 5: PUBACK or PUBREC has this reason code (§3.4.2.1): 128, 131, 135, 144, 145,
   * 151 or 153; a `RangeError` otherwise. In 3.1.1 it is acknowledged, and `on_error` gets `"NOT_SUPPORTED"`. Later calls
   * do nothing.
   */
  reject(reasonCode: number, reasonString?: string | null): void;
  /** The payload as UTF-8 text; what is not UTF-8 becomes U+FFFD. */
  text(): string;
  /** The payload as JSON. Throws a `SyntaxError` if it is not. */
  json<Value = Any>(): Value;
}

/**
 * A topic of `mqtt-lib/topics`, as the methods of a client take it: it says what the parameters of its name are, what is
 * published (`Input`), and what handlers are given (`Output`).
 */
export interface TypedTopic<Params = Any, Input = Any, Output = Any> {
  /** Of all its names: a wildcard in place of each parameter. */
  readonly filter: string;
  /** For the compiler alone. */
  readonly "~types"?: TypedTopicTypes<Params, Input, Output> | undefined;
}

/** The types of a typed topic, for the compiler alone. */
export interface TypedTopicTypes<Params, Input, Output> {
  /** The parameters of its names. */
  params: Params;
  /** What is published. */
  input: (value: Input) => void;
  /** What handlers are given. */
  output: Output;
}

/** A message to a typed topic. */
export interface TypedMessage<Params, Value> extends Message {
  /** The parameters of its topic name. */
  params: Params;
  /** Its payload, decoded and validated. */
  value: Value;
}

/** The option `params` of a publish to a typed topic: all of them, numbers or texts. */
export type TopicParams<Params> = [keyof Params] extends [never]
  ? {
      /** The topic has none. */
      params?: undefined;
    }
  : {
      /** A value for each parameter of the topic. */
      params: { readonly [Name in keyof Params]: string | number };
    };

/** The option `params` of a subscription: those that are given narrow it. */
export interface FilterParams<Params> {
  /** A parameter that is left out may be anything. Default: all are. */
  params?: { readonly [Name in keyof Params]?: string | number | undefined } | undefined;
}

/** A handler of a typed topic. What does not validate never comes to it, and is a failure of the handler. */
export type OnTypedMessage<Params, Value, Userdata = unknown> = (
  client: MqttCustom<Userdata>,
  userdata: Userdata,
  message: TypedMessage<Params, Value>,
) => unknown;

/** What CONNACK says beside its return code (§3.2.2). */
export interface ConnectFlags {
  /** True if the broker resumed a session it had kept (§3.2.2.2). */
  sessionPresent: boolean;
}

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

/** What PUBACK or PUBCOMP said beside plain success (MQTT 5, §3.4.2.1), such as 16, no matching subscribers. */
export interface PublishResult {
  /** The reason code the broker sent. */
  reasonCode: number;
  /** What came along with it. */
  properties?: ResultProperties;
}

/** Reason codes, one for each filter; `properties` where the broker sent some (MQTT 5). */
export interface FilterResults<Code = number> extends Array<Code> {
  /** What came along with it. */
  properties?: ResultProperties;
}

/** Options of `unsubscribe()` (MQTT 5, §3.10.2.1). */
export interface UnsubscribeOptions extends Abortable {
  /** What came along with it. */
  properties?: Pick<DisconnectProperties, "userProperties"> | null | undefined;
}

/** Options of `stop()` (MQTT 5, §3.14.2). */
export interface StopOptions {
  /** 0, 4 (the broker publishes the will), or 128 to 255. Default: 0. */
  reasonCode?: number | undefined;
  /** What came along with it. */
  properties?: DisconnectProperties | null | undefined;
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

/** Options of one request. */
export interface RequestOptions extends Omit<PublishOptions, "timeout"> {
  /** Seconds to wait for the response, above 0, at most 2147483. Default: 30. */
  timeout?: number | undefined;
}

/** Counters of one client, from its construction on. */
export interface Stats {
  /** Messages handed to the connection; a batch is one, a message sent again is not counted again. */
  sent: number;
  /** Messages received. */
  received: number;
  /** Bytes handed to the connection, of all packets. */
  bytesSent: number;
  /** Bytes received, of all packets. */
  bytesReceived: number;
  /** QoS 1 and 2 messages that are sent and not acknowledged to the end. */
  inFlight: number;
  /** Messages that wait: offline, behind `maxinflight`, in the queue, and items in batches. */
  queued: number;
  /** Bytes of these, with topics and headers. */
  bytesQueued: number;
  /**
   * Messages given up: by `offlinepolicy`, `offlineexpiry`, `publishtimeout` (before they were sent) or
   * `maxpacketsize`, or of QoS 0 at `maxunhandled` where the socket cannot be paused.
   */
  dropped: number;
  /** Accepted connections after the first one. */
  reconnects: number;
  /** How often a connection was begun. */
  attempts: number;
  /** Messages received and not dealt with: their handlers' promises, or the loop, or the application's `ack()`, are awaited. */
  unhandled: number;
  /**
   * Publishes, SUBSCRIBE and UNSUBSCRIBE packets on the wire, or next, with nothing else beside them, because connections
   * ended right after they were sent. Each is answered, or rejects with `BROKER_CLOSES`.
   */
  suspects: number;
  /** Seconds since the oldest of these arrived; absent if there is none. */
  oldestUnhandled?: number;
  /** Seconds since the last message came; absent if there was none. */
  lastMessage?: number;
  /**
   * Half of the acknowledgements came within so many seconds after `publish()`; absent if there was none. One publish of QoS 1
   * or 2 at a time is timed, and the last 256 count.
   */
  ackP50?: number;
  /** The same, for 99 of 100. */
  ackP99?: number;
  /** Seconds until the next attempt to connect; absent unless one waits for its time. `start()` makes it now. */
  reconnectIn?: number;
}

/**
 * `"idle"`: never started. `"connecting"`: no connection was accepted yet. `"connected"`: CONNACK said
 * yes. `"reconnecting"`: between two connections. `"stopped"`: `stop()` has sent its DISCONNECT, or was
 * called without a connection.
 */
export type State = "idle" | "connecting" | "connected" | "reconnecting" | "stopped";

/**
 * Called at each CONNACK (§3.2). `rc` is its return code: 0 accepted, 1 protocol version, 2 client id,
 * 3 unavailable, 4 user name or password, 5 not authorised.
 */
export type OnConnect<Userdata = unknown> = (
  client: MqttCustom<Userdata>,
  userdata: Userdata,
  flags: ConnectFlags,
  rc: number,
  /** What came along with it. */
  properties?: ConnackProperties,
) => unknown;

/**
 * Called for each AUTH of the broker (MQTT 5, §4.12). `reasonCode` 24: it wants an answer, which is what is returned, or what
 * the returned promise resolves with. 0: re-authentication has succeeded.
 */
export type OnAuth<Userdata = unknown> = (
  client: MqttCustom<Userdata>,
  userdata: Userdata,
  packet: AuthPacket,
) => AuthProperties | undefined | PromiseLike<AuthProperties | undefined>;

/**
 * Called when an accepted connection ends. `rc`: 0 after `stop()`, 2 the broker broke the protocol,
 * 7 connection lost, 16 keep alive. `error` is `undefined` after `stop()`.
 */
export type OnDisconnect<Userdata = unknown> = (
  client: MqttCustom<Userdata>,
  userdata: Userdata,
  rc: number,
  error: MqttError | undefined,
) => unknown;

/** Called for each message, in the order of their arrival. */
export type OnMessage<Userdata = unknown> = (
  client: MqttCustom<Userdata>,
  userdata: Userdata,
  message: Message,
) => unknown;

/** Called for what no promise carries. */
export type OnError<Userdata = unknown> = (
  client: MqttCustom<Userdata>,
  userdata: Userdata,
  error: ClientError,
) => unknown;

/** The events of a client, by type: each has the arguments of its callback as properties. */
export interface ClientEvents<Userdata = unknown> {
  /** When the broker has accepted a connection; unlike {@link OnConnect} not for refusals. */
  connect: ClientEvent<Userdata> & {
    /** As {@link OnConnect} gets them. */
    readonly flags: ConnectFlags;
    /** 0. */
    readonly rc: number;
    /** Of CONNACK (MQTT 5). */
    readonly properties: ConnackProperties | undefined;
  };
  /** When an accepted connection ends, as {@link OnDisconnect}. */
  disconnect: ClientEvent<Userdata> & {
    /** As {@link OnDisconnect} gets it. */
    readonly rc: number;
    /** Why; none after `stop()`. */
    readonly error: MqttError | undefined;
  };
  /** When a further attempt to connect is planned. */
  reconnecting: ClientEvent<Userdata> & {
    /** Its number. */
    readonly attempt: number;
    /** In so many seconds. */
    readonly delay: number;
    /** What ended the last attempt, or the connection. */
    readonly error: ClientError | undefined;
  };
  /** When `state` is another one. */
  statechange: ClientEvent<Userdata> & {
    /** What `client.state` is now. */
    readonly state: State;
  };
  /** For each message that no handler of `subscribe` took, as {@link OnMessage}. It is acknowledged when the promises of all listeners have settled. */
  message: ClientEvent<Userdata> & {
    /** As {@link OnMessage} gets it. */
    readonly message: Message;
  };
  /** For what no promise carries, as {@link OnError}. */
  error: ClientEvent<Userdata> & {
    /** As {@link OnError} gets it. */
    readonly error: ClientError;
  };
  /** When the client has stopped: nothing follows until `start()`. */
  close: ClientEvent<Userdata>;
}

/** What every event of a client has. */
export interface ClientEvent<Userdata = unknown> extends Event {
  /** The client. */
  readonly target: MqttCustom<Userdata>;
  /** As every callback gets it. */
  readonly userdata: Userdata;
}

/** A listener of an event; what it throws, or its promise is rejected with, is reported as what a callback throws. */
export type ClientListener<Target, Event> =
  | ((this: Target, event: Event) => unknown)
  | {
      /** Called with the event. */
      handleEvent(event: Event): unknown;
    };

/** Options of `addEventListener`, as the platform has them. */
export interface ListenerOptions {
  /** It is removed when it is called. */
  once?: boolean | undefined;
  /** It is removed when this is aborted. */
  signal?: AbortSignal | undefined;
  /** Of no meaning for a client. */
  capture?: boolean | undefined;
  /** Of no meaning for a client. */
  passive?: boolean | undefined;
}

/**
 * Called before each attempt to connect: fresh tokens, rotated passwords, signed URLs. What it gives takes the
 * place of what it gave before, as a whole. If it throws, is rejected (`"CREDENTIALS_FAILED"`), does not answer
 * within `connecttimeout` (`"TIMEOUT"`), or gives what is not valid, the attempt has failed; it is called again at
 * the next one. An answer that comes too late is ignored.
 *
 * `attempt`: 1 for the first one after `start()`, and for the first one after a connection that the broker had
 * accepted; one more at each further one. `lastError`: what ended the attempt or the connection before;
 * `undefined` at the first attempt after `start()`, and when MQTT 3.1.1 is tried after 5 (`mqttversion: "auto"`).
 *
 * All keys take effect at each attempt but those about messages that wait: of these the first answer counts, and their
 * descriptions in {@link Credentials} say so. A `mqttclientid` that is left out stays as it was, at first a random one.
 * `store` is refused. Until the first answer the defaults hold for messages that are published or batched.
 */
export type CredentialsFunction = (
  attempt: number,
  lastError: ClientError | undefined,
) => Credentials | PromiseLike<Credentials>;

/**
 * A logger, such as `console`. Called with a sentence and what belongs to it: `error` for errors, `warn` for `disconnect` and
 * `reconnecting`, `info` for `connect` and `close`, `debug` for changes of the state. What it throws is ignored.
 */
export interface Logger {
  /** Changes of the state. */
  debug(text: string, details?: object): unknown;
  /** `connect` and `close`. */
  info(text: string, details?: object): unknown;
  /** `disconnect` and `reconnecting`. */
  warn(text: string, details?: object): unknown;
  /** Errors. */
  error(text: string, details?: object): unknown;
}

/** What `wireLog` of `mqtt-lib/wire` returns. */
export type Wire = (connect?: (...all: never[]) => object) => (...all: never[]) => object;

/** The argument of the constructor. Each callback may be given under either spelling. */
export interface ClientOptions<Userdata = unknown> {
  /** Where and how to connect; or a function that says it anew before each attempt. Default: `{}`. */
  credentials?: Credentials | CredentialsFunction | null | undefined;
  /** Second argument of every callback. Default: `undefined`. */
  userdata?: Userdata | undefined;
  /** Whether the constructor calls `start()`. Default: `true`. */
  autostart?: boolean | undefined;
  /** Where the client's events are logged. Instead of `console.warn` for what nobody takes. Default: none. */
  logger?: Logger | null | undefined;
  /** Shows each packet: what `wireLog` of `mqtt-lib/wire` returns. Default: none. */
  wire?: Wire | null | undefined;
  /** See {@link OnConnect}. Default: none. */
  on_connect?: OnConnect<Userdata> | null | undefined;
  /** See {@link OnDisconnect}. Without it, a lost connection is reported to `on_error`. Default: none. */
  on_disconnect?: OnDisconnect<Userdata> | null | undefined;
  /** See {@link OnMessage}. Messages that a handler of `subscribe` took do not come here. Default: none. */
  on_message?: OnMessage<Userdata> | null | undefined;
  /** See {@link OnError}. Default: one `console.warn` for each code. */
  on_error?: OnError<Userdata> | null | undefined;
  /** See {@link OnAuth}. Default: none. */
  on_auth?: OnAuth<Userdata> | null | undefined;
  /** The same as `on_auth`. */
  onAuth?: OnAuth<Userdata> | null | undefined;
  /** The same as `on_connect`. */
  onConnect?: OnConnect<Userdata> | null | undefined;
  /** The same as `on_disconnect`. */
  onDisconnect?: OnDisconnect<Userdata> | null | undefined;
  /** The same as `on_message`. */
  onMessage?: OnMessage<Userdata> | null | undefined;
  /** The same as `on_error`. */
  onError?: OnError<Userdata> | null | undefined;
}

/**
 * A callback as a property of the client: one of a client of known `userdata` is a client of any, `MqttCustom`, too.
 * @typeParam Callback the type of the callback
 */
type Assigned<Callback extends (...all: never[]) => unknown> = {
  /** A method, because its parameters may be those of a narrower type. */
  of(...all: Parameters<Callback>): ReturnType<Callback>;
}["of"];

/**
 * A client. It connects by itself, reconnects by itself, and runs until `stop()`.
 *
 * Methods return promises that settle in every case. Nobody need look at them: a rejection that is not
 * handled does not end the process. Any method may be called from any callback.
 */
export class MqttCustom<Userdata = unknown> {
  /**
   * Throws a `TypeError` or `RangeError` for a wrong option: always in Node; in a page once the .wasm is
   * loaded, before that `start()` rejects with it, and it is reported to `on_error`.
   */
  constructor(options?: ClientOptions<Userdata>);

  /**
   * Connects (§3.1). Resolves at CONNACK 0; at once if connected. Rejects with the first answer that is not
   * an acceptance; of several servers, once each was tried, with the answer of the last (`"CONNECTION_REFUSED"`, `"NOT_AUTHORIZED"`, `"TIMEOUT"`, `"PROTOCOL_ERROR"`,
   * `"CREDENTIALS_FAILED"`), while attempts go on, and with `"STOPPED"` after `stop()`. While a reconnect waits for its time, the attempt
   * is made now. After `stop()` it starts again. With `timeout` or `signal` it waits over failed attempts, which are reported
   * to `on_error`.
   */
  start(options?: StartOptions | null): Promise<void>;
  /** The same as `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * Sends batches and the queue, waits for all publishes to end (at most `stoptimeout`), sends DISCONNECT
   * (§3.14) and closes. What is still pending rejects with `"STOPPED"`. When it resolves, no timer and no socket is
   * left, and iterators of `messages()` have ended. It rejects for a wrong argument only, with a `RangeError` or a
   * `TypeError`, and then nothing is stopped.
   */
  stop(options?: StopOptions | null): Promise<void>;

  /**
   * Publishes one message (§3.3). `topic` is a topic name: 1 to 65,535 bytes without `+`, `#` and control characters
   * (§4.7). Resolves: QoS 0 once handed to the connection, QoS 1 at PUBACK, QoS 2 at PUBCOMP (§4.3).
   * Offline it waits. Rejects with `"QUEUE_FULL"`, `"DROPPED"`, `"EXPIRED"`, `"TIMEOUT"`, `"STOPPED"`, `"PACKET_TOO_LARGE"`, `"INVALID_TOPIC"`,
   * `"INVALID_PAYLOAD"`, `"INVALID_OPTION"`, `"OUT_OF_RANGE"`.
   */
  publish(
    topic: string,
    payload?: Payload,
    options?: PublishOptions | null,
  ): Promise<PublishResult | undefined>;
  /** Publishes a value to a typed topic. Rejects with a `ValidationError` for one that its schema does not accept. */
  publish<Params, Input>(
    topic: TypedTopic<Params, Input>,
    value: Input,
    ...options: [keyof Params] extends [never]
      ? [options?: (PublishOptions & TopicParams<Params>) | null]
      : [options: PublishOptions & TopicParams<Params>]
  ): Promise<PublishResult | undefined>;

  /**
   * Adds an item to the batch of this topic, QoS, retain flag and properties. A batch is one message, a JSON array of
   * its items in order. It is sent at `batchsize` items, `publishinterval` after the first, before it grows
   * beyond 16 MiB, at `flush()` and at `stop()`. The item is serialised during the call. Resolves and
   * rejects as `publish` does, for the batch it is in.
   */
  batch_publish<Item>(
    topic: string,
    item: BatchItem<Item>,
    options?: PublishOptions | null,
  ): Promise<PublishResult | undefined>;
  /** The same as {@link MqttCustom.batch_publish}. */
  batchPublish<Item>(
    topic: string,
    item: BatchItem<Item>,
    options?: PublishOptions | null,
  ): Promise<PublishResult | undefined>;

  /**
   * Puts a message into the one queue of all topics. The queue is sent, in order and each message by
   * itself, at `queuesize` messages, `publishinterval` after the first, at `flush()` and at `stop()`.
   * Resolves and rejects as `publish` does.
   */
  qpublish(
    topic: string,
    payload?: Payload,
    options?: PublishOptions | null,
  ): Promise<PublishResult | undefined>;
  /** The same as `publish` of a typed topic, through the queue. */
  qpublish<Params, Input>(
    topic: TypedTopic<Params, Input>,
    value: Input,
    ...options: [keyof Params] extends [never]
      ? [options?: (PublishOptions & TopicParams<Params>) | null]
      : [options: PublishOptions & TopicParams<Params>]
  ): Promise<PublishResult | undefined>;

  /** Sends batches and the queue now. Resolves when every publish begun before has ended, well or not. */
  flush(): Promise<void>;

  /**
   * Subscribes with one SUBSCRIBE (§3.8). Resolves with the granted QoS of each filter, in the order asked
   * (§3.9.3). With `handler`, matching messages go to it instead of `on_message`. Handlers of a filter add up; the same
   * function again is one, and functions that `on_connect` makes anew take the place of those of earlier connections. The
   * filter has the largest QoS of all calls, and the other options of the last; a refused call changes nothing. Subscriptions are restored after a reconnect. Rejects with `"SUBSCRIBE_FAILED"` if
   * a filter is refused (the others stay), `"TIMEOUT"`, `"STOPPED"`, `"QUEUE_FULL"`, `"INVALID_TOPIC"`,
   * `"INVALID_OPTION"`, and `"OUT_OF_RANGE"`, also for more than 1 MiB of filters in one call.
   */
  subscribe(
    topic: Filters,
    options?: SubscribeOptions | null,
    handler?: OnMessage<Userdata> | null,
  ): Promise<FilterResults<QoS>>;
  /** Subscribes at QoS 0, with a handler. */
  subscribe(topic: Filters, handler: OnMessage<Userdata>): Promise<FilterResults<QoS>>;
  /** Subscribes to a typed topic at QoS 0. */
  subscribe<Params, Output>(
    topic: TypedTopic<Params, Any, Output>,
    handler: OnTypedMessage<Params, Output, Userdata>,
  ): Promise<FilterResults<QoS>>;
  /** Subscribes to a typed topic. */
  subscribe<Params, Output>(
    topic: TypedTopic<Params, Any, Output>,
    options?: (SubscribeOptions & FilterParams<Params>) | null,
    handler?: OnTypedMessage<Params, Output, Userdata> | null,
  ): Promise<FilterResults<QoS>>;

  /** The same as {@link MqttCustom.subscribe}, for a list. */
  subscribe_topics(
    topics: Filters,
    options?: SubscribeOptions | null,
    handler?: OnMessage<Userdata> | null,
  ): Promise<FilterResults<QoS>>;
  subscribe_topics(topics: Filters, handler: OnMessage<Userdata>): Promise<FilterResults<QoS>>;
  /** The same as {@link MqttCustom.subscribe_topics}. */
  subscribeTopics(
    topics: Filters,
    options?: SubscribeOptions | null,
    handler?: OnMessage<Userdata> | null,
  ): Promise<FilterResults<QoS>>;
  subscribeTopics(topics: Filters, handler: OnMessage<Userdata>): Promise<FilterResults<QoS>>;

  /**
   * Adds a handler for a filter: handlers add up, each has options of its own for how messages are handled, and a message is
   * acknowledged when all have dealt with it. The first handler of a filter subscribes; a later one subscribes again only if
   * it asks for a larger QoS, or for other options of the broker. Throws a `TypeError` for a wrong filter or handler;
   * whatever else is wrong rejects `ready`, and the handler is gone. `unsubscribe(filter)` removes all of them.
   */
  addHandler(filter: string, handler: OnMessage<Userdata>, options?: SubscribeOptions | null): AddedHandler;
  /** Adds a handler of a typed topic. */
  addHandler<Params, Output>(
    topic: TypedTopic<Params, Any, Output>,
    handler: OnTypedMessage<Params, Output, Userdata>,
    options?: (SubscribeOptions & FilterParams<Params>) | null,
  ): AddedHandler;

  /**
   * Unsubscribes with one UNSUBSCRIBE (§3.10); of a map of filters its keys count. Resolves at UNSUBACK, and
   * handlers are called until then. Rejects with `"TIMEOUT"`, `"STOPPED"`, `"QUEUE_FULL"`,
   * `"INVALID_TOPIC"`, `"OUT_OF_RANGE"`.
   */
  unsubscribe(topic: Filters, options?: UnsubscribeOptions | null): Promise<FilterResults | undefined>;
  /** Unsubscribes from a typed topic, with the `params` with which it was subscribed to. */
  unsubscribe<Params>(
    topic: TypedTopic<Params>,
    options?: (UnsubscribeOptions & FilterParams<Params>) | null,
  ): Promise<FilterResults | undefined>;

  /**
   * Publishes a request and resolves with the first response to it (MQTT 5, §4.10): the message that comes to its response
   * topic with its correlation data. Rejects with `"TIMEOUT"`, `"STOPPED"`, and those of `publish` and `subscribe`.
   */
  request(topic: string, payload?: Payload, options?: RequestOptions | null): Promise<Message>;

  /**
   * Subscribes, and answers each request with what the handler returns (MQTT 5, §4.10). What the handler throws is reported
   * to `on_error`; the requester is not answered then. Default QoS, of requests and responses: 1.
   */
  respond(
    filter: Filters,
    handler: (message: Message) => Payload | PromiseLike<Payload>,
    options?: SubscribeOptions | null,
  ): Promise<FilterResults<QoS>>;

  /**
   * Begins re-authentication on the existing connection (MQTT 5, §4.12.1). Resolves when it has begun; `on_auth` is called at
   * its end. Rejects with `"NOT_SUPPORTED"` without an `authenticationMethod`, with `"CONNECTION_LOST"` offline.
   */
  reauthenticate(properties?: AuthProperties | null): Promise<void>;

  /**
   * Publishes one message over a connection of its own, which is then closed; this client need not be
   * connected. What `options` leaves open comes from this client's credentials, but for client id, clean
   * session, keep alive and will; a credentials function is called for them. Resolves as `publish` does, once the connection is closed. The first
   * failure is the answer: `"CONNECTION_REFUSED"`, `"NOT_AUTHORIZED"`, `"TIMEOUT"`, and those of `publish`.
   */
  publish_high_priority(
    topic: string,
    payload?: Payload,
    options?: HighPriorityOptions | null,
  ): Promise<PublishResult | undefined>;
  /** The same as {@link MqttCustom.publish_high_priority}. */
  publishHighPriority(
    topic: string,
    payload?: Payload,
    options?: HighPriorityOptions | null,
  ): Promise<PublishResult | undefined>;

  /** The same without a client: what `options` leaves open is the default. */
  static publish_high_priority(
    topic: string,
    payload?: Payload,
    options?: HighPriorityOptions | null,
  ): Promise<PublishResult | undefined>;
  /** The same as the static `publish_high_priority`. */
  static publishHighPriority(
    topic: string,
    payload?: Payload,
    options?: HighPriorityOptions | null,
  ): Promise<PublishResult | undefined>;

  /**
   * Received messages as an async iterator; with `filter`, those whose topic matches it (§4.7). It does not
   * subscribe, and takes nothing from handlers and `on_message`. A message of QoS 1 or 2 is acknowledged when the loop
   * asks for the next one; what the loop did not come to is for others, or stays the broker's. It ends at `stop()` and
   * when the loop is left. A wrong filter is a `TypeError` (`"INVALID_TOPIC"`).
   */
  messages(filter?: string, options?: MessagesOptions | null): AsyncIterableIterator<Message>;
  /** Those of a typed topic. What does not validate is reported to `on_error`, acknowledged, and left out. */
  messages<Params, Output>(
    topic: TypedTopic<Params, Any, Output>,
    options?: (MessagesOptions & FilterParams<Params>) | null,
  ): AsyncIterableIterator<TypedMessage<Params, Output>>;

  /**
   * The retained messages under a filter, by topic. MQTT does not say where they end: they are complete when none has come
   * for `quiet` seconds and a round trip through the broker has brought no further one. It subscribes, and unsubscribes where
   * nobody else has asked for the filter; other handlers of the filter get the messages, too. Rejects with `"TIMEOUT"`, and as
   * `subscribe` does.
   */
  snapshot(filter: string, options?: SnapshotOptions | null): Promise<Map<string, Message>>;

  /** Counters, as they are now. */
  stats(): Stats;

  /** True from CONNACK 0 until the connection ends. */
  readonly connected: boolean;
  /** Which version the connection speaks, as `mqttversion: "auto"` found out; `undefined` while there is none. */
  readonly mqttversion: 4 | 5 | undefined;
  /** Where the client is between `"idle"` and `"stopped"`. */
  readonly state: State;

  /**
   * Calls `listener` with each event of this type, beside the callback and other listeners. One of `error` takes the place of
   * `on_error` (no `console.warn`), one of `disconnect` that of `on_disconnect`.
   */
  addEventListener<Type extends keyof ClientEvents>(
    type: Type,
    listener: ClientListener<this, ClientEvents<Userdata>[Type]> | null,
    options?: ListenerOptions | boolean,
  ): void;
  addEventListener(
    type: string,
    listener: ClientListener<this, Event> | null,
    options?: ListenerOptions | boolean,
  ): void;
  /** Ends that. */
  removeEventListener<Type extends keyof ClientEvents>(
    type: Type,
    listener: ClientListener<this, ClientEvents<Userdata>[Type]> | null,
    options?: ListenerOptions | boolean,
  ): void;
  removeEventListener(
    type: string,
    listener: ClientListener<this, Event> | null,
    options?: ListenerOptions | boolean,
  ): void;
  /** Calls the listeners of an event of the application's own. */
  dispatchEvent(event: Event): boolean;

  /** See {@link OnConnect}. `null`: none. Anything but a function, `null` or `undefined` is a `TypeError`. */
  on_connect: Assigned<OnConnect<Userdata>> | null;
  /** See {@link OnDisconnect}. `null`: none, and a lost connection is reported to `on_error`. */
  on_disconnect: Assigned<OnDisconnect<Userdata>> | null;
  /** See {@link OnMessage}. `null`: none. */
  on_message: Assigned<OnMessage<Userdata>> | null;
  /** See {@link OnError}. `null`: none, and there is one `console.warn` for each code. */
  on_error: Assigned<OnError<Userdata>> | null;
  /** See {@link OnAuth}. `null`: none. */
  on_auth: Assigned<OnAuth<Userdata>> | null;
  /** The same as `on_auth`. */
  onAuth: Assigned<OnAuth<Userdata>> | null;
  /** The same as `on_connect`. */
  onConnect: Assigned<OnConnect<Userdata>> | null;
  /** The same as `on_disconnect`. */
  onDisconnect: Assigned<OnDisconnect<Userdata>> | null;
  /** The same as `on_message`. */
  onMessage: Assigned<OnMessage<Userdata>> | null;
  /** The same as `on_error`. */
  onError: Assigned<OnError<Userdata>> | null;
}

/**
 * What {@link init} takes: a URL (text, `URL` or `Request`), a `Response`, bytes, or a compiled
 * `WebAssembly.Module`; in Node also a `file:` URL.
 */
export type WasmSource = string | ArrayBuffer | ArrayBufferView | object;

/**
 * Loads the WebAssembly from a place of your own, and resolves when it is there. Call it before the first client
 * starts; once it is loaded or on its way, further calls change nothing and resolve when it is there. Without
 * `source` it is loaded from where this entry has it, early.
 *
 * Nobody need call it: the first client loads what it needs. With `mqtt-lib/bare`, which knows no place, somebody
 * must. Rejects with `"LOAD_FAILED"`, and can be called again then.
 */
export function init(source?: WasmSource | PromiseLike<WasmSource>): Promise<void>;

/** Whether a topic name matches a topic filter (§4.7); of a shared subscription, what is behind its share name counts. */
export function topicMatches(filter: string, topic: string): boolean;

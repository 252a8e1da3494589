// `credentials`: where the broker is, how to sign in, and how the client behaves; and the objects in it.
import type { QoS } from "./payload.js";
import type { ConnectProperties, WillProperties } from "./properties.js";

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
   * subscriptions are restored in such parts. What is larger than the broker takes (Maximum Packet Size) is
   * sent filter by filter. Some brokers (AWS IoT: 8) close the connection at more. Whole number of filters
   * from 1 to 65535. Default: 8.
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
   * withheld and Node does not read the socket; where it cannot be paused, and where twice
   * `maxunhandledbytes` or 16,384 messages more have come all the same, QoS 0 is dropped, the oldest first.
   * Whole number of messages from 1 to 65535. Default: 1000.
   */
  maxunhandled?: number | null | undefined;
  /**
   * How many bytes the payloads of these messages may have; the default is 16 MiB. Whole number of bytes from
   * 1 to 2147483648. Default: 16777216.
   */
  maxunhandledbytes?: number | null | undefined;
  /**
   * How many bytes the publishes in flight may have: while they have so many, further ones wait. The default
   * is 128 MiB. Whole number of bytes from 1 to 2147483648. Default: 134217728.
   */
  maxinflightbytes?: number | null | undefined;
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
   * from its first sending and across reconnects: a `subscribe` is taken back then, what the broker grants
   * later is unsubscribed, and an UNSUBSCRIBE goes on; a late PUBACK, PUBREC or PUBCOMP ends the connection,
   * and the message is sent again on the next one. Seconds from 0.001 to 2147483. Default: 30.
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

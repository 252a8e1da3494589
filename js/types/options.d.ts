// The options of a client.
import type { Credentials } from "./credentials.js";
import type { ClientError } from "./errors.js";
import type { OnAuth, OnConnect, OnDisconnect, OnError, OnMessage } from "./events.js";

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
  /** Where the client's events are logged; a function is called for every level. Instead of `console.warn` for what nobody takes. Default: none. */
  logger?: Logger | Logger["debug"] | null | undefined;
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

// What a client reports: callbacks, events and their listeners.
import type { MqttCustom } from "../index.js";
import type { ClientError, MqttError } from "./errors.js";
import type { Message } from "./messages.js";
import type { AuthPacket, AuthProperties, ConnackProperties } from "./properties.js";
import type { State } from "./stats.js";

/** What CONNACK says beside its return code (§3.2.2). */
export interface ConnectFlags {
  /** True if the broker resumed a session it had kept (§3.2.2.2). */
  sessionPresent: boolean;
}

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
    /** Seconds until the next attempt. */
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

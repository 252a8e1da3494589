/**
 * Hooks for React 18 and 19. Components that ask for the same topics share one subscription, which ends with the last of them.
 *
 * @module mqtt-lib/react
 */

import type {
  ClientError,
  ClientOptions,
  Credentials,
  CredentialsFunction,
  FilterParams,
  Message,
  MqttCustom,
  State,
  SubscribeOptions,
  TypedMessage,
  TypedTopic,
} from "mqtt-lib";
import type { ReactElement, ReactNode } from "react";

/** What a provider is given: options of a client of its own, or a client. */
export type MqttProviderProps = {
  /** The components that use the client. */
  children?: ReactNode;
} & (
  | {
      /** As for `new MqttCustom`. Read at the first rendering; give the provider another `key` for other options. */
      options?: Omit<ClientOptions, "autostart"> | undefined;
      /** The same as `options.credentials`. */
      credentials?: Credentials | CredentialsFunction | undefined;
      client?: undefined;
    }
  | {
      /** A client of yours. The provider starts it if it is idle (`autostart: false`), and never stops it. */
      client: MqttCustom;
      options?: undefined;
      credentials?: undefined;
    }
);

/**
 * Gives a client to the components in it. One that it makes from `options` connects when the provider is mounted, and is
 * stopped when it is unmounted; nothing connects while a server renders.
 */
export function MqttProvider(props: MqttProviderProps): ReactElement;

/** The client of the provider above. Throws where there is none. */
export function useMqtt(): MqttCustom;

/** What `useConnection` gives. */
export interface Connection {
  /** As `client.state`; `"idle"` while a server renders. */
  readonly state: State;
  /** As `client.connected`. */
  readonly connected: boolean;
  /** The number of the next attempt to connect; 0 while there is a connection. */
  readonly attempt: number;
  /** Seconds between the last failure and that attempt. */
  readonly delay: number;
  /** What ended the last attempt or connection; `undefined` while there is a connection. */
  readonly error: ClientError | undefined;
}

/** The state of the connection, for an indicator. */
export function useConnection(): Connection;

/** Options of `useMessage` and `useMessages`: those of `subscribe` that can be written as JSON. */
export type MessageOptions = Omit<SubscribeOptions, "signal" | "timeout">;

/** The last message to a topic; `undefined` until there is one. */
export function useMessage(filter: string, options?: MessageOptions): Message | undefined;
/** The last message to a typed topic. */
export function useMessage<Params, Value>(
  topic: TypedTopic<Params, never, Value>,
  options?: MessageOptions & FilterParams<Params>,
): TypedMessage<Params, Value> | undefined;

/** Options of `useMessages`. */
export interface MessagesOptions extends MessageOptions {
  /** How many messages are kept, the newest. Default: 100. */
  limit?: number | undefined;
}

/** The last messages to a topic, the newest last; another array after each message. */
export function useMessages(filter: string, options?: MessagesOptions): readonly Message[];
/** The last messages to a typed topic. */
export function useMessages<Params, Value>(
  topic: TypedTopic<Params, never, Value>,
  options?: MessagesOptions & FilterParams<Params>,
): readonly TypedMessage<Params, Value>[];

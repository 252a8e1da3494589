/**
 * Sparkplug B 3.0: payloads, edge nodes and host applications. Sections are those of the specification.
 *
 * @packageDocumentation
 */

import type {
  Bytes,
  ClientError,
  Credentials,
  CredentialsFunction,
  MqttCustom,
  StartOptions,
} from "mqtt-lib";

/** Names of the data types (§6.4.16). */
export type DataType =
  | "Int8"
  | "Int16"
  | "Int32"
  | "Int64"
  | "UInt8"
  | "UInt16"
  | "UInt32"
  | "UInt64"
  | "Float"
  | "Double"
  | "Boolean"
  | "String"
  | "DateTime"
  | "Text"
  | "UUID"
  | "DataSet"
  | "Bytes"
  | "File"
  | "Template"
  | "Int8Array"
  | "Int16Array"
  | "Int32Array"
  | "Int64Array"
  | "UInt8Array"
  | "UInt16Array"
  | "UInt32Array"
  | "UInt64Array"
  | "FloatArray"
  | "DoubleArray"
  | "BooleanArray"
  | "StringArray"
  | "DateTimeArray";

/** Data types of properties, which have two more. */
export type PropertyType = DataType | "PropertySet" | "PropertySetList";

/**
 * A value. Integers of up to 32 bits and floats are numbers; `Int64` and `UInt64` are bigints (a number is taken where it is
 * exact); `DateTime` is a `Date` (milliseconds are taken); `Bytes` and `File` are a `Uint8Array`; arrays are arrays.
 */
export type Value =
  | number
  | bigint
  | boolean
  | string
  | Date
  | Uint8Array
  | DataSet
  | Template
  | Properties
  | readonly Properties[]
  | readonly (number | bigint | boolean | string | Date)[]
  | null;

/** A table (§6.4.8). */
export interface DataSet {
  /** As many as `columns`; need not be given. */
  numOfColumns?: number | undefined;
  /** Their names. */
  columns: readonly string[];
  /** Their types. */
  types: readonly DataType[];
  /** The values of each row. */
  rows: readonly (readonly Value[])[];
}

/** A template, its definition or an instance (§6.4.11). */
export interface Template {
  /** Its version. */
  version?: string | undefined;
  /** The name of its definition; none in a definition. */
  templateRef?: string | undefined;
  /** Whether it is a definition. */
  isDefinition?: boolean | undefined;
  /** Its members. */
  metrics?: readonly Metric[] | undefined;
  /** Its parameters. */
  parameters?:
    | readonly {
        /** Its name. */
        name: string;
        /** Its type. */
        type: DataType;
        /** Its value. */
        value: Value;
      }[]
    | undefined;
}

/** Properties of a metric by name, such as quality and unit (§6.4.9). */
export interface Properties {
  [name: string]: {
    /** Its type. */
    type: PropertyType;
    /** Its value. */
    value: Value;
  };
}

/** What is said of a file or of bytes (§6.4.7). */
export interface MetaData {
  /** Whether it is a part of something larger. */
  isMultiPart?: boolean | undefined;
  /** Its MIME type. */
  contentType?: string | undefined;
  /** Its bytes. */
  size?: number | bigint | undefined;
  /** The number of the part. */
  seq?: number | bigint | undefined;
  /** The name of the file. */
  fileName?: string | undefined;
  /** The type of the file. */
  fileType?: string | undefined;
  /** Its checksum. */
  md5?: string | undefined;
  /** Anything else. */
  description?: string | undefined;
}

/** A metric of a payload (§6.4.6). */
export interface Metric {
  /** Its name; none where the alias stands for it. */
  name?: string | undefined;
  /** The number that stands for the name. */
  alias?: number | bigint | undefined;
  /** Milliseconds since 1970. */
  timestamp?: number | bigint | Date | undefined;
  /** Its type; a data message need not say it. */
  type?: PropertyType | undefined;
  /** Whether it is no value of now. */
  isHistorical?: boolean | undefined;
  /** Whether it should not be stored. */
  isTransient?: boolean | undefined;
  /** Of files and bytes. */
  metadata?: MetaData | undefined;
  /** Quality, unit and others. */
  properties?: Properties | undefined;
  /** Its value; `null` is null. */
  value?: Value | undefined;
}

/** A payload (§6.4.5). */
export interface Payload {
  /** Milliseconds since 1970. */
  timestamp?: number | bigint | Date | undefined;
  /** The sequence number, 0 to 255. */
  seq?: number | bigint | undefined;
  /** Names the schema of `body`. */
  uuid?: string | undefined;
  /** Bytes of the application's own. */
  body?: Uint8Array | undefined;
  /** The metrics. Default: none. */
  metrics?: readonly Metric[] | undefined;
}

/** The bytes of a payload. Throws a `TypeError` that names the metric for a value that its type cannot have. */
export function encodePayload(payload: Payload): Bytes;

/** What is in the bytes of a payload. Throws an `Error` if they are none. A value without a type is as it was sent. */
export function decodePayload(bytes: ArrayBufferView): Payload & {
  /** The metrics. */
  metrics: Metric[];
};

/** A metric of a birth certificate. */
export interface MetricDefinition {
  /** Its name, such as `"motor/speed"`. */
  name: string;
  /** Its type. */
  type: DataType;
  /** Its value. Default: `null`. */
  value?: Value | undefined;
  /** When it had this value. Default: now. */
  timestamp?: number | Date | undefined;
  /** Whether it should not be stored. */
  isTransient?: boolean | undefined;
  /** Of files and bytes. */
  metadata?: MetaData | undefined;
  /** Quality, unit and others. */
  properties?: Properties | undefined;
}

/** Values of metrics by name; as `{ value, ... }` with more than the value. */
export interface Values {
  [name: string]: Value | MetricUpdate;
}

/** A value with what is said of it. */
export interface MetricUpdate {
  /** The value. */
  value: Value;
  /** When it was so. Default: now. */
  timestamp?: number | Date | undefined;
  /** It is no value of now: it is published, and the current value stays. */
  isHistorical?: boolean | undefined;
  /** Quality, unit and others. */
  properties?: Properties | undefined;
}

/** What an edge node has got from a host. */
export interface Command {
  /** Whose; of the edge node itself none. */
  device: string | undefined;
  /** What is to be set. */
  metrics: Metric[];
}

/** The class of the client, where it is not that of `mqtt-lib`: of `mqtt-lib/bare` or `mqtt-lib/tabs`. */
// biome-ignore lint/suspicious/noExplicitAny: of any userdata
export type ClientClass = new (options: any) => MqttCustom;

/** Options of {@link EdgeNode}. */
export interface EdgeNodeOptions {
  /** The group, a text without `+`, `#` and `/`. */
  group: string;
  /** The name of the edge node in its group. */
  node: string;
  /** As of a client. Session and will are what Sparkplug says; `mqttclientid` has a default by the name. Default: `{}`. */
  credentials?: Credentials | CredentialsFunction | undefined;
  /** All metrics of the node itself. Default: none. */
  metrics?: readonly MetricDefinition[] | undefined;
  /** The metrics of each device that is connected at first. Default: none. */
  devices?: Readonly<Record<string, readonly MetricDefinition[]>> | undefined;
  /** The host without which it is not born (§5.4). Default: none. */
  primaryHost?: string | undefined;
  /** Whether data messages have numbers in place of names. Default: `false`. */
  aliases?: boolean | undefined;
  /** Whether data messages say the types, too, for readers that have not seen the birth. Default: `false`. */
  datatypes?: boolean | undefined;
  /** The number of the first birth, 0 to 255. Default: 0. */
  bdSeq?: number | undefined;
  /** Called for a command of a host; a promise is awaited. A rebirth request is answered without it. */
  onCommand?: ((command: Command) => unknown) | undefined;
  /** Called when the birth certificates are out, at each connection and rebirth. */
  onBirth?: (() => unknown) | undefined;
  /** Called for what no promise carries, as `on_error`. Default: a `console.warn`. */
  onError?: ((error: ClientError) => unknown) | undefined;
  /** See {@link ClientClass}. Default: that of `mqtt-lib`. */
  Client?: ClientClass | undefined;
}

/** An edge node: birth and death, sequence numbers, rebirth, commands, devices. */
export class EdgeNode {
  /** Throws a `TypeError` for a wrong option. Connects with `start()`. */
  constructor(options: EdgeNodeOptions);
  /** Its group. */
  readonly group: string;
  /** Its name. */
  readonly node: string;
  /** Its client, such as for `stats()` and `mqtt-lib/otel`. */
  readonly client: MqttCustom;
  /** Whether the birth certificates are out, and the connection is up. */
  readonly born: boolean;
  /** The number of the last birth and death, 0 to 255. */
  readonly bdSeq: number;
  /** The devices that are connected. */
  readonly devices: string[];
  /** Connects; resolves when the birth certificates are out. Rejects as `start()` of a client does. */
  start(options?: StartOptions | null): Promise<void>;
  /** Publishes the death certificate, and disconnects. */
  stop(): Promise<void>;
  /** The same as `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
  /** The current value of a metric. Throws a `TypeError` if there is none of that name. */
  value(name: string, device?: string): Value;
  /**
   * Sets values, and publishes them in one message. Resolves with true if it went out; with false if there is no connection,
   * and the values go out with the next birth. Rejects with a `TypeError` for an unknown name or a wrong value, and nothing is
   * set.
   */
  update(values: Values, device?: string): Promise<boolean>;
  /** The birth certificates once more. */
  rebirth(): Promise<boolean>;
  /** A device is there: its birth certificate. Without `metrics` it has those of before. */
  connectDevice(device: string, metrics?: readonly MetricDefinition[]): Promise<boolean>;
  /** A device is gone: its death certificate. */
  disconnectDevice(device: string): Promise<boolean>;
}

/** What has changed at an edge node or a device. */
export interface Change {
  /** The group of the node. */
  group: string;
  /** The name of the node. */
  node: string;
  /** Of which device; of the node itself none. */
  device: string | undefined;
  /** Of a birth all metrics, of data those that were sent, of a death none. */
  metrics: Metric[];
}

/** A metric as a host application knows it. */
export interface KnownMetric extends Metric {
  /** True once the node or device has died: it may have another value by now. */
  stale: boolean;
}

/** A device as a host application knows it. */
export interface HostDevice {
  /** Between its birth and its death. */
  readonly online: boolean;
  /** When it was born, or died. */
  readonly timestamp: number | bigint | undefined;
  /** The last value of each metric, by name. */
  readonly metrics: ReadonlyMap<string, KnownMetric>;
}

/** An edge node as a host application knows it. */
export interface HostNode extends HostDevice {
  /** Its group. */
  readonly group: string;
  /** Its name. */
  readonly node: string;
  /** Its devices, by name. */
  readonly devices: ReadonlyMap<string, HostDevice>;
}

/** Options of {@link HostApplication}. */
export interface HostApplicationOptions {
  /** Its name, a text without `+`, `#` and `/`. */
  id: string;
  /** The groups it is for. Default: all. */
  groups?: readonly string[] | undefined;
  /** As of a client. Session and will are what Sparkplug says; `mqttclientid` has a default by the name. Default: `{}`. */
  credentials?: Credentials | CredentialsFunction | undefined;
  /** For how many seconds a message that is missing is waited for (§5.10). Default: 2. */
  reorderTimeout?: number | undefined;
  /** Whether it asks for a rebirth where something is missing or unknown. Default: `true`. */
  rebirth?: boolean | undefined;
  /** Called for the birth of a node or device. */
  onBirth?: ((change: Change) => unknown) | undefined;
  /** Called for data, with the names and types that the birth has said. */
  onData?: ((change: Change) => unknown) | undefined;
  /** Called for the death of a node or device, and when the host's own connection is lost. */
  onDeath?: ((change: Change) => unknown) | undefined;
  /** Called for what no promise carries, as `on_error`. Default: a `console.warn`. */
  onError?: ((error: ClientError) => unknown) | undefined;
  /** See {@link ClientClass}. Default: that of `mqtt-lib`. */
  Client?: ClientClass | undefined;
}

/** A host application: its STATE, the edge nodes it hears of, rebirth requests, commands. */
export class HostApplication {
  /** Throws a `TypeError` for a wrong option. Connects with `start()`. */
  constructor(options: HostApplicationOptions);
  /** Its name. */
  readonly id: string;
  /** Its client, such as for `stats()` and `mqtt-lib/otel`. */
  readonly client: MqttCustom;
  /** The nodes whose birth it has seen. */
  readonly nodes: HostNode[];
  /** A node by group and name; undefined before its first birth. */
  node(group: string, node: string): HostNode | undefined;
  /** Connects; resolves when its STATE is out. Rejects as `start()` of a client does. */
  start(options?: StartOptions | null): Promise<void>;
  /** Publishes that it is offline, and disconnects. */
  stop(): Promise<void>;
  /** The same as `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
  /** Asks a node for its births. */
  rebirth(group: string, node: string): Promise<void>;
  /**
   * Sends values to a node or device. Of a metric that no birth has said the type must be given, as `{ type, value }`;
   * otherwise it rejects with a `TypeError`.
   */
  command(
    group: string,
    node: string,
    values: Readonly<
      Record<
        string,
        | Value
        | {
            /** Its type. */
            type: DataType;
            /** Its value. */
            value: Value;
          }
      >
    >,
    device?: string,
  ): Promise<void>;
}

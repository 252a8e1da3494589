// Each optional key of each type of options takes an explicit `undefined`, also under exactOptionalPropertyTypes (tsconfig.json
// beside this file). It is only compiled: a type that is named here and has a key that refuses it is an error.

import type * as lib from "mqtt-lib";
import type { AwsIotOptions, AwsKeys } from "mqtt-lib/aws";
import type { InstrumentOptions } from "mqtt-lib/otel";
import type * as react from "mqtt-lib/react";
import type * as sparkplug from "mqtt-lib/sparkplug";
import type { Codec, Issue } from "mqtt-lib/topics";

/** The optional keys of an object that refuse `undefined`; of a union, those of each of its members. */
type Refusing<Options> = Options extends unknown
  ? {
      [Key in keyof Options]-?: Record<never, never> extends Pick<Options, Key>
        ? { [Same in Key]: undefined } extends Pick<Options, Key>
          ? never
          : Key
        : never;
    }[keyof Options]
  : never;

type None<Keys extends never> = Keys;

export type Checked = [
  None<Refusing<lib.ClientOptions>>,
  None<Refusing<lib.Credentials>>,
  None<Refusing<lib.Certificates>>,
  None<Refusing<lib.WebSocketOptions>>,
  None<Refusing<lib.ConnectProperties>>,
  None<Refusing<lib.WillProperties>>,
  None<Refusing<lib.StartOptions>>,
  None<Refusing<lib.StopOptions>>,
  None<Refusing<lib.DisconnectProperties>>,
  None<Refusing<lib.PublishOptions>>,
  None<Refusing<lib.PublishProperties>>,
  None<Refusing<lib.HighPriorityOptions>>,
  None<Refusing<lib.RequestOptions>>,
  None<Refusing<lib.SubscribeOptions>>,
  None<Refusing<lib.SubscribeProperties>>,
  None<Refusing<lib.UnsubscribeOptions>>,
  None<Refusing<lib.MessagesOptions>>,
  None<Refusing<lib.SnapshotOptions>>,
  None<Refusing<lib.AuthProperties>>,
  None<Refusing<lib.ListenerOptions>>,
  None<Refusing<lib.TopicParams<{ id: string }>["params"]>>,
  None<Refusing<lib.FilterParams<{ id: string }>>>,
  None<Refusing<NonNullable<lib.FilterParams<{ id: string }>["params"]>>>,
  None<Refusing<AwsIotOptions>>,
  None<Refusing<AwsKeys>>,
  None<Refusing<InstrumentOptions>>,
  None<Refusing<react.MqttProviderProps>>,
  None<Refusing<react.MessageOptions>>,
  None<Refusing<react.MessagesOptions>>,
  None<Refusing<sparkplug.EdgeNodeOptions>>,
  None<Refusing<sparkplug.HostApplicationOptions>>,
  None<Refusing<sparkplug.MetricDefinition>>,
  None<Refusing<sparkplug.Metric>>,
  None<Refusing<sparkplug.Payload>>,
  None<Refusing<Codec<string>>>,
  None<Refusing<Issue>>,
];

// @ts-expect-error the check itself: this key refuses it
export type Wrong = None<Refusing<{ key?: string }>>;

// What the package `mqtt` exports by name.

import { MqttClient } from "./client.js";
import type { IClientOptions } from "./options.js";

export type {} from "./any.js";
export * from "./calls.js";
export * from "./client.js";
export * from "./errors.js";
export * from "./options.js";
export * from "./packets.js";
export * from "./stores.js";
export type {
  MqttClientEventCallbacks,
  OnConnectCallback,
  OnDisconnectCallback,
  OnErrorCallback,
  OnMessageCallback,
  OnPacketCallback,
} from "./events.js";

export { MqttClient as Client };

export const MQTTJS_VERSION: string;

export function connect(brokerUrl: string, options?: IClientOptions): MqttClient;
export function connect(options: IClientOptions): MqttClient;

/** Resolves when connected; rejects with the first error. */
export function connectAsync(
  brokerUrl: string,
  options?: IClientOptions,
  allowRetries?: boolean,
): Promise<MqttClient>;
export function connectAsync(options: IClientOptions): Promise<MqttClient>;

export function validateTopic(topic: string): boolean;
export function validateTopics(topics: string[]): string | null;

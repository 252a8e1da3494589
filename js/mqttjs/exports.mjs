// What the package `mqtt` exports. Applications of MQTT.js import the default, or names.

import { MQTTJS_VERSION, MqttClient } from "./client.mjs";
import { connect, connectAsync } from "./connect.mjs";
import { ErrorWithReasonCode, ErrorWithSubackPacket, ReasonCodes } from "./errors.mjs";
import { validateTopic, validateTopics } from "./filters.mjs";
import { DefaultMessageIdProvider, UniqueMessageIdProvider } from "./ids.mjs";
import { KeepaliveManager } from "./keepalive.mjs";
import { Store } from "./store.mjs";

const Client = MqttClient;

export {
  Client,
  connect,
  connectAsync,
  DefaultMessageIdProvider,
  ErrorWithReasonCode,
  ErrorWithSubackPacket,
  KeepaliveManager,
  MQTTJS_VERSION,
  MqttClient,
  ReasonCodes,
  Store,
  UniqueMessageIdProvider,
  validateTopic,
  validateTopics,
};

export default {
  Client,
  connect,
  connectAsync,
  DefaultMessageIdProvider,
  ErrorWithReasonCode,
  ErrorWithSubackPacket,
  KeepaliveManager,
  MQTTJS_VERSION,
  MqttClient,
  ReasonCodes,
  Store,
  UniqueMessageIdProvider,
  validateTopic,
  validateTopics,
};

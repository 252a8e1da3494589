"use client";
// The entry "mqtt-lib/react": hooks of React over a client.

export { MqttProvider, useMqtt } from "./provider.mjs";
export { useConnection } from "./connection.mjs";
export { useMessage, useMessages } from "./messages.mjs";

// Types of mqtt-lib/mqttjs as programs of MQTT.js use them: the default export is also a namespace of types.

import mqtt, { type MqttClient } from "mqtt-lib/mqttjs";

const options: mqtt.IClientOptions = { clean: true };
export const client: mqtt.MqttClient = mqtt.connect("mqtt://localhost", options);
export const same: MqttClient = new mqtt.MqttClient(() => client.stream, options);
export const store: mqtt.Store = new mqtt.Store();

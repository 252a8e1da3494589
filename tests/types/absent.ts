// What may be absent may also be undefined, also under exactOptionalPropertyTypes (tsconfig.json beside this file), and null
// where null means the default.

import { type Message, MqttCustom } from "mqtt-lib";

declare const text: string | undefined;
declare const some: number | undefined;
declare const yes: boolean | undefined;

const client = new MqttCustom({
  credentials: {
    mqttserver: null,
    mqttport: some,
    mqttusername: text,
    mqttcleansession: yes,
    store: null,
    certs: { ca: null, passphrase: text },
    websocket: { headers: undefined, agent: null },
    properties: { receiveMaximum: null, userProperties: undefined },
    willProperties: { contentType: null, willDelayInterval: some },
  },
  autostart: yes,
  on_connect: undefined,
  onMessage: null,
});
new MqttCustom({ credentials: null });
new MqttCustom({ credentials: { certs: null, websocket: null, willProperties: null, mqttversion: null } });

client.publish("a", "b", {
  qos: undefined,
  retain: yes,
  properties: { contentType: text, topicAlias: null },
});
client.subscribe("a", { qos: undefined, noLocal: yes, ack: undefined, retries: some, deadLetter: text });
client.request("a", "b", { timeout: some });
client.messages("a", { ack: undefined });
client.stop({ reasonCode: some, properties: undefined });
client.unsubscribe("a", { properties: undefined });
MqttCustom.publish_high_priority("a", "b", { hostname: text, port: some });

declare const message: Message;
// What was received is there or is not; it is never null.
const contentType: string | undefined = message.properties?.contentType;
const data: Uint8Array<ArrayBuffer> | undefined = message.properties?.correlationData;
client.publish("a", contentType, { properties: { correlationData: data, contentType } });

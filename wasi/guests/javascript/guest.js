// Publishes and receives through the component, as a component of its own. Where the broker is, the environment says:
// MQTT_SERVER, a URL.
import { MqttCustom } from "mqtt-lib:client/mqtt@0.1.0";
import { getEnvironment } from "wasi:cli/environment@0.2.12";

const TOPIC = "guest/javascript";

export const run = {
  run() {
    const client = new MqttCustom({ mqttserver: Object.fromEntries(getEnvironment()).MQTT_SERVER });
    client.start();
    client.subscribe(TOPIC, { qos: 1 });
    client.publish(TOPIC, new TextEncoder().encode("hello from JavaScript"), { qos: 1 });
    const message = client.nextMessage(10);
    console.log(message.topic, new TextDecoder().decode(message.payload));
    client.stop();
  },
};

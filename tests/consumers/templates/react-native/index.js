import { MqttCustom } from "mqtt-lib";

const client = new MqttCustom({ credentials: { mqttserver: "ws://127.0.0.1:1" }, on_error() {} });
client.start().catch((error) => console.log(error.code, error.message));

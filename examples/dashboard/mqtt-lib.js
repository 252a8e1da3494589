// A dashboard with mqtt-lib: a chart for each sensor, and an indicator of the connection.
//   ?broker=ws://host:9001/mqtt says where the broker is

import { MqttCustom } from "mqtt-lib";
import { draw } from "./chart.js";

const broker = new URLSearchParams(location.search).get("broker") ?? `ws://${location.hostname}:9001/mqtt`;
const status = document.querySelector("[role=status]");

// It connects by itself, and again whenever the connection is lost.
const client = new MqttCustom({ credentials: { mqttserver: broker, maxmqttreconnectdelay: 10 } });

client.addEventListener("statechange", ({ state }) => {
  status.className = status.textContent = state;
});
client.addEventListener("reconnecting", ({ attempt, delay, error }) => {
  status.textContent = `reconnecting: attempt ${attempt} in ${delay.toFixed(1)} s (${error?.code})`;
});

// The broker sends the last retained value of each sensor at once, and each new one as it comes.
client.subscribe("sensors/+/temperature", { qos: 1 }, (_client, _userdata, message) => {
  draw(message.topic.split("/")[1], message.json());
});

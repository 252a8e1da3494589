// The same dashboard with MQTT.js.
//   ?broker=ws://host:9001/mqtt says where the broker is

import mqtt from "mqtt";
import { draw } from "./chart.js";

const broker = new URLSearchParams(location.search).get("broker") ?? `ws://${location.hostname}:9001/mqtt`;
const status = document.querySelector("[role=status]");
const show = (state, text = state) => {
  status.className = state;
  status.textContent = text;
};

const client = mqtt.connect(broker, { reconnectPeriod: 1000 });

// No event has the state, the number of the attempt or the reason: what is shown is kept here.
let attempt = 0;
let reason = "";
show("connecting");
client.on("connect", () => {
  attempt = 0;
  reason = "";
  show("connected");
});
client.on("error", (error) => {
  reason = error.code ?? error.message;
});
client.on("close", () => show("reconnecting"));
client.on("reconnect", () => {
  attempt += 1;
  show("reconnecting", `reconnecting: attempt ${attempt} (${reason})`);
});

client.subscribe("sensors/+/temperature", { qos: 1 }, (error) => {
  if (error) show("error", error.message);
});
// One listener for all subscriptions; whose message it is has to be found out.
client.on("message", (topic, payload) => {
  const [, sensor, kind] = topic.split("/");
  if (kind !== "temperature") return;
  try {
    draw(sensor, JSON.parse(payload.toString()));
  } catch (error) {
    console.error(error);
  }
});

// A dashboard: a chart of values for each sensor, and an indicator of the connection.
//   ?broker=ws://host:9001/mqtt says where the broker is

import { MqttProvider, useConnection, useMessages } from "mqtt-lib/react";
import { text, topic } from "mqtt-lib/topics";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

const temperature = topic("sensors/{sensor}/temperature", text);
const broker = new URLSearchParams(location.search).get("broker") ?? `ws://${location.hostname}:9001/mqtt`;

function Indicator() {
  const { state, attempt, delay, error } = useConnection();
  const why = attempt > 0 ? `: attempt ${attempt} within ${delay.toFixed(1)} s (${error?.code})` : "";
  return (
    <p className={`indicator ${state}`} role="status">
      {state + why}
    </p>
  );
}

function Chart({ name, values }) {
  const [low, high] = [Math.min(...values) - 1, Math.max(...values) + 1];
  const points = values.map((value, i) => `${i},${((high - value) / (high - low)) * 40}`);
  return (
    <figure>
      <figcaption>
        {name}: {values.at(-1)} °C
      </figcaption>
      <svg viewBox={`0 0 ${Math.max(values.length - 1, 1)} 40`} preserveAspectRatio="none" role="img" aria-label={name}>
        <polyline points={points.join(" ")} vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}

function Sensors() {
  const sensors = Object.groupBy(useMessages(temperature, { limit: 300 }), ({ params }) => params.sensor);
  return Object.entries(sensors).map(([name, messages]) => (
    <Chart key={name} name={name} values={messages.map(({ value }) => Number(value))} />
  ));
}

createRoot(document.querySelector("main")).render(
  <StrictMode>
    <MqttProvider credentials={{ mqttserver: broker, maxmqttreconnectdelay: 10 }}>
      <Indicator />
      <Sensors />
    </MqttProvider>
  </StrictMode>,
);

// Sends numbered messages of QoS 1 to a loop that is slower than the broker, in a process of its own, and returns what the
// loop has counted. The broker is mosquitto without limits, or one that ignores Receive Maximum and sends everything at once.

import { fileURLToPath } from "node:url";
import { MqttCustom } from "mqtt-lib";
import { scripts, startFakeBroker } from "./fake-broker.mjs";
import { launch } from "./kills.mjs";
import { startMosquitto } from "./mosquitto.mjs";

const LOOP = fileURLToPath(new URL("slow-loop.mjs", import.meta.url));
const TOPIC = "slow";
/** 64 bytes that begin with the number. */
const payload = (number) => String(number).padEnd(64);

/** Where messages come from: `send(count)` sends numbers from 1 on, `acknowledged()` counts PUBACK where that is known. */
export const SOURCES = {
  async mosquitto() {
    const broker = await startMosquitto();
    return {
      url: broker.url,
      stop: () => broker.stop(),
      async send(count) {
        const client = new MqttCustom({ credentials: { mqttserver: broker.url } });
        await client.start();
        for (let number = 1; number <= count; number++) {
          const sent = client.publish(TOPIC, payload(number), { qos: 1 });
          if (number % 500 === 0 || number === count) await sent;
        }
        await client.stop();
      },
      acknowledged: () => undefined,
    };
  },
  async "a broker that ignores Receive Maximum"() {
    let acknowledged = 0;
    const counts = ({ cmd }) => {
      acknowledged += cmd === "puback" ? 1 : 0;
      return cmd === "puback";
    };
    const broker = await startFakeBroker(scripts.accepts(counts));
    return {
      url: broker.url,
      stop: () => broker.stop(),
      async send(count) {
        const connection = await broker.connection(0);
        for (let number = 1; number <= count; number++) {
          connection.send({
            cmd: "publish",
            topic: TOPIC,
            messageId: number,
            payload: payload(number),
            qos: 1,
          });
        }
      },
      acknowledged: () => acknowledged,
    };
  },
};

/** @param {{ source: keyof typeof SOURCES, version: number, count: number, at: number[], pause?: number }} task */
export async function slowLoop({ source, version, count, at, pause = 1 }) {
  const broker = await SOURCES[source]();
  const credentials = { mqttserver: broker.url, mqttversion: version };
  const child = launch("--expose-gc", [
    LOOP,
    JSON.stringify({ credentials, topic: TOPIC, count, at, pause }),
  ]);
  try {
    await child.prints("ready");
    await broker.send(count);
    await child.prints("stopped");
    const line = child.output.split("\n").find((text) => text.startsWith("{"));
    return { ...JSON.parse(line), acknowledged: broker.acknowledged() };
  } finally {
    child.kill("SIGKILL");
    await child.ended;
    await broker.stop();
  }
}

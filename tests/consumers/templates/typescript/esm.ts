import { init, type Message, MqttCustom, MqttError } from "mqtt-lib";
import { MqttCustom as Inside } from "mqtt-lib/inline";

const [url, name] = process.argv.slice(2);
const client = new MqttCustom({ credentials: { mqttserver: url }, userdata: { count: 0 } });
const echoes: AsyncIterableIterator<Message> = client.messages(`consumers/${name}/in`);
const granted: number[] = await client.subscribe(`consumers/${name}/in`, { qos: 1 });
const loaded: Promise<void> = init();
await loaded;
for (let i = 0; i < 10; i++) await client.publish(`consumers/${name}/out`, i, { qos: 1 });
let count = 0;
for await (const echo of echoes) {
  if (echo.json() !== count || granted[0] !== 1) throw new MqttError("no echo", "PROTOCOL_ERROR");
  count += 1;
  if (count === 10) break;
}
await client.stop();
if (Inside !== MqttCustom) throw new Error("two classes");
console.log(count);

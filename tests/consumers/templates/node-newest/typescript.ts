import { MqttCustom, type OnConnect } from "mqtt-lib";
import { exchange } from "./exchange.mjs";

const lib: { MqttCustom: typeof MqttCustom } = { MqttCustom };
const onConnect: OnConnect<number> = (_client, userdata, flags, rc) =>
  userdata + rc + Number(flags.sessionPresent);
console.log(typeof onConnect === "function" && (await exchange(lib, ...process.argv.slice(2))));

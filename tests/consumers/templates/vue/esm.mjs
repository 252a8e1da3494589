import { reactive, ref } from "@vue/reactivity";
import * as lib from "mqtt-lib";
import { exchange } from "./exchange.mjs";

/** A client as a component keeps it. */
function MqttCustom(options) {
  return reactive({ client: ref(new lib.MqttCustom(options)) }).client;
}

/** The same for a client of another package. */
const connectAsync = async (url) => reactive({ client: ref(await lib.connectAsync(url)) }).client;

console.log(await exchange({ MqttCustom, connectAsync }, ...process.argv.slice(2)));

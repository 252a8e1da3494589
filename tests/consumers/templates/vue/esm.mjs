import { reactive, ref } from "@vue/reactivity";
import * as lib from "mqtt-lib";
import { exchange } from "./exchange.mjs";

/** A client as a component keeps it. */
function MqttCustom(options) {
  return reactive({ client: ref(new lib.MqttCustom(options)) }).client;
}

console.log(await exchange({ MqttCustom }, ...process.argv.slice(2)));

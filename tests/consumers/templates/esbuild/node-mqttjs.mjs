import * as lib from "mqtt-lib/mqttjs";
import { exchange } from "./exchange-mqttjs.mjs";

// Not awaited: CommonJS, which is made of this, has no await at the top.
exchange(lib, ...process.argv.slice(2)).then((count) => console.log(count));

import * as lib from "mqtt-lib";
import { exchange } from "./exchange.cjs";

exchange(lib, globalThis.BROKER, globalThis.TOPIC).then(
  (count) => console.log(`exchanged ${count}`),
  (error) => console.log(`failed: ${error.code} ${error.message}`),
);

import * as lib from "mqtt-lib/js";
import { exchange } from "./exchange.mjs";

console.log(await exchange(lib, ...process.argv.slice(2)));

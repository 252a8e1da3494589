import * as lib from "mqtt-lib";
import { exchange } from "./exchange.mjs";

console.log(await exchange(lib, ...process.argv.slice(2)));

import * as lib from "mqtt-lib";
import { talk } from "./talk.mjs";

console.log(await talk(lib, ...process.argv.slice(2)));

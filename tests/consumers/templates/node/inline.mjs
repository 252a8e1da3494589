import * as lib from "mqtt-lib/inline";
import { talk } from "./talk.mjs";

console.log(await talk(lib, ...process.argv.slice(2)));

import * as lib from "mqtt-lib";
import { exchange } from "./exchange.mjs";

// Not awaited: CommonJS, which is made of this, has no await at the top.
exchange(lib, ...process.argv.slice(2)).then((count) => console.log(count));

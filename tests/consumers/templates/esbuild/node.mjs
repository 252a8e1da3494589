import * as lib from "mqtt-lib/inline";
import { talk } from "./talk.mjs";

// Not awaited: CommonJS, which is made of this, has no await at the top.
talk(lib, ...process.argv.slice(2)).then((count) => console.log(count));

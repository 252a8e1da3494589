import * as lib from "./node_modules/mqtt-lib/dist/js.mjs";
import { exchangeInPage } from "./exchange.mjs";

exchangeInPage(lib);

import * as lib from "./node_modules/mqtt-lib/dist/browser.mjs";
import { exchangeInPage } from "./exchange.mjs";

exchangeInPage(lib);

import * as lib from "mqtt-lib/inline";
import { exchangeInPage } from "./exchange.mjs";

exchangeInPage(lib);

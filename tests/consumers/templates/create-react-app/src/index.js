import * as lib from "mqtt-lib";
import { exchangeInPage } from "./exchange.mjs";

exchangeInPage(lib);

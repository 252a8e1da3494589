import * as lib from "mqtt-lib/mqttjs";
import { exchangeInPage } from "./exchange-mqttjs.mjs";

exchangeInPage(lib);

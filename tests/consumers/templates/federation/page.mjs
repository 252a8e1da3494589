import * as lib from "mqtt-lib";
import { exchangeInPage, lib as theirs } from "remote/exchange";

if (theirs.MqttCustom !== lib.MqttCustom) document.title = "failed: two packages";
else exchangeInPage(lib);

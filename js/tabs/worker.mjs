// The SharedWorker of "mqtt-lib/tabs": the hub of the connection that it is named after.

import { MqttCustom } from "../browser.mjs";
import { host } from "./host.mjs";
import { nameOfWorker } from "./names.mjs";

host(nameOfWorker(self.name), MqttCustom);

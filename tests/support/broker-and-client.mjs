// Mosquitto and a client that is connected to it, for all tests of a file that have a command on the other side.

import { MqttCustom } from "mqtt-lib";
import { sharedFixtures } from "./fixtures.mjs";
import { startMosquitto } from "./mosquitto.mjs";

export function brokerAndClient() {
  return sharedFixtures({ broker: startMosquitto }, async (shared) => {
    shared.client = new MqttCustom({ credentials: { mqttserver: shared.broker.url } });
    await shared.client.start();
  });
}

// A host waits for the client and for other things at once, by pollables of WASI.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { monotonicClock } from "@bytecodealliance/preview2-shim/clocks";
import { poll } from "@bytecodealliance/preview2-shim/io";
import { mqtt } from "../../wasi/dist/js/mqtt-lib-client.js";
import { freshTopic } from "../node/helpers.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { bytes, run, text } from "./helpers.mjs";

const SECOND = 1_000_000_000n;
let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

/** Waits for the client, at most so long; false if the time has come first. */
function wait(client, seconds) {
  const pollables = client.pollables();
  const ready = poll.poll([...pollables, monotonicClock.subscribeDuration(seconds * SECOND)]);
  for (const pollable of pollables) pollable[Symbol.dispose]();
  return ready.some((place) => place < pollables.length);
}

test("a host that waits by pollables gets every message, and nothing when there is nothing", async (t) => {
  const client = new mqtt.MqttCustom({ mqttserver: "127.0.0.1", mqttport: broker.port, mqttkeepalive: 0 });
  t.after(() => client.stop());
  const topic = freshTopic("wasi");
  client.start();
  client.subscribe(topic, { qos: 1 });
  while (client.nextEvent(0)) {}
  assert.equal(wait(client, 0n), false);
  for (let i = 0; i < 3; i++) {
    await run("mosquitto_pub", ["-p", `${broker.port}`, "-t", topic, "-m", `${i}`, "-q", "1"]);
    let message;
    while (message === undefined) {
      assert.equal(wait(client, 30n), true);
      message = client.nextMessage(0);
    }
    assert.equal(text(message.payload), `${i}`);
  }
  client.publish(topic, bytes("own"), { qos: 1 });
  while (!client.nextMessage(0)) assert.equal(wait(client, 30n), true);
  client.stop();
  while (client.pollables().length > 0) client.nextEvent(0);
});

// A pipe of many lines into pub, against Mosquitto as Debian ships it, which delivers 20 messages of QoS 2 at a time.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import mosquitto from "../brokers/brokers/mosquitto.mjs";
import { run, subscribed } from "../support/command.mjs";

let stock;

before(async () => {
  stock = await mosquitto.start();
});

after(() => stock?.stop());

for (const version of [4, 5]) {
  test(`500 lines at QoS 2 arrive once each and in order, MQTT ${version}`, async () => {
    const url = stock.nodes[0].urls[version].mqtt;
    const topic = `test/pipe/${version}`;
    const lines = Array.from({ length: 500 }, (_, i) => `${i + 1}`);
    const words = version === 5 ? ["-V", "5"] : [];
    const sub = await subscribed([url, topic, "-q", "2", "-C", "500", ...words]);
    const { code, stderr } = await run(["pub", url, topic, "-l", "-q", "2", ...words], {
      input: `${lines.join("\n")}\n`,
    });
    assert.equal(code, 0, stderr);
    assert.deepEqual((await sub.ended).stdout.split("\n").slice(0, -1), lines);
  });
}

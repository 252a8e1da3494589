// What a page's WebSocket does in the field: close codes are named, and large packets are cut into messages of 64 KiB.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { inChromium, openPage } from "./support/chromium.mjs";

const fixtures = inChromium();

for (const [code, reason, sentence] of [
  [1008, "over quota", "closed with code 1008 (policy violation): over quota"],
  [1013, "", "closed with code 1013 (try again later)"],
  [4401, "token expired", "closed with code 4401 (code of the broker's own): token expired"],
]) {
  test(`in a page close code ${code} is in the sentence and in the error's properties`, async (t) => {
    const broker = await fakeBroker(t, [
      scripts.accepts(({ cmd }, connection) => {
        if (cmd !== "connect") return false;
        connection.send({ cmd: "connack", returnCode: 0, sessionPresent: false });
        connection.close(code, reason);
        return true;
      }),
      (connection) => {
        connection.onPacket = () => connection.close(code, reason);
      },
    ]);
    const page = await openPage(t, fixtures);
    const ends = await page.evaluate(async (mqttserver) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      const show = ({ code, message, closeCode, closeReason }) => ({ code, message, closeCode, closeReason });
      const lost = await new Promise((resolve) => {
        const client = new MqttCustom({
          credentials: { mqttserver, maxmqttreconnectdelay: 60 },
          on_error() {},
          on_disconnect: (_client, _userdata, _rc, error) => client.stop().then(() => resolve(show(error))),
        });
      });
      const client = new MqttCustom({ credentials: { mqttserver }, on_error() {} });
      const refused = await client.start().catch(show);
      await client.stop();
      return [lost, refused];
    }, broker.wsUrl);
    assert.deepEqual(
      ends.map((end) => [end.code, end.closeCode, end.closeReason]),
      [
        ["CONNECTION_LOST", code, reason],
        ["CONNECTION_REFUSED", code, reason],
      ],
    );
    for (const { message } of ends) assert.ok(message.includes(sentence), message);
  });
}

test("in a page a packet of 3 MB goes to a broker that takes WebSocket messages of 64 KiB", async (t) => {
  const broker = await fakeBroker(t, scripts.accepts(), { maxPayload: 64 << 10 });
  const page = await openPage(t, fixtures);
  await page.evaluate(async (mqttserver) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const client = new MqttCustom({ credentials: { mqttserver } });
    await client.publish(
      "large",
      Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7 + (i >> 8)) & 255),
      { qos: 1 },
    );
    await client.publish("small", "behind it", { qos: 1 });
    await client.stop();
  }, broker.wsUrl);
  assert.equal(broker.connections.length, 1);
  const [large, small] = broker.connections[0].packets.filter(({ cmd }) => cmd === "publish");
  const expected = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);
  const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");
  assert.equal(hash(large.payload), hash(expected));
  assert.equal(small.payload.toString(), "behind it");
});

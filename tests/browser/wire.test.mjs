// The option `wire` in a page and in a worker: each packet over the browser's own WebSocket, without secrets.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setUp, subscriber } from "./support/contexts.mjs";

for (const context of ["page", "worker"]) {
  for (const mqttversion of [4, 5]) {
    test(`in a ${context}, MQTT ${mqttversion}: each packet is shown, both ways, also in many frames, and no secret`, async (t) => {
      const { run, topic } = await setUp(t, context);
      const peer = await subscriber(t, `${topic}/out`);
      const result = await run(
        async ({ url, topic, mqttversion }) => {
          const { MqttCustom } = await import("/dist/browser.mjs");
          const { wireLog } = await import("/dist/wire.mjs");
          const seen = [];
          const received = [];
          const client = new MqttCustom({
            credentials: {
              mqttserver: url,
              mqttversion,
              mqttusername: "user-secret",
              mqttpassword: "password-secret",
              mqttclientid: `wire-${topic}`,
            },
            wire: wireLog((packet) => seen.push(packet)),
          });
          await client.start();
          await client.subscribe(`${topic}/+`, { qos: 1 }, (_client, _userdata, message) => {
            received.push([seen.at(-1).packet.cmd, message.text().length]);
          });
          await client.publish(`${topic}/out`, "hello", { qos: 1 });
          await client.publish(`${topic}/large`, "x".repeat(300_000), { qos: 2 });
          await new Promise((resolve) => {
            const look = () => (received.length === 2 ? resolve() : setTimeout(look, 10));
            look();
          });
          await client.stop();
          await client.start();
          await client.stop();
          return {
            received,
            packets: seen.map(
              ({ direction, packet, connection }) => `${connection} ${direction} ${packet.cmd}`,
            ),
            large: seen
              .filter(({ packet }) => packet.topic === `${topic}/large`)
              .map(({ direction, bytes, packet }) => [direction, bytes > 300_000, packet.payload.length]),
            text: seen.map(String).join("\n") + JSON.stringify(seen),
            line: String(seen.find(({ packet }) => packet.cmd === "publish")),
          };
        },
        { mqttversion },
      );
      await peer.count(1);
      assert.deepEqual(peer.texts(), ["hello"]);
      assert.doesNotMatch(result.text, /secret/);
      assert.match(result.text, /-> CONNECT .*username="\*\*\*" password="\*\*\*"/);
      assert.match(result.line, /-> PUBLISH "browser\/\d+\/out" qos=1 .*"hello" \(\d+ bytes\)$/);
      for (const [name, times] of Object.entries({
        "1 sent connect": 1,
        "1 received connack": 1,
        "1 sent subscribe": 1,
        "1 received suback": 1,
        "1 sent publish": 2,
        "1 received publish": 2,
        "1 received pubrec": 1,
        "1 sent pubrel": 1,
        "1 sent disconnect": 1,
        "2 sent connect": 1,
        "2 sent disconnect": 1,
      })) {
        assert.equal(
          result.packets.filter((packet) => packet === name).length,
          times,
          `${name} in ${result.packets}`,
        );
      }
      assert.deepEqual(result.large.map(([direction]) => direction).sort(), ["received", "sent"]);
      for (const [, whole, length] of result.large) assert.deepEqual([whole, length], [true, 300_000]);
      // A packet is shown before what it leads to.
      assert.ok(result.received.every(([cmd]) => cmd !== "suback"));
    });
  }
}

test("a connection that fails, and a function that throws, are as without a log", async (t) => {
  const { run, problems } = await setUp(t, "page");
  const result = await run(async ({ url, topic }) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const { wireLog } = await import("/dist/wire.mjs");
    const warnings = [];
    console.warn = (...all) => warnings.push(all.map(String).join(" "));
    const failing = new MqttCustom({
      credentials: { mqttserver: "ws://127.0.0.1:1/mqtt" },
      autostart: false,
      wire: wireLog(() => {}),
      on_error() {},
    });
    const { code } = await failing.start().catch((error) => error);
    await failing.stop();
    const throwing = new MqttCustom({
      credentials: { mqttserver: url },
      wire: wireLog(() => {
        throw new Error("the application's");
      }),
    });
    await throwing.publish(topic, "x", { qos: 1 });
    await throwing.stop();
    return { code, warnings };
  });
  assert.equal(result.code, "CONNECTION_REFUSED");
  assert.ok(result.warnings.every((text) => text.includes("wireLog threw: Error: the application's")));
  assert.ok(result.warnings.length > 0);
  problems.splice(
    0,
    problems.length,
    ...problems.filter(
      (text) => !text.includes("ERR_CONNECTION_REFUSED") && !text.includes("ERR_UNSAFE_PORT"),
    ),
  );
});

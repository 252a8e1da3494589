// Credentials from a function in Chromium: called before the WebAssembly is loaded, and signing URLs for AWS IoT.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startAwsGateway } from "../support/aws-gateway.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { inChromium, openPage } from "./support/chromium.mjs";

const shared = inChromium();

test("a function is asked once the WebAssembly is loaded, and what was called before is sent", async (t) => {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const page = await openPage(t, shared, "/aws");
  const release = shared.site.holdWasm();
  const calls = page.evaluate(async (url) => {
    const { MqttCustom } = await import("mqtt-lib");
    const calls = [];
    const client = new MqttCustom({
      credentials: async (attempt, lastError) => {
        calls.push([attempt, lastError?.code]);
        if (attempt === 1) throw new Error("not yet");
        return { mqttserver: url };
      },
      on_error() {},
    });
    const published = client.publish("test/early", "x", { qos: 1 });
    globalThis.waits = calls.length === 0;
    calls.push(await client.start().catch((error) => `${error.code}: ${error.cause.message}`));
    await published;
    await client.stop();
    return calls;
  }, broker.wsUrl);
  await page.waitForFunction(() => globalThis.waits);
  release();
  assert.deepEqual(await calls, [[1, undefined], "CREDENTIALS_FAILED: not yet", [2, "CREDENTIALS_FAILED"]]);
});

test("mqtt-lib/aws signs in a page: each attempt anew, with the keys of the moment", async (t) => {
  const gateway = await startAwsGateway();
  t.after(() => gateway.stop());
  gateway.keys = { accessKeyId: "ASIA1", secretAccessKey: "secret/+1", sessionToken: "token+/=" };
  const page = await openPage(t, shared, "/aws");
  const start = async ({ host, keys }) => {
    const { MqttCustom } = await import("mqtt-lib");
    const { awsIot } = await import("mqtt-lib/aws");
    globalThis.keys = keys;
    const signed = awsIot({ host, region: "eu-west-1", credentials: async () => globalThis.keys });
    globalThis.client = new MqttCustom({
      credentials: async () => {
        const given = await signed();
        return { ...given, mqttserver: given.mqttserver.replace("wss://", "ws://") };
      },
    });
    await globalThis.client.publish("test/signed", "x", { qos: 1 });
  };
  await page.evaluate(start, { host: gateway.host, keys: gateway.keys });
  gateway.keys = { accessKeyId: "ASIA2", secretAccessKey: "secret/+2", sessionToken: "token+/=2" };
  await page.evaluate((keys) => {
    globalThis.keys = keys;
  }, gateway.keys);
  gateway.cut();
  await page.waitForFunction(() => globalThis.client.connected && globalThis.client.stats().reconnects === 1);
  assert.deepEqual(
    gateway.seen.map(({ id, good }) => [id, good]),
    [
      ["ASIA1", true],
      ["ASIA2", true],
    ],
  );
  await page.evaluate(() => globalThis.client.stop());
});

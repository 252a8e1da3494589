// A page whose content security policy does not allow the broker: the connection is refused at once, with what to look at.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inChromium, openPage } from "./support/chromium.mjs";

const fixtures = inChromium();

test("a connection that connect-src does not allow is refused at once, and the error names it", async (t) => {
  const page = await openPage(t, fixtures, "/unconnected");
  const errors = await page.evaluate(async () => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const credentials = { mqttserver: "ws://127.0.0.1:9/", connecttimeout: 600 };
    const client = new MqttCustom({ credentials, on_error() {} });
    const show = ({ code, message }) => [code, message];
    const all = [
      await client.start().catch(show),
      await client.start({ timeout: 0.2 }).catch(show),
      await MqttCustom.publish_high_priority("a", "b", { ...credentials, timeout: 600 }).catch(show),
    ];
    await client.stop();
    return all;
  });
  assert.deepEqual(
    errors.map(([code]) => code),
    ["CONNECTION_REFUSED", "TIMEOUT", "CONNECTION_REFUSED"],
  );
  for (const [, message] of errors) assert.match(message, /cannot connect to ws:.*connect-src/);
});

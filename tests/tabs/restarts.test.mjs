// A client of a tab that is stopped and started again at once: it joins the connection again, whatever the order of the two.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openTabs } from "./support/tabs.mjs";

/** Runs in the page. */
const ORDERS = {
  "stop(), start()": async () => {
    globalThis.client.stop();
    await globalThis.client.start();
  },
  "stop(), start(), stop(), start()": async () => {
    const { client } = globalThis;
    await client.stop();
    client.start();
    await client.stop();
    await client.start();
  },
  "20 times, without a pause": async () => {
    const { client } = globalThis;
    for (let i = 0; i < 20; i++) {
      client.stop();
      client.start().catch(() => {});
    }
    await client.start();
  },
  "30 times, with pauses of 0 to 14 ms": async () => {
    const { client } = globalThis;
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    for (let i = 0; i < 30; i++) {
      client.stop();
      await pause((7 * i) % 15);
      client.start().catch(() => {});
      await pause((11 * i) % 15);
    }
    await client.start();
  },
};

for (const leader of [false, true]) {
  for (const [name, order] of Object.entries(ORDERS)) {
    for (const count of [1, 2]) {
      test(`${leader ? "a leading tab" : "a SharedWorker"}, ${count} open: ${name}`, async (t) => {
        const { tabs } = await openTabs(t, count, { leader, filters: () => ["restarts"] });
        const [tab] = tabs;
        await tab.run(order);
        const sent = () =>
          globalThis.client.publish("restarts", "x", { qos: 1, timeout: 20 }).then(() => true);
        for (const one of tabs) assert.equal(await one.run(sent), true);
      });
    }
  }
}

// The hub of mqtt-lib/tabs is killed, again and again, while ten tabs publish and receive: no message of QoS 1 is lost in either
// direction, and subscriptions live. A worker is ended from within, so that nothing of it runs any more; a leading tab crashes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { FIREFOX } from "../page/support/browser.mjs";
import { openTabs, shared, until } from "./support/tabs.mjs";

const KILLS = 3;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A client outside of the browser that publishes numbered messages to all tabs, and records what they publish. */
async function outside(t, name) {
  const client = new MqttCustom({ credentials: { mqttserver: shared.broker.url } });
  t.after(() => client.stop());
  const arrived = new Set();
  await client.subscribe(`${name}/up`, { qos: 1 }, (_client, _userdata, message) => {
    arrived.add(message.text());
  });
  const work = { arrived, count: 0, goesOn: true };
  work.done = (async () => {
    while (work.goesOn) {
      await client.publish(`${name}/down`, `down ${work.count}`, { qos: 1 });
      work.count += 1;
      await pause(10);
    }
  })();
  return work;
}

for (const leader of [false, true]) {
  for (const version of [4, 5]) {
    const what = leader ? "the leading tab" : "the SharedWorker";
    const name = `killed-${leader}-${version}`;
    test(`${what} killed ${KILLS} times, MQTT ${version}: nothing of QoS 1 is lost in either direction`, async (t) => {
      const { wire, tabs, open, killWorker, leading } = await openTabs(t, 10, {
        leader,
        version,
        credentials: { mqttclientid: name, mqttcleansession: false },
        filters: (tab) => [`${name}/down`, `${name}/own/${tab}`],
      });
      const work = await outside(t, name);
      let staying = tabs.slice();
      const publishing = new Map(tabs.map((tab) => [tab, tab.publishOn(`${name}/up`)]));
      for (let kill = 1; kill <= KILLS; kill++) {
        await pause(300);
        if (leader) {
          const tab = await leading();
          staying = staying.filter((one) => one !== tab);
          publishing.get(tab).catch(() => {});
          tab.gone = true;
          if (FIREFOX) await tab.page.close();
          else await tab.page.goto("chrome://crash").catch(() => {});
        } else await killWorker();
        await until(
          () => wire.of("connect").length === kill + 1 && wire.open === 1,
          () => `connection ${kill + 1}: ${wire.of("connect").length}, ${wire.open} open`,
        );
        const before = work.arrived.size;
        await until(() => work.arrived.size > before + 5, "messages of tabs");
      }
      for (const tab of staying) {
        await until(async () => (await tab.state()).published > 5, `${tab.name}: more than 5 published`);
        await tab.run(() => {
          globalThis.state.goesOn = false;
        });
      }
      await Promise.all(staying.map((tab) => publishing.get(tab)));
      work.goesOn = false;
      await work.done;
      // What was published before a tab was killed, and after.
      const down = Array.from({ length: work.count }, (_, i) => `down ${i}`);
      for (const tab of staying) {
        const missing = async () => {
          const got = new Set((await tab.state()).got);
          return down.filter((one) => !got.has(one));
        };
        await until(
          async () => (await missing()).length === 0,
          `${tab.name}: all of ${down.length}`,
          20_000,
        ).catch(() => {});
        assert.deepEqual(await missing(), [], tab.name);
        const { published } = await tab.state();
        const up = Array.from({ length: published }, (_, i) => `${tab.name} ${i}`);
        await until(() => up.every((one) => work.arrived.has(one)), `${tab.name}: ${published} published`);
        await tab.publish(`${name}/own/${tab.name}`, "own");
        await until(async () => (await tab.state()).got.includes("own"), `${tab.name}: its own subscription`);
      }
      const late = await open("late");
      await late.publish(`${name}/down`, "late");
      await until(async () => (await late.state()).got.includes("late"), "a tab that was opened later");
      assert.equal(wire.of("connect").length, KILLS + 1);
      t.diagnostic(`${down.length} messages down to each tab, ${work.arrived.size} up`);
    });
  }
}

test("one tab alone connects through the next worker without an attempt that runs out of time", async (t) => {
  const { wire, tabs, killWorker } = await openTabs(t, 1, { filters: () => ["alone"] });
  const [tab] = tabs;
  await killWorker();
  await until(
    async () => wire.of("connect").length === 2 && (await tab.state()).connects === 2,
    "a connection",
  );
  await tab.publish("alone", "again");
  await until(async () => (await tab.state()).got.includes("again"), "its message");
  const { errors } = await tab.state();
  assert.deepEqual(
    errors.map((error) => error.split(" ")[0]),
    ["CONNECTION_LOST"],
  );
});

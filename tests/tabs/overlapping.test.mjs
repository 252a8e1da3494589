// Filters of several tabs that overlap: a broker of MQTT 5 may send a message once for each, and a tab gets what it has asked for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { openTabs, shared, until } from "./support/tabs.mjs";

const COUNT = 50;
const FILTERS = { tab0: ["ov"], tab1: ["ov/#", "+"], tab2: ["ov", "#"] };

for (const version of [4, 5]) {
  for (const leader of [false, true]) {
    const where = leader ? "a leading tab" : "a SharedWorker";
    test(`${where}, MQTT ${version}: a handler is called once for a message, whatever other tabs have asked for`, async (t) => {
      const { wire, tabs, killWorker, leading } = await openTabs(t, 3, {
        leader,
        version,
        filters: (name) => FILTERS[name],
      });
      const outside = new MqttCustom({ credentials: { mqttserver: shared.broker.url } });
      t.after(() => outside.stop());
      const check = async (round) => {
        const texts = Array.from({ length: COUNT }, (_, i) => `${round} ${i}`);
        for (const text of texts) await outside.publish("ov", text, { qos: 1 });
        await outside.publish("ov", `${round} end`, { qos: 1 });
        for (const tab of tabs.filter(({ gone }) => !gone)) {
          const each = FILTERS[tab.name].length;
          const seen = async () => (await tab.state()).got.filter((text) => text.startsWith(round));
          await until(
            async () => (await seen()).filter((text) => text.endsWith("end")).length >= each,
            tab.name,
          );
          const expected = [...texts, `${round} end`].flatMap((text) => Array(each).fill(text));
          assert.deepEqual((await seen()).toSorted(), expected.toSorted(), tab.name);
        }
      };
      await check("first");
      const connects = wire.of("connect").length;
      if (leader) {
        const tab = await leading();
        tab.gone = true;
        await tab.page.close();
      } else await killWorker();
      await until(() => wire.of("connect").length > connects, "the next hub");
      const [alive] = tabs.filter(({ gone }) => !gone);
      await alive.publish("other", "there");
      await check("second");
    });
  }
}

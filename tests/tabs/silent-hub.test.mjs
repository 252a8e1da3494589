// A hub that lives and does not answer, as a leading tab with an open alert() or at a breakpoint: the others say so and go on
// without it, over one connection, and it comes back as any other tab when it wakes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FIREFOX } from "../page/support/browser.mjs";
import { openAlert, openTabs, until } from "./support/tabs.mjs";

const sentence = /the tab that had the connection did not answer; another one takes it over/;

for (const version of [4, 5]) {
  test(`a leading tab that does not answer is replaced, and comes back when it wakes, MQTT ${version}`, async (t) => {
    const { wire, tabs, open, leading } = await openTabs(t, 4, {
      leader: true,
      version,
      credentials: { mqttclientid: `silent-${version}`, mqttcleansession: false },
      filters: (name) => [`silent-${version}/all`, `silent-${version}/own/${name}`],
    });
    const all = `silent-${version}/all`;
    const silent = await leading();
    const others = tabs.filter((tab) => tab !== silent);
    const dialog = await openAlert(silent);
    // What is on its way to the hub is published by the next one, and a tab that is opened meanwhile gets in.
    const late = open("late");
    await Promise.all(others.map((tab) => tab.publish(all, tab.name)));
    others.push(await late);
    await late.then((tab) => tab.publish(all, "late"));
    for (const tab of others) {
      await until(async () => (await tab.state()).got.includes("late"), tab.name);
      await tab.publish(`silent-${version}/own/${tab.name}`, "own");
      await until(async () => (await tab.state()).got.includes("own"), tab.name);
      const { errors } = await tab.state();
      if (tab.name !== "late") assert.match(errors.join("\n"), sentence);
    }
    assert.equal(wire.of("connect").length, 2);
    const next = await others[0].run(() => navigator.locks.query());
    const lives = next.held.filter(({ name, mode }) => name.includes(":life:") && mode === "exclusive");
    assert.equal(lives.length, 1);

    await dialog.accept();
    await until(async () => (await silent.state()).state === "connected", "the tab that woke");
    await until(() => wire.open === 1, "one connection");
    await others[0].publish(all, "awake");
    for (const tab of tabs) await until(async () => (await tab.state()).got.includes("awake"), tab.name);
    await silent.publish(`silent-${version}/own/${silent.name}`, "own");
    await until(async () => (await silent.state()).got.includes("own"), "its own subscription");
    assert.equal(wire.open, 1);
    assert.equal(wire.of("connect").length, 2, "the tab that woke has not connected to the broker again");
    // In Firefox messages reach a tab with an open alert(), so it has joined in time, and missed nothing.
    assert.equal((await silent.state()).flags.sessionPresent, FIREFOX);
    // It leads again when its turn comes.
    for (const tab of others) await tab.page.close();
    for (const tab of tabs.filter((one) => one !== silent)) tab.gone = true;
    await silent.publish(`silent-${version}/own/${silent.name}`, "last");
    await until(async () => (await silent.state()).got.includes("last"), "the last one");
  });
}

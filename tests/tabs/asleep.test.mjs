// A tab that does not answer, as one with an open alert() or a frozen one, holds up no other one, and gets its messages when it wakes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { startMosquitto } from "../support/mosquitto.mjs";
import { openAlert, openTabs, until } from "./support/tabs.mjs";

const COUNT = 100;

for (const leader of [false, true]) {
  const where = leader ? "a leading tab" : "a SharedWorker";
  test(`${where}: an alert() in a tab holds up no other tab, and loses nothing`, async (t) => {
    // As brokers have it: few messages in flight, and none further before they are acknowledged.
    const broker = await startMosquitto({ config: "max_inflight_messages 20" });
    t.after(() => broker.stop());
    const { wire, tabs, leading } = await openTabs(t, 3, {
      leader,
      filters: () => ["asleep"],
      port: broker.port,
    });
    const leads = leader ? await leading() : undefined;
    const asleep = tabs.findLast((tab) => tab !== leads);
    const dialog = await openAlert(asleep);
    const outside = new MqttCustom({ credentials: { mqttserver: broker.url } });
    t.after(() => outside.stop());
    const texts = Array.from({ length: COUNT }, (_, i) => `message ${i}`);
    for (const text of texts) await outside.publish("asleep", text, { qos: 1 });
    for (const tab of tabs.filter((one) => one !== asleep)) {
      await until(async () => (await tab.state()).got.length >= COUNT, tab.name);
      assert.deepEqual((await tab.state()).got, texts, tab.name);
    }
    await dialog.accept();
    await until(async () => (await asleep.state()).got.length >= COUNT, "the one that was asleep");
    assert.deepEqual((await asleep.state()).got, texts);
    await asleep.publish("asleep", "awake");
    for (const tab of tabs) await until(async () => (await tab.state()).got.includes("awake"), tab.name);
    assert.equal(wire.of("connect").length, 1);
  });
}

for (const leader of [false, true]) {
  const where = leader ? "a leading tab" : "a SharedWorker";
  test(`${where}: a tab whose handlers never end holds up no other tab, and gets every message`, async (t) => {
    const broker = await startMosquitto({ config: "max_inflight_messages 20" });
    t.after(() => broker.stop());
    const { tabs } = await openTabs(t, 2, { leader, filters: () => ["other"], port: broker.port });
    const [stuck, quick] = tabs;
    await stuck.run(() =>
      globalThis.client.subscribe("stuck", { qos: 1 }, (_client, _userdata, message) => {
        globalThis.state.got.push(message.text());
        return new Promise(() => {});
      }),
    );
    await quick.run(() =>
      globalThis.client.subscribe("stuck", { qos: 1 }, (_client, _userdata, message) => {
        globalThis.state.got.push(message.text());
      }),
    );
    const outside = new MqttCustom({ credentials: { mqttserver: broker.url } });
    t.after(() => outside.stop());
    const texts = Array.from({ length: COUNT }, (_, i) => `message ${i}`);
    for (const text of texts) await outside.publish("stuck", text, { qos: 1 });
    await outside.publish("other", "last", { qos: 1 });
    for (const tab of tabs) {
      await until(async () => (await tab.state()).got.includes("last"), tab.name);
      const { got } = await tab.state();
      assert.deepEqual(
        got.filter((text) => text !== "last"),
        texts,
        tab.name,
      );
    }
  });
}

/** Runs in the page: a handler that does not end before `release` is called. */
const holdAll = (filter) =>
  globalThis.client.subscribe(filter, { qos: 1 }, (_client, _userdata, message) => {
    globalThis.state.got.push(message.text());
    globalThis.held ??= new Promise((release) => {
      globalThis.release = release;
    });
    return globalThis.held;
  });

test("tabs with few messages each, whose handlers never end, hold up no other tab together", async (t) => {
  const broker = await startMosquitto({ config: "max_inflight_messages 20" });
  t.after(() => broker.stop());
  const { tabs } = await openTabs(t, 4, { filters: () => ["all"], port: broker.port });
  const stuck = tabs.slice(1);
  for (const tab of stuck) await tab.run(holdAll, `held/${tab.name}`);
  const outside = new MqttCustom({ credentials: { mqttserver: broker.url } });
  t.after(() => outside.stop());
  for (const tab of stuck)
    for (let i = 0; i < 8; i++) await outside.publish(`held/${tab.name}`, `${i}`, { qos: 1 });
  for (let i = 0; i < COUNT; i++) await outside.publish("all", `message ${i}`, { qos: 1 });
  for (const tab of tabs)
    await until(async () => (await tab.state()).got.includes(`message ${COUNT - 1}`), tab.name);
  for (const tab of stuck) assert.equal((await tab.state()).got.length, COUNT + 8);
});

test("a tab whose handlers never end gets no more at a time than its receiveMaximum, and all in the end", async (t) => {
  const { wire, tabs } = await openTabs(t, 2, {
    version: 5,
    credentials: { properties: { receiveMaximum: 20 } },
    filters: () => ["other"],
  });
  const [stuck, quick] = tabs;
  await stuck.run(holdAll, "limited");
  await quick.run(() =>
    globalThis.client.subscribe("limited", { qos: 1 }, (_client, _userdata, message) => {
      globalThis.state.got.push(message.text());
    }),
  );
  const outside = new MqttCustom({ credentials: { mqttserver: wire.url } });
  t.after(() => outside.stop());
  const texts = Array.from({ length: COUNT }, (_, i) => `message ${i}`);
  // Mosquitto 2.0.11 itself sends more than receiveMaximum where it has a queue, so it gets none.
  for (const [at, text] of texts.entries()) {
    if (at === 16) await new Promise((resolve) => setTimeout(resolve, 7000));
    await outside.publish("limited", text, { qos: 1 });
    await until(async () => (await quick.state()).got.length > at, "the other tab");
  }
  assert.equal((await stuck.state()).got.length, 20);
  await stuck.run(() => globalThis.release());
  await until(async () => (await stuck.state()).got.length >= COUNT, "the stuck one");
  for (const tab of tabs) assert.deepEqual((await tab.state()).got, texts, tab.name);
  const { errors, connects } = await stuck.state();
  assert.deepEqual([errors, connects], [[], 1]);
});

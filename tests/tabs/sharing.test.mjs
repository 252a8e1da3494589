// Ten tabs with mqtt-lib/tabs are one connection of the broker: in a SharedWorker, and in a leading tab where there is none. What each
// tab subscribes to is its own, and goes with it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { openTabs, shared, until } from "./support/tabs.mjs";

const FILTERS = (name) => [`tabs/all`, `tabs/own/${name}`];

for (const leader of [false, true]) {
  const where = leader ? "a leading tab" : "a SharedWorker";
  for (const version of [4, 5]) {
    test(`${where}, MQTT ${version}: ten tabs, one CONNECT; each gets what it asked for`, async (t) => {
      const { wire, tabs } = await openTabs(t, 10, { leader, version, filters: FILTERS });
      for (const [i, tab] of tabs.entries()) {
        await tab.publish("tabs/all", `all ${i}`);
        await tab.publish(`tabs/own/${tab.name}`, `own ${tab.name}`);
      }
      const all = Array.from({ length: 10 }, (_, i) => `all ${i}`);
      for (const tab of tabs) {
        await until(async () => (await tab.state()).got.length >= 11, tab.name);
        const { got, errors, rc, flags, state } = await tab.state();
        assert.deepEqual(got.toSorted(), [...all, `own ${tab.name}`].sort());
        assert.deepEqual([errors, rc, flags, state], [[], 0, { sessionPresent: false }, "connected"]);
      }
      assert.equal(wire.of("connect").length, 1);
      assert.equal(wire.open, 1);
    });
  }

  test(`${where}: a tab that is closed takes its subscriptions along, and others keep theirs`, async (t) => {
    const { wire, tabs, leading } = await openTabs(t, 3, { leader, filters: FILTERS });
    // One that does not lead, where a tab leads: whichever was first.
    const leads = leader ? await leading() : undefined;
    const closed = tabs.findLast((tab) => tab !== leads);
    await closed.page.close();
    await until(() => wire.of("unsubscribe").length > 0, "UNSUBSCRIBE");
    assert.deepEqual(wire.filters("unsubscribe"), [`tabs/own/${closed.name}`]);
    const others = tabs.filter((tab) => tab !== closed);
    await others[0].publish("tabs/all", "still");
    for (const tab of others) await until(async () => (await tab.state()).got.includes("still"), tab.name);
    assert.equal(wire.of("connect").length, 1);
  });

  test(`${where}: stop() of a tab leaves the others connected; the last one disconnects`, async (t) => {
    const { wire, tabs } = await openTabs(t, 2, { leader, filters: FILTERS });
    await tabs[1].run(() => globalThis.client.stop());
    await until(() => wire.filters("unsubscribe").includes("tabs/own/tab1"), "UNSUBSCRIBE");
    assert.equal((await tabs[0].state()).state, "connected");
    await tabs[0].run(() => globalThis.client.stop());
    await until(() => wire.of("disconnect").length === 1 && wire.open === 0, "DISCONNECT");
    assert.equal(wire.of("connect").length, 1);
    await tabs[0].run(() => globalThis.client.start());
    assert.equal((await tabs[0].state()).state, "connected");
    assert.equal(wire.of("connect").length, 2);
  });

  test(`${where}: the last tab starts again while the shared client is still stopping`, async (t) => {
    const { wire, tabs } = await openTabs(t, 1, { leader, filters: FILTERS });
    await tabs[0].run(async () => {
      for (let i = 0; i < 20; i++) {
        await globalThis.client.stop();
        await globalThis.client.start();
      }
    });
    assert.equal((await tabs[0].state()).state, "connected");
    assert.equal(wire.of("connect").length, 21);
  });

  test(`${where}: retained messages come to a tab that subscribes later, and to no other one again`, async (t) => {
    const { tabs, open } = await openTabs(t, 1, { leader, filters: () => [`retained-${leader}/#`] });
    await tabs[0].publish(`retained-${leader}/a`, "kept", { qos: 1, retain: true });
    const late = await open("late");
    await until(async () => (await late.state()).got.length > 0, "the retained message");
    await tabs[0].publish(`retained-${leader}/b`, "end");
    for (const tab of [tabs[0], late]) {
      await until(async () => (await tab.state()).got.includes("end"), tab.name);
      assert.deepEqual((await tab.state()).got, ["kept", "end"], tab.name);
    }
  });

  test(`${where}: a broker that is not there, and one that comes back`, async (t) => {
    const { wire, tabs } = await openTabs(t, 2, { leader, filters: FILTERS });
    wire.cut();
    for (const tab of tabs) await until(async () => (await tab.state()).connects === 2, tab.name);
    await tabs[1].publish("tabs/all", "again");
    for (const tab of tabs) await until(async () => (await tab.state()).got.includes("again"), tab.name);
    assert.equal(wire.of("connect").length, 2);
    assert.equal(wire.open, 1);
  });

  test(`${where}: a refusal rejects start() with its sentence`, async (t) => {
    const { tabs } = await openTabs(t, 1, { leader, credentials: { mqttserver: "ws://127.0.0.1:1/mqtt" } });
    const code = await tabs[0].run(() =>
      globalThis.client.start().then(
        () => "started",
        (error) => error.code,
      ),
    );
    assert.equal(code, "CONNECTION_REFUSED");
  });
}

test("clients with other credentials have another connection, and those with the same share one in a tab, too", async (t) => {
  const { wire, tabs } = await openTabs(t, 1, { filters: FILTERS });
  await tabs[0].run(async (url) => {
    const { MqttCustom } = await import("mqtt-lib/tabs");
    for (let i = 0; i < 2; i++)
      await new MqttCustom({ credentials: { mqttserver: url, mqttclientid: "another" } }).start();
  }, wire.url);
  assert.deepEqual(
    wire.of("connect").map(({ clientId }) => clientId === "another"),
    [false, true],
  );
});

test("a page that may have no locks says so, and shares when it may", async (t) => {
  const { context, open } = await openTabs(t, 0);
  await context.addInitScript(() => {
    const { request } = navigator.locks;
    navigator.locks.request = function (...all) {
      return globalThis.allowed || !all[0].startsWith("mqtt-lib")
        ? request.apply(this, all)
        : Promise.reject(new DOMException("access denied", "SecurityError"));
    };
  });
  const tab = await open("denied");
  const errors = await until(async () => {
    const all = (await tab.state()).errors;
    return all.length > 0 && all;
  }, "an error");
  assert.match(
    errors[0],
    /this page cannot share a connection \(SecurityError: access denied\); use mqtt-lib here/,
  );
  await tab.run(() => {
    globalThis.allowed = true;
  });
  await until(async () => (await tab.state()).state === "connected", "a connection");
});

test("a credentials function is asked in one tab for each attempt", async (t) => {
  const { wire, open } = await openTabs(t, 0);
  const tabs = [await open("a"), await open("b")];
  for (const tab of tabs) {
    await tab.run(async (url) => {
      await globalThis.client.stop();
      const { MqttCustom } = await import("mqtt-lib/tabs");
      globalThis.calls = 0;
      globalThis.client = new MqttCustom({
        credentials: async () => {
          globalThis.calls += 1;
          return { mqttserver: url, mqttusername: "user", mqttpassword: `token ${globalThis.calls}` };
        },
      });
      await globalThis.client.start();
    }, wire.url);
  }
  const connects = wire.of("connect").filter(({ username }) => username === "user");
  assert.equal(connects.length, 1);
  assert.equal(String(connects[0].password), "token 1");
});

test("messages of another client come through, of QoS 0, 1 and 2", async (t) => {
  const { tabs } = await openTabs(t, 2, { version: 5, filters: () => ["tabs/outside"] });
  const outside = new MqttCustom({ credentials: { mqttserver: shared.broker.url, mqttversion: 5 } });
  t.after(() => outside.stop());
  for (const qos of [0, 1, 2]) await outside.publish("tabs/outside", `qos ${qos}`, { qos });
  for (const tab of tabs) {
    await until(async () => (await tab.state()).got.length === 3, tab.name);
    assert.deepEqual((await tab.state()).got, ["qos 0", "qos 1", "qos 2"]);
  }
});

for (const leader of [false, true]) {
  test(`${leader ? "a leading tab" : "a SharedWorker"}: what came while no tab was open waits at the broker, in a session that is kept`, async (t) => {
    const topic = `tabs/kept-${leader}`;
    const credentials = { mqttclientid: `kept-${leader}`, mqttcleansession: false };
    const { wire, tabs, open } = await openTabs(t, 1, { leader, credentials, filters: () => [topic] });
    const outside = new MqttCustom({ credentials: { mqttserver: shared.broker.url } });
    t.after(() => outside.stop());
    // Another tab keeps the profile open, without a client.
    const other = await tabs[0].page.context().newPage();
    await tabs[0].page.close();
    await until(() => wire.open === 0, "the end of the connection");
    for (let i = 0; i < 5; i++) await outside.publish(topic, `kept ${i}`, { qos: 1 });
    const next = await open("next");
    await until(
      async () => (await next.state()).got.length >= 5,
      async () => JSON.stringify(await next.state()),
      20_000,
    );
    assert.deepEqual((await next.state()).got, ["kept 0", "kept 1", "kept 2", "kept 3", "kept 4"]);
    assert.deepEqual(wire.filters("unsubscribe"), []);
    await other.close();
  });
}

// Credentials functions of tabs: those that answer the same share a connection, and a tab that cannot answer holds up nobody.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openAlert, openTabs, shared, until } from "./support/tabs.mjs";
import { startWire } from "./support/wire.mjs";

/** Runs in the page: a client whose function answers with what is given, and a password that is another one each time. */
async function beginWithFunction({ credentials }) {
  const { MqttCustom } = await import("mqtt-lib/tabs");
  const errors = [];
  const client = new MqttCustom({
    credentials: () => {
      if (globalThis.fails) throw new Error("logged out");
      return {
        ...credentials,
        mqttusername: globalThis.user ?? credentials.mqttusername,
        mqttpassword: `${Date.now()}`,
      };
    },
    on_error: (_client, _userdata, error) => errors.push(`${error.code} ${error.message}`),
  });
  Object.assign(globalThis, { client, state: { errors } });
  await client.start();
}

async function beginAll(tabs, credentials) {
  for (const tab of tabs) {
    await tab.run(() => globalThis.client.stop());
    await tab.run(beginWithFunction, { credentials });
  }
}

/** Runs in the page. */
const answerOf = async (given) => {
  const { MqttCustom } = await import("mqtt-lib/tabs");
  const client = new MqttCustom({ credentials: () => given, autostart: false, on_error() {} });
  const error = await client.start().catch((reason) => reason);
  await client.stop();
  return [error?.code, error?.message];
};

for (const leader of [false, true]) {
  const kind = leader ? "a leading tab" : "a SharedWorker";

  test(`${kind}: functions that answer the same share a connection, others do not`, async (t) => {
    const one = await openTabs(t, 4, { leader });
    const other = await startWire(shared.broker.port, 4);
    t.after(() => other.stop());
    const own = { mqttserver: one.wire.url, mqttusername: "a" };
    for (const [at, credentials] of [
      own,
      { ...own, mqttserver: `${own.mqttserver}?signature=1` },
      { ...own, mqttusername: "b" },
      { ...own, mqttserver: other.url },
    ].entries()) {
      await one.tabs[at].run(() => globalThis.client.stop());
      await one.tabs[at].run(beginWithFunction, { credentials });
    }
    const names = one.wire.of("connect").map(({ username }) => username?.toString());
    assert.deepEqual(names.filter(Boolean).toSorted(), ["a", "b"]);
    assert.equal(other.of("connect").length, 1);
    await one.tabs[3].run(() => globalThis.client.publish("secret", "x", { qos: 1 }));
    assert.equal(one.wire.of("publish").length, 0);
    assert.equal(other.of("publish").length, 1);
  });
}

test("a tab with an open alert() is not waited for when credentials are asked for", async (t) => {
  const { wire, tabs } = await openTabs(t, 3);
  const credentials = { mqttserver: wire.url, mqttusername: "asked", maxmqttreconnectdelay: 1 };
  await beginAll(tabs, credentials);
  const [blocked, ...awake] = tabs;
  const dialog = await openAlert(blocked);
  wire.cut();
  const publish = () => globalThis.client.publish("after", "x", { qos: 1, timeout: 40 });
  await Promise.all(awake.map((tab) => tab.run(publish)));
  await dialog.accept();
});

test("a function that throws in one tab leaves the others connected", async (t) => {
  const { wire, tabs } = await openTabs(t, 3);
  const credentials = { mqttserver: wire.url, mqttusername: "asked", maxmqttreconnectdelay: 1 };
  await beginAll(tabs, credentials);
  await tabs[0].run(() => {
    globalThis.fails = true;
  });
  wire.cut();
  const publish = () => globalThis.client.publish("after", "x", { qos: 1, timeout: 40 });
  await Promise.all(tabs.slice(1).map((tab) => tab.run(publish)));
});

for (const leader of [false, true]) {
  for (const way of ["stopped and started", "losing the connection"]) {
    test(`${leader ? "a leading tab" : "a SharedWorker"}, ${way}: a function that answers for another user leads to that one's connection`, async (t) => {
      const { wire, tabs } = await openTabs(t, 2, { leader });
      const credentials = { mqttserver: wire.url, mqttusername: "alice", maxmqttreconnectdelay: 1 };
      await beginAll(tabs, credentials);
      const connects = () => wire.of("connect").map(({ username }) => username?.toString());
      assert.deepEqual(connects().filter(Boolean), ["alice"]);
      const isStopped = way === "stopped and started";
      for (const tab of isStopped ? tabs.slice(1) : tabs) {
        await tab.run(async (stops) => {
          if (stops) await globalThis.client.stop();
          globalThis.user = "bob";
          if (stops) await globalThis.client.start();
        }, isStopped);
      }
      if (!isStopped) {
        // An answer that the hub has not had is used for 2 s.
        await new Promise((resolve) => setTimeout(resolve, 2100));
        wire.cut();
      }
      for (const tab of tabs)
        await tab.run(() => globalThis.client.publish("a", "x", { qos: 1, timeout: 40 }));
      await until(() => connects().includes("bob"), "the other user");
      assert.equal(connects().filter((name) => name === "bob").length, 1);
      const open = isStopped ? 2 : 1;
      await until(() => wire.open === open, `${open} connections and no more`);
    });
  }
}

test("the hub gets an answer of now", async (t) => {
  const { wire, tabs } = await openTabs(t, 2);
  const credentials = { mqttserver: wire.url, mqttusername: "now", maxmqttreconnectdelay: 1 };
  await beginAll(tabs, credentials);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await tabs[0].page.close();
  tabs[0].gone = true;
  const before = Date.now();
  wire.cut();
  await tabs[1].run(() => globalThis.client.publish("a", "x", { qos: 1, timeout: 40 }));
  const last = wire.of("connect").at(-1);
  assert.ok(Number(last.password.toString()) >= before, "it is not the answer of the start");
});

test("a function that gives no object is refused as by any client", async (t) => {
  const { tabs } = await openTabs(t, 1);
  for (const given of [5, "localhost", [], null]) {
    const [code, message] = await tabs[0].run(answerOf, given);
    assert.equal(code, "INVALID_OPTION", `${given}: ${message}`);
  }
});

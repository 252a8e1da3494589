// Tabs of one browser profile with clients of mqtt-lib/tabs, the broker with its recorded wire, and how a hub is killed. Owns the
// functions that run in the page.

import { startSite } from "../../browser/support/site.mjs";
import { openBrowser } from "../../page/support/browser.mjs";
import { sharedFixtures } from "../../support/fixtures.mjs";
import { startMosquitto } from "../../support/mosquitto.mjs";
import { startWire } from "./wire.mjs";

export const shared = sharedFixtures({ broker: startMosquitto, site: startSite, browser: openBrowser });

export async function until(condition, what, timeout = 60_000) {
  const end = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end)
      throw new Error(`it took too long: ${typeof what === "function" ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs in the page: a client that records what its handler is given, and what its callbacks are. */
async function begin({ credentials, filters, name }) {
  const { MqttCustom } = await import("mqtt-lib/tabs");
  const state = { name, got: [], errors: [], connects: 0, published: 0 };
  const client = new MqttCustom({
    credentials,
    on_connect: (_client, _userdata, flags, rc) => {
      state.connects += 1;
      state.flags = flags;
      state.rc = rc;
    },
    on_error: (_client, _userdata, error) => state.errors.push(`${error.code} ${error.message}`),
  });
  Object.assign(globalThis, { client, state });
  navigator.locks.request(`tab:${name}`, () => new Promise(() => {}));
  if (filters === undefined) return;
  await Promise.all(
    filters.map((filter) =>
      client.subscribe(filter, { qos: 1 }, async (_client, _userdata, message) => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        state.got.push(message.text());
      }),
    ),
  );
}

/** Runs in the page: publishes numbered messages, one after the other, while `goesOn`. */
async function publishOn({ topic }) {
  const { client, state } = globalThis;
  state.goesOn = true;
  while (state.goesOn) {
    await client.publish(topic, `${state.name} ${state.published}`, { qos: 1 });
    state.published += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Has a tab show an alert(), behind which nothing in it runs; resolves with the dialog. */
export async function openAlert(tab) {
  let dialog;
  tab.page.on("dialog", (shown) => {
    dialog = shown;
  });
  await tab.run(() => {
    setTimeout(() => alert("blocked"));
  });
  return until(() => dialog, "the dialog");
}

/** Tabs of a profile of their own. `leader`: there is no SharedWorker. */
export async function openTabs(
  t,
  count,
  { leader = false, version = 4, credentials = {}, filters, port = shared.broker.port } = {},
) {
  const wire = await startWire(port, version);
  const context = await shared.browser.newContext();
  t.after(async () => {
    await context.close();
    wire.stop();
  });
  const address = `${shared.site.url}/tabs${leader ? "?leader" : ""}`;
  const given = { mqttserver: wire.url, mqttversion: version, maxmqttreconnectdelay: 1, ...credentials };
  const tabs = [];
  const create = async (name, own = filters) => {
    const page = await context.newPage();
    await page.goto(address);
    const begun = page.evaluate(begin, { credentials: given, name, filters: own?.(name) });
    const tab = {
      page,
      name,
      begun,
      state: () =>
        page.evaluate(() =>
          JSON.parse(JSON.stringify({ ...globalThis.state, state: globalThis.client.state })),
        ),
      publish: (topic, text, options = { qos: 1 }) =>
        page.evaluate((all) => globalThis.client.publish(...all).then(() => true), [topic, text, options]),
      publishOn: (topic) => page.evaluate(publishOn, { topic }),
      run: (body, more) => page.evaluate(body, more),
    };
    tabs.push(tab);
    return tab;
  };
  for (let i = 0; i < count; i++) await create(`tab${i}`);
  await Promise.all(tabs.map(({ begun }) => begun));
  /** Another tab, whose subscriptions are there. */
  const open = async (...all) => {
    const tab = await create(...all);
    await tab.begun;
    return tab;
  };
  const alive = () => tabs.findLast(({ gone }) => !gone);
  /** Kills the worker that is the hub, as the browser would: nothing in it runs any more. */
  const killWorker = () => alive().page.evaluate(() => new BroadcastChannel("kill-worker").postMessage(""));
  /** The tab that is the hub, as the owner of its lock. */
  const leading = async () => {
    const held = await alive().page.evaluate(async () => (await navigator.locks.query()).held);
    const { clientId } = held.find(({ name }) => name.endsWith(":hub"));
    const mine = held.find((lock) => lock.clientId === clientId && lock.name.startsWith("tab:"));
    return tabs.find(({ name }) => mine.name === `tab:${name}`);
  };
  return { wire, context, tabs, open, killWorker, leading };
}

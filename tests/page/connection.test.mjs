// The connection panel: from idle to connected and back, the answers of the broker, and a broker that is stopped.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { spawnSync } from "node:child_process";
import mqtt from "mqtt";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { openPage, until } from "./support/page.mjs";

let site;
let page;
let mosquitto;

const starts = { site: openPage, mosquitto: () => startMosquitto({ config: withPassword }) };
sharedFixtures(starts, async (shared) => {
  ({ site, mosquitto } = shared);
  page = site.page;
});

/** Allows anonymous clients; a user name requires its password. */
function withPassword(folder) {
  const file = join(folder, "passwords");
  writeFileSync(file, "anne:secret\n");
  spawnSync("mosquitto_passwd", ["-U", file]);
  return `password_file ${file}`;
}

test("before connecting: idle, on the broker that served the page, nothing to publish with", async () => {
  assert.equal(await site.text("#state"), "idle");
  assert.equal(await page.inputValue("#host"), "127.0.0.1");
  assert.equal(await page.inputValue("#port"), String(site.broker.port));
  for (const id of ["publish", "subscribe", "disconnect", "flush"]) {
    assert.equal(await page.isDisabled(`#${id}`), true, id);
  }
});

test("with nothing chosen it speaks MQTT 5 where the broker does", async () => {
  await site.connect();
  await site.shows("#greeting", /MQTT5\.0/);
  await site.disconnect();
});

test("connects with the fields as they are, and the will is published only if the page is lost", async () => {
  const other = await mqtt.connectAsync(site.broker.url);
  const wills = [];
  other.on("message", (_topic, payload) => wills.push(payload.toString()));
  await other.subscribeAsync("test/will");
  await page.fill("#clientid", "the-page");
  await page.click("#will-part summary");
  await page.fill("#will-topic", "test/will");
  await page.fill("#will-payload", "the page is gone");
  await site.connect();
  assert.ok(site.broker.aedes.clients["the-page"]);
  assert.equal(await page.isDisabled("#connect"), true);
  await site.shows("#about", `127.0.0.1:${site.broker.port}`);
  await site.disconnect();
  await until(() => !site.broker.aedes.clients["the-page"], "the page is gone");
  assert.deepEqual(wills, []);
  await site.connect();
  site.broker.aedes.clients["the-page"].conn.destroy();
  await until(() => wills.length === 1, "the will");
  await site.shows("#state", /^connected$/);
  await site.disconnect();
  await other.endAsync();
});

test("a URL in the field of the host fills the others, and hides its password", async () => {
  await page.fill("#host", "wss://anne:se%20cret@broker.example:8084/path?x=1");
  const values = ["protocol", "host", "port", "path", "username", "password"].map((id) =>
    page.inputValue(`#${id}`),
  );
  assert.deepEqual(await Promise.all(values), [
    "wss",
    "broker.example",
    "8084",
    "/path?x=1",
    "anne",
    "se cret",
  ]);
  assert.equal(await page.getAttribute("#password", "type"), "password");
});

test("a wrong password is reported where it was typed; the right one connects", async () => {
  await page.fill("#host", mosquitto.wsUrl);
  await page.fill("#clientid", "");
  await page.fill("#username", "anne");
  await page.fill("#password", "wrong");
  await page.click("#connect");
  await site.shows("#connection-result[data-kind=bad]", /./);
  await page.click("#disconnect");
  await site.shows("#state", /^stopped$/);
  await page.fill("#password", "secret");
  await site.connect();
  assert.equal(await site.text("#connection-result"), "");
  await site.disconnect();
  await page.fill("#username", "");
  await page.fill("#password", "");
});

test("MQTT 5: properties go out, and what the broker answers is shown", async () => {
  await page.click("#properties-part summary");
  await page.selectOption("#version", "4");
  assert.equal(await page.isDisabled("#connect-sessionExpiryInterval"), true, "3.1.1 has none");
  await page.selectOption("#version", "5");
  await site.number("#connect-sessionExpiryInterval", 60);
  await page.click("#connect-user-add");
  await page.fill("#properties-part .pair input >> nth=0", "from");
  await page.fill("#properties-part .pair input >> nth=1", "the page");
  await site.connect();
  assert.equal(await page.isDisabled("#version"), true, "of a connection it cannot change");
  await site.shows("#greeting dt", "topic alias maximum");
  await site.shows("#greeting dd", "new");
  await until(
    () => /New client connected .* as mqttlib\w+ \(p5,/.test(mosquitto.log()),
    "MQTT 5 in the broker's log",
  );
});

test("a broker that goes away: the countdown to the next attempt, one at once, and connected again", async () => {
  await site.subscribe("test/again");
  await mosquitto.kill();
  await site.shows("#state", /^reconnecting$/);
  await page.waitForFunction(
    () => /^next attempt in \d/.test(document.getElementById("about")?.textContent ?? ""),
    undefined,
    { polling: 20 },
  );
  await site.shows("#connect", "Try now");
  await mosquitto.start();
  // Clicked from within: should the next attempt be the faster one, the button is disabled, and a person's click does nothing.
  await page.evaluate(() => /** @type {HTMLElement} */ (document.getElementById("connect")).click());
  await site.shows("#state", /^connected$/);
  await until(
    () => site.text("#greeting").then((text) => /reconnects[1-9]/.test(text)),
    "the count of reconnects",
  );
  const other = await mqtt.connectAsync(mosquitto.url);
  await until(async () => {
    await other.publishAsync("test/again", "heard again", { qos: 1 });
    return site.count("#messages .v-row:not([hidden])");
  }, "the subscription is back");
  await other.endAsync();
  await site.disconnect();
});

test("no broker at all: the state says so, and the log why", async () => {
  site.problems.length = 0;
  await site.number("#port", 1);
  await page.click("#connect");
  await site.shows("#connection-result[data-kind=bad]", "127.0.0.1:1");
  assert.match(
    await site.text("#connection-result"),
    /check Host, Port, Protocol, and that the broker takes WebSockets there$/,
  );
  await site.shows("#state", /connecting$/);
  await page.click("#disconnect");
  await site.shows("#state", /^stopped$/);
  await site.go("log");
  await site.shows("#errors li[data-code=CONNECTION_REFUSED]", "127.0.0.1:1");
  // Only the browser itself reports the refused connection; Firefox has two sentences for it.
  assert.deepEqual(
    site.problems.filter(
      (text) => !/WebSocket|can.t establish a connection|127.0.0.1:1.mqtt was interrupted/.test(text),
    ),
    [],
  );
});

test("the port of MQTT over TCP is recognised, also where nothing listens", async () => {
  await page.fill("#host", "127.0.0.255"); // nothing on this address
  await site.number("#port", 1883);
  await page.click("#connect");
  await site.shows(
    "#connection-result[data-kind=bad]",
    "Port 1883 is for MQTT over TCP, which no page can use",
  );
  await page.click("#disconnect");
  await site.shows("#state", /^stopped$/);
});

test("nothing typed is stored, and the password is in no address", async () => {
  const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
  assert.deepEqual(stored, [0, 0, ""]);
  assert.doesNotMatch(page.url(), /secret|anne/);
});

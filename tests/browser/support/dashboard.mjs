// What every dashboard of examples/ does, whatever it is written with: it charts what is published, and shows that the connection
// is lost and back.

import assert from "node:assert/strict";
import mqtt from "mqtt";

/** A page that a test fulfils itself is of no local address for Chromium. */
export const FLAGS = ["--disable-features=LocalNetworkAccessChecks"];

/** Opens the dashboard, whose files the page has got by a route already. @param {any} t @param {any} page @param {{ broker: any, url: string }} where */
export async function chartsAndReconnects(t, page, { broker, url }) {
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  const publisher = await mqtt.connectAsync(broker.url, { reconnectPeriod: 100 });
  t.after(() => publisher.endAsync(true));
  for (const sensor of ["kitchen", "cellar"])
    await publisher.publishAsync(`sensors/${sensor}/temperature`, "20.5", { retain: true });
  await page.goto(`${url}?broker=${encodeURIComponent(broker.wsUrl)}`);
  const shows = (selector, text) =>
    page.waitForFunction(
      ([where, what]) => [...document.querySelectorAll(where)].some((one) => one.textContent.includes(what)),
      [selector, text],
    );
  await shows("[role=status]", "connected");
  await shows("figcaption", "kitchen: 20.5 °C");
  await publisher.publishAsync("sensors/kitchen/temperature", "22", { qos: 1 });
  await shows("figcaption", "kitchen: 22 °C");
  const points = await page.$$eval("polyline", (all) =>
    all.map((one) => one.getAttribute("points").split(" ").length).sort(),
  );
  assert.deepEqual(points, [1, 2]);
  await broker.kill();
  await shows("[role=status]", "reconnecting: attempt");
  await broker.start();
  await shows("[role=status].connected", "connected");
  assert.deepEqual(problems, []);
}

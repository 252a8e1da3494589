// The persistent store of a page: damaged records are not given out, missing ones are noticed, version 1 opens, and a page
// that is not secure gets the reason.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launchChromium } from "../support/chromium.mjs";
import { startAll, stopAll } from "../support/fixtures.mjs";
import { startSite } from "./support/site.mjs";

let shared;
before(async () => {
  const browser = () => launchChromium(["--host-resolver-rules=MAP insecure.test 127.0.0.1"]);
  shared = await startAll({ site: startSite, browser });
});
after(() => stopAll(shared));

/** A page with functions to open a store and to change its database behind its back. */
async function pageWithStore(url = shared.site.url) {
  const page = await shared.browser.newPage();
  await page.goto(`${url}/persistent`);
  await page.evaluate(async () => {
    const { persistent } = await import("/dist/persistent.browser.mjs");
    const done = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    /** What the store gives, and what it says. */
    globalThis.content = async (clientId, changes = []) => {
      const told = [];
      const store = persistent();
      const entries = new Map(await store.open(clientId, (text) => told.push(text)));
      await store.write(changes);
      await store.close();
      return { entries: [...entries].map(([key, value]) => `${key} ${value}`), told };
    };
    /** Opens the database itself. */
    globalThis.raw = async (clientId, version, work) => {
      const request = indexedDB.open(`mqtt-lib ${clientId}`, version);
      request.onupgradeneeded = () => request.result.createObjectStore("journal");
      const db = await done(request);
      const transaction = db.transaction("journal", "readwrite");
      const table = transaction.objectStore("journal");
      const keys = await done(table.getAllKeys());
      const values = await done(table.getAll());
      work(table, new Map(keys.map((key, at) => [key, values[at]])));
      await new Promise((resolve) => {
        transaction.oncomplete = resolve;
      });
      db.close();
    };
  });
  return page;
}

test("100 random damages of a page's store: nothing altered, nothing missing without a word", async () => {
  const page = await pageWithStore();
  const figures = await page.evaluate(async () => {
    const { content, raw } = globalThis;
    let state = 18;
    const random = (count) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * count);
    };
    const flip = (value) => {
      if (typeof value === "string") return value.replace(/\d/, (digit) => (Number(digit) + 1) % 10);
      const bytes = Uint8Array.from(value);
      bytes[random(bytes.length)] ^= 1 << random(8);
      return bytes;
    };
    const damages = {
      flipped: (table, all, key) => table.put(flip(all.get(key)), key),
      missing: (table, _all, key) => table.delete(key),
      swapped: (table, all, key) => {
        const other = [...all.keys()][random(all.size)];
        table.put(all.get(other), key);
        table.put(all.get(key), other);
      },
      "cut off": (table, all, key) => table.put(all.get(key).slice(0, -1 - random(3)), key),
      strange: (table, _all, key) => table.put([{}, "", null, 5, new ArrayBuffer(8)][random(5)], key),
      added: (table, all, key) => table.put(all.get(key), 4000 + random(99)),
      cleared: (table) => table.clear(),
      "of another client": (table, _all, key) => table.put(globalThis.others.get(key) ?? "", key),
    };
    const value = (i, text) => new TextEncoder().encode(`${text} ${i} ${"x".repeat(random(40))}`);
    const changes = Array.from({ length: 12 }, (_, i) => [4 * (i + 1), value(i, "mine")]);
    await content(
      "other",
      Array.from({ length: 12 }, (_, i) => [4 * (i + 1), value(i, "other")]),
    );
    await raw("other", 2, (_table, all) => {
      globalThis.others = all;
    });
    const written = new Set(changes.map(([key, bytes]) => `${key} ${bytes}`));
    const problems = [];
    let told = 0;
    for (let i = 0; i < 100; i++) {
      const clientId = `damaged-${i}`;
      await content(clientId, changes);
      const kind = Object.keys(damages)[random(8)];
      await raw(clientId, 2, (table, all) => damages[kind](table, all, [...all.keys()][random(all.size)]));
      const now = await content(clientId);
      if (now.entries.some((entry) => !written.has(entry))) problems.push(`${i} ${kind}: altered`);
      if (now.entries.length < 12 && now.told.length === 0) problems.push(`${i} ${kind}: silent`);
      const again = await content(clientId);
      if (again.told.length > 0 || again.entries.join() !== now.entries.join())
        problems.push(`${i} ${kind}: again`);
      told += now.told.length;
    }
    return { told, problems };
  });
  assert.deepEqual(figures.problems, []);
  assert.ok(figures.told > 80, `${figures.told}`);
});

test("a database of version 1 opens, with everything", async () => {
  const page = await pageWithStore();
  const opened = await page.evaluate(async () => {
    const { content, raw } = globalThis;
    await raw("first", 1, (table) => {
      table.put(Uint8Array.of(1, 2, 3), 4);
      table.put(new Uint8Array(), 7);
    });
    localStorage.setItem(
      "mqtt-lib first",
      JSON.stringify([
        [8, "A"],
        [4, null],
      ]),
    );
    return [await content("first"), await content("first")];
  });
  for (const one of opened) assert.deepEqual(one, { entries: ["7 ", "8 65"], told: [] });
});

test("changes in localStorage that were altered are not made, and that is said", async () => {
  const page = await pageWithStore();
  const opened = await page.evaluate(async () => {
    const { content } = globalThis;
    const { persistent } = await import("/dist/persistent.browser.mjs");
    await content("left", [[4, Uint8Array.of(65)]]);
    const store = persistent();
    await store.open("left", () => {});
    dispatchEvent(new Event("pagehide"));
    store.write([[8, Uint8Array.of(66)]]).catch(() => {});
    const text = localStorage.getItem("mqtt-lib left");
    await store.close();
    localStorage.setItem("mqtt-lib left", text.replace("B", "C"));
    const altered = await content("left");
    localStorage.setItem("mqtt-lib left", text);
    return [altered, await content("left"), localStorage.getItem("mqtt-lib left")];
  });
  assert.match(opened[0].told[0], /localStorage/);
  assert.equal(opened[0].entries[0], "4 65");
  assert.ok(!opened[0].entries.includes("8 67"));
  assert.deepEqual(opened.slice(1), [{ entries: ["4 65", "8 66"], told: [] }, null]);
});

test("a page that is not secure gets the reason", async () => {
  const url = shared.site.url.replace("127.0.0.1", "insecure.test");
  const page = await pageWithStore(url);
  const error = await page.evaluate(() => globalThis.content("insecure").catch(({ message }) => message));
  assert.match(error, /only for pages of https or of localhost/);
});

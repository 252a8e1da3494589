// The documentation site builds without a warning, all its internal links work, and its pages fit the screen of a phone.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { makeSite, SITE } from "../../scripts/docs.mjs";
import { launchChromium } from "../support/chromium.mjs";

let browser;
let pages;

before(async () => {
  await makeSite();
  pages = readdirSync(SITE, { recursive: true }).filter((name) => name.endsWith(".html"));
  browser = await launchChromium();
});

after(() => browser?.close());

const ids = new Map();
function hasId(file, id) {
  if (!ids.has(file)) {
    ids.set(
      file,
      new Set([...readFileSync(file, "utf8").matchAll(/\bid="([^"]*)"/g)].map(([, name]) => name)),
    );
  }
  return ids.get(file).has(id);
}

test("every link leads to a file of the site, and to a place in it", () => {
  assert.ok(pages.length > 30, `${pages.length} pages`);
  const dead = [];
  let count = 0;
  for (const page of pages) {
    const file = join(SITE, page);
    for (const [, link] of readFileSync(file, "utf8").matchAll(/\bhref="([^"]*)"/g)) {
      if (/^(https?|data|mailto):/.test(link)) continue;
      count += 1;
      const [path, hash] = decodeURI(link).split("#");
      const target = path === "" ? file : join(dirname(file), path.split("?")[0]);
      if (!existsSync(target)) dead.push(`${page}: ${link}`);
      else if (hash && target.endsWith(".html") && !hasId(target, hash))
        dead.push(`${page}: ${link} (no such place)`);
    }
  }
  assert.ok(count > 500, `${count} links`);
  assert.deepEqual([...new Set(dead)], []);
});

for (const [device, viewport] of [
  ["a phone", { width: 390, height: 844 }],
  ["a desktop", { width: 1280, height: 900 }],
]) {
  test(`guides on ${device}: a heading, no error, nothing wider than the screen`, async () => {
    const page = await browser.newPage({ viewport });
    const problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    const guides = pages.filter((name) => name === "index.html" || name.startsWith("documents"));
    assert.ok(guides.length > 10);
    for (const guide of guides) {
      await page.goto(pathToFileURL(join(SITE, guide)).href);
      assert.ok(await page.locator("h1").first().isVisible(), guide);
      const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= screen, `${relative(SITE, join(SITE, guide))} is ${wide} wide on ${screen}`);
    }
    assert.deepEqual(problems, []);
    await page.close();
  });
}

// `npm run page`: the page as a folder of static files, served below any path by any web server, with another broker.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createReadStream, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, test } from "node:test";
import { writePage } from "../../scripts/page.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { openPage } from "./support/page.mjs";

const TYPES = {
  ".html": "text/html",
  ".css": "text/css",
  ".mjs": "text/javascript",
  ".js": "text/javascript",
};
const MORE = { ".wasm": "application/wasm", ".svg": "image/svg+xml" };
const missing = [];
const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-page-"));
let server;
const shared = sharedFixtures({
  site: async () => openPage({ url: await serve() }),
  mosquitto: startMosquitto,
});

after(() => {
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes the page and serves it; returns its URL. */
async function serve() {
  writePage(folder);
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://localhost");
    const file = join(
      folder,
      pathname.replace(/^\/some\/path\/$/, "/index.html").replace(/^\/some\/path/, ""),
    );
    if (!pathname.startsWith("/some/path/") || !existsSync(file)) {
      missing.push(pathname);
      return response.writeHead(404).end();
    }
    response.setHeader(
      "Content-Type",
      TYPES[extname(file)] ?? MORE[extname(file)] ?? "application/octet-stream",
    );
    createReadStream(file).pipe(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}/some/path/`;
}

test("it connects, sends, receives and draws its charts", async () => {
  await shared.site.connect(shared.mosquitto.wsUrl);
  await shared.site.subscribe("test/#", 1);
  await shared.site.write("test/static", "from static files", { qos: 1 });
  await shared.site.page.click("#publish");
  await shared.site.shows("#messages .v-row .text", "from static files");
  await shared.site.go("charts");
  await shared.site.page.locator("#charts canvas").nth(3).waitFor();
  assert.deepEqual(missing, []);
  assert.deepEqual(shared.site.problems, []);
});

test("without the package the page says what is missing", async () => {
  rmSync(join(folder, "dist"), { recursive: true });
  await shared.site.page.reload();
  await shared.site.shows("#errors li", "npm run build");
});

test("it is written over an earlier page, and over nothing else", () => {
  writePage(folder);
  assert.ok(existsSync(join(folder, "index.html")));
  const others = mkdtempSync(join(tmpdir(), "mqtt-lib-page-"));
  writeFileSync(join(others, "mine.txt"), "x");
  assert.throws(() => writePage(others), /has other files in it/);
  assert.ok(existsSync(join(others, "mine.txt")));
  rmSync(others, { recursive: true });
});

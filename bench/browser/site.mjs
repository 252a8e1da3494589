// Serves the page of the benchmark: its modules, the copy of dist/ that is measured, and MQTT.js's browser build. The page
// requests its task and data of the counterpart here, and sends the result.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { ROOT } from "../../scripts/run.mjs";
import { FOLDER } from "../peers.mjs";

const TYPES = { mjs: "text/javascript", js: "text/javascript", wasm: "application/wasm" };
const PAGE = `<!doctype html><html lang="en"><title>bench</title><link rel="icon" href="data:,">
<script type="module" src="/bench/browser/page.mjs"></script></html>`;

function fileOf(path) {
  if (path === "/mqtt.esm.mjs") return join(ROOT, "node_modules", "mqtt", "dist", "mqtt.esm.js");
  const [, folder, name] =
    /^\/(dist|bench\/browser|bench\/measure)\/([\w.-]+\.(?:mjs|wasm))$/.exec(path) ?? [];
  if (folder === "dist") return join(FOLDER, "dist", name);
  return folder && join(ROOT, folder, name);
}

async function jsonOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

/** `ask` forwards requests to the counterpart. */
export async function startSite(ask) {
  let task;
  let finished;
  const answers = {
    "/task": () => task,
    "/ask": ask,
    "/result": (result) => finished(result),
  };
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (path === "/") return response.setHeader("Content-Type", "text/html; charset=utf-8").end(PAGE);
    if (path in answers) {
      const answer = await answers[path](await jsonOf(request));
      return response.end(JSON.stringify(answer ?? null));
    }
    const file = fileOf(path);
    if (file === undefined) return response.writeHead(404).end();
    response.setHeader("Content-Type", TYPES[path.split(".").at(-1)]).end(await readFile(file));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    /** The result of the task in the page. */
    run(given) {
      task = given;
      return new Promise((resolve) => {
        finished = resolve;
      });
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

// What the page loads: an empty document, the bench's own modules, the copy of dist/ that is measured, and
// MQTT.js's browser build. Nothing else is served.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { ROOT } from "../../scripts/run.mjs";
import { FOLDER } from "../peers.mjs";

const TYPES = { mjs: "text/javascript", js: "text/javascript", wasm: "application/wasm" };
const PAGE = '<!doctype html><html lang="en"><title>bench</title><link rel="icon" href="data:,"></html>';

function fileOf(path) {
  if (path === "/mqtt.esm.mjs") return join(ROOT, "node_modules", "mqtt", "dist", "mqtt.esm.js");
  const [, folder, name] =
    /^\/(dist|bench\/browser|bench\/measure)\/([\w.-]+\.(?:mjs|wasm))$/.exec(path) ?? [];
  if (folder === "dist") return join(FOLDER, "dist", name);
  return folder && join(ROOT, folder, name);
}

export async function startSite() {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (path === "/") return response.setHeader("Content-Type", "text/html; charset=utf-8").end(PAGE);
    const file = fileOf(path);
    if (file === undefined) return response.writeHead(404).end();
    response.setHeader("Content-Type", TYPES[path.split(".").at(-1)]).end(await readFile(file));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

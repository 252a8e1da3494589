// A minimal static server for a folder: files by their names, otherwise 404.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = { ".html": "text/html; charset=utf-8", ".wasm": "application/wasm" };
const JAVASCRIPT = "text/javascript; charset=utf-8";

export async function serve(folder, { headers = {} } = {}) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    const bytes = await readFile(join(folder, path.endsWith("/") ? `${path}index.html` : path)).catch(
      () => {},
    );
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (bytes === undefined) return response.writeHead(404).end();
    response.setHeader("Content-Type", TYPES[extname(path) || ".html"] ?? JAVASCRIPT).end(bytes);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

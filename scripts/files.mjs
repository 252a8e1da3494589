// Serves the page (www/), the built package (dist/) and the libraries of the page over HTTP. Reads only files below the
// folders in FOLDERS.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const folder = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
/** Folders by the beginning of the URL path; `scripts/page.mjs` copies them to the same places. */
export const FOLDERS = {
  "/dist/": folder("dist"),
  "/vendor/uplot/": folder("node_modules/uplot/dist"),
  "/vendor/cborg/": folder("node_modules/cborg"),
  "/vendor/diff/": folder("node_modules/diff/libesm"),
  "/vendor/msgpack/": folder("node_modules/@msgpack/msgpack/dist.esm"),
  "/vendor/protobuf/": folder("node_modules/protobufjs/dist"),
  "/": folder("www"),
};
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/** The file for a URL path; undefined if it is outside the folders. */
export function fileOf(url) {
  let path;
  try {
    path = decodeURIComponent(url.split(/[?#]/, 1)[0]);
  } catch {
    return undefined;
  }
  if (path.includes("\0")) return undefined;
  const [begin, root] = Object.entries(FOLDERS).find(([name]) => path.startsWith(name)) ?? [];
  if (root === undefined) return undefined;
  const rest = path.slice(begin.length);
  const file = join(root, rest === "" || rest.endsWith("/") ? `${rest}index.html` : rest);
  return file.startsWith(root + sep) ? file : undefined;
}

export async function serveFiles(request, response) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.writeHead(405, { Allow: "GET, HEAD" }).end();
    return;
  }
  const file = fileOf(request.url ?? "/");
  const found = file && (await stat(file).catch(() => undefined));
  if (!found?.isFile()) {
    response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" }).end("There is no such file.\n");
    return;
  }
  response.writeHead(200, {
    "Content-Type": TYPES[extname(file)] ?? "application/octet-stream",
    "Content-Length": found.size,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  if (request.method === "HEAD") response.end();
  else
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
}

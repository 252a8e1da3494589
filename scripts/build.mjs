// Builds all files in the package's `exports`: Rust -> pkg/ (wasm-pack), then pkg/ and js/ -> dist/ (esbuild).
// A step whose inputs have not changed since its last success is skipped, unless --force is given. A draft is built in a fraction
// of the time, larger, and without the core as JavaScript: it is for `npm start`.
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { buildWasm, DRAFT, draftWasm, JS_CORE, PKG, SHORT, SHORT_NAMES, WASM } from "./build-wasm.mjs";
import { nativeClient, onlyWasm, shortNames, tracedToo, withoutComments } from "./bundling.mjs";
import { joined } from "./declarations.mjs";
import { SHORTENED } from "./internal-names.mjs";
import { INLINE, keepInline, writeInline } from "./inline.mjs";
import { JS_ENTRY, writeJsEntry } from "./js-entry.mjs";
import { makeSmaller } from "./minify.mjs";
import { noPrivateMethods } from "./private-methods.mjs";
import { Failure, isMain, main, ROOT } from "./run.mjs";
import { setup } from "./setup.mjs";
import { printSizes } from "./sizes.mjs";
import { parseNames } from "./shorten.mjs";
import { step } from "./step.mjs";
import { fromWsFile, websocketFile, withWs } from "./ws.mjs";

/** What a page loads for a store beside the core, and both in one file, as for Node. */
const STORE_WASM = "mqtt_lib_store.wasm";
const WHOLE_WASM = "mqtt_lib_whole.wasm";
const WASM_TYPES = `// What an import of the file gives is the bundler's choice: its URL, its bytes or a WebAssembly.Module.
declare const file: any;
export = file;
`;
const PERSISTENT = "js/persistent";
/** Entries of which every platform has the same file; with what it imports and does not contain. @type {[string, string[]][]} */
const EVERYWHERE = [
  ["aws", ["aws4fetch"]],
  ["otel", ["@opentelemetry/api"]],
  ["react", ["react", "mqtt-lib"]],
  ["sparkplug", ["mqtt-lib"]],
  ["streams", []],
  ["tabs", ["mqtt-lib"]],
  ["topics", []],
  ["wire", []],
];
const MQTTJS = "js/mqttjs";
const SOURCES = [
  "js/bare.mjs",
  "js/browser.mjs",
  "js/node.mjs",
  "js/node.bundle.mjs",
  "js/index.d.ts",
  ...EVERYWHERE.map(([name]) => `js/${name}/index.d.ts`),
  `${MQTTJS}/index.d.ts`,
  `${PERSISTENT}/index.d.ts`,
];
const DIST = [
  ...EVERYWHERE.flatMap(([name]) => ["cjs", "mjs", "d.ts", "d.cts"].map((type) => `${name}.${type}`)),
  "bare.cjs",
  "bare.mjs",
  "browser.mjs",
  "cli.cjs",
  "mqttjs.browser.mjs",
  "mqttjs.bundle.mjs",
  "mqttjs.node.cjs",
  "mqttjs.node.mjs",
  "mqttjs.d.ts",
  "mqttjs.d.cts",
  "node.bundle.mjs",
  "node.cjs",
  "node.mjs",
  "index.d.ts",
  "index.d.cts",
  "persistent.browser.mjs",
  "persistent.bundle.mjs",
  "persistent.node.cjs",
  "persistent.node.mjs",
  "persistent.d.ts",
  "persistent.d.cts",
  ...INLINE,
  ...JS_ENTRY,
  "tabs.worker.mjs",
  WASM,
  STORE_WASM,
  WHOLE_WASM,
  `${WASM}.d.cts`,
  "ws.mjs",
];

const require = createRequire(import.meta.url);
const at = (...parts) => join(ROOT, ...parts);

/** Builds in another folder and replaces dist/ at the end, so that a failed build leaves the last good one. */
async function buildJs(draft) {
  const missing = SOURCES.find((name) => !existsSync(at(name)));
  if (missing) throw new Failure(`${missing} is missing: the package cannot be built without it.`);
  mkdirSync(at("target"), { recursive: true });
  const folder = mkdtempSync(at("target", "dist-"));
  try {
    copyFileSync(at(SHORT.page), join(folder, WASM));
    copyFileSync(at(SHORT.store), join(folder, STORE_WASM));
    copyFileSync(at(SHORT.whole), join(folder, WHOLE_WASM));
    await bundle(folder, parseNames(readFileSync(at(SHORT_NAMES), "utf8")));
    if (!draft) await makeSmaller(folder);
    writeFileSync(join(folder, `${WASM}.d.cts`), WASM_TYPES);
    // The same types for `import` and `require`; a second copy would be a thirtieth of the tarball.
    writeFileSync(join(folder, "index.d.ts"), 'export * from "./index.cjs";\n');
    writeFileSync(join(folder, "index.d.cts"), joined(at("js/index.d.ts")));
    for (const name of ["persistent", ...EVERYWHERE.map(([name]) => name)]) {
      copyFileSync(at("js", name, "index.d.ts"), join(folder, `${name}.d.cts`));
      writeFileSync(join(folder, `${name}.d.ts`), `export * from "./${name}.cjs";\n`);
    }
    // One set of types, as for the package itself.
    writeFileSync(
      join(folder, "mqttjs.d.ts"),
      'export * from "./mqttjs.cjs";\nexport { default } from "./mqttjs.cjs";\n',
    );
    writeMqttjsTypes(folder);
    for (const name of ["node", "persistent.node", "mqttjs.node"]) {
      const names = Object.keys(require(join(folder, `${name}.cjs`)));
      if (name === "node") {
        writeInline(folder, join(folder, WHOLE_WASM), names);
        if (!draft) writeJsEntry(folder, at(JS_CORE), names, tracedToo("js.node.mjs").footer.js);
      }
      writeFileSync(join(folder, `${name}.mjs`), esmWrapper(name, names));
    }
    swap(folder, at("dist"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The default export is the namespace of the others, which are therefore in a file of their own. @param {string} folder */
function writeMqttjsTypes(folder) {
  writeFileSync(join(folder, "mqttjs.names.d.cts"), joined(at(MQTTJS, "types", "mqtt.d.ts")));
  const index = readFileSync(at(MQTTJS, "index.d.ts"), "utf8");
  writeFileSync(join(folder, "mqttjs.d.cts"), index.replaceAll("./types/mqtt.js", "./mqttjs.names.cjs"));
}

async function bundle(folder, names) {
  const esbuild = await import("esbuild"); // not before set-up has installed it
  const build = async (/** @type {import("esbuild").BuildOptions} */ options) => {
    const { warnings } = await esbuild.build(options);
    if (warnings.length > 0) throw new Failure("esbuild warned: a warning may be a part that is left out.");
  };
  const common = {
    absWorkingDir: ROOT,
    bundle: true,
    logLevel: "warning",
    legalComments: "none",
    plugins: [shortNames(names), keepInline],
  };
  const browser = {
    ...common,
    format: "esm",
    platform: "browser", // an import of a Node module is an error here
    target: "es2022",
    minify: true,
    plugins: [...common.plugins, noPrivateMethods],
  };
  // Names and lines are kept: Node shows the line that threw.
  const node = {
    ...common,
    format: "cjs",
    platform: "node",
    target: "node20",
    minifySyntax: true,
    inject: ["js/node/utf8.mjs"],
  };
  // CommonJS has no import.meta.url; the sources use it to find the wasm file beside them. In a bundle that is an ES module
  // there is no file name either.
  const moduleUrl = {
    define: { "import.meta.url": "__moduleUrl", "import.meta.page": "false" },
    banner: {
      js: 'const __moduleUrl = typeof __filename === "string" ? require("node:url").pathToFileURL(__filename).href : undefined;',
    },
  };
  const core = {
    ...browser,
    mangleProps: SHORTENED,
    define: { "import.meta.page": "true" },
  };
  await build({
    ...core,
    entryPoints: ["js/browser.mjs"],
    outfile: join(folder, "browser.mjs"),
    plugins: [onlyWasm, ...core.plugins],
  });
  const bare = {
    ...core,
    entryPoints: ["js/bare.mjs"],
    define: { ...core.define, "Symbol.asyncIterator": "asyncIterator" }, // of js/registry.mjs
    inject: ["js/event-target.mjs", "js/utf8.mjs", "js/registry.mjs"],
  };
  await build({ ...bare, outfile: join(folder, "bare.mjs") });
  await build({ ...bare, format: "cjs", outfile: join(folder, "bare.cjs") });
  await build({
    ...browser,
    entryPoints: [`${PERSISTENT}/browser.mjs`],
    outfile: join(folder, "persistent.browser.mjs"),
    external: ["idb"],
  });
  for (const [name, external] of EVERYWHERE) {
    for (const [format, type] of [
      ["esm", "mjs"],
      ["cjs", "cjs"],
    ]) {
      const outfile = join(folder, `${name}.${type}`);
      // One file for Node and pages. A worker of js/tabs/ cannot be found from CommonJS, which has no address.
      const define = {
        "import.meta.page": "false",
        ...(format === "cjs" && { "import.meta.url": "undefined" }),
      };
      await build({ ...browser, define, format, entryPoints: [`js/${name}/index.mjs`], outfile, external });
    }
  }
  await build({
    ...node,
    entryPoints: ["js/node.mjs"],
    outfile: join(folder, "node.cjs"),
    external: ["ws"],
    ...moduleUrl,
  });
  await build({
    ...node,
    format: "esm",
    entryPoints: ["js/node.bundle.mjs"],
    outfile: join(folder, "node.bundle.mjs"),
    plugins: [...node.plugins, fromWsFile],
    ...tracedToo("node.mjs", "inline.node.mjs"),
  });
  await build({
    ...node,
    format: "esm",
    stdin: {
      contents: `export { default as WebSocket } from ${JSON.stringify(websocketFile())};`,
      resolveDir: ROOT,
    },
    outfile: join(folder, "ws.mjs"),
    minify: true, // the only file whose code is not of this package
    plugins: [withWs],
  });
  const store = { ...node, entryPoints: [`${PERSISTENT}/node.mjs`], external: ["classic-level"] };
  await build({ ...store, outfile: join(folder, "persistent.node.cjs") });
  await build({
    ...store,
    minify: true, // who bundles it has names of their own
    format: "esm",
    outfile: join(folder, "persistent.bundle.mjs"),
    ...tracedToo("persistent.node.mjs"),
  });
  await build({
    ...browser,
    ignoreAnnotations: true, // see below
    entryPoints: ["js/tabs/worker.mjs"],
    outfile: join(folder, "tabs.worker.mjs"),
    plugins: [nativeClient("browser.mjs"), noPrivateMethods],
  });
  // package.json says of no file of js/ that it has effects, and one sets the platform.
  const facade = { ignoreAnnotations: true };
  for (const [options, format, name, native] of [
    [browser, "esm", "mqttjs.browser.mjs", "browser.mjs"],
    // Names for stacks, and lines that are short when an uncaught error shows one.
    [{ ...node, minifyWhitespace: true, lineLimit: 100 }, "cjs", "mqttjs.node.cjs", "node.cjs"],
    [
      { ...node, minify: true, ...tracedToo("mqttjs.node.mjs") },
      "esm",
      "mqttjs.bundle.mjs",
      "node.bundle.mjs",
    ],
  ]) {
    const entryPoints = [`${MQTTJS}/${options.platform}.mjs`];
    const outfile = join(folder, name);
    const further = { "mqttjs.browser.mjs": noPrivateMethods, "mqttjs.bundle.mjs": fromWsFile }[name];
    const plugins = [nativeClient(native), ...(further ? [further] : [])];
    const external = name === "mqttjs.bundle.mjs" ? [] : ["ws"];
    await build({ ...options, ...facade, external, format, entryPoints, outfile, plugins });
  }
  keepExportsVisible(join(folder, "mqttjs.node.cjs"));
  for (const name of ["node.cjs", "node.bundle.mjs", "persistent.node.cjs"]) {
    const file = join(folder, name);
    const format = name.endsWith(".cjs") ? "cjs" : "esm";
    writeFileSync(file, await withoutComments(readFileSync(file, "utf8"), format));
  }
  const cli = join(folder, "cli.cjs");
  // CommonJS, because Node's loader of ES modules alone takes longer than a publish.
  await build({
    ...node,
    ...moduleUrl,
    entryPoints: ["js/cli/main.mjs"],
    outfile: cli,
    minify: true, // a command shows no lines of its code
    // The package itself too: the command uses it as other programs do.
    external: ["mqtt-lib", "ws", "aedes", "cborg", "@msgpack/msgpack"],
  });
  chmodSync(cli, 0o755);
}

/** Begins a line with what exports: where a line of limited length ends within it, attw and publint see no exports. @param {string} file */
function keepExportsVisible(file) {
  const text = readFileSync(file, "utf8");
  writeFileSync(
    file,
    text.replace(";__export(", ";\n__export(").replace(/module\.\s*exports=/, "\nmodule.exports="),
  );
}

/** `import` and `require` return the same objects, so that there is only one class. */
function esmWrapper(file, names) {
  const named = names.filter((name) => name !== "default").join(", ");
  const lines = [
    `import implementation from "./${file}.cjs";`,
    `export const { ${named} } = implementation;`,
  ];
  if (names.includes("default")) lines.push("export default implementation.default;");
  return `${lines.join("\n")}\n`;
}

function swap(from, to) {
  rmSync(to, { recursive: true, force: true });
  try {
    renameSync(from, to);
  } catch (error) {
    if (error.code !== "EXDEV") throw error; // target/ may lie on another disk
    cpSync(from, to, { recursive: true });
  }
}

export async function build({ force = false, draft = false } = {}) {
  const tools = [
    "package-lock.json",
    ...[
      "binary",
      "build",
      "build-wasm",
      "bundle-order",
      "bundling",
      "crate",
      "declarations",
      "inline",
      "internal-names",
      "js-core",
      "js-entry",
      "locals",
      "minify",
      "order",
      "private-methods",
      "shipped-wasm",
      "shorten",
      "split",
      "trim",
      "ws",
    ].map((name) => `scripts/${name}.mjs`),
  ];
  const pkg = draft ? DRAFT : PKG;
  const rust = { inputs: ["Cargo.toml", "Cargo.lock", "src", ...tools], outputs: pkg, force, draft };
  await step("Rust to pkg/", rust, draft ? draftWasm : buildWasm);
  const js = {
    inputs: ["js", "pkg/snippets", ...PKG, ...tools],
    outputs: DIST.filter((name) => !draft || !JS_ENTRY.includes(name)).map((name) => `dist/${name}`),
    force,
    draft,
  };
  await step("JavaScript to dist/", js, () => buildJs(draft));
  if (draft) return;
  printSizes("a browser downloads", ["dist/browser.mjs", `dist/${WASM}`], { together: true });
  printSizes("beside that for a store", [`dist/${STORE_WASM}`]);
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup("build");
    await build({ force: process.argv.includes("--force") });
  });
}

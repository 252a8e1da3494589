// Makes everything the package's `exports` name: Rust -> pkg/ (wasm-pack), then pkg/ and js/ -> dist/ (esbuild).
// A step whose inputs have not changed since its last success is skipped, unless --force is given.
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Failure, isMain, main, must, ROOT } from "./run.mjs";
import { setup } from "./setup.mjs";

const WASM = "mqtt_lib_bg.wasm";
const WASM_TYPES = `// What an import of the file gives is the bundler's choice: its URL, its bytes or a WebAssembly.Module.
declare const file: any;
export = file;
`;
const at = (...parts) => join(ROOT, ...parts);

/** All files below the given files and folders, in a stable order. */
function filesOf(names) {
  return names.flatMap((name) => {
    if (!existsSync(at(name))) return [];
    if (!statSync(at(name)).isDirectory()) return [name];
    return filesOf(
      readdirSync(at(name))
        .sort()
        .map((entry) => join(name, entry)),
    );
  });
}

/** Contents, not dates: a date cannot tell an edit made while the build ran, nor a checkout of an older commit. */
function fingerprint(names) {
  const hash = createHash("sha256");
  for (const file of filesOf(names))
    hash
      .update(`${file}\0`)
      .update(readFileSync(at(file)))
      .update("\0");
  return hash.digest("hex");
}

/** Runs `make` if the inputs changed since it last succeeded, an output is missing, or `force`. */
async function step(title, { inputs, outputs, force }, make) {
  const stamp = at("target", "stamps", title.replaceAll(/\W+/g, "-"));
  const before = fingerprint([...inputs, "package-lock.json", "scripts/build.mjs"]);
  const fresh =
    outputs.every((file) => existsSync(at(file))) &&
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === before;
  if (fresh && !force) return console.log(`${title}: up to date`);
  console.log(`${title}: building ...`);
  rmSync(stamp, { force: true });
  await make();
  mkdirSync(at("target", "stamps"), { recursive: true });
  writeFileSync(stamp, before);
}

async function buildWasm() {
  await must("wasm-pack", ["build", "--target", "web", "--release", "--out-dir", "pkg"]);
  // It says "*", and `npm pack` would obey and leave the folder's files out.
  rmSync(at("pkg", ".gitignore"), { force: true });
}

async function buildJs() {
  for (const name of ["js/browser.mjs", "js/node.mjs", "js/index.d.ts"]) {
    if (!existsSync(at(name)))
      throw new Failure(`${name} is missing: the package cannot be built without it.`);
  }
  // Built beside and swapped in at the end, so that a failed build leaves the last good one.
  const fresh = at("target", "dist");
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  copyFileSync(at("pkg", WASM), join(fresh, WASM));
  copyFileSync(at("js", "index.d.ts"), join(fresh, "index.d.ts"));
  copyFileSync(at("js", "index.d.ts"), join(fresh, "index.d.cts"));
  writeFileSync(join(fresh, `${WASM}.d.cts`), WASM_TYPES);

  const { build } = await import("esbuild");
  const common = { absWorkingDir: ROOT, bundle: true, logLevel: "warning", legalComments: "none" };
  await build({
    ...common,
    entryPoints: ["js/browser.mjs"],
    outfile: join(fresh, "browser.mjs"),
    format: "esm",
    platform: "browser", // a node: import is an error here
    target: "es2022",
    minify: true,
  });
  await build({
    ...common,
    entryPoints: ["js/node.mjs"],
    outfile: join(fresh, "node.cjs"),
    format: "cjs",
    platform: "node",
    target: "node20",
    external: ["ws"],
    // CommonJS has no import.meta.url; the sources may use it to find the wasm file beside them.
    define: { "import.meta.url": "__moduleUrl" },
    banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
  });

  swap(fresh, at("dist"));
  writeFileSync(
    at("dist", "node.mjs"),
    esmWrapper(Object.keys(createRequire(import.meta.url)(at("dist", "node.cjs")))),
  );
}

/** `import` gets the very objects that `require` gets: one class, never two. */
function esmWrapper(names) {
  const named = names.filter((name) => name !== "default");
  const lines = [
    'import implementation from "./node.cjs";',
    `export const { ${named.join(", ")} } = implementation;`,
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

function printSizes() {
  const row = (name, raw, zipped) =>
    console.log(`${name.padEnd(20)}${kib(raw).padStart(12)}${kib(zipped).padStart(12)}`);
  const kib = (bytes) => (typeof bytes === "string" ? bytes : `${(bytes / 1024).toFixed(1)} KiB`);
  row("a browser downloads", "raw", "gzip");
  const sums = [0, 0];
  for (const name of ["browser.mjs", WASM]) {
    const bytes = readFileSync(at("dist", name));
    const zipped = gzipSync(bytes, { level: 9 }).length;
    row(`  ${name}`, bytes.length, zipped);
    sums[0] += bytes.length;
    sums[1] += zipped;
  }
  row("  together", ...sums);
}

export async function build({ force = false } = {}) {
  const pkg = ["mqtt_lib.js", "mqtt_lib.d.ts", WASM].map((name) => join("pkg", name));
  const dist = [
    "browser.mjs",
    "node.cjs",
    "node.mjs",
    "index.d.ts",
    "index.d.cts",
    WASM,
    `${WASM}.d.cts`,
  ].map((name) => join("dist", name));
  await step("Rust to pkg/", { inputs: ["Cargo.toml", "Cargo.lock", "src"], outputs: pkg, force }, buildWasm);
  await step("JavaScript to dist/", { inputs: ["js", ...pkg], outputs: dist, force }, buildJs);
  printSizes();
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup("build");
    await build({ force: process.argv.includes("--force") });
  });
}

// `npm run sbom`: the bills of materials of a release, CycloneDX in JSON, made by npm and by cargo-cyclonedx: what an
// installation brings, and what is compiled into the WebAssembly. They go to target/sbom/. Licences that the package may not
// have are a failure.
//   npm run sbom -- --check   reads what is there, and makes nothing
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, isMain, main, must, ROOT } from "./run.mjs";
import { setup } from "./setup.mjs";

const FOLDER = join(ROOT, "target", "sbom");
const FILES = { npm: join(FOLDER, "npm.cdx.json"), cargo: join(FOLDER, "cargo.cdx.json") };
const TARGET = "wasm32-unknown-unknown";
/** Licences that ask for no more than to be named, which NOTICE does. */
const ALLOWED = ["Apache-2.0", "MIT", "BSD-3-Clause", "Unicode-3.0", "Zlib"];

/** Whether one of the alternatives of a licence expression has nothing but what is allowed. */
export function isAllowed(expression) {
  const alternatives = expression.replace(/[()]/g, " ").split(/\s+OR\s+|\//);
  const isFine = (name) => ALLOWED.includes(name.replace(/\s+WITH\s+.*/, "").trim());
  return alternatives.some((alternative) => alternative.split(/\s+AND\s+/).every(isFine));
}

/** The licence expression of a component. */
const licence = ({ licenses = [] }) =>
  licenses.map(({ expression, license }) => expression ?? license.id ?? license.name).join(" AND ");

/** Names and licences of the components that are not allowed. */
export function refused({ components = [] }) {
  return components
    .filter((component) => !isAllowed(licence(component)))
    .map((component) => `${component.name} (${licence(component) || "none"})`);
}

/** What an installation brings, in a folder of its own: among packages that only the tests need npm loses sight of it. */
async function ofNpm() {
  const cwd = join(FOLDER, "installed");
  mkdirSync(cwd, { recursive: true });
  const { name, version, license, dependencies } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  writeFileSync(join(cwd, "package.json"), JSON.stringify({ name, version, license, dependencies }));
  await must("npm", ["install", "--package-lock-only", "--no-audit", "--no-fund"], { cwd, capture: true });
  return must("npm", ["sbom", "--sbom-format=cyclonedx", "--package-lock-only"], { cwd, capture: true });
}

async function make() {
  await setup("sbom");
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(FILES.npm, await ofNpm());
  const all = ["cyclonedx", "--format", "json", "--target", TARGET, "--features", "package"];
  await must("cargo", [...all, "--override-filename", "made.cdx"], { capture: true });
  renameSync(join(ROOT, "made.cdx.json"), FILES.cargo);
}

function check() {
  for (const [name, file] of Object.entries(FILES)) {
    const list = JSON.parse(readFileSync(file, "utf8"));
    const wrong = refused(list);
    if (wrong.length > 0) throw new Failure(`licences that are not allowed, in ${file}: ${wrong.join(", ")}`);
    const names = (list.components ?? []).map((component) => `${component.name} ${component.version}`);
    console.log(`${name}: ${names.length} components, licences allowed: ${names.join(", ")}`);
  }
}

if (isMain(import.meta.url)) {
  await main(async () => {
    if (!process.argv.includes("--check")) await make();
    check();
  });
}

// The crate as Rust users get it: its contents, its documentation without warnings, and its example, which connects to a
// broker over std::net; and NOTICE, which names everything that is compiled into the package.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startMosquitto } from "../support/mosquitto.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MANIFEST = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

async function cargo(args, env = {}) {
  const options = { cwd: ROOT, env: { ...process.env, ...env }, maxBuffer: 64 << 20 };
  return (await promisify(execFile)("cargo", args, options)).stdout;
}

const tree = [
  "tree",
  "--features",
  "package",
  "--target",
  "wasm32-unknown-unknown",
  "-e",
  "normal,no-proc-macro",
  "--prefix",
  "none",
];

test("NOTICE names every crate that is compiled into the package", async () => {
  const notice = readFileSync(join(ROOT, "NOTICE"), "utf8");
  const names = new Set((await cargo(tree)).match(/^[\w-]+/gm));
  // Dependencies of the macros of wasm-bindgen, which run at build time and are not part of the package.
  for (const name of ["mqtt-lib", "unicode-ident", "wasm-bindgen-shared"]) names.delete(name);
  assert.ok(names.size > 3);
  const missing = [...names].filter((name) => !new RegExp(`(^|[^\\w-])${name}($|[^\\w-])`, "m").test(notice));
  assert.deepEqual(missing, []);
});

test("the crate contains its sources and texts, and nothing else", async () => {
  const files = (await cargo(["package", "--list", "--allow-dirty"])).trim().split("\n");
  const texts = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
    "LICENSE",
    "NOTICE",
    "README.md",
  ];
  const others = files.filter(
    (name) => !/^(src|examples)\/.*\.rs$|^src\/driver\/.*\.js$/.test(name) && name !== ".cargo_vcs_info.json",
  );
  assert.deepEqual(others.sort(), texts.sort());
});

test("package and crate have the same version, and the changelog tells of it", () => {
  const version = readFileSync(join(ROOT, "Cargo.toml"), "utf8").match(/^version = "(.*)"/m)[1];
  assert.equal(version, MANIFEST.version);
  assert.ok(readFileSync(join(ROOT, "CHANGELOG.md"), "utf8").includes(`\n## [${version}]`));
});

test("its documentation builds without a warning", async () => {
  await cargo(["doc", "--no-deps", "--quiet"], { RUSTDOCFLAGS: "-D warnings" });
});

test("its example talks to a broker over std::net", async (t) => {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const args = [
    "run",
    "--quiet",
    "--example",
    "native",
    "--",
    `127.0.0.1:${broker.port}`,
    "test/native",
    "hello",
  ];
  const lines = (await cargo(args)).trim().split("\n");
  assert.equal(lines[0], "connected");
  assert.equal(lines.at(-1), "stopped");
  assert.deepEqual(lines.slice(1, -1).sort(), ["acknowledged", "test/native hello"]);
});

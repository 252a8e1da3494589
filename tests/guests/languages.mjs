// How each language makes a component of a program in wasi/guests: the tools and words that its documentation names. Each
// function gives the path of what it has made, which is made again when its program, the interfaces or the tools have changed.

import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, must } from "../../scripts/run.mjs";
import { GUESTS } from "../../scripts/setup.mjs";
import { step } from "../../scripts/step.mjs";

export const OUT = join(ROOT, "target/guests");
const SOURCES = join(ROOT, "wasi/guests");
const WIT = join(OUT, "wit");
/** What all of them are made from. */
const INTERFACES = ["wasi/guests/wit", "wit", "wasi/messaging/wit/deps"];
const TOOLS = ["tests/guests/languages.mjs", "scripts/setup.mjs", "package-lock.json"];

/** Calls `make`, which makes `file` of target/guests, unless nothing has changed. */
async function component(language, file, make, ...more) {
  const inputs = [`wasi/guests/${language}`, ...INTERFACES, ...TOOLS, ...more];
  await step(`guest in ${language}`, { inputs, outputs: [join("target/guests", file)] }, make);
  return join(OUT, file);
}

/** The interfaces of the guests, with the component's among what they depend on. */
export function layOutWit() {
  rmSync(WIT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  cpSync(join(SOURCES, "wit"), WIT, { recursive: true });
  cpSync(join(ROOT, "wit/deps"), join(WIT, "deps"), { recursive: true });
  cpSync(join(ROOT, "wit/mqtt-lib.wit"), join(WIT, "deps/mqtt-lib/mqtt-lib.wit"));
  cpSync(join(ROOT, "wasi/messaging/wit/deps"), join(WIT, "deps"), { recursive: true });
}

export const rust = () => rustGuest("rust", "guest.wasm");

/** A program of Rust in a folder of its own, and the file that cargo makes of it. */
export async function rustGuest(folder, file) {
  const args = [
    "build",
    "--release",
    "--locked",
    "--target",
    "wasm32-wasip2",
    "--target-dir",
    join(OUT, "rust"),
  ];
  await must("cargo", args, { cwd: join(SOURCES, folder) });
  return join(OUT, "rust/wasm32-wasip2/release", file);
}

export function javascript() {
  return component("javascript", "javascript-made.wasm", async () => {
    const [folder, made] = [join(SOURCES, "javascript"), join(OUT, "javascript-made.wasm")];
    const guest = [join(folder, "guest.js"), "--wit", WIT, "--world-name", "guest", "--out", made];
    // Otherwise it asks its host for HTTP, too.
    const words = ["componentize", ...guest, "--disable", "http", "fetch-event"];
    const jco = ["--import", join(folder, "preopen.mjs"), join(ROOT, "node_modules/.bin/jco")];
    await must(process.execPath, [...jco, ...words]);
  });
}

export function python() {
  const make = async () => {
    const words = ["-d", WIT, "-w", "guest", "componentize", "guest", "-o", join(OUT, "python-made.wasm")];
    const env = { PYTHONPATH: join(GUESTS, "python"), PYTHONDONTWRITEBYTECODE: "1" };
    const options = { cwd: join(SOURCES, "python"), env };
    await must(join(GUESTS, "python/bin/componentize-py"), words, options);
  };
  return component("python", "python-made.wasm", make, "scripts/guests-python.txt");
}

export function c() {
  const make = async () => {
    const made = join(OUT, "c");
    const path = (name) => join(made, name);
    rmSync(made, { recursive: true, force: true });
    await must("wit-bindgen", ["c", WIT, "--world", "program", "--out-dir", made]);
    const files = [join(SOURCES, "c/guest.c"), path("program.c"), path("program_component_type.o")];
    const compile = ["cc", "--target=wasm32-wasi", "-Os", `-I${made}`, ...files, "-o", path("core.wasm")];
    await must(join(GUESTS, "c/ziglang/zig"), compile, {
      env: { ZIG_GLOBAL_CACHE_DIR: join(GUESTS, "zig-cache") },
    });
    await must("jco", ["new", path("core.wasm"), "--wasi-command", "-o", path("made.wasm")]);
  };
  return component("c", "c/made.wasm", make, "scripts/guests-c.txt");
}

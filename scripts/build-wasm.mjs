// Rust -> pkg/: what wasm-pack makes of the crate, and the .wasm as it is shipped, or a draft of it. Owns how the compiler makes
// it small, or is quick.
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { module } from "./binary.mjs";
import { writeCrate } from "./crate.mjs";
import { writeJsCore } from "./js-core.mjs";
import { must, ROOT } from "./run.mjs";
import { writeShipped } from "./shipped-wasm.mjs";
import { guardGlue, parseNames, shortenNames, shortenWasm } from "./shorten.mjs";

/** What wasm-bindgen writes; what a page loads of the core has the same name. */
export const WASM = "mqtt_lib_bg.wasm";
/** The .wasm as it is shipped, and the short names in it. */
export const SHORT = { whole: "pkg/short.wasm", page: "pkg/short-page.wasm", store: "pkg/short-store.wasm" };
export const SHORT_NAMES = "pkg/short-names.txt";
/** The same program as JavaScript. */
export const JS_CORE = "pkg/js-core.js";
export const DRAFT = [
  "pkg/mqtt_lib.js",
  "pkg/mqtt_lib.d.ts",
  `pkg/${WASM}`,
  ...Object.values(SHORT),
  SHORT_NAMES,
];
export const PKG = [...DRAFT, JS_CORE];
/** @param {string[]} parts */
const at = (...parts) => join(ROOT, ...parts);

/**
 * LLVM inlines only calls whose inlining makes the code hardly larger, and small functions marked `#[inline]`; the
 * functions on the path of a publish are `#[inline(always)]`. No loop is unrolled.
 */
const SMALL_CODE = [
  "inline-threshold=10",
  "inlinehint-threshold=60",
  "unroll-threshold=0",
  "unroll-runtime=false",
  "unroll-allow-partial=false",
  "rotation-max-header-size=0",
  // No partial redundancy elimination, which copies computations to other paths, and no loop strength reduction, which
  // adds counters to loops.
  "enable-pre=false",
  "disable-lsr",
  // The last value of a loop's variable is not computed a second time behind the loop.
  "replexitval=never",
];

/** Half of the default stack: the addresses after it are shorter by a byte wherever they are encoded. */
const STACK = 512 << 10;

/**
 * The crate is compiled for size, apart from the functions on the path of a message: they are `optimize(speed)` where
 * `small_code` is set. The other crates have opt-level 2, because a message calls their smallest helpers.
 */
const SIZE = '--config=profile.release.package.mqtt-lib.opt-level="z"';

/**
 * The standard library is compiled with the crate, so that a panic is a trap instead of the code that would print it: 10
 * KiB less to download. Stable Rust does that with RUSTC_BOOTSTRAP.
 */
export const SMALL = {
  args: ["-Zbuild-std=std,panic_abort", "--features=package", SIZE],
  env: {
    RUSTC_BOOTSTRAP: "1",
    RUSTFLAGS: [
      "-Zunstable-options -Cpanic=immediate-abort",
      // One copy of a function of `std` for all crates; without it each crate that uses it has its own.
      "-Zshare-generics=yes",
      "--cfg=small_code",
      ...SMALL_CODE.map((option) => `-Cllvm-args=-${option}`),
      `-Clink-arg=-zstack-size=${STACK}`,
      "-Ctarget-feature=-reference-types",
    ].join(" "),
    CARGO_PROFILE_RELEASE_OPT_LEVEL: "2",
    CARGO_TARGET_DIR: at("target", "package"), // other flags than the tests': neither is to undo the other's work
  },
};

/** The same program in a third of the time, several times as large. */
const QUICK = {
  args: ["--features=package"],
  env: {
    RUSTFLAGS: [
      "-Ctarget-feature=-reference-types",
      // The standard library that rustup brings says that it uses them, and wasm-bindgen would believe it.
      "-Clink-arg=--no-check-features",
      "-Clink-arg=--features=bulk-memory,multivalue,mutable-globals,nontrapping-fptoint,sign-ext",
    ].join(" "),
    CARGO_PROFILE_RELEASE_OPT_LEVEL: "2",
    CARGO_PROFILE_RELEASE_LTO: "off",
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16",
    CARGO_TARGET_DIR: at("target", "draft"),
  },
};

/** wasm-pack's part. @param {{ args: string[], env: Record<string, string> }} how */
async function compile({ args, env }) {
  const options = ["--target", "web", "--release", "--no-opt", "--out-dir", at("pkg")];
  await must("wasm-pack", ["build", writeCrate(), ...options, "--", ...args], { env });
  // wasm-pack writes "*" into it, so that `npm pack` would leave out the files of the folder.
  rmSync(at("pkg", ".gitignore"), { force: true });
  // Here and not when it is bundled, so that the sources in js/ also run with it unbuilt, as some tests do.
  const glue = at("pkg", "mqtt_lib.js");
  writeFileSync(glue, guardGlue(readFileSync(glue, "utf8")));
}

export async function buildWasm() {
  await compile(SMALL);
  const { whole, page, store } = SHORT;
  const { named, names } = await shortenWasm(at("pkg", WASM), at(whole));
  writeFileSync(at(SHORT_NAMES), names);
  const compiled = at("target", "package", "wasm32-unknown-unknown", "release", "mqtt_lib.wasm");
  // Side by side: one computes in threads, the other one in processes.
  await Promise.all([
    writeShipped(named, { whole: at(whole), page: at(page), store: at(store) }),
    writeJsCore(compiled, at("pkg", `${WASM}.d.ts`), parseNames(names), at(JS_CORE)),
  ]);
}

/** A draft, with the same files but for the core as JavaScript: a page loads the whole, and for a store an empty part beside it. */
export async function draftWasm() {
  rmSync(at(JS_CORE), { force: true });
  await compile(QUICK);
  writeFileSync(at(SHORT_NAMES), await shortenNames(at("pkg", WASM), at(SHORT.whole)));
  copyFileSync(at(SHORT.whole), at(SHORT.page));
  writeFileSync(at(SHORT.store), module([]));
}

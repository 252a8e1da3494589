// `npm run bytes`: shows what takes up the bytes of the download: the size of each file, and by twiggy the largest functions
// and data of the .wasm. Owns a copy of the .wasm with names; the shipped one has none.
//   npm run bytes          the 40 largest
//   npm run bytes -- 100   the 100 largest
import { join } from "node:path";
import { build } from "./build.mjs";
import { SMALL } from "./build-wasm.mjs";
import { writeCrate } from "./crate.mjs";
import { Failure, isMain, main, must, ROOT } from "./run.mjs";
import { setup } from "./setup.mjs";
import { printSizes } from "./sizes.mjs";

const CRATE = join(SMALL.env.CARGO_TARGET_DIR, "wasm32-unknown-unknown", "release", "mqtt_lib.wasm");
const NAMED = join(ROOT, "target", "bytes");

async function bytes([count = "40", ...rest]) {
  if (!/^[1-9]\d*$/.test(count) || rest.length > 0)
    throw new Failure("npm run bytes takes one number: how many to list.");
  await setup("bytes");
  await build();
  await must(
    "cargo",
    ["build", "--quiet", "--release", "--lib", "--target", "wasm32-unknown-unknown", ...SMALL.args],
    {
      cwd: writeCrate(),
      env: SMALL.env,
    },
  );
  await must("wasm-bindgen", ["--target", "web", "--keep-debug", "--out-dir", NAMED, CRATE]);
  const file = join(NAMED, "mqtt_lib_bg.wasm");
  await must("wasm-opt", ["-Oz", "-g", file, "-o", file]);
  await must("twiggy", ["top", "-n", count, file]);
  printSizes("what is shipped", ["dist/browser.mjs", "dist/mqtt_lib_bg.wasm"], { together: true });
}

if (isMain(import.meta.url)) await main(() => bytes(process.argv.slice(2)));

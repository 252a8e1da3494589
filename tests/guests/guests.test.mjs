// Programs that are not ours and know only the interface of the component, in Rust, JavaScript, Python and C: each is put
// together with it by `wac plug`, and publishes and receives under wasmtime. Installs what they need.

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { COMPONENT, buildWasi } from "../../scripts/build-wasi.mjs";
import { ROOT, must } from "../../scripts/run.mjs";
import { setup, WASMTIME } from "../../scripts/setup.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { NETWORK, run } from "../wasi/helpers.mjs";
import { c, javascript, layOutWit, OUT, python, rust } from "./languages.mjs";

let broker;

before(async () => {
  await setup("guests");
  await buildWasi();
  layOutWit();
  broker = await startMosquitto();
});

after(() => broker?.stop());

const LANGUAGES = { rust, javascript, python, c };
const NAMES = { rust: "Rust", javascript: "JavaScript", python: "Python", c: "C" };

for (const [language, make] of Object.entries(LANGUAGES)) {
  test(`a guest in ${NAMES[language]} publishes and receives`, async () => {
    const [guest, whole] = [join(OUT, `${language}.wasm`), join(OUT, `${language}-whole.wasm`)];
    cpSync(await make(), guest);
    await must("wac", ["plug", guest, "--plug", join(ROOT, COMPONENT), "-o", whole]);
    const where = ["--env", `MQTT_SERVER=mqtt://127.0.0.1:${broker.port}`];
    const { stdout, stderr, code } = await run(WASMTIME, ["run", ...NETWORK, ...where, whole]);
    assert.deepEqual(
      { stdout: stdout.trim(), code },
      { stdout: `guest/${language} hello from ${NAMES[language]}`, code: 0 },
      stderr,
    );
  });
}

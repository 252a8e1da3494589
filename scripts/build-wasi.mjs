// `npm run build:wasi`: builds the WASI component and command, and transpiles the component to JavaScript with jco.
//   wasi/dist/mqtt-lib-client.wasm   the component of wit/
//   wasi/dist/mqtt-lib-client-asking.wasm   the same, asking its host for credentials
//   wasi/dist/mqtt-lib-client-tls.wasm   the same as the first, with TLS
//   wasi/dist/mqtt-lib.wasm          the command `mqtt-lib pub|sub|request`
//   wasi/dist/mqtt-lib-tls.wasm      the same, with TLS
//   wasi/dist/mqtt-lib-messaging.wasm       wasi:messaging over MQTT, for guests that know it alone
//   wasi/dist/mqtt-lib-messaging-tls.wasm   the same, with TLS
//   wasi/dist/mqtt-lib-consumer.wasm        hands the messages of both to a guest that handles them
//   wasi/dist/js/                    the component, transpiled
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { isMain, main, must, ROOT } from "./run.mjs";
import { setup } from "./setup.mjs";
import { printSizes } from "./sizes.mjs";
import { step } from "./step.mjs";

export const COMPONENT = "wasi/dist/mqtt-lib-client.wasm";
export const ASKING = "wasi/dist/mqtt-lib-client-asking.wasm";
export const WITH_TLS = "wasi/dist/mqtt-lib-client-tls.wasm";
export const COMMAND = "wasi/dist/mqtt-lib.wasm";
export const COMMAND_WITH_TLS = "wasi/dist/mqtt-lib-tls.wasm";
export const MESSAGING = "wasi/dist/mqtt-lib-messaging.wasm";
const MESSAGING_WITH_TLS = "wasi/dist/mqtt-lib-messaging-tls.wasm";
export const CONSUMER = "wasi/dist/mqtt-lib-consumer.wasm";
const MESSAGES = [MESSAGING, MESSAGING_WITH_TLS, CONSUMER];
const ALL = [COMPONENT, ASKING, WITH_TLS, COMMAND, COMMAND_WITH_TLS, ...MESSAGES];
const JS = "wasi/dist/js";
const CORE = `${JS}/mqtt-lib-client.core.wasm`;
const BUILT = "target/wasi/wasm32-wasip2/release";
const SOURCES = ["Cargo.toml", "Cargo.lock", "src", "wit", "wasi/Cargo.toml", "wasi/Cargo.lock"];
const MEMBERS = ["wasi/edge", "wasi/component", "wasi/command", "wasi/messaging"];

async function buildRust() {
  const build = (...args) =>
    must("cargo", ["build", "--release", "--locked", ...args], { cwd: join(ROOT, "wasi") });
  const keep = (built, name) => copyFileSync(join(ROOT, BUILT, built), join(ROOT, name));
  mkdirSync(join(ROOT, "wasi/dist"), { recursive: true });
  await build();
  keep("mqtt_lib_component.wasm", COMPONENT);
  keep("mqtt-lib.wasm", COMMAND);
  keep("mqtt_lib_messaging.wasm", MESSAGING);
  keep("mqtt-lib-consumer.wasm", CONSUMER);
  await build("-p", "mqtt-lib-component", "--features", "asking");
  keep("mqtt_lib_component.wasm", ASKING);
  await build("--features", "tls");
  keep("mqtt_lib_component.wasm", WITH_TLS);
  keep("mqtt-lib.wasm", COMMAND_WITH_TLS);
  keep("mqtt_lib_messaging.wasm", MESSAGING_WITH_TLS);
}

export async function buildWasi({ force = false } = {}) {
  const tools = ["scripts/build-wasi.mjs"];
  const rust = { inputs: [...SOURCES, ...MEMBERS, ...tools], outputs: ALL, force };
  await step("WASI to wasi/dist/", rust, buildRust);
  const js = { inputs: [COMPONENT, "package-lock.json", ...tools], outputs: [CORE], force };
  await step("component to JavaScript", js, () =>
    must("jco", ["transpile", COMPONENT, "--name", "mqtt-lib-client", "--out-dir", JS, "--quiet"]),
  );
  printSizes("WASI 0.2", ALL);
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await setup("wasi");
    await buildWasi({ force: process.argv.includes("--force") });
  });
}

// The declared types agree with the implementation: members of the class, of messages, of the counters; error codes; keys of
// credentials. The TypeScript compiler compares them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Message } from "../../js/message.mjs";
import { freePort } from "../support/ports.mjs";

const require = createRequire(import.meta.url);
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (name) => readFileSync(join(ROOT, name), "utf8");
const { MqttCustom, MqttError } = await import("mqtt-lib");

mkdirSync(join(ROOT, "target"), { recursive: true });
const folder = mkdtempSync(join(ROOT, "target", "types-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The quoted names that follow `before` on a line of a source file. */
function names(file, before) {
  const found = [...read(file).matchAll(new RegExp(`${before}"(\\w+)"`, "g"))].map((match) => match[1]);
  assert.ok(found.length > 3, `${file} is not written as this test expects`);
  return found;
}

/** `__v_skip` is for Vue alone; `$` and a number stands for a private method where pages load the file, too. */
const own = (object) =>
  Object.getOwnPropertyNames(object).filter((name) => !/^(constructor|__v_skip|\$[a-z]?\$?\d+)$/.test(name));
const statics = (type) => own(type).filter((name) => !["length", "name", "prototype"].includes(name));

/** Asserts that a type is the union of exactly these names. */
function compare(type, real, from = "mqtt-lib") {
  const union = real.map((name) => JSON.stringify(name)).join(" | ") || "never";
  const text = `import type * as lib from "${from}";
type Real = ${union};
type Declared = ${type};
export const notDeclared: never = null as unknown as Exclude<Real, Declared>;
export const notReal: never = null as unknown as Exclude<Declared, Real>;
`;
  writeFileSync(join(folder, "agree.ts"), text);
  writeFileSync(
    join(folder, "tsconfig.json"),
    // The stage `types` checks the declarations themselves.
    JSON.stringify({
      extends: "../../tsconfig.json",
      compilerOptions: { skipLibCheck: true },
      include: ["agree.ts"],
    }),
  );
  const tsc = join(ROOT, "node_modules", ".bin", "tsc");
  const { stdout, status } = spawnSync(tsc, ["--pretty", "false", "-p", folder], { encoding: "utf8" });
  assert.equal(status, 0, `${type}: ${stdout}`);
}

const idle = new MqttCustom({ autostart: false });

test("the entries export what is declared", async () => {
  const exported = Object.keys(await import("mqtt-lib"));
  compare("keyof typeof lib", exported);
  const entries = [
    "node.cjs",
    "node.mjs",
    "inline.node.mjs",
    "inline.mjs",
    "bare.mjs",
    "bare.cjs",
    "browser.mjs",
  ];
  for (const entry of entries) {
    const all = await import(`../../dist/${entry}`);
    assert.deepEqual(Object.keys(all.default ?? all).sort(), exported.toSorted(), entry);
  }
});

for (const entry of [
  "mqtt-lib/otel",
  "mqtt-lib/react",
  "mqtt-lib/sparkplug",
  "mqtt-lib/tabs",
  "mqtt-lib/topics",
  "mqtt-lib/streams",
  "mqtt-lib/wire",
]) {
  test(`${entry} exports what is declared, with import and require`, async () => {
    const exported = Object.keys(await import(entry));
    compare("keyof typeof lib", exported, entry);
    assert.deepEqual(Object.keys(require(entry)).sort(), exported.toSorted());
  });
}

test("a typed topic, its messages and its errors have the declared members", async () => {
  const { json, topic, ValidationError } = await import("mqtt-lib/topics");
  const typed = topic("a/{b}", json);
  const types = 'import("mqtt-lib/topics")';
  // What every function has is not declared.
  const names = Object.getOwnPropertyNames(typed).filter(
    (name) => !["length", "name", "toString"].includes(name),
  );
  compare(`Exclude<keyof ${types}.Topic<"a/{b}", 1, 1>, "~types">`, names);
  const message = typed.read(Object.assign(new Message("a/c", Buffer.from("1"), 0)));
  compare(`keyof ${types}.TypedMessageOf<${types}.Topic<"a/{b}", 1, 1>>`, [
    ...Object.keys(message),
    ...own(Message.prototype),
  ]);
  compare(`keyof ${types}.ValidationError`, [...own(new ValidationError("a", [], 1))]);
});

/** The options that the sentence about an unknown one names. */
function optionsOf(make) {
  try {
    make({ unknown: 1 });
  } catch (error) {
    return error.message.split("known are ")[1].split(", ");
  }
  throw new Error("an unknown option is taken");
}

test("mqtt-lib/otel has the declared options and members", async () => {
  const { instrument } = await import("mqtt-lib/otel");
  const client = new MqttCustom({ autostart: false });
  const options = optionsOf((given) => instrument(client, given));
  compare("keyof lib.InstrumentOptions", options, "mqtt-lib/otel");
  compare("keyof lib.Instrumentation & string", Object.keys(instrument(client)), "mqtt-lib/otel");
});

test("mqtt-lib/sparkplug has the declared options and members", async () => {
  const { EdgeNode, HostApplication } = await import("mqtt-lib/sparkplug");
  for (const [type, name, given] of [
    [EdgeNode, "EdgeNode", { group: "a", node: "b" }],
    [HostApplication, "HostApplication", { id: "a" }],
  ]) {
    const options = optionsOf((more) => new type({ ...given, ...more }));
    compare(`keyof lib.${name}Options`, options, "mqtt-lib/sparkplug");
    const members = [...own(type.prototype), ...own(new type(given))];
    compare(`keyof lib.${name} & string`, members, "mqtt-lib/sparkplug");
  }
});

test("instances have the declared members", () => {
  const members = [MqttCustom.prototype, EventTarget.prototype, idle].flatMap(own);
  compare("keyof lib.MqttCustom & string", members);
});

test("the class has the declared static members", () => {
  compare('Exclude<keyof typeof lib.MqttCustom, "prototype">', statics(MqttCustom));
});

test("stats() has the declared counters, and while an attempt waits for its time one more", async () => {
  const credentials = { mqttserver: "127.0.0.1", mqttport: await freePort(), mqttprotocol: "mqtt" };
  const waiting = new MqttCustom({ credentials, on_error() {} });
  await assert.rejects(waiting.start(), { code: "CONNECTION_REFUSED" });
  const counters = Object.keys(waiting.stats());
  await waiting.stop();
  assert.deepEqual(
    Object.keys(idle.stats()),
    counters.filter((name) => name !== "reconnectIn"),
  );
  // This one is there while a message is unhandled.
  compare("keyof lib.Stats", [...counters, "oldestUnhandled", "lastMessage", "ackP50", "ackP99"]);
});

test("a message has the declared members", () => {
  const message = new Message("a", new Uint8Array(0), 0);
  compare("keyof lib.Message", [...Object.keys(message), ...own(Message.prototype)]);
});

test("the states are those of the engine", () => {
  compare("lib.State", names("src/engine/mod.rs", "State::\\w+ => "));
});

/** The codes that the engine does not have, because they mean that there is no engine, or that it has trapped. */
const OF_JAVASCRIPT = ["LOAD_FAILED", "CORE_FAILED"];
/** Members that the core and the socket add to some errors. */
const ADDED = ["reasonName", "closeCode", "closeReason"];

test("the codes are those of the engine", () => {
  compare("lib.ErrorCode", [...names("src/engine/error/codes.rs", "Code::\\w+ => "), ...OF_JAVASCRIPT]);
});

test("the codes of MqttError are those that the engine gives to no other class", () => {
  const source = read("src/engine/error/codes.rs");
  const others = source
    .slice(source.indexOf("pub fn class"))
    .split("\n")
    .filter((line) => /=> Class::(Type|Range)/.test(line))
    .flatMap((line) => [...line.matchAll(/Code::(\w+)/g)].map((match) => match[1]));
  const codes = [...source.matchAll(/Code::(\w+) => "(\w+)"/g)];
  compare(
    "lib.MqttErrorCode",
    codes
      .filter(([, variant]) => !others.includes(variant))
      .map(([, , name]) => name)
      .concat(OF_JAVASCRIPT),
  );
});

test("an MqttError has the declared members", () => {
  const error = new MqttError("a", "STOPPED", 1, "why", {});
  const getters = own(MqttError.prototype);
  compare("keyof lib.MqttError", [
    "message",
    "stack",
    ...getters,
    ...ADDED,
    ...own(error).filter((n) => !/message|stack/.test(n)),
  ]);
});

test("the keys of credentials are those of the validator", () => {
  compare("keyof lib.Credentials", names("src/engine/keys/table.rs", '\\((?=\\"\\w+\\", Key::)'));
});

test("the keys of the constructor's argument are taken, and no other", () => {
  const callbacks = own(MqttCustom.prototype).filter((name) => /^on(_|[A-Z])/.test(name));
  const keys = ["credentials", "userdata", "autostart", "logger", "wire", ...callbacks];
  compare("keyof lib.ClientOptions", keys);
  for (const key of keys) new MqttCustom({ [key]: undefined, autostart: false });
  assert.throws(() => new MqttCustom({ autostart: false, other: undefined }), { code: "INVALID_OPTION" });
});

// Tests of the scripts: a check that never fails, or a count that is always zero, would prove nothing.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { choose, parse } from "./fuzz.mjs";
import { markdownTable, textTable } from "../tests/brokers/support/table.mjs";
import { agreedVersion } from "./release.mjs";
import { Failure, must, ROOT, run } from "./run.mjs";
import { renumberLocals } from "./locals.mjs";
import { guardGlue, parseNames, shortenGlue } from "./shorten.mjs";
import { countConsumers, countMatrix, countRust, longestFirst, runNodeTests } from "./stages.mjs";
import { readResults } from "./test-reporter.mjs";
import { trimGlue } from "./trim.mjs";

test("clippy refuses a clock or a random seed of std, in whatever way it is named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-purity-"));
  try {
    cpSync(join(ROOT, "clippy.toml"), join(folder, "clippy.toml"));
    writeFileSync(
      join(folder, "Cargo.toml"),
      '[package]\nname = "impure"\nversion = "0.0.0"\nedition = "2021"\n',
    );
    mkdirSync(join(folder, "src"));
    for (const body of [
      "std::time::Instant::now().elapsed().as_millis() as u64",
      "std::time::SystemTime::now().elapsed().map_or(0, |age| age.as_secs())",
      "{ use std::hash::BuildHasher; std::collections::hash_map::RandomState::new().hash_one(1) }",
    ]) {
      writeFileSync(join(folder, "src", "lib.rs"), `pub fn impure() -> u64 {\n    ${body}\n}\n`);
      const args = ["clippy", "--offline", "--quiet", "--", "-D", "warnings"];
      const { code, output } = await run("cargo", args, { cwd: folder, capture: true });
      assert.notEqual(code, 0, body);
      assert.match(output, /disallowed type/, body);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("outside JavaScript the crate has no dependency but the codec's, which could bring a clock or a random seed", async () => {
  const output = await must("cargo", ["metadata", "--offline", "--no-deps", "--format-version", "1"], {
    capture: true,
  });
  const [{ dependencies }] = JSON.parse(output.slice(output.indexOf("{"))).packages;
  const native = dependencies.filter(({ target, kind }) => target === null && kind === null);
  assert.deepEqual(native.map(({ name }) => name).sort(), ["bytes", "mqttbytes"]);
});

test("no file of engine and codec is compiled for one target only, or leaves out what clippy refuses", () => {
  const files = ["src/engine", "src/codec"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .filter((name) => name.endsWith(".rs"))
      .map((name) => join(folder, name)),
  );
  assert.ok(files.length > 50, `${files.length} files`);
  for (const file of files) {
    assert.doesNotMatch(readFileSync(join(ROOT, file), "utf8"), /cfg.*\btarget_|clippy::disallowed/, file);
  }
});

test("the totals of the matrix of brokers are read", () => {
  const output = "qos0  passed\n\n27 passed, 5 failed, 2 cannot\n";
  assert.deepEqual(countMatrix(output), { passed: 27, failed: 5, skipped: 0 });
  assert.deepEqual(countMatrix("mosquitto is not installed"), { passed: 0, failed: 0, skipped: 0 });
});

test("the consumers are counted by the last line", () => {
  const output = "ok mqtt-lib in Vite 7, 9 s: 10\n1 fail as they are known to\n172 passed, 2 failed\n";
  assert.deepEqual(countConsumers(output), { passed: 172, failed: 2, skipped: 0 });
  assert.deepEqual(countConsumers("There is no dist/"), { passed: 0, failed: 0, skipped: 0 });
});

test("a table of brokers has one word where the versions agree, and a number for each reason", () => {
  const [broker, operation] = [
    { name: "b", title: "B 1" },
    { name: "o", title: "the operation" },
  ];
  const cell = (version, result, reason) => ({ broker, operation, version, result, reason });
  const [agreed, differ] = [
    [cell(4, "cannot", "no"), cell(5, "cannot", "no | not")],
    [cell(4, "passed"), cell(5, "failed", "no")],
  ];
  assert.match(markdownTable(agreed), /^\| the operation \| cannot \[1\]\(#reasons\) \[2\]\(#reasons\) \|$/m);
  assert.match(markdownTable(agreed), /^2\. no \\\| not$/m);
  assert.match(
    markdownTable(differ),
    /^\| the operation \| passed \(3\.1\.1\), failed \(5\) \[1\]\(#reasons\) \|$/m,
  );
  assert.match(textTable(differ), /^o +passed \(3\.1\.1\), failed \(5\)$/m);
});

test("cargo's and wasm-bindgen's totals are summed over test binaries", () => {
  const output =
    "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n" +
    "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n";
  assert.deepEqual(countRust(output), { passed: 7, failed: 2, skipped: 1 });
  assert.deepEqual(countRust("error: could not compile"), { passed: 0, failed: 0, skipped: 0 });
});

const TESTS = {
  "all.test.mjs": `
    import { before, describe, test } from "node:test";
    test("passes", () => console.log("\u2139 pass 99"));
    test("fails", () => { throw new Error("as it should"); });
    test("is skipped", { skip: true }, () => {});
    test("is to do", { todo: true }, () => { throw new Error("not yet"); });
    describe("suite", () => {
      test("in a suite", () => {});
      test("with a subtest", async (t) => { await t.test("subtest", () => {}); });
    });
    describe("suite whose hook fails", () => {
      before(() => { throw new Error("as it should"); });
      test("does not run", () => {});
    });
    test("never ends", { timeout: 20 }, () => new Promise(() => {}));
  `,
  "no-test.test.mjs": "export {};",
  "not-a-module.test.mjs": 'throw new Error("as it should");',
};

test("each test of node's runner is counted once, and no file or suite; a file without a test has failed", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = Object.entries(TESTS).map(([name, source]) => {
    writeFileSync(join(folder, name), source);
    return join(folder, name);
  });
  const record = join(folder, "made", "results.jsonl");
  const counts = await runNodeTests(files, { timeout: 60_000, record, quiet: true });
  const results = readResults(record).map(
    ({ file, name, result }) => `${basename(file)}: ${name.join(" > ")}: ${result}`,
  );
  assert.deepEqual(
    results.map((line) => line.replaceAll(`${folder}/`, "")),
    [
      "all.test.mjs: passes: passed",
      "all.test.mjs: fails: failed",
      "all.test.mjs: is skipped: skipped",
      "all.test.mjs: is to do: todo",
      "all.test.mjs: suite > in a suite: passed",
      "all.test.mjs: suite > with a subtest > subtest: passed",
      "all.test.mjs: suite > with a subtest: passed",
      "all.test.mjs: suite whose hook fails > does not run: cancelled",
      "all.test.mjs: never ends: cancelled",
      "no-test.test.mjs: no-test.test.mjs: failed",
      "not-a-module.test.mjs: not-a-module.test.mjs: failed",
    ],
  );
  assert.deepEqual(counts, { passed: 4, failed: 5, skipped: 2 });
});

test("the test files that took longest come first, new ones last and by name", () => {
  const results = [
    { file: "a", seconds: 2 },
    { file: "b", seconds: 1.5 },
    { file: "b", seconds: 1 },
    { file: "gone", seconds: 9 },
  ];
  assert.deepEqual(longestFirst(["d", "a", "b", "c"], results), ["b", "a", "c", "d"]);
});

test("a run that fails without a failed test, or writes no results, counts as one failure", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const record = join(folder, "results.jsonl");
  writeFileSync(record, '{"result":"passed"}\n');
  const missing = [join(folder, "missing.test.mjs")];
  assert.deepEqual(await runNodeTests(missing, { timeout: 60_000, record, quiet: true }), {
    passed: 0,
    failed: 1,
    skipped: 0,
  });
});

const NAMES = `{
 "imports": [
  ["./m.js", "__wbg_warn_f59baef670ac0e73", "$"],
  ["./m.js", "__wbindgen_object_clone_ref", "A"]
 ],
 "exports": [
  ["memory", "B"],
  ["__wbindgen_malloc", "Aa"],
  ["topic", "C"]
 ]
}
`;
const AGAIN = NAMES.replaceAll(/"[^"]+", ("[^"]+")\]/g, "$1, $1]");
const GLUE = `
export function topic(number) { return wasm.topic(number, wasm.__wbindgen_malloc, this.wasm.topic); }
const import0 = {
    __wbg_warn_f59baef670ac0e73: function(arg0) { console.warn(getObject(arg0).topic); },
    __wbindgen_object_clone_ref: function() { return wasm.memory.buffer; },
};
const imports = { "./m.js": import0 };
`;

test("the glue has the short names that wasm-opt has given, of imports and exports alone", () => {
  for (const said of [NAMES, NAMES + AGAIN, NAMES + AGAIN + AGAIN]) {
    assert.equal(
      shortenGlue(GLUE, parseNames(said)),
      `
export function topic(number) { return wasm.C(number, wasm.Aa, this.wasm.topic); }
const import0 = {
    $: function(arg0) { console.warn(getObject(arg0).topic); },
    A: function() { return wasm.B.buffer; },
};
const imports = { "a": import0 };
`,
    );
  }
});

test("the glue is given the guard of js/trap.mjs and the clock of js/clock.mjs, or the build fails", () => {
  const glue = `
function use() { setTimeout(f); clearTimeout(id); queueMicrotask(f); performance.now(); }
function initSync(module, imports) {
  const instance = new WebAssembly.Instance(module, imports);
  finalize(instance);
}
function finalize(instance) { wasm = instance.exports; }
function makeClosure(state) {
  const real = (...args) => {
    call(state.a);
  };
}
`;
  const guarded = guardGlue(glue);
  assert.match(
    guarded,
    /^import \{ guard \} from "\.\.\/js\/trap\.mjs";\nimport .*js\/emulated\.mjs";\nimport \{ setTimeout, .*js\/clock\.mjs";\n/,
  );
  assert.match(guarded, /wasm = guard\(instance\.exports\);/);
  assert.match(guarded, /args\) => \{\s+if \(state\.cnt === 0\) return;/);
  assert.throws(() => guardGlue(glue.replace("real", "other")), /does not contain "const real/);
  assert.match(
    guarded,
    /attach = \(part\) => new WebAssembly\.Instance\(part, \{ \.\.\.imports, b: instance\.exports \}\);/,
  );
  assert.throws(
    () => guardGlue(glue.replace("Instance(module,", "Instance(other,")),
    /does not contain "const instance/,
  );
  assert.throws(() => guardGlue(guarded), /does not contain "wasm = instance\.exports;" exactly once/);
  assert.throws(() => guardGlue(glue.replace("setTimeout(f)", "later(f)")), /does not use "setTimeout"/);
});

test("no export has more parameters than the guard of js/trap.mjs passes on", async () => {
  const { exports } = await WebAssembly.instantiate(
    await WebAssembly.compile(readFileSync(join(ROOT, "dist", "mqtt_lib_bg.wasm"))),
    new Proxy({}, { get: () => new Proxy({}, { get: () => () => 0 }) }),
  );
  const lengths = Object.values(exports).map((value) => (typeof value === "function" ? value.length : 0));
  assert.ok(Math.max(...lengths) > 1 && Math.max(...lengths) <= 8, `${lengths}`);
});

test("the glue is trimmed to what engines of ES2022 need, and one that is not known fails the build", () => {
  const glue = readFileSync(join(ROOT, "pkg", "mqtt_lib.js"), "utf8");
  const trimmed = trimGlue(glue);
  assert.ok(trimmed.length < glue.length - 2000, `${glue.length} to ${trimmed.length}`);
  assert.doesNotMatch(
    trimmed,
    /: function\(|, arguments\)|FinalizationRegistry ===|'encodeInto' in|Symbol\.dispose/,
  );
  assert.throws(() => trimGlue(trimmed), /The glue does not contain/);
});

test("locals get other numbers where that compresses better, and functions do what they did", async () => {
  // (func (param i32) (result i32) (local i32 i32)), twice: the second one has its locals the other way round.
  const body = (/** @type {number} */ a, /** @type {number} */ b) => [
    ...[0x20, 0, 0x41, 7, 0x6a, 0x22, a, 0x41, 3, 0x6c, 0x21, b],
    ...[0x20, a, 0x20, b, 0x6b, 0x20, a, 0x6c, 0x20, b, 0x6a, 0x0b],
  ];
  const code = [body(1, 2), body(2, 1)].flatMap((one) => [one.length + 3, 1, 2, 0x7f, ...one]);
  const wasm = Buffer.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f, 3, 3, 2, 0, 0],
    ...[7, 9, 2, 1, 0x61, 0, 0, 1, 0x62, 0, 1, 10, code.length + 1, 2, ...code],
  ]);
  const renumbered = renumberLocals(wasm);
  const [first, second] = [
    renumbered.subarray(-body(1, 2).length * 2 - 4, -body(1, 2).length - 4),
    renumbered.subarray(-body(1, 2).length),
  ];
  assert.deepEqual(first, second, "one text instead of two");
  const { instance } = await WebAssembly.instantiate(renumbered);
  const { a, b } = /** @type {Record<string, Function>} */ (instance.exports);
  const [x] = [5 + 7];
  for (const f of [a, b]) assert.equal(f(5), (x - 3 * x) * x + 3 * x);
});

test("glue that does not belong to the .wasm fails the build", () => {
  const names = parseNames(NAMES);
  const without = (text) => GLUE.replace(text, "");
  assert.throws(() => shortenGlue(without("__wbindgen_object_clone_ref:"), names), /2 imports.* 1\.$/);
  assert.throws(() => shortenGlue(GLUE.replace("wasm.topic", "wasm.topics"), names), /no "topics"/);
  assert.throws(
    () => shortenGlue(GLUE.replace("__wbg_warn_f5", "__wbg_warn_f6"), names),
    /no "__wbg_warn_f6/,
  );
  assert.throws(() => parseNames(NAMES + NAMES), /renamed/);
});

test("a failing command is reported in one sentence", async () => {
  const failing = must(process.execPath, ["-e", "process.exit(3)"], { capture: true });
  await assert.rejects(
    failing,
    (error) => error instanceof Failure && /failed with exit code 3\.$/.test(error.message),
  );
  await assert.rejects(must("no-such-program"), /`no-such-program` could not be started/);
  assert.equal((await run(process.execPath, ["-p", "6 * 7"], { capture: true })).output, "42\n");
});

test("a release needs one version in the package, the crate and the changelog", () => {
  const files = {
    manifest: '{ "version": "1.2.3" }',
    cargo: '[package]\nversion = "1.2.3"\n',
    changelog: "# Changelog\n\n## [1.2.3] - 2026-11-24\n",
  };
  assert.deepEqual(agreedVersion(files), { version: "1.2.3", date: "2026-11-24" });
  assert.throws(() => agreedVersion({ ...files, cargo: 'version = "1.2.4"' }), /Cargo\.toml 1\.2\.4/);
  assert.throws(
    () => agreedVersion({ ...files, changelog: "## [1.2.2] - 2026-11-01" }),
    /no section \[1\.2\.3\]/,
  );
  assert.throws(() => agreedVersion({ ...files, manifest: '{ "version": "next" }' }), /not a valid version/);
});

test("of a corpus what stands under a comment stays, and of the rest as much as fits, of every size", () => {
  const text = "# why\n01\n02\n# why else\n03\n04\n";
  assert.deepEqual(parse(text), { found: ["# why", "01", "# why else", "03"], rest: ["02", "04"] });
  const inputs = Array.from({ length: 100 }, (_, i) => Buffer.alloc(100 - i));
  const chosen = choose(inputs, 500);
  const total = chosen.reduce((sum, input) => sum + input.length, 0);
  assert.ok(total <= 500 && total > 400, `${total} bytes`);
  assert.ok(chosen[0].length < 40 && chosen.at(-1).length > 80);
  assert.equal(choose(inputs, 1e9).length, 100);
});

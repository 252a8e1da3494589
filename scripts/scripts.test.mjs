// Tests of the scripts themselves: a check that never fails, or a count that is always zero, proves nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { offences } from "./check-engine.mjs";
import { choose, parse } from "./fuzz.mjs";
import { markdownTable, textTable } from "../tests/brokers/support/table.mjs";
import { agreedVersion } from "./release.mjs";
import { Failure, must, run } from "./run.mjs";
import { countMatrix, countNode, countRust } from "./stages.mjs";

const names = (source) => offences(source).map(({ name }) => name);

test("the purity check finds each forbidden name, with its line", () => {
  assert.deepEqual(offences("fn f() {\n    let t = std::time::Instant::now();\n}"), [
    { line: 2, name: "Instant::now" },
  ]);
  for (const source of [
    "use wasm_bindgen::prelude::*;",
    "#[wasm_bindgen]",
    "use wasm_bindgen_futures::spawn_local;",
    "use web_sys::WebSocket;",
    "js_sys::Date::now()",
    "serde_wasm_bindgen::from_value(v)",
    "gloo_timers::callback::Timeout::new(1, f)",
    "gloo::timers::x()",
    "use std::time::{Duration, SystemTime};",
    "getrandom::getrandom(&mut b)",
    "rand::thread_rng()",
    "Math::random()",
    'let url = "http://x"; web_sys::window()',
    "let q = '\"'; js_sys::eval(x) // \"",
    'let s = r#"a "quoted" // b"#; js_sys::eval(s)',
    "/* a /* nested */ comment */ rand::random()",
  ]) {
    assert.equal(offences(source).length, 1, source);
  }
});

test("the purity check reads neither comments nor longer words", () => {
  for (const source of [
    "// never names web_sys",
    "/// no `Instant::now` here",
    "//! nor SystemTime",
    '/* js_sys /* getrandom */ rand:: " */ let x = 1;',
    "fn f<'a>(x: &'a str, y: &'a str) {} // rand::x",
    "let igloo = operand::<u8>();",
    "fn on(now: Instant) {}",
    'let s = "\\\\"; // web_sys',
  ]) {
    assert.deepEqual(names(source), [], source);
  }
});

test("the totals of the matrix of brokers are read", () => {
  const output = "qos0  passed\n\n27 passed, 5 failed, 2 cannot\n";
  assert.deepEqual(countMatrix(output), { passed: 27, failed: 5, skipped: 0 });
  assert.deepEqual(countMatrix("mosquitto is not installed"), { passed: 0, failed: 0, skipped: 0 });
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

test("the totals of node's runner are read, the last ones if a test printed some itself", () => {
  const report = (pass) =>
    `ℹ tests 9\nℹ suites 0\nℹ pass ${pass}\nℹ fail 1\nℹ cancelled 1\nℹ skipped 1\nℹ todo 1\nℹ duration_ms 42.5\n`;
  assert.deepEqual(countNode(report(1) + report(5)), { passed: 5, failed: 2, skipped: 2 });
});

test("a failing command is told in one sentence", async () => {
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
  assert.throws(() => agreedVersion({ ...files, manifest: '{ "version": "next" }' }), /no version/);
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

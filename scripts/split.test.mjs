// Splitting a .wasm (scripts/split.mjs): the two modules together do what the one did.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { must, ROOT } from "./run.mjs";
import { split } from "./split.mjs";

const TEXT = `(module
  (type $one (func (param i32) (result i32)))
  (import "a" "log" (func $log (param i32)))
  (import "a" "rare" (func $rare (result i32)))
  (memory (export "memory") 1)
  (global $depth (mut i32) (i32.const 64))
  (table 5 5 funcref)
  (elem (i32.const 1) $cold $hot $cold $hot)
  (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func $hot (type $one) (i32.add (call $double (local.get 0)) (i32.const 1)))
  (func $cold (type $one)
    (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
    (call $log (local.get 0))
    (i32.store (i32.const 8) (local.get 0))
    (i32.add (call $hot (call $beneath (local.get 0))) (call $rare)))
  (func $beneath (param i32) (result i32) (i32.sub (local.get 0) (i32.const 3)))
  (func (export "run") (param i32) (result i32) (call $cold (local.get 0)))
  (func (export "hot") (param i32) (result i32) (call $hot (local.get 0)))
  (func (export "slot") (param i32 i32) (result i32)
    (call_indirect (type $one) (local.get 1) (local.get 0)))
  (func (export "depth") (result i32) (global.get $depth)))`;

const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-split-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const instance = (bytes, imports) => new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;

test("a module that is split does what it did, once the second one is there", async () => {
  writeFileSync(join(folder, "in.wat"), TEXT);
  const tool = join(ROOT, "node_modules", ".bin", "wasm-as");
  await must(tool, ["-g", join(folder, "in.wat"), "-o", join(folder, "in.wasm")]);
  const bytes = readFileSync(join(folder, "in.wasm"));
  const logged = [];
  const a = { log: (value) => logged.push(value), rare: () => 1000 };
  const whole = instance(bytes, { a });
  const expected = [
    whole.run(7),
    whole.slot(1, 8),
    whole.slot(2, 9),
    whole.slot(3, 10),
    whole.slot(4, 11),
    whole.depth(),
  ];

  const { first, second, names } = split(bytes, (name) => name === "cold");
  assert.deepEqual(names.sort(), ["beneath", "cold"], "what only the cold one calls moves with it");
  assert.deepEqual(
    WebAssembly.Module.imports(new WebAssembly.Module(first)).map(({ name }) => name),
    [],
    "imports that only the second one calls are its own",
  );
  const page = instance(first, { a });
  assert.equal(page.hot(4), 9, "the first one works alone");
  assert.throws(() => page.run(7), WebAssembly.RuntimeError);
  instance(second, { a, b: page });
  logged.length = 0;
  const now = [
    page.run(7),
    page.slot(1, 8),
    page.slot(2, 9),
    page.slot(3, 10),
    page.slot(4, 11),
    page.depth(),
  ];
  assert.deepEqual(now, expected);
  assert.deepEqual(logged, [7, 8, 10]);
  assert.equal(new Uint32Array(page.memory.buffer)[2], 10, "both have one memory");
});

test("what is not found is an error, so that a function that was renamed does not stay in silence", () => {
  const bytes = readFileSync(join(folder, "in.wasm"));
  assert.throws(() => split(bytes, () => false), /no function of the \.wasm moves/);
});

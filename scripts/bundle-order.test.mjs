// The order within a bundle (scripts/bundle-order.mjs): smaller, the same in each build, and a program that does the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { compressible } from "./bundle-order.mjs";

/** Functions and methods in an order in which what is alike is far apart. */
function bundle() {
  const body = (/** @type {number} */ i) =>
    Array.from({ length: 40 }, (_, k) => `t=t*${(i % 7) * 1009 + k * k}+${(i % 7) * 31 + k};`).join("");
  const functions = Array.from({ length: 28 }, (_, i) => `function f${i}(t){${body(i)}return t}`);
  const methods = Array.from({ length: 7 }, (_, i) => `m${i}(t){${body(i)}return t}`);
  const calls = [...functions.keys()].map((i) => `f${i}(${i})`);
  return `${functions.join("")}class A{field=this.m1(1);static kept=f1(2);${methods.join("")}}export const all=[${calls},new A().field,A.kept,new A().m6(3)];\n`;
}

const result = async (/** @type {string} */ text) =>
  (await import(`data:text/javascript,${encodeURIComponent(text)}`)).all;

test("a bundle in another order is smaller when compressed, always the same, and does the same", async () => {
  const text = bundle();
  const size = (/** @type {string} */ one) => gzipSync(one, { level: 9 }).length;
  const ordered = await compressible(text, 300);
  assert.equal(await compressible(text, 300), ordered);
  assert.equal(ordered.length, text.length);
  assert.ok(size(ordered) < size(text), `${size(ordered)} of ${size(text)} bytes`);
  assert.deepEqual(await result(ordered), await result(text));
});

test("what has nothing to move stays as it is", async () => {
  assert.equal(await compressible("export const a = 1;\n"), "export const a = 1;\n");
});

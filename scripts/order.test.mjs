// The order of functions (scripts/order.mjs): what is alike comes into reach of one another, the same in each build.
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { bestOrder } from "./order.mjs";

/** Functions without locals; five pairs are alike, and each pair is 50 KB apart. */
function functions() {
  let state = 7;
  const noise = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  };
  const bodies = Array.from({ length: 5 }, () => [0, ...Array.from({ length: 10_000 }, () => noise() & 255)]);
  return [...bodies, ...bodies].map((body) => Buffer.from(body));
}

test("functions that are alike come within reach of one another, in an order that is always the same", () => {
  const codes = functions();
  const size = (order) => deflateRawSync(Buffer.concat(order.map((i) => codes[i])), { level: 9 }).length;
  const order = bestOrder(codes);
  assert.deepEqual(
    order.toSorted((a, b) => a - b),
    [...codes.keys()],
  );
  assert.deepEqual(bestOrder(codes), order);
  const before = size([...codes.keys()]);
  assert.ok(size(order) < 0.6 * before, `${size(order)} of ${before} bytes`);
});

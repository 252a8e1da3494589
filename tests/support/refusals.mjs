// What a refusal must be: an error of the right class and code, whose sentence names what is wrong.

import assert from "node:assert/strict";

/** Class, code, and the parts of the sentence. */
export function check(error, [kind, code, ...parts]) {
  assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
  assert.equal(error.code, code, error.message);
  for (const part of parts) {
    assert.ok(
      part instanceof RegExp ? part.test(error.message) : error.message.includes(part),
      `"${error.message}" should say ${part}`,
    );
  }
}

export const wrongType = (...parts) => [TypeError, "INVALID_OPTION", ...parts];
export const outOfRange = (...parts) => [RangeError, "OUT_OF_RANGE", ...parts];

// Asserts errors: class, code, and parts of the message.

import assert from "node:assert/strict";

/** Asserts the class, the code, and the parts of the message. */
export function assertError(error, [kind, code, ...parts]) {
  assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
  assert.equal(error.code, code, error.message);
  for (const part of parts) {
    assert.ok(
      part instanceof RegExp ? part.test(error.message) : error.message.includes(part),
      `"${error.message}" should contain ${part}`,
    );
  }
}

export const wrongType = (...parts) => [TypeError, "INVALID_OPTION", ...parts];
export const outOfRange = (...parts) => [RangeError, "OUT_OF_RANGE", ...parts];

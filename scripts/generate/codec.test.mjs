// The codec's generator: an entry of the schema that is wrong is an error that names it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { outputs } from "./codec.mjs";

const read = (name) =>
  JSON.parse(readFileSync(new URL(`../../schema/${name}.json`, import.meta.url), "utf8"));
const schema = () => ({ properties: read("properties"), reasonCodes: read("reason-codes") });

/** The schema with its first property or reason code changed. */
function changed(list, entry) {
  const all = schema();
  Object.assign(all[list][0], entry);
  return all;
}

test("a property that is wrong is an error that names it", () => {
  for (const [entry, sentence] of [
    [{ identifier: 64 }, /^schema\/properties\.json: Payload Format Indicator: "identifier" must be 1 to 63/],
    [{ type: "bit" }, /"type" must be one of byte, twoByteInteger, .*; it is bit\.$/],
    [{ range: [0, 2] }, /"range" of a byte must be \[0, 1\] or \[1, 1\]/],
    [{ type: "string" }, /"range" of a string must be absent/],
    [{ packets: ["PINGREQ"] }, /"PINGREQ" is no packet; there are CONNECT, /],
    [{ packets: ["PUBACK"] }, /"packets" must have all of PUBACK, PUBREC, .* or none/],
    [{ doc: "" }, /"doc" is missing/],
  ]) {
    assert.throws(() => outputs(changed("properties", entry)), { message: sentence });
  }
});

test("a reason code that is wrong is an error that names it", () => {
  for (const [entry, sentence] of [
    [{ value: 256 }, /^schema\/reason-codes\.json: Success: "value" must be 0 to 255; it is 256\.$/],
    [{ packets: ["PUBLISH"] }, /"PUBLISH" carries no reason code; there are CONNACK, /],
    [{ doc: "" }, /"doc" is missing/],
  ]) {
    assert.throws(() => outputs(changed("reasonCodes", entry)), { message: sentence });
  }
});

test("a value with several names is called by the first", () => {
  const names = outputs(schema()).find(({ section }) => section === "names").text;
  assert.match(names, /^\\x00success\\n\\\n\\x01/m);
});

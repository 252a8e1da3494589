// The replacement for TextEncoder and TextDecoder agrees with the real ones.

import assert from "node:assert/strict";
import { test } from "node:test";

const real = { TextEncoder, TextDecoder, encoder: new TextEncoder(), decoder: new TextDecoder() };
delete globalThis.TextDecoder;
delete globalThis.TextEncoder;
const ours = await import("../../js/utf8.mjs");
globalThis.TextDecoder = real.TextDecoder;
globalThis.TextEncoder = real.TextEncoder;
const encoder = new ours.TextEncoder();
const decoder = new ours.TextDecoder();

test("text of every length of UTF-8 goes to the same bytes and back", () => {
  assert.notEqual(ours.TextDecoder, real.TextDecoder);
  for (const text of ["", "a%41", "\u0000\u007f\u0080\u07ff\u0800\uffff", "😀 über 日本"]) {
    const bytes = real.encoder.encode(text);
    assert.deepEqual(encoder.encode(text), bytes);
    assert.equal(decoder.decode(bytes), text);
    const target = new Uint8Array(bytes.length + 2);
    assert.deepEqual(encoder.encodeInto(text, target), {
      read: text.length,
      written: bytes.length,
    });
    assert.deepEqual(target.subarray(0, bytes.length), bytes);
  }
});

test("lone surrogates and bytes that are no UTF-8 become U+FFFD", () => {
  assert.deepEqual(encoder.encode("a\ud800b"), real.encoder.encode("a\ud800b"));
  for (const bytes of [[0x80], [0xff, 0x41], [0xc3], [0x41, 0xe2], [0xc0, 0x80]]) {
    const all = Uint8Array.from(bytes);
    assert.equal(decoder.decode(all), real.decoder.decode(all));
  }
});

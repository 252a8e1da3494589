// Payloads of mqtt-lib/sparkplug: with the package `sparkplug-payload` of Eclipse Tahu on the other side, with the examples of
// the specification, and with bytes that are wrong.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { decodePayload, encodePayload } from "mqtt-lib/sparkplug";
import { randomOf } from "../support/random.mjs";
import { thrown } from "./helpers.mjs";

const oracle = createRequire(import.meta.url)("sparkplug-payload").get("spBv1.0");
const NOW = 1_700_000_000_123;

/** What both sides say of a value: 64-bit numbers of the oracle are objects. */
function plain(value) {
  if (value instanceof Date) return `${value.getTime()}`;
  if (typeof value === "bigint" || typeof value === "number") return `${value}`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (value?.constructor?.name === "Long") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined && one !== null)
      .map(([key, one]) => [key, plain(one)]),
  );
}

const METRICS = {
  Int8: [-128, -1, 0, 127],
  Int16: [-32768, 32767],
  Int32: [-2147483648, 2147483647],
  Int64: [-(2n ** 63n), -1n, 2n ** 63n - 1n, 2n ** 53n + 1n],
  UInt8: [0, 255],
  UInt16: [65535],
  UInt64: [0n, 2n ** 64n - 1n],
  Float: [1.5, -0.25],
  Double: [Math.PI, -1e300],
  Boolean: [true, false],
  String: ["", "grün 𝄞"],
  DateTime: [new Date(NOW)],
  Text: ["text"],
  UUID: ["6e86291e-8372-4ff2-a000-000000000000"],
  Bytes: [new Uint8Array([0, 1, 255])],
  File: [new Uint8Array(300)],
};

for (const [type, values] of Object.entries(METRICS)) {
  test(`${type}: what one side writes, the other reads`, () => {
    for (const value of values) {
      const payload = { timestamp: NOW, seq: 7, metrics: [{ name: "a/b", type, value, timestamp: NOW }] };
      const read = plain(oracle.decodePayload(encodePayload(payload)));
      assert.deepEqual(read, plain(payload));
      const unsigned = typeof value === "bigint" ? BigInt.asUintN(64, value) : value;
      const theirs = oracle.encodePayload({
        ...payload,
        metrics: [{ ...payload.metrics[0], value: longOf(unsigned instanceof Date ? NOW : unsigned) }],
      });
      assert.deepEqual(plain(decodePayload(theirs)), plain(payload));
    }
  });
}

/** A 64-bit number as the oracle takes it. */
function longOf(value) {
  if (typeof value !== "bigint") return value;
  const Long = createRequire(createRequire(import.meta.url).resolve("sparkplug-payload"))("long");
  return Long.fromString(String(value), true);
}

test("metadata, properties, flags, null, alias, uuid and body", () => {
  const payload = {
    timestamp: NOW,
    seq: 255,
    uuid: "u",
    body: new Uint8Array([1, 2]),
    metrics: [
      {
        name: "a",
        alias: 3,
        timestamp: NOW,
        type: "Int32",
        isHistorical: true,
        isTransient: false,
        value: 5,
        metadata: {
          isMultiPart: true,
          contentType: "a/b",
          size: 9,
          seq: 1,
          fileName: "f",
          fileType: "t",
          md5: "m",
          description: "d",
        },
        properties: {
          quality: { type: "Int32", value: 192 },
          unit: { type: "String", value: "°C" },
          nested: { type: "PropertySet", value: { x: { type: "Boolean", value: true } } },
          list: { type: "PropertySetList", value: [{ y: { type: "Double", value: 0.5 } }] },
        },
      },
      { name: "b", type: "String", value: null, timestamp: NOW },
    ],
  };
  const mine = encodePayload(payload);
  const theirs = oracle.encodePayload(payload);
  assert.deepEqual(decodePayload(mine), decodePayload(theirs));
  const read = decodePayload(mine);
  assert.equal(read.metrics[1].value, null);
  assert.deepEqual(read.metrics[0].properties, payload.metrics[0].properties);
  assert.deepEqual(plain(oracle.decodePayload(mine).metrics[0]), plain(payload.metrics[0]));
});

test("data sets and templates", () => {
  const metrics = [
    {
      name: "table",
      type: "DataSet",
      value: {
        numOfColumns: 3,
        columns: ["a", "b", "c"],
        types: ["Double", "String", "Boolean"],
        rows: [
          [1, "x", true],
          [2, "y", false],
        ],
      },
    },
    {
      name: "motor",
      type: "Template",
      value: {
        version: "1",
        templateRef: "Motor",
        isDefinition: false,
        metrics: [{ name: "rpm", type: "Int32", value: 3 }],
        parameters: [{ name: "maker", type: "String", value: "A" }],
      },
    },
  ];
  const mine = encodePayload({ timestamp: NOW, metrics });
  assert.deepEqual(plain(oracle.decodePayload(mine).metrics), plain(metrics));
  assert.deepEqual(decodePayload(mine).metrics, metrics);
  assert.deepEqual(decodePayload(oracle.encodePayload({ timestamp: NOW, metrics })).metrics, metrics);
});

test("UInt32 is in the field that the specification says; in the oracle's it is read, too", () => {
  for (const value of [0, 4_294_967_295]) {
    const metrics = [{ name: "a", type: "UInt32", value }];
    assert.deepEqual(decodePayload(encodePayload({ metrics })).metrics, metrics);
    assert.deepEqual(decodePayload(oracle.encodePayload({ metrics })).metrics, metrics);
  }
});

// Section 6.4.16; there the -23 of Int8Array is the byte of -17, and the examples of FloatArray and DoubleArray are big-endian,
// against the text above them.
const ARRAYS = {
  Int8Array: [[-17, 123], "ef7b"],
  Int16Array: [[-30000, 30000], "d08a3075"],
  Int32Array: [[-1, 315338746], "fffffffffaafcb12"],
  Int64Array: [[-4270929666821191986n, -3601064768563266876n], "ce0672ac189cbac4c4ba9c18ac7206ce"],
  UInt8Array: [[23, 250], "17fa"],
  UInt16Array: [[30, 52360], "1e0088cc"],
  UInt32Array: [[52, 3293969225], "3400000049fb55c4"],
  UInt64Array: [[52n, 16444743074749521625n], "3400000000000000d99e02d1b27637e4"],
  FloatArray: [[1.5, -2], "0000c03f000000c0"],
  DoubleArray: [[1.5], "000000000000f83f"],
  BooleanArray: [
    [false, false, true, true, false, true, false, false, true, true, false, true],
    "0c00000034d0",
  ],
  StringArray: [["ABC", "hello"], "4142430068656c6c6f00"],
  DateTimeArray: [[new Date(1256102875335), new Date(1656107875000)], "c7d0907524010000b8bab89781010000"],
};

for (const [type, [value, hex]] of Object.entries(ARRAYS)) {
  test(`${type} is the bytes of the specification's example`, () => {
    const bytes = encodePayload({ metrics: [{ name: "a", type, value }] });
    assert.deepEqual(decodePayload(bytes).metrics[0], { name: "a", type, value });
    const raw = oracle.decodePayload(
      oracle.encodePayload({ metrics: [{ name: "a", type: "Bytes", value: Buffer.from(hex, "hex") }] }),
    );
    assert.equal(Buffer.from(raw.metrics[0].value).toString("hex"), hex);
    assert.ok(
      Buffer.from(bytes).toString("hex").endsWith(hex) || Buffer.from(bytes).toString("hex").includes(hex),
    );
    const none = encodePayload({ metrics: [{ name: "a", type, value: [] }] });
    assert.deepEqual(decodePayload(none).metrics[0].value, []);
  });
}

test("what is wrong is named", () => {
  const sentence = (metric) => thrown(() => encodePayload({ metrics: [metric] })).message;
  assert.match(
    sentence({ name: "a", type: "Int8", value: 128 }),
    /metric "a" must be a whole number from -128 to 127; 128/,
  );
  assert.match(sentence({ name: "a", type: "Int64", value: 2 ** 60 }), /beyond 2\^53 a bigint/);
  assert.match(sentence({ name: "a", type: "Boolean", value: 1 }), /must be a boolean; 1 was given/);
  assert.match(
    sentence({ name: "a", type: "Integer", value: 1 }),
    /"Integer" is no data type; there are Int8/,
  );
  assert.match(sentence({ type: "Int8", value: 1 }), /must have a name or an alias/);
  assert.match(
    sentence({ name: "a", type: "Int8Array", value: [1, 300] }),
    /metric "a"\[1\] must be a whole number/,
  );
  assert.match(sentence({ name: "a", type: "StringArray", value: ["a\0"] }), /zero character/);
  assert.match(sentence({ name: "a", type: "Float", value: 1e300 }), /32 bits/);
  assert.match(sentence({ name: "a", type: "DateTime", value: "now" }), /a Date, or milliseconds/);
  assert.match(
    sentence({ name: "a", type: "DataSet", value: { columns: ["a"], types: [], rows: [] } }),
    /as many types as columns/,
  );
  assert.match(thrown(() => encodePayload("text")).message, /an object is needed/);
  assert.match(thrown(() => decodePayload("text")).message, /a Uint8Array is needed/);
});

test("random bytes are read or refused, and nothing else", () => {
  const random = randomOf(7);
  const good = encodePayload({
    timestamp: NOW,
    seq: 1,
    metrics: [
      { name: "a", type: "Template", value: { metrics: [{ name: "b", type: "Int64Array", value: [1n] }] } },
      { name: "c", type: "DataSet", value: { columns: ["x"], types: ["Int32"], rows: [[1]] } },
      { name: "d", type: "BooleanArray", value: [true], properties: { q: { type: "Int32", value: 1 } } },
    ],
  });
  let refused = 0;
  for (let run = 0; run < 20_000; run++) {
    const bytes =
      run % 2
        ? Uint8Array.from({ length: random.between(0, 60) }, () => random.between(0, 255))
        : Uint8Array.from(good);
    if (run % 2 === 0) bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
    try {
      decodePayload(bytes);
    } catch (error) {
      refused += 1;
      assert.ok(error instanceof Error && !(error instanceof TypeError), error.stack);
    }
  }
  assert.ok(refused > 100);
  let nested = { metrics: [] };
  for (let i = 0; i < 60; i++) nested = { metrics: [{ name: "a", type: "Template", value: nested }] };
  assert.match(thrown(() => decodePayload(encodePayload(nested))).message, /within each other/);
  // Two bytes each: an empty metric.
  const empty = new Uint8Array(400_010).map((_, at) => (at % 2 === 0 ? 18 : 0));
  assert.match(thrown(() => decodePayload(empty)).message, /more than 200000 metrics/);
});

test("an extension that is not known is skipped", () => {
  const bytes = encodePayload({ seq: 3, metrics: [] });
  const extended = Buffer.concat([bytes, Buffer.from([0xa2, 0x06, 0x02, 0x01, 0x02])]);
  assert.deepEqual(decodePayload(extended), { seq: 3, metrics: [] });
});

// What people read: JSON indented and in colours on a terminal, payloads of binary formats decoded; a pipe gets no colours.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encode as messagePack } from "@msgpack/msgpack";
import { encode as cbor } from "cborg";
import { encodePayload } from "mqtt-lib/sparkplug";
import { CLI, launch, run } from "../support/command.mjs";
import { brokerAndClient } from "../support/broker-and-client.mjs";

const shared = brokerAndClient();

const keep = (topic, payload) => shared.client.publish(topic, payload, { qos: 1, retain: true });
const sub = (topic, ...words) => run(["sub", shared.broker.url, "-t", topic, "-C", "1", ...words]);

function onTerminal(words, env = {}) {
  const quoted = [process.execPath, CLI, ...words].map((word) => `'${word}'`).join(" ");
  return launch("script", ["-qefc", quoted, "/dev/null"], { input: "", env: { ...process.env, ...env } });
}

test("--pretty indents JSON, in a pipe without colours; other payloads are as they came", async () => {
  await keep("pretty/a", '{"t":21.5,"on":true}');
  const { stdout } = await sub("pretty/a", "-v", "--pretty");
  assert.equal(stdout, 'pretty/a {\n  "t": 21.5,\n  "on": true\n}\n');
  await keep("pretty/b", Buffer.from([0, 255]));
  assert.equal((await sub("pretty/b", "--pretty", "-F", "%x")).code, 2);
  assert.equal((await sub("pretty/b", "--pretty")).stdout, "\0\ufffd\n");
});

test("on a terminal topic and JSON have colours, unless NO_COLOR is set; what a payload brings is shown", async () => {
  await keep("pretty/c", '{"t":21.5,"s":"\u009b31m"}');
  const words = ["sub", shared.broker.url, "-t", "pretty/c", "-C", "1", "-v", "--pretty"];
  const coloured = (await onTerminal(words, { NO_COLOR: "" }).ended).stdout;
  const painted = (colour, text) => `\x1b[${colour}m${text}\x1b[0m`;
  for (const part of [`${painted(36, "pretty/c")} {`, `${painted(34, '"t"')}: ${painted(33, "21.5")}`]) {
    assert.ok(coloured.includes(part), coloured);
  }
  assert.match(coloured, /\\u009b31m/);
  const plain = (await onTerminal(words, { NO_COLOR: "1" }).ended).stdout;
  assert.ok(!plain.includes("\x1b") && !plain.includes("\u009b"), plain);
  assert.match(plain, /\\u009b31m/);
});

for (const [format, payload, json] of [
  ["cbor", cbor({ a: [1, new Uint8Array([1, 255])] }), '{"a":[1,"01ff"]}'],
  ["msgpack", messagePack({ big: 2n ** 60n }, { useBigInt64: true }), `{"big":"${2n ** 60n}"}`],
]) {
  test(`--decode ${format} prints JSON, and a payload that is in another format as it came`, async () => {
    await keep(`decode/${format}`, payload);
    assert.equal((await sub(`decode/${format}`, "--decode", format)).stdout, `${json}\n`);
    const { stdout } = await sub(`decode/${format}`, "--decode", format, "--json");
    assert.deepEqual(JSON.parse(stdout).decoded, JSON.parse(json));
    await keep(`decode/other/${format}`, "\u00ff no");
    assert.equal((await sub(`decode/other/${format}`, "--decode", format)).stdout, "\u00ff no\n");
  });
}

test("--decode sparkplug prints the metrics", async () => {
  const metrics = [{ name: "level", type: "Double", value: 1.5 }];
  await keep("spBv1.0/g/NDATA/n", encodePayload({ timestamp: 5, seq: 1, metrics }));
  const { stdout } = await sub("spBv1.0/#", "--decode", "sparkplug");
  assert.equal(JSON.parse(stdout).metrics[0].value, 1.5);
});

test("--decode names what it can; a missing package is named with its command", async () => {
  const wrong = await sub("a", "--decode", "xml");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--decode must be cbor, msgpack, sparkplug; "xml" was given/);
});

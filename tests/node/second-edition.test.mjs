// Every name of the second edition of the contract is in the types, in the reference or its guide, and in a test of its behaviour.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { joined } from "../../scripts/declarations.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** By the entry whose types declare it. */
const NAMES = {
  "js/index.d.ts": `concurrency ack onFailure retries retryDelay deadLetter reject maxunhandled maxunhandledbytes messages unhandled
    stoptimeout addHandler filter ready remove dispose unsubscribe connect disconnect reconnecting statechange message error
    close attempt delay asyncDispose signal timeout quiet snapshot topicMatches start publish batch_publish qpublish subscribe
    request publish_high_priority transport servername pfx minVersion ciphers agent stats bytesQueued attempts lastMessage
    ackP50 ackP99 logger wire debug info warn json`,
  "js/mqttjs/types/mqtt.d.ts": "connect connectAsync MqttClient",
  "js/topics/index.d.ts": "topic json text bytes encode decode contentType params value",
  "js/react/index.d.ts": "MqttProvider useMqtt useMessage useMessages limit useConnection",
  "js/otel/index.d.ts": "instrument tracer meter",
  "js/streams/index.d.ts": "transport webSocketStream",
  "js/sparkplug/index.d.ts": "encodePayload decodePayload EdgeNode HostApplication",
  "js/wire/index.d.ts": "wireLog direction time bytes packet",
};

/** @param {string} folder @param {RegExp} ending */
function texts(folder, ending) {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  return files
    .filter((name) => ending.test(name) && !/second-edition|node_modules/.test(name))
    .map((name) => readFileSync(join(ROOT, folder, name), "utf8"))
    .join("\n");
}

/** A name that is not part of another one. @param {string} name */
const whole = (name) => new RegExp(`(?<![\\w$])${name}(?![\\w$])`);

/** Whether a file of types exports this name. @param {string} types @param {string} name */
const declaredIn = (types, name) =>
  new RegExp(`^export (?:declare )?(?:function|const|class) ${name}\\b`, "m").test(joined(join(ROOT, types)));

const docs = texts("docs", /\.md$/);
const tests = texts("tests", /\.(mjs|ts|js)$/);

for (const [types, list] of Object.entries(NAMES)) {
  test(`the names of ${types} are in the types, the documentation and a test`, () => {
    const declared = joined(join(ROOT, types));
    const missing = list
      .split(/\s+/)
      .flatMap((name) => [
        ...(whole(name).test(declared) ? [] : [`${name}: types`]),
        ...(whole(name).test(docs) ? [] : [`${name}: docs`]),
        ...(whole(name).test(tests) ? [] : [`${name}: tests`]),
      ]);
    assert.deepEqual(missing, []);
  });
}

test("the reference names what each entry exports", () => {
  const reference = texts("docs/reference", /\.md$/);
  for (const [types, list] of Object.entries(NAMES)) {
    const [, entry] = types.split("/");
    if (entry !== "index.d.ts") assert.ok(reference.includes(`mqtt-lib/${entry}`), entry);
    for (const name of list.split(/\s+/).filter((one) => declaredIn(types, one)))
      assert.match(reference, whole(name), `${name} of ${types}`);
  }
});

test("the failures that a handler may have are the three of the contract", () => {
  const declared = joined(join(ROOT, "js/index.d.ts"));
  for (const name of ["acknowledge", "retry", "leave", "handled", "manual"]) {
    assert.match(declared, new RegExp(`"${name}"`), name);
    assert.match(docs, new RegExp(`"${name}"`), name);
  }
  for (const name of ["deadLetterTopic", "deadLetterReason"]) assert.match(docs + tests, whole(name), name);
});

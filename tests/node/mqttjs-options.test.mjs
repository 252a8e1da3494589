// The table of options in docs/mqttjs.md: it has every option that MQTT.js has, and says of each what mqtt-lib/mqttjs does.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { connect } from "mqtt-lib/mqttjs";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const ROWS = [...read("docs/mqttjs.md").matchAll(/^\| `(\w+)` \| (mapped|no effect|refused) \|/gm)];
const TABLE = new Map(ROWS.map(([, option, kind]) => [option, kind]));

/** The members of an interface of MQTT.js's types. */
function membersOf(name) {
  const types = read("node_modules/mqtt/build/lib/client.d.ts");
  const [, body] = new RegExp(`interface ${name}\\b[^{]*\\{(.*?)\\n\\}`, "s").exec(types);
  return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, member]) => member);
}

const SOURCE = readdirSync(new URL("../../js/mqttjs", import.meta.url))
  .filter((name) => name.endsWith(".mjs") && !/^(payload|packets)\./.test(name))
  .map((name) => read(`js/mqttjs/${name}`))
  .join("\n")
  // What is completed as MQTT.js does it, and a property that nothing reads.
  .replace(/const DEFAULTS = \{.*?\n\};/s, "")
  .replace("this.log = this.options.log ?? noop;", "")
  .replaceAll(/^ *(\/\/|\/?\*).*$/gm, "");

/** Values that an application would give. */
const SAMPLES = { authPacket: { cmd: "auth" }, socksProxy: "socks5://localhost" };

test("the table has every option of MQTT.js, once", () => {
  const theirs = [...membersOf("ISecureClientOptions"), ...membersOf("IClientOptions")];
  assert.deepEqual([...TABLE.keys()].toSorted(), [...new Set(theirs)].toSorted());
  assert.equal(ROWS.length, TABLE.size);
});

for (const [option, kind] of TABLE) {
  test(`${option}: ${kind}, as the table says`, () => {
    if (kind === "refused") {
      const options = { manualConnect: true, [option]: SAMPLES[option] };
      assert.throws(
        () => connect("mqtt://localhost", options).connect(),
        new RegExp(`${option} is not supported`),
      );
      return;
    }
    // Those of TLS are given to tls.connect as they are.
    const isUsed = new RegExp(`\\b${option}\\b`).test(SOURCE) || option === "ALPNProtocols";
    assert.equal(isUsed, kind === "mapped");
  });
}

// The tables in docs/mqttjs.md: they have every option, member and event of the types and the README of the package `mqtt`,
// once, and say of each what mqtt-lib/mqttjs does.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { connect, MqttClient } from "mqtt-lib/mqttjs";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const GUIDE = read("docs/mqttjs.md");
const CLIENT_TYPES = read("node_modules/mqtt/build/lib/client.d.ts");
const PACKET_TYPES = read("node_modules/mqtt-packet/types/index.d.ts");
const OUR_TYPES = readdirSync(new URL("../../js/mqttjs/types", import.meta.url))
  .map((name) => read(`js/mqttjs/types/${name}`))
  .join("\n");

/** The rows of the guide with such a first cell: names, and what is said of them. @param {string} cell */
const rowsOf = (cell) =>
  [...GUIDE.matchAll(new RegExp(`^\\| ${cell} \\| (mapped|no effect|refused) \\|`, "gm"))].map(
    ([, name, kind]) => [name, kind],
  );
const namesOf = (rows) => rows.map(([name]) => name).toSorted();
const unique = (all) => [...new Set(all)].toSorted();

/** The keys of an interface. */
function keysOf(head, types = CLIENT_TYPES) {
  const [, body] = new RegExp(`interface ${head}\\b[^{]*\\{(.*?)\\n\\}`, "s").exec(types);
  return [...body.matchAll(/^(?: {2}| {4})(\w+)\??:/gm)].map(([, key]) => key);
}
const [, CLASS] = /class MqttClient [^{]*\{(.*)\n\}/s.exec(CLIENT_TYPES);
const membersLike = (pattern) => [...CLASS.matchAll(pattern)].map(([, name]) => name);

const OPTIONS = rowsOf("`(\\w+)`");
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

test("every option of connect is in the table", () => {
  const theirs = [...keysOf("ISecureClientOptions"), ...keysOf("IClientOptions")];
  assert.deepEqual(namesOf(OPTIONS), unique(theirs));
});

test("every option of connect in the README of MQTT.js is in the table", () => {
  const [, list] = /name="client"(.*?)#### Event/s.exec(read("node_modules/mqtt/README.md"));
  const documented = [...list.matchAll(/^ {2}- `(\w+)`/gm)].map(([, name]) => name);
  assert.ok(documented.length > 30);
  const table = namesOf(OPTIONS);
  assert.deepEqual(
    documented.filter((name) => !table.includes(name)),
    [],
  );
});

test("every option of a call is in the table", () => {
  const [, will] = /will\?: \{(.*?)\n {2}\}/s.exec(PACKET_TYPES);
  const [, servers] = /servers\?: Array<\{(.*?)\}>/s.exec(CLIENT_TYPES);
  const keys = (body, indent) =>
    [...body.matchAll(new RegExp(`^ {${indent}}(\\w+)\\??:`, "gm"))].map(([, key]) => key);
  const theirs = {
    publish: keysOf("IClientPublishOptions"),
    subscribe: [
      ...keysOf("IClientSubscribeOptions"),
      ...keysOf("IClientSubscribeProperties"),
      ...(/ISubscriptionMap = \{.*?\} & \{\s*(\w+)\?:/s.exec(CLIENT_TYPES)?.slice(1) ?? []),
    ],
    unsubscribe: keysOf("IClientUnsubscribeProperties"),
    reconnect: keysOf("IClientReconnectOptions"),
    end: keysOf("IDisconnectPacket", PACKET_TYPES).filter((name) => /^(reasonCode|properties)$/.test(name)),
    will: keys(will, 4),
    servers: keys(servers, 8),
  };
  const expected = Object.entries(theirs).flatMap(([call, names]) => names.map((name) => `${call}.${name}`));
  const calls = Object.keys(theirs).join("|");
  assert.deepEqual(namesOf(rowsOf(`\`((?:${calls})\\.\\w+)\``)), unique(expected));
});

test("every public member of a client is in the table, and a client has it", () => {
  const methods = membersLike(/^ {4}(?!constructor)(\w+)\(/gm);
  const properties = membersLike(/^ {4}(?:get )?(\w+)(?:\(\))?: /gm);
  const theirs = [
    ...methods.map((name) => `${name}()`),
    ...properties.filter((name) => !methods.includes(name)),
  ].filter((name) => !name.startsWith("_"));
  const rows = namesOf(rowsOf("`client\\.(\\w+(?:\\(\\))?)`"));
  assert.deepEqual(rows, unique(theirs));
  const client = connect("mqtt://localhost", { manualConnect: true });
  for (const name of rows) assert.ok(name.replace("()", "") in client, name);
});

test("every event of a client is in the table", () => {
  assert.deepEqual(namesOf(rowsOf('`on\\("(\\w+)"\\)`')), unique(keysOf("MqttClientEventCallbacks")));
});

test("every type that MQTT.js exports for applications is there", () => {
  const files = ["client", "shared", "store", "default-message-id-provider"];
  const theirs = files.flatMap((name) => {
    const types = read(`node_modules/mqtt/build/lib/${name}.d.ts`);
    return [...types.matchAll(/^export (?:type|interface|declare class) (\w+)/gm)].map(([, type]) => type);
  });
  const internal = ["PacketPump", "PacketHandler", "Constructor"];
  const missing = unique(theirs).filter(
    (name) =>
      !internal.includes(name) && !new RegExp(`export (type|interface|class) ${name}\\b`).test(OUR_TYPES),
  );
  assert.deepEqual(missing, []);
});

for (const [option, kind] of OPTIONS) {
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

test("the class has the static members of MQTT.js", () => {
  for (const name of membersLike(/^ {4}static (\w+)/gm)) assert.ok(name in MqttClient, name);
});

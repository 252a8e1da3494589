// Edge nodes and host applications of mqtt-lib/sparkplug over mosquitto: births, data, aliases, commands and deaths.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "../support/kills.mjs";
import { until } from "./helpers.mjs";
import { edgeNode, hostOf, metricOf, mosquitto, oracle, watch } from "./sparkplug-setup.mjs";

const NODE = fileURLToPath(new URL("../support/sparkplug-node.mjs", import.meta.url));

for (const mqttversion of [4, 5]) {
  test(`certificates, sequence numbers and commands of an edge node, in MQTT ${mqttversion}`, async (t) => {
    const commands = [];
    const node = edgeNode(
      t,
      {
        devices: { press: [{ name: "on", type: "Boolean", value: true }] },
        onCommand: (command) => commands.push(command),
        datatypes: true,
      },
      { mqttversion },
    );
    const base = `spBv1.0/plant/+/${node.node}`;
    const { seen, verbs, observer, count, of } = await watch(t, `${base}/#`);
    assert.equal(node.born, false);
    assert.equal(await node.update({ temperature: 20.5 }), false);
    await node.start();
    assert.equal(node.born, true);
    for (let i = 0; i < 260; i++) assert.equal(await node.update({ temperature: i }), true);
    assert.equal(await node.update({ on: { value: false, timestamp: 5 } }, "press"), true);
    await node.disconnectDevice("press");
    assert.equal(await node.update({ on: true }, "press"), false);
    await node.connectDevice("press");
    await count("DBIRTH", 2);
    assert.deepEqual([...new Set(verbs())], ["NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH"]);
    assert.ok(seen.every(({ qos, retain }) => qos === 0 && retain === false));
    assert.deepEqual(
      seen.map(({ content }) => content.seq),
      seen.map((_, i) => i % 256),
    );
    const [birth] = of("NBIRTH");
    assert.equal(birth.topic, `spBv1.0/plant/NBIRTH/${node.node}`);
    assert.equal(metricOf(birth, "temperature"), 20.5);
    assert.equal(metricOf(birth, "Node Control/Rebirth"), false);
    assert.equal(metricOf(birth, "bdSeq"), 0);
    const [data] = of("DDATA");
    assert.equal(data.content.metrics[0].timestamp, 5);
    assert.equal(metricOf(of("DBIRTH")[1], "on"), true);

    const command = (verb, metrics, device = "") =>
      observer.publishAsync(
        `spBv1.0/plant/${verb}/${node.node}${device}`,
        Buffer.from(oracle.encodePayload({ timestamp: 1, metrics })),
      );
    await command("NCMD", [{ name: "Node Control/Rebirth", type: "Boolean", value: true }]);
    await count("NBIRTH", 2);
    await count("DBIRTH", 3);
    assert.equal(of("NBIRTH")[1].content.seq, 0);
    assert.equal(metricOf(of("NBIRTH")[1], "bdSeq"), 0);
    assert.equal(metricOf(of("NBIRTH")[1], "temperature"), 259);
    await command("NCMD", [{ name: "temperature", type: "Double", value: 7 }]);
    await command("DCMD", [{ name: "on", type: "Boolean", value: false }], "/press");
    await until(() => commands.length === 2, "two commands");
    assert.deepEqual(
      commands.map(({ device, metrics }) => [device, metrics[0].name, metrics[0].value]),
      [
        [undefined, "temperature", 7],
        ["press", "on", false],
      ],
    );
    await observer.publishAsync(`spBv1.0/plant/NCMD/${node.node}`, "nonsense");
    await until(() => node.errors.length === 1, "an error");
    assert.equal(node.errors[0].code, "PROTOCOL_ERROR");

    await node.stop();
    await count("NDEATH", 1);
    const [death] = of("NDEATH");
    assert.equal(metricOf(death, "bdSeq"), 0);
    assert.equal(death.content.seq, undefined);
    assert.equal(death.qos, 1);
    await node.start();
    await count("NBIRTH", 3);
    assert.equal(metricOf(of("NBIRTH")[2], "bdSeq"), 1);
    assert.equal(of("NDEATH").length, 1);
  });
}

test("aliases are in the births, and alone in the data and in the commands of a host", async (t) => {
  const commands = [];
  const host = hostOf(t, { groups: ["plant"] });
  await host.start();
  const node = edgeNode(t, {
    aliases: true,
    metrics: [
      { name: "a", type: "Int64", value: 1n },
      { name: "b", type: "UInt8", value: 2 },
    ],
    devices: { d: [{ name: "a", type: "StringArray", value: ["x"] }] },
    onCommand: (command) => commands.push(command),
  });
  const { of, count } = await watch(t, `spBv1.0/plant/+/${node.node}/#`);
  await node.start();
  await node.update({ b: 200 });
  await node.update({ a: ["y", "z"] }, "d");
  await count("DDATA", 1);
  const [birth] = of("NBIRTH");
  const aliases = [birth, of("DBIRTH")[0]].flatMap(({ content }) =>
    content.metrics.map(({ alias }) => alias),
  );
  assert.deepEqual(aliases, [undefined, undefined, 1, 2, 3]);
  assert.equal(of("NDATA")[0].content.metrics[0].name, undefined);
  assert.equal(of("NDATA")[0].content.metrics[0].alias, 2);
  await until(() => host.changes.filter(({ kind }) => kind === "data").length === 2, "data at the host");
  assert.deepEqual(
    host.changes
      .filter(({ kind }) => kind === "data")
      .map(({ device, metrics: [{ name, type, value }] }) => [device, name, type, value]),
    [
      [undefined, "b", "UInt8", 200],
      ["d", "a", "StringArray", ["y", "z"]],
    ],
  );
  assert.deepEqual(host.node("plant", node.node).devices.get("d").metrics.get("a").value, ["y", "z"]);
  await host.command("plant", node.node, { b: 5 });
  await host.command("plant", node.node, { a: ["w"] }, "d");
  await until(() => commands.length === 2, "two commands");
  assert.deepEqual(
    commands.map(({ device, metrics: [{ name, value }] }) => [device, name, value]),
    [
      [undefined, "b", 5],
      ["d", "a", ["w"]],
    ],
  );
  await assert.rejects(host.command("plant", node.node, { unknown: 5 }), /no birth has said it/);
  assert.deepEqual([host.errors, node.errors], [[], []]);
});

test("a host and two nodes: one is killed and comes back, and a rebirth is asked for where data is unknown", async (t) => {
  const early = launch(NODE, [mosquitto.url, "early"]);
  await early.prints("born");
  const host = hostOf(t, { groups: ["plant"] });
  const { of } = await watch(t, "spBv1.0/plant/+/early");
  await host.start();
  const first = launch(NODE, [mosquitto.url, "killed"]);
  await first.prints("born");
  await until(() => host.node("plant", "killed")?.devices.get("press")?.online, "births at the host");
  assert.equal(host.node("plant", "early"), undefined);

  // The host has not seen the birth of the node that was there before it.
  await host.command("plant", "early", { temperature: { type: "Double", value: 30 } });
  await until(() => host.node("plant", "early")?.online, "a rebirth");
  assert.equal(of("NCMD").length, 2);
  assert.equal(host.node("plant", "early").metrics.get("temperature").value, 30);

  await host.command("plant", "killed", { pressure: 9 }, "press");
  const killed = host.node("plant", "killed");
  await until(() => killed.devices.get("press").metrics.get("pressure").value === 9, "data of the device");
  first.kill("SIGKILL");
  await until(() => !killed.online, "a death");
  assert.equal(killed.devices.get("press").online, false);
  assert.equal(killed.metrics.get("temperature").stale, true);
  assert.equal(killed.devices.get("press").metrics.get("pressure").stale, true);
  assert.equal(host.node("plant", "early").online, true);

  const second = launch(NODE, [mosquitto.url, "killed"]);
  await second.prints("born");
  await until(() => killed.online && killed.devices.get("press").online, "it is born again");
  assert.equal(killed.metrics.get("temperature").stale, false);
  assert.equal(killed.devices.get("press").metrics.get("pressure").value, 1);
  const kinds = host.changes
    .filter(({ node }) => node === "killed")
    .map(({ kind, device }) => `${kind} ${device ?? "node"}`);
  assert.deepEqual(kinds, [
    "birth node",
    "birth press",
    "data press",
    "death press",
    "death node",
    "birth node",
    "birth press",
  ]);
  await host.rebirth("plant", "killed");
  await until(
    () => host.changes.filter(({ node, kind }) => node === "killed" && kind === "birth").length === 6,
    "a rebirth",
  );
  for (const child of [early, second]) {
    child.kill("SIGKILL");
    await child.ended;
  }
  assert.deepEqual(host.errors, []);
});

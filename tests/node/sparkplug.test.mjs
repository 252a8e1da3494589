// Edge nodes and host applications of mqtt-lib/sparkplug over mosquitto, watched by MQTT.js and the package `sparkplug-payload`.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import mqtt from "mqtt";
import { EdgeNode, encodePayload, HostApplication } from "mqtt-lib/sparkplug";
import { launch } from "../support/kills.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { thrown, until } from "./helpers.mjs";

const oracle = createRequire(import.meta.url)("sparkplug-payload").get("spBv1.0");
const NODE = fileURLToPath(new URL("../support/sparkplug-node.mjs", import.meta.url));
let mosquitto;

before(async () => {
  mosquitto = await startMosquitto();
});

after(() => mosquitto?.stop());

/** Records what is published under a filter: verb, payload as the oracle reads it, QoS and retain. */
async function watch(t, filter = "spBv1.0/#", url = mosquitto.url) {
  const observer = await mqtt.connectAsync(url);
  t.after(() => observer.endAsync(true));
  const seen = [];
  observer.on("message", (topic, payload, { qos, retain }) => {
    const [, group, verb] = topic.split("/");
    const isState = group === "STATE";
    const content = read(isState, payload);
    seen.push({ topic, verb: isState ? "STATE" : verb, content, qos, retain });
  });
  await observer.subscribeAsync(filter, { qos: 1 });
  return {
    seen,
    observer,
    verbs: () => seen.map(({ verb }) => verb),
    of: (verb) => seen.filter((one) => one.verb === verb),
    count: (verb, count) =>
      until(
        () => seen.filter((one) => one.verb === verb).length >= count,
        `${count} ${verb}; ${seen.map((one) => one.verb)}`,
      ),
  };
}

/** 64-bit numbers of the oracle as numbers. */
const longs = (_key, value) =>
  typeof value === "object" && value !== null && "low" in value ? value.low + value.high * 2 ** 32 : value;

/** What is no payload has no content. */
function read(isState, payload) {
  try {
    return isState ? JSON.parse(payload) : JSON.parse(JSON.stringify(oracle.decodePayload(payload), longs));
  } catch {
    return undefined;
  }
}

let made = 0;
function edgeNode(t, options = {}, credentials = {}) {
  const errors = [];
  const node = new EdgeNode({
    group: "plant",
    node: `n${++made}`,
    metrics: [{ name: "temperature", type: "Double", value: 20 }],
    onError: (error) => errors.push(error),
    ...options,
    credentials: { mqttserver: mosquitto.url, maxmqttreconnectdelay: 0.1, ...credentials },
  });
  node.errors = errors;
  t.after(() => node.stop());
  return node;
}

function hostOf(t, options = {}) {
  const changes = [];
  const errors = [];
  const note = (kind) => (change) => changes.push({ kind, ...change });
  const host = new HostApplication({
    id: `h${++made}`,
    onBirth: note("birth"),
    onData: note("data"),
    onDeath: note("death"),
    onError: (error) => errors.push(error),
    ...options,
    credentials: { mqttserver: mosquitto.url, maxmqttreconnectdelay: 0.1, ...options.credentials },
  });
  host.changes = changes;
  host.errors = errors;
  t.after(() => host.stop());
  return host;
}

const metricOf = (message, name) => message.content.metrics.find((metric) => metric.name === name)?.value;

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

test("a node that hangs is replaced: its death comes before the birth of its successor", async (t) => {
  const host = hostOf(t, { groups: ["plant"] });
  await host.start();
  const first = launch(NODE, [mosquitto.url, "hanging"]);
  await first.prints("born");
  await until(() => host.node("plant", "hanging")?.devices.get("press")?.online, "births");
  first.kill("SIGSTOP");
  const second = launch(NODE, [mosquitto.url, "hanging"]);
  await second.prints("born");
  await until(() => host.changes.filter(({ kind }) => kind === "birth").length === 4, "births of the second");
  assert.deepEqual(
    host.changes.map(({ kind, device }) => `${kind} ${device ?? "node"}`),
    ["birth node", "birth press", "death press", "death node", "birth node", "birth press"],
  );
  for (const child of [first, second]) {
    child.kill("SIGKILL");
    await child.ended;
  }
});

test("a gap in the sequence: what comes in time is sorted, otherwise the node is asked for its birth", async (t) => {
  const host = hostOf(t, { groups: ["gaps"], reorderTimeout: 0.3 });
  const { of, observer } = await watch(t, "spBv1.0/gaps/#");
  await host.start();
  const publish = (verb, seq, value) => {
    const metrics = [{ name: "a", type: "Int32", value, timestamp: 1 }];
    if (verb === "NBIRTH") metrics.push({ name: "bdSeq", type: "Int64", value: 4 });
    const payload =
      verb === "NDEATH" ? { metrics: [{ name: "bdSeq", type: "Int64", value }] } : { seq, metrics };
    return observer.publishAsync(
      `spBv1.0/gaps/${verb}/x`,
      Buffer.from(oracle.encodePayload({ timestamp: 1, ...payload })),
    );
  };
  const values = () =>
    host.changes.filter(({ kind }) => kind === "data").map(({ metrics: [{ value }] }) => value);
  await publish("NBIRTH", 254, 0);
  await publish("NDATA", 255, 1);
  await publish("NDATA", 1, 3);
  await publish("NDATA", 0, 2);
  await until(() => values().length === 3, "three values");
  assert.deepEqual(values(), [1, 2, 3]);
  assert.equal(of("NCMD").length, 0);
  await publish("NDEATH", undefined, 3);
  await publish("NDATA", 3, 5);
  await until(() => of("NCMD").length === 1, "a request for a rebirth");
  assert.equal(metricOf(of("NCMD")[0], "Node Control/Rebirth"), true);
  assert.deepEqual(values(), [1, 2, 3]);
  assert.equal(host.node("gaps", "x").online, true, "the death of an older session is none");
  await publish("NBIRTH", 0, 6);
  await publish("NDEATH", undefined, 4);
  await until(() => !host.node("gaps", "x").online, "a death");
  await observer.publishAsync("spBv1.0/gaps/NDATA/x", "nonsense");
  await until(() => host.errors.length === 1, "an error");
});

test("a primary host: nodes wait for it, die with it, and an old offline message means nothing", async (t) => {
  const host = hostOf(t, { groups: ["primary"] });
  const node = edgeNode(t, { group: "primary", primaryHost: host.id });
  const { of, count, observer } = await watch(t, "spBv1.0/#");
  const state = `spBv1.0/STATE/${host.id}`;
  const born = node.start();
  await until(() => node.client.connected, "a connection");
  await observer.publishAsync(state, "no JSON", { qos: 1 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(node.born, false);
  await host.start();
  await born;
  const isOnline = ({ content, topic }) => topic === state && content?.online;
  const online = await until(() => of("STATE").find(isOnline), "the STATE");
  assert.equal(online.qos, 1);
  const { timestamp } = online.content;
  await observer.publishAsync(state, JSON.stringify({ online: false, timestamp: timestamp - 1 }), { qos: 1 });
  // The host says at once that it is online; an older message is none for the node.
  await until(() => of("STATE").filter(({ content }) => content?.online).length === 2, "the STATE once more");
  assert.equal(node.born, true);
  await host.stop();
  await until(() => !node.born, "the node's death");
  await count("NDEATH", 1);
  await until(() => node.client.connected, "it is connected again");
  assert.equal(node.born, false);
  await host.start();
  await until(() => node.born, "it is born again");
  await count("NBIRTH", 2);
  assert.equal(metricOf(of("NBIRTH").at(-1), "bdSeq"), 1);
  assert.deepEqual([node.errors, host.errors], [[], []]);
});

test("after a broker's restart all are there again: the node subscribes, then it is born, with the next bdSeq", async (t) => {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const host = hostOf(t, { credentials: { mqttserver: broker.url } });
  const node = edgeNode(t, {}, { mqttserver: broker.url, mqttclientid: "the-node" });
  await host.start();
  await node.start();
  await until(() => host.node("plant", node.node)?.online, "a birth");
  await broker.kill();
  await until(() => !host.node("plant", node.node).online, "stale, as nothing is known");
  assert.equal(await node.update({ temperature: 99 }), false);
  const before = broker.log().length;
  await broker.start();
  await until(() => host.node("plant", node.node).online, "a birth");
  const known = host.node("plant", node.node).metrics;
  assert.equal(known.get("temperature").value, 99);
  assert.ok(known.get("bdSeq").value >= 1n);
  const log = broker.log().slice(before);
  const subscribed = log.indexOf("Received SUBSCRIBE from the-node");
  assert.ok(subscribed > 0 && subscribed < log.indexOf("Received PUBLISH from the-node"), log);
  const later = await watch(t, `spBv1.0/STATE/${host.id}`, broker.url);
  await later.count("STATE", 1);
  assert.equal(later.seen[0].content.online, true);
});

test("wrong options are named", (t) => {
  const options = { group: "g", node: "n", credentials: {} };
  const node = (more) => thrown(() => new EdgeNode({ ...options, ...more })).message;
  assert.match(node({ group: "a/b" }), /group must be a text without/);
  assert.match(node({ grp: "a" }), /unknown option "grp"; known are group, node/);
  assert.match(node({ metrics: {} }), /must be an array/);
  assert.match(node({ metrics: [{ name: "a", type: "Int", value: 1 }] }), /no data type/);
  assert.match(
    node({ metrics: [{ name: "bdSeq", type: "Int64", value: 1 }] }),
    /made by the edge node itself/,
  );
  assert.match(
    node({
      metrics: [
        { name: "a", type: "Int8" },
        { name: "a", type: "Int8" },
      ],
    }),
    /twice/,
  );
  assert.match(node({ metrics: [{ name: "a", type: "Int8", val: 1 }] }), /unknown key "val"/);
  assert.match(
    node({ credentials: { willsettopic: "a" } }),
    /credentials\.willsettopic is what Sparkplug says/,
  );
  assert.match(node({ onCommand: 1 }), /onCommand must be a function/);
  const known = edgeNode(t, { metrics: [{ name: "a", type: "Int8", value: 1 }] });
  assert.equal(known.value("a"), 1);
  assert.match(thrown(() => known.value("b")).message, /no metric "b"; it must be in the birth certificate/);
  assert.match(thrown(() => known.value("a", "d")).message, /there is no device "d"/);
  assert.match(thrown(() => new HostApplication({ id: "a#", credentials: {} })).message, /id must be a text/);
  assert.match(
    thrown(() => new HostApplication({ id: "a", groups: "b" })).message,
    /groups must be an array/,
  );
  assert.ok(encodePayload({}).length === 0);
});

test("of several servers the one is taken where the primary host is online", async (t) => {
  const [without, withHost] = [await startMosquitto(), await startMosquitto()];
  t.after(() => Promise.all([without.stop(), withHost.stop()]));
  const host = hostOf(t, { credentials: { mqttserver: withHost.url } });
  await host.start();
  const publisher = await mqtt.connectAsync(without.url);
  const offline = JSON.stringify({ online: false, timestamp: 1 });
  await publisher.publishAsync(`spBv1.0/STATE/${host.id}`, offline, { qos: 1, retain: true });
  await publisher.endAsync();
  const node = edgeNode(t, { primaryHost: host.id }, { mqttserver: [without.url, withHost.url] });
  await node.start();
  await until(() => host.node("plant", node.node)?.online, "a birth");
  assert.equal(host.node("plant", node.node).metrics.get("bdSeq").value, 1n);
  assert.doesNotMatch(without.log(), /NBIRTH/);
});

test("many updates at once go out in their order, without a warning", async (t) => {
  const warnings = [];
  const note = (warning) => warnings.push(warning.message);
  process.on("warning", note);
  t.after(() => process.off("warning", note));
  const node = edgeNode(t);
  const { of, count } = await watch(t, `spBv1.0/plant/+/${node.node}`);
  await node.start();
  const sent = await Promise.all(Array.from({ length: 50 }, (_, i) => node.update({ temperature: i })));
  assert.ok(sent.every(Boolean));
  await count("NDATA", 50);
  assert.deepEqual(
    of("NDATA").map(({ content }) => [content.seq, content.metrics.length]),
    Array.from({ length: 50 }, (_, i) => [i + 1, 1]),
  );
  assert.deepEqual(warnings, []);
});

test("what others send wrong is reported or ignored, and the host goes on", async (t) => {
  const host = hostOf(t, { groups: ["evil"], rebirth: false });
  await host.start();
  const { observer } = await watch(t, "spBv1.0/evil/#");
  const publish = (topic, payload) =>
    observer.publishAsync(`spBv1.0/evil/${topic}`, Buffer.from(encodePayload(payload)));
  await publish("NBIRTH/text", { seq: 0, metrics: [{ name: "bdSeq", type: "String", value: "abc" }] });
  await publish("NBIRTH/half", { seq: 3000, metrics: [{ name: "bdSeq", type: "Double", value: 1.5 }] });
  await publish("NDATA/half", { seq: 2n ** 63n, metrics: [{ alias: 4, type: "Int8", value: 1 }] });
  await publish("NBIRTH/__proto__", { metrics: [{ name: "__proto__", type: "Int8", value: 1 }] });
  await publish("DDATA/half/nobody", { seq: 0, metrics: [] });
  await observer.publishAsync("spBv1.0/evil/NBIRTH", "too short");
  await observer.publishAsync("spBv1.0/evil/NBIRTH/broken", "nonsense");
  await until(() => host.errors.length === 1, "an error");
  assert.deepEqual(
    host.nodes.map(({ node, online }) => [node, online]),
    [
      ["text", true],
      ["half", true],
      ["__proto__", true],
    ],
  );
});

test("a refused update changes nothing", async (t) => {
  const node = edgeNode(t, {
    metrics: [
      { name: "a", type: "Int8", value: 1 },
      { name: "b", type: "Int8", value: 1 },
    ],
  });
  await assert.rejects(node.update({ a: 2, b: 1000 }), { code: "INVALID_PAYLOAD" });
  await assert.rejects(node.update(null), { code: "INVALID_OPTION" });
  assert.equal(node.value("a"), 1);
});

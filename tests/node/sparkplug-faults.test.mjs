// mqtt-lib/sparkplug when something goes wrong: a node that hangs, gaps, brokers that restart, wrong options, what others send.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import mqtt from "mqtt";
import { EdgeNode, encodePayload, HostApplication } from "mqtt-lib/sparkplug";
import { launch } from "../support/kills.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { thrown, until } from "./helpers.mjs";
import { edgeNode, hostOf, metricOf, mosquitto, oracle, watch } from "./sparkplug-setup.mjs";

const NODE = fileURLToPath(new URL("../support/sparkplug-node.mjs", import.meta.url));

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

/** A relay to mosquitto that holds back what the broker sends from the client's STATE on until the word is in it: one chunk. */
async function joining(t, word) {
  const server = createServer((near) => {
    const far = connect({ port: mosquitto.port, host: "127.0.0.1" });
    let held;
    near.on("data", (chunk) => {
      if (chunk.includes("spBv1.0/STATE/") && chunk.includes('"online":true')) held ??= [];
      far.write(chunk);
    });
    far.on("data", (chunk) => {
      if (held?.push(chunk) === undefined) return near.write(chunk);
      const all = Buffer.concat(held);
      if (!all.includes(word)) return;
      near.write(all);
      held.length = 0;
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ])
      one.on("error", () => {}).on("close", () => other.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `mqtt://127.0.0.1:${server.address().port}`;
}

test("a birth that comes together with the acknowledgement of the host's STATE is not asked for again", async (t) => {
  const mqttserver = await joining(t, "NBIRTH/prompt");
  const host = hostOf(t, { groups: ["together"], credentials: { mqttserver } });
  const { of, count } = await watch(t, "spBv1.0/together/+/prompt");
  const node = edgeNode(t, { group: "together", node: "prompt", primaryHost: host.id });
  const born = node.start();
  await host.start();
  await born;
  // Behind any other request of the host.
  await host.command("together", "prompt", { temperature: 1 });
  await count("NCMD", 1);
  assert.deepEqual(
    of("NCMD").map(({ content }) => content.metrics[0].name),
    ["temperature"],
  );
  assert.deepEqual([of("NBIRTH").length, node.errors, host.errors], [1, [], []]);
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

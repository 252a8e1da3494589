// simulate, and bench with many connections.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { cli, run } from "../support/command.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";

let broker;
let client;
const received = [];
before(async () => {
  broker = await startMosquitto();
  client = new MqttCustom({
    credentials: { mqttserver: broker.url },
    on_message: (_client, _userdata, message) => received.push([message.topic, message.text()]),
  });
  await client.subscribe("simulated/#", { qos: 1 });
});
after(async () => {
  await client?.stop();
  await broker?.stop();
});

test("simulate: each connection publishes its messages, filled in", async () => {
  const { code, stderr } = await run([
    "simulate",
    broker.url,
    ...["-t", "simulated/{{client}}", "-m", '{"n":{{count}},"t":{{random 18 25}},"at":"{{iso}}"}'],
    ...["--connections", "3", "--interval", "0.01", "-C", "4", "-q", "1", "-i", "sim"],
  ]);
  assert.deepEqual([code, stderr], [0, "mqtt-lib: 12 messages published over 3 connections\n"]);
  for (const number of [1, 2, 3]) {
    const own = received
      .filter(([topic]) => topic === `simulated/${number}`)
      .map(([, text]) => JSON.parse(text));
    assert.deepEqual(
      own.map(({ n }) => n),
      [1, 2, 3, 4],
    );
    for (const { t, at } of own) assert.ok(t >= 18 && t <= 25 && !Number.isNaN(Date.parse(at)));
  }
  assert.match(broker.log(), /as sim-3 \(/);
});

test("one is in the singular", async () => {
  const one = await run(["simulate", broker.url, "-t", "one", "-m", "x", "-C", "1", "-q", "1"]);
  assert.equal(one.stderr, "mqtt-lib: 1 message published over 1 connection\n");
  const bench = await run(["bench", broker.url, "-C", "1", "--size", "1"]);
  assert.match(bench.stdout, /^QoS 0, payloads of 1 byte, 2 connections\n/);
});

test("simulate without a number goes on until Ctrl-C, which is its normal end", async () => {
  received.length = 0;
  const running = cli([
    "simulate",
    broker.url,
    "-t",
    "simulated/on",
    "-m",
    "{{count}}",
    "--interval",
    "0.01",
    "-q",
    "1",
  ]);
  while (received.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  running.kill("SIGINT");
  assert.equal((await running.ended).code, 0);
});

test("simulate says what was not acknowledged, with the exit code of the signal, after no more than 10 s", async (t) => {
  const deaf = () =>
    fakeBroker(
      t,
      scripts.accepts(({ cmd }) => cmd === "publish"),
    );
  const words = ["simulate", "-t", "a", "-m", "x", "-q", "1", "--connections", "2"];
  const isPublished = ({ packets }) => packets.some(({ cmd }) => cmd === "publish");
  const ends = [
    ["SIGTERM", [], 143],
    ["SIGINT", ["-C", "5"], 130],
  ].map(async ([name, more, expected]) => {
    const broker = await deaf();
    const running = cli([...words, broker.url, "--interval", "0.1", ...more], { input: "" });
    while (broker.connections.filter(isPublished).length < 2)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const begin = performance.now();
    running.kill(name);
    const { code, stderr } = await running.ended;
    assert.ok(performance.now() - begin < 15_000);
    assert.equal(
      stderr.replace(/^mqtt-lib: 0 messages published, .*\n/gm, ""),
      `mqtt-lib: 0 messages published over 2 connections\nmqtt-lib: ended by ${name}; 0 messages were published; 2 were not\n`,
    );
    assert.equal(code, expected);
  });
  const late = run([...words, (await deaf()).url, "-W", "4"]).then(({ code, stderr }) => {
    assert.match(stderr, /the time limit of 4 s was reached; 0 messages were published; 2 were not\n/);
    assert.equal(code, 27);
  });
  await Promise.all([...ends, late]);
});

test("sub --remove-retained says what the broker did not acknowledge, with the exit code of the signal", async (t) => {
  const deaf = await fakeBroker(
    t,
    scripts.accepts(({ cmd }, connection) => {
      if (cmd === "subscribe")
        setTimeout(() => {
          connection.send({ cmd: "publish", topic: "a", payload: "x", qos: 0, retain: true });
        }, 100);
      return cmd === "publish";
    }),
  );
  const sub = cli(["sub", deaf.url, "-t", "a", "--remove-retained"], { input: "" });
  await sub.until("stdout", (text) => text.includes("x"));
  sub.kill("SIGTERM");
  const { code, stderr } = await sub.ended;
  assert.match(stderr, /0 retained messages were removed; 1 was not\n/);
  assert.equal(code, 143);
});

test("simulate names what is missing", async () => {
  const { code, stderr } = await run(["simulate", broker.url, "-t", "a"]);
  assert.equal(code, 2);
  assert.match(stderr, /a payload is missing; give it with --message/);
});

test("bench with many connections counts what all of them did", async () => {
  const { code, stdout } = await run([
    "bench",
    broker.url,
    ...["-q", "1", "-C", "1000", "--connections", "20", "--json"],
  ]);
  const result = JSON.parse(stdout);
  assert.equal(code, 0);
  assert.deepEqual(
    [result.connections, result.published, result.received, result.lost, result.roundTrip.count],
    [40, 1000, 1000, 0, 1000],
  );
  assert.ok(result.roundTrip.median <= result.roundTrip.p99 && result.roundTrip.p99 <= result.roundTrip.max);
  const few = await run(["bench", broker.url, "-C", "5", "--connections", "20"]);
  assert.match(few.stderr, /--connections 20 needs at least as many messages; --count is 5/);
});

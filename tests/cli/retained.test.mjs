// Retained messages from the command line: as a tree, and removed; and what sub leaves out or leaves.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { cli, run, subscribed } from "../support/command.mjs";
import { brokerAndClient } from "../support/broker-and-client.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";

const shared = brokerAndClient();
beforeEach(async () => {
  const values = {
    "home/kitchen/lamp": "on",
    "home/kitchen/heat": "21.5",
    "home/door": "\x1b[31mopen",
    "home/": "",
  };
  for (const [topic, value] of Object.entries(values)) {
    await shared.client.publish(topic, value, { qos: 1, retain: true });
  }
});

test("tree prints retained messages by level, with control characters shown", async () => {
  const { stdout, stderr, code } = await run(["tree", shared.broker.url, "home/#"]);
  assert.equal(
    stdout,
    `└─ home
   ├─ door = \\u001b[31mopen
   └─ kitchen
      ├─ heat = 21.5
      └─ lamp = on
`,
  );
  assert.equal(stderr, "mqtt-lib: 3 retained messages under home/#\n");
  assert.equal(code, 0);
  const json = await run(["tree", shared.broker.url, "home/kitchen/+", "--json", "--quiet"]);
  assert.deepEqual(JSON.parse(json.stdout), { "home/kitchen/heat": "21.5", "home/kitchen/lamp": "on" });
  assert.equal(json.stderr, "");
});

test("tree prints topics of thousands of levels, of which those behind 31 are one", async (t) => {
  const topics = [3_000, 40, 33].map((levels, n) => `${n}${"/a".repeat(levels - 1)}`);
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }, connection) => {
      if (cmd !== "subscribe") return false;
      const retained = (topic) => ({ cmd: "publish", topic, payload: "x", qos: 0, retain: true });
      queueMicrotask(() => connection.send(...topics.map(retained)));
    }),
  );
  const { stdout, code, stderr } = await run(["tree", broker.url]);
  assert.equal(stderr, "mqtt-lib: 3 retained messages under #\n");
  assert.equal(code, 0);
  const ends = stdout.split("\n").filter((line) => line.endsWith(" = x"));
  assert.deepEqual(
    ends.map((line) => line.trimStart().replace("└─ ", "").replace(/^│ */, "")),
    [3_000, 40, 33].map(
      (levels) =>
        `${Array(levels - 31)
          .fill("a")
          .join("/")} = x`,
    ),
  );
});

test("-W ends pub at a broker that acknowledges nothing, and stop() does not wait for its ten seconds", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "publish"),
  );
  const words = ["pub", broker.url, "a", "x", "-q", "1", "-W", "3"];
  const pub = cli(words);
  const timer = setTimeout(() => pub.kill("SIGKILL"), 12_000);
  const { code, stderr } = await pub.ended;
  clearTimeout(timer);
  assert.equal(code, 27);
  assert.match(stderr, /1 of 1 message was not acknowledged in 3 s/);
});

test("sub --remove-retained prints and removes what is retained, and nothing else", async () => {
  const words = ["sub", shared.broker.url, "-t", "home/kitchen/#", "-v", "--remove-retained", "-W", "2"];
  const { stdout, stderr } = await run(words);
  assert.deepEqual(stdout.trim().split("\n").sort(), ["home/kitchen/heat 21.5", "home/kitchen/lamp on"]);
  assert.match(stderr, /2 retained messages were removed/);
  const left = await run(["tree", shared.broker.url, "home/#", "--json", "--quiet"]);
  assert.deepEqual(Object.keys(JSON.parse(left.stdout)), ["home/door"]);
});

test("sub -T leaves out what matches; a wrong filter is exit code 2", async () => {
  const words = [
    "sub",
    shared.broker.url,
    "-t",
    "home/#",
    "-v",
    "-T",
    "home/+/heat",
    "-T",
    "home/door",
    "-C",
    "1",
  ];
  assert.equal((await run(words)).stdout, "home/kitchen/lamp on\n");
  const wrong = await run(["sub", shared.broker.url, "-t", "home/#", "-T", "a/#/b"]);
  assert.match(wrong.stderr, /--filter-out "a\/#\/b" is no topic filter/);
  assert.equal(wrong.code, 2);
});

test("sub -U unsubscribes from a filter of a kept session", async () => {
  const session = [shared.broker.url, "-c", "-i", "left", "-q", "1"];
  await run(["sub", ...session, "-t", "left/a", "-t", "left/b", "-E"]);
  assert.equal((await run(["sub", ...session, "-U", "left/a", "-E"])).code, 0);
  for (const topic of ["left/a", "left/b"]) await shared.client.publish(topic, topic, { qos: 1 });
  const sub = await subscribed([...session, "-t", "left/b", "-v"]);
  await sub.until("stdout", (text) => text.includes("left/b"));
  await shared.client.publish("left/b", "end", { qos: 1 });
  await sub.until("stdout", (text) => text.includes("end"));
  sub.kill("SIGINT");
  assert.equal((await sub.ended).stdout, "left/b left/b\nleft/b end\n");
});

test("pub --repeat publishes a message so often, with a delay between two", async () => {
  const sub = await subscribed([shared.broker.url, "-t", "often", "-q", "1", "-C", "3"]);
  const { code } = await run([
    "pub",
    shared.broker.url,
    "often",
    "x",
    "-q",
    "1",
    "--repeat",
    "3",
    "--repeat-delay",
    "0.01",
  ]);
  assert.equal(code, 0);
  assert.equal((await sub.ended).stdout, "x\nx\nx\n");
  const wrong = await run(["pub", shared.broker.url, "often", "x", "--repeat-delay", "1"]);
  assert.match(wrong.stderr, /--repeat-delay needs --repeat/);
});

test("-V takes versions as people type them", async () => {
  for (const version of ["3.1.1", "311", "4", "mqttv311", "5", "5.0", "mqttv5", "auto"]) {
    assert.equal((await run(["pub", shared.broker.url, "v", "x", "-V", version])).code, 0, version);
  }
  assert.match(
    (await run(["pub", shared.broker.url, "v", "x", "-V", "3"])).stderr,
    /must be 3\.1\.1, 5 or auto/,
  );
});

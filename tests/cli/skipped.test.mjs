// Messages that the library skips for what is wrong with them: the command names each of the first, counts the others, and says
// that the tree is not complete.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { run } from "../support/command.mjs";

const NAMED = 10;

/** A broker that sends `count` retained messages with a wrong response topic at a SUBSCRIBE, and a right one behind them. */
const brokerWith = (t, count) =>
  fakeBroker(
    t,
    scripts.accepts(({ cmd, messageId }, connection) => {
      if (cmd !== "subscribe") return false;
      connection.send({ cmd: "suback", messageId, granted: [0] });
      const publish = { cmd: "publish", qos: 0, retain: true, payload: "x" };
      for (let i = 1; i <= count; i++)
        connection.send({ ...publish, topic: `wrong/${i}`, properties: { responseTopic: "a/#" } });
      connection.send({ ...publish, topic: "right" });
      return true;
    }),
  );

/** The topics of the messages that were said to be skipped. */
const named = (stderr) =>
  [...stderr.matchAll(/^mqtt-lib: a message on "(.*)" was skipped: /gm)].map(([, topic]) => topic);
const topics = (count) => Array.from({ length: count }, (_, i) => `wrong/${i + 1}`);

test("sub names each message that is skipped", async (t) => {
  const broker = await brokerWith(t, 3);
  const { code, stdout, stderr } = await run(["sub", broker.url, "-V", "5", "-t", "#", "-v", "-C", "1"]);
  assert.deepEqual([code, stdout], [0, "right x\n"]);
  assert.deepEqual(named(stderr), topics(3));
  assert.equal(stderr.trimEnd().split("\n").length, 3, stderr);
});

test("of many it names the first, and counts the others at the end; --quiet says nothing", async (t) => {
  const broker = await brokerWith(t, 25);
  const words = ["sub", broker.url, "-V", "5", "-t", "#", "-C", "1"];
  const { stderr } = await run(words);
  assert.deepEqual(named(stderr), topics(NAMED));
  assert.match(stderr, /\nmqtt-lib: 15 further messages were skipped; -d names each\n$/);
  assert.equal((await run([...words, "--quiet"])).stderr, "");
  assert.deepEqual(named((await run([...words, "-d"])).stderr), topics(25));
});

for (const [count, sentence] of [
  [0, "1 retained message under #"],
  [1, "1 retained message under #; 1 message is missing, because it was skipped"],
  [2, "1 retained message under #; 2 messages are missing, because they were skipped"],
]) {
  test(`tree says that messages are missing: ${count}`, async (t) => {
    const broker = await brokerWith(t, count);
    const { code, stdout, stderr } = await run(["tree", broker.url, "-V", "5", "#"]);
    assert.deepEqual([code, stdout], [0, "└─ right = x\n"]);
    assert.deepEqual(named(stderr), topics(count));
    assert.ok(stderr.endsWith(`mqtt-lib: ${sentence}\n`), stderr);
  });
}

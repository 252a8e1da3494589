// What the hub of mqtt-lib/tabs does with a member that does not answer, on a virtual clock; in a browser: tests/tabs/asleep.

import assert from "node:assert/strict";
import { test } from "node:test";
import mqttPacket from "mqtt-packet";
import { Session } from "../../js/tabs/session.mjs";

const MOST = 10_000;
const message = { topic: "a", payload: new Uint8Array(1), qos: 1, retain: false };

function member(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const posted = [];
  const hub = { wants() {}, remove() {} };
  const session = new Session(hub, "member", (given) => posted.push(given), {}, false);
  const connect = (number) => {
    session.open(number);
    session.receive(number, mqttPacket.generate({ cmd: "connect", clientId: "member", clean: false }));
    session.accept(4, true, undefined);
  };
  connect(1);
  const of = (type) => posted.filter((one) => one.type === type);
  const dealt = [];
  const deliver = (count) => {
    for (let i = 0; i < count; i++) session.deliver(message, 1, []).then(() => dealt.push(i));
  };
  return { session, connect, of, dealt, deliver, settled: () => new Promise((done) => setImmediate(done)) };
}

test("a member that answers is waited for, however long its handlers take", async (t) => {
  const { session, of, dealt, deliver, settled } = member(t);
  deliver(3);
  assert.equal(of("ping").length, 1);
  session.awake();
  t.mock.timers.tick(60_000);
  await settled();
  assert.deepEqual(dealt, []);
});

test("one that does not answer is not waited for: what it was sent, and what it is sent, it has when it wakes", async (t) => {
  const { session, of, dealt, deliver, settled } = member(t);
  deliver(3);
  t.mock.timers.tick(5000);
  deliver(4);
  await settled();
  assert.equal(dealt.length, 7);
  session.awake();
  assert.deepEqual(of("closed"), []);
  // CONNACK, and all messages.
  assert.equal(of("data").length, 8);
  deliver(1);
  await settled();
  assert.equal(dealt.length, 7);
});

test(`of more than ${MOST} messages for one that does not answer the rest is left out, and its session is a new one`, async (t) => {
  const { session, connect, of, dealt, deliver, settled } = member(t);
  deliver(1);
  t.mock.timers.tick(5000);
  deliver(MOST + 5);
  await settled();
  assert.equal(dealt.length, MOST + 6);
  assert.equal(of("data").length, MOST + 2);
  session.awake();
  assert.match(of("closed")[0].reason, /was asleep, and more than 10000 messages came/);
  connect(2);
  const { bytes } = of("data").find(({ number }) => number === 2);
  assert.deepEqual([...bytes.subarray(0, 4)], [0x20, 2, 0, 0], "no session present");
});

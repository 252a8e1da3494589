// Queues of messages that wait for a handler or a loop: what has ended meanwhile neither stays in them nor harms what follows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { handledBy } from "../../js/handling.mjs";
import { handing } from "../../js/unhandled.mjs";
import { Waiting } from "../../js/waiting.mjs";
import { deferred, subscribed } from "../support/subscribed.mjs";
import { pause, until } from "./helpers.mjs";

test("stop() with 30,000 messages behind one that is handled", async (t) => {
  const end = deferred();
  let seen = 0;
  const { client, send, acks } = await subscribed(t, 4, {
    options: { qos: 1, concurrency: 1 },
    handler: () => {
      seen += 1;
      return end.promise;
    },
    credentials: { maxunhandled: 65_535, stoptimeout: 5 },
  });
  const rejected = [];
  const note = (error) => rejected.push(error);
  process.on("unhandledRejection", note);
  t.after(() => process.off("unhandledRejection", note));
  for (let id = 1; id <= 30_000; id++) send(id, "x");
  await until(() => client.stats().unhandled === 30_000, "all messages", 20_000);
  const stopped = client.stop();
  await pause(20);
  end.resolve();
  await stopped;
  await pause(20);
  assert.deepEqual([seen, acks(), rejected], [1, ["puback 1 0"], []]);
});

test("an iterator that is left with 30,000 messages in its queue", async (t) => {
  const { client, send } = await subscribed(t, 4, { credentials: { maxunhandled: 65_535 } });
  const messages = client.messages("t");
  for (let id = 1; id <= 30_000; id++) send(id, "x");
  await until(() => client.stats().unhandled === 30_000, "all messages", 20_000);
  assert.equal((await messages.next()).value.text(), "x");
  await messages.return();
  const next = client.messages("t");
  let seen = 0;
  for await (const message of next) {
    seen += message.payload.length;
    if (seen === 29_999) break;
  }
  assert.equal(client.stats().unhandled, 0);
});

test("handlers go on after 30,000 messages that were dropped while they waited for their turn", async (t) => {
  const end = deferred();
  const seen = [];
  const handle = handledBy({ concurrency: 1 }, (_client, _userdata, { number }) => {
    seen.push(number);
    return end.promise;
  });
  handing.by = { delivery: ({ delivery }) => delivery };
  t.after(() => {
    handing.by = undefined;
  });
  const messages = Array.from({ length: 30_002 }, (_none, number) => ({
    number,
    delivery: { ended: false, take() {}, hold() {}, done() {}, resume() {} },
  }));
  for (const message of messages) handle(undefined, undefined, message);
  for (const { delivery } of messages.slice(1, -1)) delivery.ended = true;
  end.resolve();
  await until(() => seen.length === 2, "the last");
  assert.deepEqual(seen, [0, 30_001]);
});

test("of those that wait the oldest that has not ended comes first, and a queue of ended ones is short", () => {
  const queue = new Waiting();
  const items = [];
  let looks = 0;
  for (let number = 0; number < 20_000; number++) {
    let ended = false;
    const item = {
      end: () => {
        ended = true;
      },
      get delivery() {
        looks += 1;
        return { ended };
      },
    };
    items.push(item);
    queue.push(item);
    if (number >= 50) items[number - 50].end();
  }
  assert.ok(looks < 100_000, `${looks} looks`);
  looks = 0;
  for (const expected of items.slice(-50)) assert.equal(queue.shift(), expected);
  assert.equal(queue.shift(), undefined);
  assert.ok(looks <= 200, `${looks} were in the queue`);
  queue.push(items[0]);
  assert.equal(queue.shift(), undefined, "it had ended");
  const last = { delivery: { ended: false } };
  queue.push(last);
  assert.equal(queue.shift(), last);
});

// What is received and not dealt with is bounded, and nothing else suffers from that.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred, subscribed } from "../support/subscribed.mjs";
import { pause, until } from "./helpers.mjs";

test("keep alive lives while handlers hold everything up, and nothing of QoS 0 is lost", async (t) => {
  const end = deferred();
  let seen = 0;
  const { client, connection, send } = await subscribed(t, 4, {
    handler: () => {
      seen += 1;
      return end.promise;
    },
    credentials: { mqttkeepalive: 1, maxunhandled: 10 },
  });
  const large = "x".repeat(1000);
  for (let i = 0; i < 2_000; i++) send(undefined, large, 0);
  await until(() => client.stats().unhandled >= 10, "the bound");
  // An own publish is acknowledged although the socket rests.
  await client.publish("own", "x", { qos: 1 });
  await until(() => connection().packets.some(({ cmd }) => cmd === "pingreq"), "PINGREQ");
  await pause(1_500);
  assert.equal(client.connected, true);
  end.resolve();
  await until(() => seen === 2_000, "all messages");
  assert.equal(client.stats().dropped, 0);
});

test("a QoS 1 flood of a broker that ignores Receive Maximum: nothing is dropped, and little is held", async (t) => {
  let most = 0;
  const { client, connection, send } = await subscribed(t, 5, {
    options: { qos: 1, concurrency: 1 },
    handler: async () => {
      most = Math.max(most, client.stats().unhandled);
      await null;
    },
    credentials: { maxunhandled: 20 },
  });
  const large = "x".repeat(10_000);
  for (let id = 1; id <= 2_000; id++) send(id, large);
  const acked = () => connection().packets.filter(({ cmd }) => cmd === "puback").length;
  await until(() => acked() === 2_000, "all acknowledgements");
  assert.ok(most < 100, `${most} were held`);
  assert.equal(client.stats().dropped, 0);
});

test("a flood that nobody takes is held within the bounds, and comes whole when somebody does", async (t) => {
  const { client, send, acks } = await subscribed(t, 4, {
    options: { qos: 1 },
    credentials: { maxunhandled: 20 },
  });
  const large = "x".repeat(10_000);
  for (let id = 1; id <= 2_000; id++) send(id, large);
  await pause(500);
  const held = client.stats().unhandled;
  assert.ok(held >= 20 && held < 100, `${held} were held`);
  // An answer is found behind what the broker had sent before it.
  await client.subscribe("late", { qos: 1 });
  let seen = 0;
  client.on_message = () => {
    seen += 1;
  };
  await until(() => acks().length === 2_000, "all acknowledgements");
  assert.deepEqual([seen, client.stats().dropped, client.stats().unhandled], [2_000, 0, 0]);
});

test("maxunhandledbytes: at that many bytes the socket rests, and a message larger than the bound is handled", async (t) => {
  let most = 0;
  const { client, send, acks } = await subscribed(t, 4, {
    options: { qos: 1, concurrency: 1 },
    handler: async () => {
      most = Math.max(most, client.stats().unhandled);
      await pause(1);
    },
    credentials: { maxunhandledbytes: 150_000 },
  });
  const large = "x".repeat(200_000);
  for (let id = 1; id <= 60; id++) send(id, large);
  await until(() => acks().length === 60, "all acknowledgements");
  assert.ok(most < 4, `${most} were held`);
});

test("anything with then is awaited, also what is no promise, and what throws there", async (t) => {
  const name = "then";
  const thenable = (then, object = {}) => Object.assign(object, { [name]: then });
  const ways = [
    thenable((resolve) => setTimeout(resolve, 20)),
    thenable(
      (resolve) => resolve(),
      () => {},
    ),
    thenable(() => assert.fail("thrown by then()")),
    Object.defineProperty({}, name, { get: () => assert.fail("thrown by the getter") }),
    thenable(1),
  ];
  const handler = (_client, _userdata, message) => ways[Number(message.text()) - 1];
  const { client, send, acks } = await subscribed(t, 4, { options: { qos: 1 }, handler });
  for (let id = 1; id <= ways.length; id++) send(id);
  await until(() => acks().length === ways.length, "all acknowledgements");
  assert.deepEqual(acks(), ["puback 1 0", "puback 2 0", "puback 3 0", "puback 4 0", "puback 5 0"]);
  assert.deepEqual(
    client.errors.map(({ code }) => code),
    ["CALLBACK_FAILED", "CALLBACK_FAILED"],
  );
  assert.equal(client.stats().unhandled, 0);
});

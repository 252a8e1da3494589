// Who takes a message: handlers, loops, nobody yet; and when it is acknowledged then.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred, subscribed, VERSIONS } from "../support/subscribed.mjs";
import { clientFor, pause, until } from "./helpers.mjs";

for (const version of VERSIONS) {
  test(`all who took a message must be done: two handlers and a loop, MQTT ${version}`, async (t) => {
    const first = deferred();
    const { client, send, acks } = await subscribed(t, version, { handler: () => first.promise });
    const second = deferred();
    await client.subscribe("+", { qos: 1 }, () => second.promise);
    const loop = client.messages("t");
    send(1);
    assert.equal((await loop.next()).value.text(), "1");
    first.resolve();
    second.resolve();
    await pause(50);
    assert.deepEqual(acks(), []);
    loop.next();
    await until(() => acks().length === 1, "an acknowledgement");
  });

  test(`what nobody takes is kept, and acknowledged when somebody has, MQTT ${version}`, async (t) => {
    const { client, send, acks } = await subscribed(t, version);
    send(1);
    send(2, "2", 2);
    await until(() => client.stats().unhandled === 2, "two messages");
    assert.deepEqual(acks(), []);
    const seen = [];
    client.on_message = (_client, _userdata, message) => seen.push(message.text());
    await until(() => acks().length === 2, "two acknowledgements");
    assert.deepEqual(seen, ["1", "2"]);
    client.on_message = null;
    send(3);
    await until(() => client.stats().unhandled === 1, "a message");
    const loop = client.messages("t");
    assert.equal((await loop.next()).value.text(), "3");
    await loop.return();
    await until(() => acks().length === 3, "three acknowledgements");
  });

  test(`a loop acknowledges when it asks for the next one; what it leaves behind is for the next taker, MQTT ${version}`, async (t) => {
    const { client, send, acks } = await subscribed(t, version);
    const loop = client.messages();
    for (let id = 1; id <= 4; id++) send(id);
    assert.equal((await loop.next()).value.text(), "1");
    await pause(30);
    assert.deepEqual(acks(), []);
    assert.equal((await loop.next()).value.text(), "2");
    await until(() => acks().length === 1, "the first acknowledgement");
    await loop.return();
    await until(() => acks().length === 2, "that of what the loop had");
    await pause(30);
    assert.equal(client.stats().unhandled, 2);
    const rest = [];
    for await (const message of client.messages()) {
      rest.push(message.text());
      if (rest.length === 2) break;
    }
    assert.deepEqual(rest, ["3", "4"]);
    await until(() => acks().length === 4, "all acknowledgements");
  });

  test(`a loop with ack: "manual", MQTT ${version}`, async (t) => {
    const { client, send, acks } = await subscribed(t, version);
    const loop = client.messages("t", { ack: "manual" });
    send(1);
    send(2);
    const one = (await loop.next()).value;
    const two = (await loop.next()).value;
    await pause(30);
    assert.deepEqual(acks(), []);
    two.ack();
    one.ack();
    await until(() => acks().length === 2, "two acknowledgements");
  });

  test(`two calls of next() at a time: each message is acknowledged, MQTT ${version}`, async (t) => {
    const { client, send, acks } = await subscribed(t, version);
    const loop = client.messages("t");
    const seen = [];
    const work = async () => {
      for await (const message of { [Symbol.asyncIterator]: () => ({ next: () => loop.next() }) }) {
        seen.push(message.text());
        await pause(1);
      }
    };
    work();
    work();
    for (let id = 1; id <= 50; id++) send(id);
    await until(() => acks().length >= 48, "all but those at work");
    await until(() => seen.length === 50, "all messages");
    await loop.return();
    await until(() => acks().length === 50, "all acknowledgements");
    assert.equal(client.stats().unhandled, 0);
  });
}

for (const [name, take] of Object.entries({
  "a handler": (client) => client.subscribe("+", { qos: 1 }, () => {}),
  "a handler with options": (client) => client.subscribe("+", { qos: 1, concurrency: 1 }, async () => {}),
  on_message: (client) => {
    client.on_message = () => {};
  },
  "a listener": (client) => client.addEventListener("message", () => {}),
  "another loop": async (client) => {
    for await (const _message of client.messages());
  },
})) {
  test(`what a loop leaves behind is acknowledged where ${name} has dealt with it`, async (t) => {
    const { client, send, acks } = await subscribed(t, 4, { options: { qos: 1 } });
    const loops = [client.messages(), client.messages("t")];
    const taking = take(client);
    if (name !== "another loop") await taking;
    for (let id = 1; id <= 3; id++) send(id);
    for (const loop of loops) await loop.next();
    await pause(30);
    assert.deepEqual(acks(), []);
    for (const loop of loops) await loop.return();
    await until(() => acks().length === 3, "all acknowledgements");
    assert.equal(client.stats().unhandled, 0);
  });
}

test("what a handler left to the broker stays the broker's when a loop leaves it behind", async (t) => {
  const handler = () => {
    throw new Error("cannot");
  };
  const options = { qos: 1, onFailure: "leave" };
  const { client, send, acks } = await subscribed(t, 4, { options, handler });
  const loop = client.messages();
  send(1);
  await until(() => client.errors.length === 1, "the failure");
  await loop.return();
  assert.equal(client.stats().unhandled, 0);
  await pause(30);
  assert.deepEqual(acks(), []);
});

test("what two loops leave behind is kept, once, also if it was offered to nobody in between", async (t) => {
  const { client, send, acks } = await subscribed(t, 4, { options: { qos: 1 } });
  send(1);
  await until(() => client.stats().unhandled === 1, "the message");
  for (const loop of [client.messages(), client.messages("t")]) await loop.return();
  assert.equal(client.stats().unhandled, 1);
  const seen = [];
  client.on_message = (_client, _userdata, message) => seen.push(message.text());
  await until(() => acks().length === 1, "the acknowledgement");
  assert.deepEqual(seen, ["1"]);
});

test("a handler that takes what was kept goes on with its own message, too", async (t) => {
  const end = deferred();
  const { client, connection, acks } = await subscribed(t, 4, { options: { qos: 1 } });
  await client.subscribe("late", { qos: 1 }, async () => {
    client.on_message = () => {};
    await end.promise;
  });
  const send = (topic, messageId) =>
    connection().send({ cmd: "publish", topic, messageId, payload: "x", qos: 1 });
  send("t", 1);
  await until(() => client.stats().unhandled === 1, "a message that nobody takes");
  send("late", 2);
  await until(() => acks().length > 0, "an acknowledgement of what was kept");
  await pause(50);
  assert.deepEqual(acks(), ["puback 1 0"]);
  end.resolve();
  await until(() => acks().length === 2, "both acknowledgements");
});

test("messages that nobody takes are reported after five seconds", async (t) => {
  const { client, send } = await subscribed(t, 4);
  for (let id = 1; id <= 3; id++) send(id);
  await until(() => client.errors.length > 0, "the report");
  assert.match(client.errors[0].message, /nobody takes a message on "t", and 2 more/);
  assert.equal(client.stats().unhandled, 3);
});

test("messages() with a wrong option throws", (t) => {
  const client = clientFor(t, {}, { autostart: false });
  assert.throws(() => client.messages("t", { ack: "x" }), { code: "INVALID_OPTION" });
  assert.throws(() => client.messages("t", { acks: "manual" }), { code: "INVALID_OPTION" });
});

test("the acknowledgements of a loop go out together, and not in a frame each", async (t) => {
  const { client, connection, send, acks } = await subscribed(t, 4, { options: { qos: 1 }, url: "wsUrl" });
  let seen = 0;
  const done = (async () => {
    for await (const _message of client.messages("t")) {
      seen += 1;
      await null; // as an asynchronous function that has nothing to wait for
    }
  })();
  for (let id = 1; id <= 1_000; id++) send(id);
  await until(() => acks().length === 1_000, "all acknowledgements");
  await client.stop();
  await done;
  assert.equal(seen, 1_000);
  const { reads } = connection();
  assert.ok(reads < 200, `${reads} frames`);
});

test("a message of QoS 0 that a loop waits for is not dropped where there is no room, and the loop goes on", async (t) => {
  const { client, send, acks } = await subscribed(t, 4, { credentials: { maxunhandledbytes: 100 } });
  const large = "x".repeat(1_000);
  // The other loop does not ask for it.
  const [loop, busy] = [client.messages("t"), client.messages("t")];
  const first = loop.next();
  send(0, large, 0);
  assert.deepEqual(await first.then(({ done, value }) => [done, value?.text().length]), [false, 1_000]);
  const second = loop.next();
  send(1);
  assert.deepEqual(await second.then(({ done, value }) => [done, value?.text()]), [false, "1"]);
  await busy.return();
  await loop.return();
  await until(() => acks().length === 1, "the acknowledgement");
});

for (const concurrency of [undefined, 1]) {
  test(`a handler that is free gets a message of QoS 0 for which there is no room, which is not counted as dropped (concurrency ${concurrency})`, async (t) => {
    const { client, send } = await subscribed(t, 4, { credentials: { maxunhandledbytes: 100 } });
    const seen = [];
    await client.subscribe("+", { concurrency }, async (_client, _userdata, message) => {
      seen.push(message.text().length);
    });
    send(0, "x".repeat(1_000), 0);
    await until(() => seen.length === 1, "the message");
    assert.equal(client.stats().dropped, 0);
    assert.deepEqual(client.errors, []);
  });
}

test("messages of QoS 0 that wait in a loop which is left are counted as dropped", async (t) => {
  const { client, send } = await subscribed(t, 4);
  const loop = client.messages("t");
  const first = loop.next();
  for (let n = 0; n < 4; n++) send(0, "", 0);
  await first;
  await until(() => client.stats().unhandled === 4, "all messages");
  await loop.return();
  assert.equal(client.stats().dropped, 3);
});

for (const options of [
  { concurrency: 4 },
  { onFailure: "leave" },
  { deadLetter: "dead" },
  { ack: "manual" },
]) {
  const shown = JSON.stringify(options);
  test(`a subscription with ${shown}, without a handler: what comes is kept while there is no on_message`, async (t) => {
    const { client, send, acks } = await subscribed(t, 4, { options: { qos: 1, ...options } });
    for (const id of [1, 2]) send(id);
    await until(() => client.stats().unhandled === 2, "two messages");
    assert.deepEqual(acks(), []);
    const loop = client.messages("t");
    assert.equal((await loop.next()).value.text(), "1");
    await loop.return();
    await until(() => acks().length === 1, "the acknowledgement of what the loop has had");
    const seen = [];
    client.on_message = (_client, _userdata, message) => {
      seen.push(message.text());
      message.ack();
    };
    send(3);
    await until(() => acks().length === 3, "the others");
    assert.deepEqual(seen, ["2", "3"]);
    client.on_message = null;
    const listener = ({ message }) => seen.push(message.text());
    client.addEventListener("message", listener);
    send(4);
    await until(() => acks().length === 4, "that of a listener");
    client.removeEventListener("message", listener);
    assert.deepEqual(seen, ["2", "3", "4"]);
  });
}

test("beside a handler, a subscription without one that has handling options takes nothing", async (t) => {
  const { client, send, acks } = await subscribed(t, 4, { options: { qos: 1, concurrency: 1 } });
  const seen = [];
  await client.subscribe("+", { qos: 1 }, (_client, _userdata, message) => {
    seen.push(message.text());
  });
  const listener = () => seen.push("listener");
  client.addEventListener("message", listener);
  const loop = client.messages("t");
  send(1);
  assert.equal((await loop.next()).value.text(), "1");
  await loop.return();
  await until(() => acks().length === 1, "the acknowledgement");
  assert.deepEqual([seen, client.stats().unhandled], [["1"], 0]);
});

test("on_message is taken away while messages wait for their turn: they are still its own, and later ones are kept", async (t) => {
  const end = deferred();
  const seen = [];
  const { client, send, acks } = await subscribed(t, 4, { options: { qos: 1, concurrency: 1 } });
  client.on_message = (_client, _userdata, message) => {
    seen.push(message.text());
    return end.promise;
  };
  for (const id of [1, 2]) send(id);
  await until(() => client.stats().unhandled === 2, "two messages");
  client.on_message = null;
  send(3);
  await until(() => client.stats().unhandled === 3, "the third");
  end.resolve();
  await until(() => acks().length === 2, "two acknowledgements");
  assert.deepEqual([seen, client.stats().unhandled], [["1", "2"], 1]);
});

for (const how of ["left", "aborted"]) {
  test(`what was kept and went to a loop that is ${how} goes to another one that waits`, async (t) => {
    const { client, send, acks } = await subscribed(t, 4);
    for (let id = 1; id <= 5; id++) send(id);
    await until(() => client.stats().unhandled === 5, "all messages");
    const end = new AbortController();
    const first = client.messages("t", { signal: end.signal });
    const second = client.messages("t");
    assert.equal((await first.next()).value.text(), "1");
    const next = second.next();
    if (how === "left") await first.return();
    else end.abort();
    const seen = [(await next).value.text()];
    while (seen.length < 4) seen.push((await second.next()).value.text());
    second.next();
    assert.deepEqual(seen, ["2", "3", "4", "5"]);
    await until(() => acks().length === 5, "all acknowledgements");
  });
}

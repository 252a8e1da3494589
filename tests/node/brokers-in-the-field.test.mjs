// Brokers that do what the specification does not foresee, or few do: what the user of the package sees. The engine's own
// tests have the same in more variants.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { clientFor, failure, until } from "./helpers.mjs";

const quick = { maxmqttreconnectdelay: 0.05 };
const kinds = (broker, kind) =>
  broker.connections.flatMap(({ packets }) => packets.filter(({ cmd }) => cmd === kind));
const codes = (client) => client.errors.map(({ code }) => code);

for (const mqttversion of [4, 5]) {
  test(`a retained message whose topic has control characters is delivered, MQTT ${mqttversion}`, async (t) => {
    const topics = ["a/\u0001", "a/\u001b[31m", "a/\u007f\u009f"];
    const broker = await fakeBroker(
      t,
      scripts.accepts(({ cmd }, connection) => {
        if (cmd !== "subscribe") return;
        for (const topic of topics) {
          connection.send({ cmd: "publish", topic, payload: "x", qos: 0, retain: true });
        }
      }),
    );
    const received = [];
    const client = clientFor(t, { mqttserver: broker.url, mqttversion, ...quick });
    await client.subscribe("a/#", (_client, _userdata, message) => received.push(message.topic));
    await until(() => received.length === 3, "three messages");
    assert.deepEqual(received, topics);
    for (const topic of topics) {
      assert.equal((await failure(client.publish(topic, "y"))).code, "INVALID_TOPIC");
    }
    assert.equal(client.stats().reconnects, 0);
    assert.deepEqual(codes(client), []);
  });
}

test("in 3.1.1 a SUBACK code above 128 is a refusal, and a PUBACK with a reason code an answer", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd, messageId }, connection) => {
      const [high, low] = [messageId >> 8, messageId & 0xff];
      if (cmd === "subscribe") connection.write(Uint8Array.of(0x90, 3, high, low, 0x8f));
      else if (cmd === "publish") connection.write(Uint8Array.of(0x40, 3, high, low, 0x87));
      else return false;
      return true;
    }),
  );
  const client = clientFor(t, { mqttserver: broker.url, ...quick });
  const subscribed = await failure(client.subscribe("a"));
  assert.deepEqual([subscribed.code, subscribed.reasonCode], ["SUBSCRIBE_FAILED", 0x8f]);
  const published = await failure(client.publish("a", "b", { qos: 1 }));
  assert.deepEqual([published.code, published.reasonCode], ["PUBLISH_REFUSED", 0x87]);
  assert.equal(broker.connections.length, 1);
});

test("a broker that answers PUBACK to QoS 2 ends the publish, and is reported once", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd, messageId, qos }, connection) => {
      if (cmd !== "publish" || qos !== 2) return false;
      connection.send({ cmd: "puback", messageId });
      return true;
    }),
  );
  const client = clientFor(t, { mqttserver: broker.url, ...quick });
  for (const text of ["1", "2", "3"]) await client.publish("a", text, { qos: 2 });
  assert.deepEqual(codes(client), ["NOT_SUPPORTED"]);
  assert.match(client.errors[0].message, /QoS 2.*QoS 1/);
  assert.equal(broker.connections.length, 1);
});

test("unsubscribe() ends a subscribe() that no connection has answered", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "subscribe"),
  );
  const client = clientFor(t, { mqttserver: broker.url, acktimeout: 300, ...quick });
  await client.start();
  const subscribed = failure(client.subscribe("a"));
  await until(() => kinds(broker, "subscribe").length === 1, "a SUBSCRIBE");
  const unsubscribed = client.unsubscribe("a");
  broker.connections[0].reset();
  assert.equal((await subscribed).code, "SUBSCRIBE_FAILED");
  await unsubscribed;
  assert.equal(kinds(broker, "subscribe").length, 1, "it is not sent again");
});

test("acktimeout of subscribe() and unsubscribe() runs across connections", async (t) => {
  const unanswered = ({ cmd }, connection) => {
    if (cmd !== "subscribe" && cmd !== "unsubscribe") return false;
    // A reason of the broker's own: the calls become suspects, which are held back, and none is put aside that soon.
    setTimeout(() => connection.send({ cmd: "disconnect", reasonCode: 142 }), 100);
    return true;
  };
  const broker = await fakeBroker(t, [scripts.accepts(), scripts.accepts(unanswered)]);
  const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5, acktimeout: 1, ...quick });
  await client.subscribe("a");
  broker.connections[0].reset();
  await until(() => broker.connections[1] && client.connected, "the next connection");
  const calls = await Promise.all([failure(client.subscribe("b")), failure(client.unsubscribe("a"))]);
  assert.deepEqual(
    calls.map(({ code }) => code),
    ["TIMEOUT", "TIMEOUT"],
  );
  assert.ok(broker.connections.length > 2, "connections that ended did not begin it anew");
});

for (const transport of ["url", "wsUrl"]) {
  test(`"auto" takes silence to MQTT 5 for a broker of 3.1.1 (${transport})`, async (t) => {
    const silent = scripts.accepts(({ cmd, protocolVersion }) => cmd === "connect" && protocolVersion === 5);
    const broker = await fakeBroker(t, silent);
    const client = clientFor(t, {
      mqttserver: broker[transport],
      mqttversion: "auto",
      connecttimeout: 0.3,
      ...quick,
    });
    await client.publish("a", "b", { qos: 1 });
    assert.equal(client.mqttversion, 4);
    assert.deepEqual(
      broker.connections.map(({ packets }) => packets[0].protocolVersion),
      [5, 4],
    );
    assert.deepEqual(client.errors, []);
    broker.connections[1].reset();
    await until(() => client.stats().reconnects === 1, "the next connection");
    assert.equal(broker.connections[2].packets[0].protocolVersion, 4, "it is not tried again");
  });
}

test('"auto" finds the version of the server that takes the place of another', async (t) => {
  let down = 1;
  const speaking = (place, version) => (connection) =>
    down === place
      ? connection.reset()
      : scripts.accepts(({ cmd, protocolVersion }) => cmd === "connect" && protocolVersion !== version)(
          connection,
        );
  const servers = [await fakeBroker(t, speaking(0, 4)), await fakeBroker(t, speaking(1, 5))];
  const client = clientFor(t, {
    mqttserver: servers.map(({ url }) => url),
    mqttversion: "auto",
    connecttimeout: 0.3,
    ...quick,
  });
  await client.start();
  assert.equal(client.mqttversion, 4);
  for (const version of [5, 4]) {
    down = 1 - down;
    servers[down].connections.at(-1).reset();
    await until(() => client.mqttversion === version, `the other server's version, ${version}`);
    await client.publish("a", "b", { qos: 1 });
  }
});

test("after a wrong password once the next attempt comes soon, with the default delays", async (t) => {
  const broker = await fakeBroker(t, [scripts.refuses(5), scripts.accepts()]);
  const client = clientFor(t, { mqttserver: broker.url, mqttusername: "u", mqttpassword: "p" });
  const published = client.publish("a", "b", { qos: 1 });
  assert.equal((await failure(client.start())).code, "NOT_AUTHORIZED");
  await until(() => client.connected, "the second attempt");
  await published;
  assert.equal(broker.connections.length, 2);
});

test("a publish that publishtimeout has ended is not sent again in a session that was lost", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd, topic }) => cmd === "publish" && topic === "gone"),
  );
  const client = clientFor(t, { mqttserver: broker.url, publishtimeout: 0.05, acktimeout: 300, ...quick });
  await client.start();
  for (const qos of [1, 2]) {
    assert.equal((await failure(client.publish("gone", "x", { qos }))).code, "TIMEOUT");
  }
  for (let connection = 1; connection <= 3; connection++) {
    broker.connections.at(-1).reset();
    await until(() => client.stats().reconnects === connection, "the next connection");
  }
  await client.publish("after", "x", { qos: 1 });
  assert.deepEqual(
    kinds(broker, "publish").map(({ topic }) => topic),
    ["gone", "gone", "after"],
  );
});

test("stop() at a broker that accepts and drops makes one attempt more", async (t) => {
  const drops = scripts.accepts(({ cmd }, connection) => {
    if (cmd === "publish") connection.reset();
    return cmd === "publish";
  });
  const broker = await fakeBroker(t, drops);
  const client = clientFor(t, { mqttserver: broker.url, maxmqttreconnectdelay: 30, stoptimeout: 3 });
  await client.start();
  const published = failure(client.publish("a", "b", { qos: 1 }));
  await until(() => client.state === "reconnecting", "the loss");
  const before = broker.connections.length;
  await client.stop();
  assert.equal((await published).code, "STOPPED");
  assert.equal(broker.connections.length, before + 1);
});

test("of two servers one that accepts and drops is left for the other", async (t) => {
  const drops = await fakeBroker(
    t,
    scripts.accepts(({ cmd }, connection) => {
      if (cmd === "connect") setTimeout(() => connection.reset(), 20);
    }),
  );
  const good = await fakeBroker(t);
  const client = clientFor(t, { mqttserver: [drops.url, good.url], ...quick });
  await client.publish("a", "b", { qos: 1 });
  await until(() => good.connections.length === 1, "the other server");
  await until(() => client.connected, "a connection");
  assert.ok(drops.connections.length <= 4, `${drops.connections.length} connections`);
});

test("followServerReference: each server of the reference is tried, and start() resolves at the one that accepts", async (t) => {
  const refuses = await fakeBroker(t, scripts.refuses(0x88));
  const good = await fakeBroker(t);
  const refers = (connection) => {
    connection.onPacket = ({ cmd }) => {
      if (cmd !== "connect") return;
      const serverReference = [refuses, good].map(({ port }) => `127.0.0.1:${port}`).join(" ");
      connection.send({ cmd: "connack", reasonCode: 0x9c, properties: { serverReference } });
      connection.close();
    };
  };
  const first = await fakeBroker(t, refers);
  const client = clientFor(t, {
    mqttserver: first.url,
    mqttversion: 5,
    followServerReference: true,
    ...quick,
  });
  await client.start();
  assert.equal(client.connected, true);
  assert.deepEqual(
    [first, refuses, good].map(({ connections }) => connections.length),
    [1, 1, 1],
  );
});

test("followServerReference: a DISCONNECT with several servers leads to each in turn, and nothing is lost", async (t) => {
  const refuses = await fakeBroker(t, scripts.refuses(0x88));
  const closed = await fakeBroker(t, scripts.closesAtOnce);
  const good = await fakeBroker(t);
  const refers = scripts.accepts(({ cmd }, connection) => {
    if (cmd !== "publish") return false;
    const serverReference = [refuses, closed, good].map(({ port }) => `127.0.0.1:${port}`).join(" ");
    connection.send({ cmd: "disconnect", reasonCode: 0x9c, properties: { serverReference } });
    connection.close();
    return true;
  });
  const first = await fakeBroker(t, refers);
  const client = clientFor(t, {
    mqttserver: first.url,
    mqttversion: 5,
    followServerReference: true,
    ...quick,
  });
  await client.publish("a", "b", { qos: 1 });
  assert.deepEqual(
    [first, refuses, closed, good].map(({ connections }) => connections.length),
    [1, 1, 1, 1],
  );
  assert.equal(kinds(good, "publish").length, 1);
});

test("offlinesize: 0 refuses batches while connected too, and lets what fits into the window through", async (t) => {
  const broker = await fakeBroker(
    t,
    scripts.accepts(({ cmd }) => cmd === "publish"),
  );
  const client = clientFor(t, { mqttserver: broker.url, offlinesize: 0, maxinflight: 1, stoptimeout: 0.05 });
  await client.start();
  await client.publish("a", "0");
  const first = failure(client.publish("a", "1", { qos: 1 }));
  assert.equal((await failure(client.publish("a", "2", { qos: 1 }))).code, "QUEUE_FULL");
  assert.equal((await failure(client.batch_publish("a", 3))).code, "QUEUE_FULL");
  await client.stop();
  await first;
});

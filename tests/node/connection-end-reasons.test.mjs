// What a broker says when it ends a connection: the status code of a WebSocket close frame, the reason code of an
// MQTT 5 DISCONNECT, and the silence when two clients throw each other out. In the sentence and as properties.

import assert from "node:assert/strict";
import { test } from "node:test";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { clientFor, failure, until } from "./helpers.mjs";

/** A client over WebSocket whose broker ends the connection with a close frame, after CONNECT or instead of CONNACK. */
async function closedWith(t, code, reason, { accepted = true } = {}) {
  const broker = await startFakeBroker((connection) => {
    connection.onPacket = ({ cmd }) => {
      if (cmd !== "connect") return;
      if (accepted) connection.send({ cmd: "connack", returnCode: 0, sessionPresent: false });
      connection.close(code, reason);
    };
  });
  t.after(() => broker.stop());
  const ends = [];
  const client = clientFor(
    t,
    { mqttserver: broker.wsUrl, maxmqttreconnectdelay: 60 },
    { on_disconnect: (_client, _userdata, _rc, error) => ends.push(error) },
  );
  if (!accepted) return failure(client.start());
  await until(() => ends.length > 0, "on_disconnect");
  return ends[0];
}

for (const [code, reason, sentence] of [
  [1008, "over quota", "closed with code 1008 (policy violation): over quota"],
  [1013, "", "closed with code 1013 (try again later)"],
  [4401, "token expired", "closed with code 4401 (code of the broker's own): token expired"],
]) {
  test(`WebSocket close code ${code} is in the sentence and in the error's properties`, async (t) => {
    for (const accepted of [true, false]) {
      const error = await closedWith(t, code, reason, { accepted });
      assert.equal(error.code, accepted ? "CONNECTION_LOST" : "CONNECTION_REFUSED");
      assert.ok(error.message.includes(sentence), error.message);
      assert.deepEqual([error.closeCode, error.closeReason], [code, reason]);
    }
  });
}

test("an error of another connection has no close code", async (t) => {
  const broker = await startFakeBroker([
    (connection) => {
      connection.onPacket = () => connection.close(4401, "token expired");
    },
    scripts.refuses(5),
  ]);
  t.after(() => broker.stop());
  const client = clientFor(t, { mqttserver: broker.wsUrl, maxmqttreconnectdelay: 0.02 });
  assert.equal((await failure(client.start())).closeCode, 4401);
  const error = await failure(client.start());
  assert.equal(error.code, "NOT_AUTHORIZED");
  assert.ok(!("closeCode" in error));
});

test("a session that is taken over says so, with the name of the reason code", async (t) => {
  const broker = await startFakeBroker(
    scripts.accepts(({ cmd }, connection) => {
      if (cmd === "subscribe") connection.send({ cmd: "disconnect", reasonCode: 142 });
    }),
  );
  t.after(() => broker.stop());
  const ends = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, mqttversion: 5, maxmqttreconnectdelay: 60 },
    { on_disconnect: (_client, _userdata, _rc, error) => ends.push(error) },
  );
  await client.start();
  client.subscribe("test/topic");
  await until(() => ends.length > 0, "on_disconnect");
  const [error] = ends;
  assert.equal(error.reasonCode, 142, error.message);
  assert.equal(error.reasonName, "session taken over");
  assert.match(
    error.message,
    /another client connected with the same mqttclientid.*142 \(session taken over\)/,
  );
});

test("several short connections that the broker ends without a word are explained", async (t) => {
  const broker = await startFakeBroker(
    scripts.accepts((packet, connection) => {
      if (packet.cmd !== "connect") return false;
      connection.send({ cmd: "connack", returnCode: 0, sessionPresent: false });
      connection.close();
      return true;
    }),
  );
  t.after(() => broker.stop());
  const texts = [];
  clientFor(
    t,
    { mqttserver: broker.url, maxmqttreconnectdelay: 0.02 },
    { on_disconnect: (_client, _userdata, _rc, error) => error && texts.push(error.message) },
  );
  await until(() => texts.length > 4, "five disconnections");
  assert.doesNotMatch(texts[0], /mqttclientid/);
  assert.match(texts[4], /if another client has the same mqttclientid, they throw each other out/);
});

test("a broker that closes on a CONNECT of MQTT 5 may not speak it: the sentence names mqttversion", async (t) => {
  const broker = await startFakeBroker((connection) => {
    connection.onPacket = () => connection.close();
  });
  t.after(() => broker.stop());
  const error = await failure(clientFor(t, { mqttserver: broker.url, mqttversion: 5 }).start());
  assert.match(error.message, /may not speak MQTT 5: set mqttversion to 4 or "auto"/);
  assert.doesNotMatch((await failure(clientFor(t, broker.url).start())).message, /mqttversion/);
});

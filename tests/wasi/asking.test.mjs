// The component that asks its host: credentials before each attempt, and the answers of an authentication, also while a call
// is waiting.

import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { until } from "../node/helpers.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { METHOD, scramServer } from "../support/scram.mjs";
import { ASKING, bytes, ROOT, transpiled } from "./helpers.mjs";
import { exchange } from "./asking-host.mjs";
import { refused, remote } from "./remote.mjs";

let MODULE;

before(async () => {
  const host = join(ROOT, "tests/wasi/asking-host.mjs");
  MODULE = await transpiled(ASKING, "asking", "--map", `mqtt-lib:client/host=${host}`);
});

test("each attempt has the credentials that the host gives for it, over those of the constructor", async (t) => {
  const broker = await fakeBroker(t, [scripts.refuses(3), scripts.accepts(), scripts.accepts()]);
  const given = { askHost: true, mqttclientid: "asked", mqttkeepalive: 33, maxmqttreconnectdelay: 0.05 };
  const client = await remote(t, broker, given, MODULE);
  assert.equal((await refused(client.call("start"))).reasonCode, 3);
  await client.call("publish", "a", bytes("x"), { qos: 1 });
  broker.connections[1].reset();
  await client.call("publish", "a", bytes("y"), { qos: 1 });
  const connects = broker.connections.map(({ packets: [connect] }) => connect);
  assert.deepEqual(
    connects.map(({ username, password }) => [username, password.toString()]),
    [
      ["attempt 1", "after undefined"],
      ["attempt 2", "after CONNECTION_REFUSED"],
      ["attempt 1", "after CONNECTION_LOST"],
    ],
  );
  for (const { clientId, keepalive } of connects) assert.deepEqual([clientId, keepalive], ["asked", 33]);
});

test("a host without credentials ends the attempt, and is asked again", async (t) => {
  const broker = await fakeBroker(t, scripts.refuses(4));
  const client = await remote(t, broker, { askHost: true, maxmqttreconnectdelay: 0.05 }, MODULE);
  assert.equal((await refused(client.call("start"))).code, "NOT_AUTHORIZED");
  const errors = [];
  while (errors.length < 3) errors.push((await client.next("reconnecting")).error);
  assert.deepEqual([errors[0].reasonCode, errors[1].code], [4, "CREDENTIALS_FAILED"]);
  assert.match(errors[1].message, /the host gave no credentials: no token today/);
});

test("the host answers the AUTH of the broker while start() waits", async (t) => {
  const server = scramServer({ user: "pencil" });
  const broker = await fakeBroker(t, (connection) => {
    scripts.accepts((packet) => {
      const data = Buffer.from(packet.properties?.authenticationData ?? "").toString();
      const say = (cmd, reasonCode, text) =>
        connection.send({
          cmd,
          reasonCode,
          sessionPresent: false,
          properties: { authenticationMethod: METHOD, authenticationData: Buffer.from(text) },
        });
      if (packet.cmd === "connect") say("auth", 0x18, server.first(data));
      else if (packet.cmd === "auth") say("connack", 0, server.final(data));
      else return false;
      return true;
    })(connection);
  });
  const client = await remote(
    t,
    broker,
    {
      mqttversion: "v5",
      properties: { authenticationMethod: METHOD, authenticationData: bytes(exchange.first) },
    },
    MODULE,
  );
  await client.call("start").catch((error) => assert.fail(error.message));
  await until(() => broker.connections[0].packets.length === 2, "the answer");
});

test("askHost is an error of the component that cannot ask", async (t) => {
  const broker = await fakeBroker(t);
  const error = await refused(remote(t, broker, { askHost: true }));
  assert.equal(error.code, "INVALID_OPTION");
  assert.match(error.message, /mqtt-lib-client-asking\.wasm/);
});

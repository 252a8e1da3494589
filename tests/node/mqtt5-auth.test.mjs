// Enhanced authentication (MQTT 5, §4.12) with SCRAM-SHA-256: when connecting, re-authentication, and refusal. The broker is
// simulated, because Mosquitto supports AUTH only with a plugin.

import assert from "node:assert/strict";
import { test } from "node:test";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { METHOD, scramClient, scramServer } from "../support/scram.mjs";
import { clientFor, failure, until } from "./helpers.mjs";

const USERS = { user: "pencil" };
const text = (bytes) => Buffer.from(bytes ?? "").toString();

/** A broker that authenticates clients by SCRAM. */
async function startScramBroker(t) {
  const broker = await startFakeBroker((connection) => {
    let exchange;
    scripts.accepts((packet) => {
      const data = text(packet.properties?.authenticationData);
      const say = (cmd, reasonCode, authenticationData) =>
        connection.send({
          cmd,
          reasonCode,
          sessionPresent: false,
          properties: { authenticationMethod: METHOD, authenticationData: Buffer.from(authenticationData) },
        });
      // CONNECT and "re-authenticate" begin an exchange; both contain the client's first message.
      if (packet.cmd === "connect" || (packet.cmd === "auth" && packet.reasonCode === 0x19)) {
        assert.equal(packet.properties.authenticationMethod, METHOD);
        exchange = { of: packet.cmd, server: scramServer(USERS) };
        say("auth", 0x18, exchange.server.first(data));
        return true;
      }
      if (packet.cmd !== "auth") return false;
      const final = exchange.server.final(data);
      if (final !== undefined) {
        say(exchange.of === "connect" ? "connack" : "auth", 0, final);
      } else if (exchange.of === "connect") {
        connection.send({ cmd: "connack", reasonCode: 0x87, sessionPresent: false });
        connection.close();
      } else {
        connection.send({ cmd: "disconnect", reasonCode: 0x87 });
        connection.close();
      }
      return true;
    })(connection);
  });
  t.after(() => broker.stop());
  return broker;
}

/** A client that authenticates by SCRAM; `proven` has an entry for each exchange in which the server was verified. */
function scramming(t, broker, user, password) {
  let exchange = scramClient(user, password);
  const proven = [];
  const client = clientFor(
    t,
    {
      mqttserver: broker.url,
      mqttversion: 5,
      maxmqttreconnectdelay: 0.1,
      properties: { authenticationMethod: METHOD, authenticationData: exchange.first },
    },
    {
      on_connect(_client, _userdata, _flags, rc, properties) {
        if (rc !== 0) return;
        exchange.verify(text(properties.authenticationData));
        proven.push("connect");
      },
      async on_auth(_client, _userdata, { reasonCode, properties }) {
        const data = text(properties.authenticationData);
        if (reasonCode === 0x18) return { authenticationData: exchange.final(data) };
        exchange.verify(data);
        proven.push("again");
      },
    },
  );
  const again = (secret = password) => {
    exchange = scramClient(user, secret);
    return client.reauthenticate({ authenticationData: exchange.first });
  };
  return { client, proven, again };
}

test("the example of RFC 7677 comes out as it is printed there", () => {
  const client = scramClient("user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  const server = scramServer(USERS, {
    nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
    salt: Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"),
  });
  assert.equal(client.first, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const first = server.first(client.first);
  const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  assert.equal(first, `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
  const final = client.final(first);
  assert.equal(final, `c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`);
  assert.equal(server.final(final), "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  assert.throws(() => client.verify("v=AAAA"), /did not prove/);
});

test("both sides prove that they know the password, and the connection is as any other", async (t) => {
  const broker = await startScramBroker(t);
  const { client, proven } = scramming(t, broker, "user", "pencil");
  await client.start();
  await until(() => proven.length === 1);
  assert.deepEqual(await client.subscribe("a", { qos: 1 }), [1]);
  await client.publish("a", "x", { qos: 2 });
  assert.deepEqual(client.errors, []);
  const [{ packets }] = broker.connections;
  assert.deepEqual(
    packets.slice(0, 2).map(({ cmd, reasonCode }) => [cmd, reasonCode]),
    [
      ["connect", undefined],
      ["auth", 0x18],
    ],
  );
});

test("a wrong password, and an unknown user, are refused with the broker's reason", async (t) => {
  const broker = await startScramBroker(t);
  for (const [user, password] of [
    ["user", "crayon"],
    ["nobody", ""],
    ["nobody", "pencil"],
  ]) {
    const { client, proven } = scramming(t, broker, user, password);
    const error = await failure(client.start());
    assert.deepEqual([error.code, error.reasonCode], ["NOT_AUTHORIZED", 0x87]);
    assert.deepEqual(proven, []);
  }
});

test("each new connection authenticates again", async (t) => {
  const broker = await startScramBroker(t);
  const { client, proven } = scramming(t, broker, "user", "pencil");
  await client.start();
  broker.connections[0].reset();
  await until(() => proven.length === 2);
  assert.deepEqual(proven, ["connect", "connect"]);
});

test("re-authentication goes on beside messages, as often as one likes, and its failure ends the connection", async (t) => {
  const broker = await startScramBroker(t);
  const { client, proven, again } = scramming(t, broker, "user", "pencil");
  await client.start();
  for (let round = 1; round <= 3; round++) {
    const published = client.publish("a", "meanwhile", { qos: 1 });
    await again();
    await published;
    await until(() => proven.length === round + 1);
  }
  assert.deepEqual(proven, ["connect", "again", "again", "again"]);
  assert.equal(client.stats().reconnects, 0);
  const ended = new Promise((resolve) => {
    client.on_disconnect = (_client, _userdata, rc, error) => resolve([rc, error.code, error.reasonCode]);
  });
  await again("crayon");
  assert.deepEqual(await ended, [0x87, "CONNECTION_LOST", 0x87]);
});

test("without a method, or offline, reauthenticate() says why not", async (t) => {
  const broker = await startFakeBroker();
  t.after(() => broker.stop());
  const plain = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
  await plain.start();
  assert.equal((await failure(plain.reauthenticate())).code, "NOT_SUPPORTED");
  const scram = await startScramBroker(t);
  const { client, again } = scramming(t, scram, "user", "pencil");
  await client.start();
  await scram.stop();
  await until(() => !client.connected);
  assert.equal((await failure(again())).code, "CONNECTION_LOST");
});

test("an on_auth that throws is reported to on_error, and the attempt ends with connecttimeout", async (t) => {
  const broker = await startScramBroker(t);
  const client = clientFor(
    t,
    {
      mqttserver: broker.url,
      mqttversion: 5,
      connecttimeout: 0.3,
      maxmqttreconnectdelay: 60,
      properties: { authenticationMethod: METHOD, authenticationData: scramClient("user", "x").first },
    },
    {
      on_auth() {
        throw new Error("no ticket");
      },
    },
  );
  assert.equal((await failure(client.start())).code, "TIMEOUT");
  assert.ok(
    client.errors.some((error) => error.code === "CALLBACK_FAILED" && error.cause.message === "no ticket"),
  );
});

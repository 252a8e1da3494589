// Statements of MQTT that an edge can break, although the engine keeps them: what is on the wire, and when, over TCP and WebSocket,
// in 3.1.1 and 5. The engine's own tests prove the rest (docs/conformance.md).

import assert from "node:assert/strict";
import { test } from "node:test";
import mqttPacket from "mqtt-packet";
import { until } from "../node/helpers.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { bytes, text } from "./helpers.mjs";
import { refused, remote } from "./remote.mjs";

const VERSIONS = { "3.1.1": "v4", 5: "v5" };
const QUICK = { maxmqttreconnectdelay: 0.05, mqttclientid: "wasi", mqttcleansession: false };

const client = (t, url, version, more = {}) =>
  remote(t, { port: undefined }, { mqttserver: url, mqttversion: VERSIONS[version], ...QUICK, ...more });

/** Publishes at once; with `queuesize` 1 each is sent by itself. */
async function publishThree(one, qos) {
  for (const payload of ["0", "1", "2"]) await one.call("qpublish", "a", bytes(payload), { qos });
}

const of = ({ packets }, ...kinds) => packets.filter(({ cmd }) => kinds.includes(cmd));
const incoming = (messageId, qos, more = {}) => ({
  ...{ cmd: "publish", topic: "a", payload: `${messageId}`, messageId, qos, retain: false, dup: false },
  ...more,
});

for (const kind of ["url", "wsUrl"]) {
  for (const version of Object.keys(VERSIONS)) {
    const over = `${kind === "url" ? "TCP" : "WebSocket"}, MQTT ${version}`;
    const resumed = { sessionPresent: true };
    const named = (statement, body) => test(`${statement} (${over})`, body);

    named("3.1.0-1, 3.1.0-2: CONNECT is first, and is sent once a connection", async (t) => {
      const broker = await fakeBroker(t, [
        scripts.accepts(({ cmd }, { reset }) => cmd === "subscribe" && !reset()),
        scripts.accepts(),
      ]);
      const one = await client(t, broker[kind], version);
      await one.call("start");
      await one.call("subscribe", "a", { qos: 1 });
      assert.equal(broker.connections.length, 2);
      for (const connection of broker.connections) {
        assert.equal(connection.packets[0].cmd, "connect");
        assert.equal(of(connection, "connect").length, 1);
      }
    });

    for (const qos of [1, 2]) {
      named(
        `4.4.0-1, 4.6.0-1: QoS ${qos} without an answer is sent again on the next connection, in order, marked`,
        async (t) => {
          const mute = scripts.accepts(({ cmd, payload }, connection) => {
            if (cmd === "publish" && payload.toString() === "2") connection.reset();
            return cmd === "publish";
          });
          const broker = await fakeBroker(t, [mute, scripts.accepts(undefined, resumed)]);
          const one = await client(t, broker[kind], version, { queuesize: 1 });
          await one.call("start");
          await publishThree(one, qos);
          await one.call("flush");
          const [first, second] = broker.connections.map((connection) => of(connection, "publish"));
          const shown = (list) =>
            list.map(({ payload, dup, messageId }) => [payload.toString(), dup, messageId]);
          assert.deepEqual(
            shown(first)
              .slice(0, 3)
              .map(([payload, dup]) => [payload, dup]),
            [
              ["0", false],
              ["1", false],
              ["2", false],
            ],
          );
          assert.deepEqual(
            shown(second),
            shown(first).map(([payload, , id]) => [payload, true, id]),
          );
        },
      );
    }

    named("4.3.3-1: after PUBREC it is PUBREL that is sent again, and never the message", async (t) => {
      const dying = scripts.accepts((packet, connection) => packet.cmd === "pubrel" && !connection.reset());
      const broker = await fakeBroker(t, [dying, scripts.accepts(undefined, resumed)]);
      const one = await client(t, broker[kind], version);
      await one.call("publish", "a", bytes("x"), { qos: 2 });
      const connection = await broker.connection(1);
      assert.equal(of(connection, "publish").length, 0);
      assert.equal(of(connection, "pubrel").length, 1);
    });

    named("4.3.3-2: a message of QoS 2 that comes twice is delivered once", async (t) => {
      const sends = (dup, then) =>
        scripts.accepts((packet, connection) => {
          if (packet.cmd === "subscribe" || (dup && packet.cmd === "connect")) {
            connection.send(
              dup
                ? { cmd: "connack", returnCode: 0, reasonCode: 0, sessionPresent: true }
                : { cmd: "suback", messageId: packet.messageId, granted: [2] },
            );
            connection.send(incoming(7, 2, { dup }));
            return true;
          }
          return packet.cmd === "pubrec" && then(connection);
        });
      const broker = await fakeBroker(t, [sends(false, ({ reset }) => !reset()), sends(true, () => false)]);
      const one = await client(t, broker[kind], version);
      await one.call("subscribe", "a", { qos: 2 });
      assert.equal(text((await one.call("nextMessage", 30)).payload), "7");
      assert.equal(await one.call("nextMessage", 0.5), undefined);
      const connection = await broker.connection(1);
      await until(() => of(connection, "pubcomp").length === 1, "PUBCOMP");
    });

    named("4.6.0-2, 4.6.0-3: acknowledgements are in the order of the messages", async (t) => {
      const broker = await fakeBroker(
        t,
        scripts.accepts((packet, connection) => {
          if (packet.cmd !== "subscribe") return false;
          connection.send({ cmd: "suback", messageId: packet.messageId, granted: [2] });
          for (const [id, qos] of [
            [3, 1],
            [1, 2],
            [2, 1],
            [9, 2],
          ])
            connection.send(incoming(id, qos));
          return true;
        }),
      );
      const one = await client(t, broker[kind], version);
      await one.call("subscribe", "a", { qos: 2, ack: "manual" });
      const ids = [];
      for (let i = 0; i < 4; i++) ids.push((await one.call("nextMessage", 30)).id);
      for (const id of ids.toReversed()) await one.call("ack", id);
      const connection = await broker.connection();
      await until(() => of(connection, "puback", "pubrec").length === 4, "the acknowledgements");
      assert.deepEqual(
        of(connection, "puback", "pubrec").map(({ messageId }) => messageId),
        [3, 1, 2, 9],
      );
    });

    named("packets are taken byte by byte, and many in one piece", async (t) => {
      const protocolVersion = version === "5" ? 5 : 4;
      const made = Array.from({ length: 40 }, (_, i) =>
        mqttPacket.generate(incoming(i + 1, 1), { protocolVersion }),
      );
      const pieces = [
        ...made.slice(0, 20).flatMap((packet) => [...packet].map((byte) => Uint8Array.of(byte))),
        Buffer.concat(made.slice(20)),
      ];
      const broker = await fakeBroker(
        t,
        scripts.accepts(({ cmd, messageId }, connection) => {
          if (cmd !== "subscribe") return false;
          connection.send({ cmd: "suback", messageId, granted: [1] });
          for (const piece of pieces) connection.write(piece);
          return true;
        }),
      );
      const one = await client(t, broker[kind], version);
      await one.call("subscribe", "a", { qos: 1 });
      for (let i = 1; i <= 40; i++) assert.equal(text((await one.call("nextMessage", 30)).payload), `${i}`);
    });

    named("3.14.4-1, 3.14.4-2: nothing is sent behind DISCONNECT", async (t) => {
      const broker = await fakeBroker(t);
      const one = await client(t, broker[kind], version);
      await one.call("start");
      await one.call("qpublish", "a", bytes("last"), { qos: 1 });
      await one.call("stop");
      const connection = await broker.connection();
      await until(() => !connection.open, "the end of the connection");
      assert.deepEqual(
        connection.packets.map(({ cmd }) => cmd),
        ["connect", "publish", "disconnect"],
      );
    });

    named(
      "3.1.2-23: PINGREQ comes within the keep alive, and a broker that does not answer is left",
      async (t) => {
        const broker = await fakeBroker(t, [
          scripts.accepts(({ cmd }) => cmd === "pingreq"),
          scripts.accepts(),
        ]);
        const one = await client(t, broker[kind], version, { mqttkeepalive: 1 });
        await one.call("start");
        assert.equal((await one.next("disconnect")).rc, 16);
        assert.equal(of(broker.connections[0], "pingreq").length, 1);
        await one.next("connect");
      },
    );

    named("4.8.0-1: a broker that breaks MQTT is left, with the reason", async (t) => {
      for (const [wrong, expected] of [
        [Uint8Array.of(0x36, 0x05, 0x00, 0x01, 0x61, 0x00, 0x01), /QoS/],
        [Uint8Array.of(0x00, 0x00), /./],
        [Uint8Array.of(0x40, 0x01, 0x00), /./],
      ]) {
        const breaks = scripts.accepts(({ cmd }, connection) => {
          if (cmd !== "subscribe") return false;
          connection.write(wrong);
          return true;
        });
        const broker = await fakeBroker(t, [breaks, scripts.accepts()]);
        const one = await client(t, broker[kind], version);
        await one.call("start");
        await one.call("subscribe", "a", { qos: 0 });
        const { rc, error } = await one.next("disconnect");
        assert.deepEqual([rc, error.code], [2, "PROTOCOL_ERROR"]);
        assert.match(error.message, expected);
      }
    });
  }
}

for (const [code, reason, sentence] of [
  [1008, "over quota", "closed with code 1008 (policy violation): over quota"],
  [1013, "", "closed with code 1013 (try again later)"],
  [4401, "token expired", "closed with code 4401 (code of the broker's own): token expired"],
]) {
  test(`WebSocket close code ${code} is in the sentence`, async (t) => {
    for (const accepted of [true, false]) {
      const broker = await fakeBroker(t, (connection) => {
        connection.onPacket = ({ cmd }) => {
          if (cmd !== "connect") return;
          if (accepted) connection.send({ cmd: "connack", returnCode: 0, sessionPresent: false });
          connection.close(code, reason);
        };
      });
      const one = await client(t, broker.wsUrl, "3.1.1");
      const { error } = accepted ? await one.next("disconnect") : { error: await refused(one.call("start")) };
      assert.equal(error.code, accepted ? "CONNECTION_LOST" : "CONNECTION_REFUSED");
      assert.ok(error.message.includes(sentence), error.message);
    }
  });
}

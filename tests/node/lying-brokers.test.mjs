// Brokers that lie about one thing: nothing innocent is lost, every call settles, and the client goes on. What is to be said of
// each kind in detail is in the engine's tests (violations.rs, suspects.rs, lenient.rs).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { innocentTraffic, lyingBroker } from "../support/lying-broker.mjs";
import { clientFor, failure, pause, until } from "./helpers.mjs";

/** A call that is the broker's victim has settled after so many milliseconds, and everything innocent as many later. */
const BOUND_MS = 60_000;

const asks = (packet, filter) =>
  packet.cmd === "subscribe" && packet.subscriptions.some(({ topic }) => topic === filter);
const isLie = ({ cmd, topic }) => cmd === "publish" && topic === "lie";
const bytesOf = (id) => [id >> 8, id & 255];
const subscribes = async (client) => (await failure(client.subscribe("lie", { qos: 1 }, () => {}))).code;
const publishes = (options) => async (client) =>
  (await failure(client.publish("lie", "x", { qos: 1, ...options }))).code;
/** A PUBLISH of QoS 0 whose topic is no UTF-8, in both versions. */
const malformed = (version) =>
  Uint8Array.of(0x31, version === 5 ? 5 : 4, 0, 1, 0xff, 0, 0x61).subarray(0, version === 5 ? 7 : 6);

/** By what the broker does: its lie, what is called, and what comes of it. */
const LIES = {
  "answers a SUBSCRIBE of three filters with two codes": {
    lie: (packet, connection) => {
      if (!asks(packet, "lie")) return false;
      const codes = packet.subscriptions.slice(1).map(() => 1);
      const properties = connection.packets[0].protocolVersion === 5 ? [0] : [];
      const body = [...bytesOf(packet.messageId), ...properties, ...codes];
      connection.write(Uint8Array.of(0x90, body.length, ...body));
      return true;
    },
    options: { acktimeout: 30 },
    guilty: async (client) => (await failure(client.subscribe(["a", "lie", "b"], { qos: 1 }, () => {}))).code,
    outcome: "BROKER_CLOSES",
  },
  "answers a SUBSCRIBE with another packet identifier": {
    lie: (packet, connection) => {
      if (!asks(packet, "lie")) return false;
      connection.send({ cmd: "suback", messageId: 60_000, granted: [1] });
      return true;
    },
    options: { acktimeout: 30 },
    guilty: subscribes,
    outcome: "BROKER_CLOSES",
  },
  "never answers an UNSUBSCRIBE": {
    lie: ({ cmd }) => cmd === "unsubscribe",
    guilty: async (client) => {
      await client.subscribe("lie", () => {});
      return (await failure(client.unsubscribe("lie"))).code;
    },
    outcome: "TIMEOUT",
  },
  "acknowledges a message with another packet identifier": {
    lie: (packet, connection) => {
      if (!isLie(packet)) return false;
      connection.send({ cmd: "puback", messageId: 60_000 });
      return true;
    },
    guilty: publishes({ timeout: 4 }),
    outcome: "TIMEOUT",
  },
  "answers a message of QoS 2 with PUBCOMP": {
    lie: (packet, connection) => {
      if (!isLie(packet)) return false;
      connection.send({ cmd: "pubcomp", messageId: packet.messageId });
      return true;
    },
    guilty: publishes({ qos: 2 }),
    outcome: "BROKER_CLOSES",
  },
  "sends CONNACK twice": {
    lie: ({ cmd }, connection) => {
      if (cmd === "connect") {
        const again = { cmd: "connack", returnCode: 0, reasonCode: 0, sessionPresent: false };
        setTimeout(() => connection.send(again), 300);
      }
      return false;
    },
    guilty: () => pause(4000),
  },
  "has a session although a clean one was asked for": {
    versions: [4],
    connack: { sessionPresent: true },
    lie: () => false,
    guilty: async (client) => {
      await pause(1000);
      return client.stats().reconnects;
    },
    outcome: 0,
  },
  "closes the connection at each fifth packet": {
    lie: (_packet, connection, state) => {
      if (state.packets % 5 > 0) return false;
      connection.reset();
      return true;
    },
    guilty: () => pause(4000),
  },
  "sends 20,000 retained messages before SUBACK": {
    lie: (packet, connection) => {
      if (!asks(packet, "lie")) return false;
      for (let i = 0; i < 20_000; i++)
        connection.send({ cmd: "publish", topic: "lie", payload: `${i}`, qos: 0, retain: true });
      return false;
    },
    guilty: async (client) => {
      let received = 0;
      const take = () => {
        received += 1;
      };
      await client.subscribe("lie", { qos: 1 }, take);
      return received;
    },
    outcome: 20_000,
  },
  "takes packets that are smaller than the will": {
    versions: [5],
    connack: { properties: { maximumPacketSize: 60 } },
    options: { willsettopic: "will", willsetpayload: "w".repeat(200) },
    lie: () => false,
    guilty: publishes({ properties: { contentType: "x".repeat(60) } }),
    outcome: "PACKET_TOO_LARGE",
  },
  "wants a packet each second, and does not answer PINGREQ": {
    versions: [5],
    connack: { properties: { serverKeepAlive: 1 } },
    lie: ({ cmd }) => cmd === "pingreq",
    guilty: async (client) => {
      await pause(3000);
      return client.stats().reconnects;
    },
    outcome: 0,
  },
  "uses a topic alias beyond the maximum whenever it gets one message": {
    versions: [5],
    lie: (packet, connection) => {
      if (!isLie(packet)) return false;
      const properties = { topicAlias: 60_000 };
      connection.send({ cmd: "publish", topic: "a", payload: "x", qos: 0, properties });
      return true;
    },
    guilty: publishes(),
    outcome: "BROKER_CLOSES",
  },
  "sends a malformed message behind each SUBACK of a filter": {
    lie: (packet, connection) => {
      if (!asks(packet, "lie")) return false;
      connection.send({
        cmd: "suback",
        messageId: packet.messageId,
        granted: packet.subscriptions.map(() => 1),
      });
      connection.write(malformed(connection.packets[0].protocolVersion));
      if (packet.subscriptions.length > 1) throw new Error("the honest filters are asked for by themselves");
      return true;
    },
    options: { maxfilters: 1 },
    guilty: async (client) => {
      const granted = await client.subscribe("lie", { qos: 1 }, () => {});
      await until(() => client.stats().dropped > 0, "the message to be passed over");
      return Number(granted[0]);
    },
    outcome: 1,
  },
  "ends the connection by an administrative action at a message": {
    versions: [5],
    lie: (packet, connection) => {
      if (!isLie(packet)) return false;
      connection.send({ cmd: "disconnect", reasonCode: 0x98 });
      connection.close();
      return true;
    },
    guilty: publishes(),
    outcome: "BROKER_CLOSES",
  },
  "says at a message that it shuts down": {
    versions: [5],
    lie: (packet, connection) => {
      if (!isLie(packet)) return false;
      connection.send({ cmd: "disconnect", reasonCode: 0x8b });
      connection.close();
      return true;
    },
    guilty: publishes(),
    outcome: "BROKER_CLOSES",
  },
  "says nothing more after a message": {
    lie: (packet, _connection, state) => {
      state.silent ||= isLie(packet);
      return state.silent;
    },
    guilty: publishes({ timeout: 3 }),
    outcome: "TIMEOUT",
  },
};

describe("a broker that", { concurrency: 8 }, () => {
  for (const [what, { lie, connack, options, guilty, outcome, versions = [4, 5] }] of Object.entries(LIES)) {
    for (const mqttversion of versions) {
      test(`${what}, MQTT ${mqttversion}`, { timeout: 4 * BOUND_MS }, async (t) => {
        const broker = await lyingBroker(t, lie, { connack });
        const client = clientFor(t, {
          mqttserver: broker.url,
          mqttversion,
          maxmqttreconnectdelay: 0.2,
          acktimeout: 2,
          stoptimeout: 2,
          ...options,
        });
        await client.start();
        const traffic = await innocentTraffic(client, broker);
        await pause(100);
        const late = pause(BOUND_MS).then(() => "not settled");
        assert.equal(await Promise.race([guilty(client, broker), late]), outcome);
        const finished = await Promise.race([traffic.finish(), pause(BOUND_MS)]);
        assert.ok(finished, "innocent calls have not settled");
        assert.deepEqual([finished.rejected, finished.missing], [[], []], `of ${finished.sent}`);
        const came = traffic.came();
        await until(() => traffic.came() > came, "messages of its own subscription");
      });
    }
  }
});

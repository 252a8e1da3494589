// An independent implementation of MQTT, npm's mqtt-packet, agrees with this one on valid packets of both versions: each
// parses what the other has generated. Packets are random and follow from their seed (MQTT_SEED=n runs only that one).

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { randomOf, seeds } from "../support/random.mjs";
import { valuesOf } from "../support/random-packets.mjs";
import { clientFor, failure, until } from "./helpers.mjs";

const SEEDS = 40;
const PACKETS = 25;

/** Converts values of both implementations to one form: bytes as hexadecimal digits, no prototypes, no empty properties. */
function plain(value) {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, plain(inner)]);
  const present = entries.filter(([, inner]) => inner !== undefined);
  return present.length > 0 ? Object.fromEntries(present) : undefined;
}

const assertSame = (actual, expected, what) => assert.deepEqual(plain(actual), plain(expected), what);

async function startBroker(t, hook, connack) {
  const broker = await startFakeBroker(scripts.accepts(hook, connack));
  t.after(() => broker.stop());
  return broker;
}

for (const mqttversion of [4, 5]) {
  const five = mqttversion === 5;
  const properties = (make) => (five ? make() : undefined);

  describe(five ? "MQTT 5" : "MQTT 3.1.1", () => {
    test("it reads in our CONNECT and DISCONNECT what the client was given", async (t) => {
      for (const seed of seeds(SEEDS)) {
        const random = randomOf(seed, mqttversion);
        const values = valuesOf(random);
        const broker = await startBroker(t);
        const username = values.flag() ? values.text() : undefined;
        const credentials = {
          mqttserver: broker.url,
          mqttversion,
          mqttclientid: values.topic(),
          mqttkeepalive: random.between(0, 65_535),
          mqttcleansession: values.flag(),
          topicAliases: false,
          mqttusername: username,
          mqttpassword: (five || username !== undefined) && values.flag() ? values.bytes() : undefined,
          properties: properties(values.connect),
        };
        const will = values.flag();
        if (will) {
          credentials.willsettopic = values.topic();
          credentials.willsetpayload = values.bytes();
          credentials.willsetqos = values.qos();
          credentials.willsetretain = values.flag();
          credentials.willProperties = properties(values.will);
        }
        const client = clientFor(t, credentials);
        await client.start();
        const reason = five ? { reasonCode: random.pick([0, 4]), properties: properties(values.users) } : {};
        await client.stop(reason);
        await until(() => broker.connections[0].packets.length === 2);
        const [connect, disconnect] = broker.connections[0].packets;
        assert.equal(connect.protocolVersion, mqttversion);
        assert.equal(connect.clientId, credentials.mqttclientid);
        assert.equal(connect.keepalive, credentials.mqttkeepalive);
        assert.equal(connect.clean, credentials.mqttcleansession);
        assertSame(connect.username, credentials.mqttusername);
        assertSame(connect.password, credentials.mqttpassword);
        const expected = { ...credentials.properties };
        // The effect of mqttcleansession: false.
        if (five && !credentials.mqttcleansession) expected.sessionExpiryInterval ??= 0xffff_ffff;
        // The effects of maxunhandled and maxpacketsize.
        if (five) expected.receiveMaximum ??= 1_000;
        if (five) expected.maximumPacketSize ??= 2 ** 24;
        assertSame(connect.properties, expected, `seed ${seed}`);
        assert.equal(connect.will !== undefined, will);
        if (will) {
          const { topic, payload, qos, retain } = connect.will;
          assertSame(
            { topic, payload, qos, retain, properties: connect.will.properties },
            {
              topic: credentials.willsettopic,
              payload: credentials.willsetpayload,
              qos: credentials.willsetqos,
              retain: credentials.willsetretain,
              properties: credentials.willProperties,
            },
            `seed ${seed}`,
          );
        }
        assert.equal(disconnect.cmd, "disconnect");
        if (five) assert.equal(disconnect.reasonCode ?? 0, reason.reasonCode);
        assertSame(disconnect.properties, reason.properties);
        assert.equal(broker.connections[0].parseError, undefined);
      }
    });

    test("it reads in our PUBLISH, SUBSCRIBE and UNSUBSCRIBE what the calls said, with aliases and without", async (t) => {
      for (const seed of seeds(SEEDS)) {
        const random = randomOf(seed, mqttversion, 1);
        const values = valuesOf(random);
        const topicAliasMaximum = random.pick([0, 3]);
        const broker = await startBroker(t, undefined, five ? { properties: { topicAliasMaximum } } : {});
        const client = clientFor(t, { mqttserver: broker.url, mqttversion });
        await client.start();
        const topics = Array.from({ length: 5 }, values.topic);
        const asked = [];
        const largest = new Map();
        for (let i = 0; i < PACKETS; i++) {
          const kind = random.weighted([
            ["publish", 6],
            ["subscribe", 1],
            ["unsubscribe", 1],
          ]);
          if (kind === "publish") {
            const options = {
              qos: values.qos(),
              retain: values.flag(),
              properties: properties(values.message),
            };
            const packet = { topic: random.pick(topics), payload: values.payload(), ...options };
            asked.push({ cmd: kind, ...packet });
            await client.publish(packet.topic, packet.payload, options);
          } else {
            const filters = [...new Set(Array.from({ length: random.between(1, 4) }, values.filter))];
            if (kind === "unsubscribe") {
              const options = { properties: properties(values.users) };
              asked.push({ cmd: kind, unsubscriptions: filters, ...options });
              for (const filter of filters) largest.delete(filter);
              await client.unsubscribe(filters, five ? options : undefined);
            } else {
              const options = { qos: values.qos(), properties: properties(values.subscribe) };
              const more = five
                ? { noLocal: values.flag(), retainAsPublished: values.flag(), retainHandling: values.qos() }
                : {};
              // Calls for one filter add up, so the largest QoS of them is asked for.
              for (const filter of filters) {
                largest.set(filter, Math.max(options.qos, largest.get(filter) ?? 0));
              }
              const subscriptions = filters.map((topic) => ({
                topic,
                qos: largest.get(topic),
                ...(five && { nl: more.noLocal, rap: more.retainAsPublished, rh: more.retainHandling }),
              }));
              asked.push({ cmd: kind, subscriptions, properties: options.properties });
              await client.subscribe(filters, { ...options, ...more });
            }
          }
        }
        const sent = () =>
          broker.connections[0].packets.filter(({ cmd }) => !["connect", "pubrel"].includes(cmd));
        await until(() => sent().length === asked.length);
        const names = new Map();
        for (const [i, packet] of sent().entries()) {
          const { cmd, payload, qos, retain, subscriptions, unsubscriptions } = packet;
          const { topicAlias, ...given } = packet.properties ?? {};
          let { topic } = packet;
          if (topicAlias !== undefined) {
            assert.ok(topicAlias >= 1 && topicAlias <= topicAliasMaximum);
            if (topic) names.set(topicAlias, topic);
            topic = names.get(topicAlias);
          }
          const read =
            cmd === "publish" ? { topic, payload, qos, retain } : { subscriptions, unsubscriptions };
          assertSame({ cmd, ...read, properties: given }, asked[i], `seed ${seed}, packet ${i}`);
        }
        assert.equal(broker.connections[0].parseError, undefined);
        assert.equal(names.size, five ? Math.min(names.size, topicAliasMaximum) : 0);
        await client.stop();
      }
    });

    test("we read in its PUBLISH what it was given", async (t) => {
      for (const seed of seeds(SEEDS)) {
        const random = randomOf(seed, mqttversion, 2);
        const values = valuesOf(random);
        const given = Array.from({ length: PACKETS }, (_, i) => ({
          cmd: "publish",
          topic: values.topic(),
          payload: values.payload(),
          qos: values.qos(),
          retain: values.flag(),
          dup: false,
          messageId: i + 1,
          properties: properties(() => {
            const identifier = random.pick([undefined, 1, 128, [16_384, 268_435_455]]);
            return identifier === undefined
              ? values.message()
              : { ...values.message(), subscriptionIdentifier: identifier };
          }),
        }));
        const broker = await startBroker(t, (packet, connection) => {
          if (packet.cmd === "subscribe") setImmediate(() => given.map((one) => connection.send(one)));
          return false;
        });
        const client = clientFor(t, { mqttserver: broker.url, mqttversion });
        const received = [];
        client.on_message = (_client, _userdata, message) => received.push(message);
        await client.subscribe("#", { qos: 2 });
        await until(() => received.length === given.length);
        for (const [i, message] of received.entries()) {
          const { topic, payload, qos, retain, dup, properties: found } = message;
          const { cmd: _cmd, messageId: _id, ...expected } = given[i];
          assertSame({ topic, payload, qos, retain, dup, properties: found }, expected, `seed ${seed}, ${i}`);
        }
        assert.deepEqual(client.errors, []);
        await client.stop();
      }
    });
  });
}

test("we read in its CONNACK and DISCONNECT what it was given", async (t) => {
  for (const seed of seeds(SEEDS)) {
    const random = randomOf(seed, 5, 3);
    const values = valuesOf(random);
    // Clients without an identifier get one assigned.
    const named = values.flag();
    const connack = { ...values.connack(), ...(!named && { assignedClientIdentifier: values.topic() }) };
    const reasonCode = random.pick([0, 0x80, 0x81, 0x8b, 0x8d, 0x8e, 0x96, 0x98, 0x9c, 0x9d, 0xa0]);
    const goodbye = values.disconnect();
    const broker = await startBroker(t, undefined, { properties: connack });
    const client = clientFor(t, {
      mqttserver: broker.url,
      mqttversion: 5,
      mqttclientid: named ? "me" : "",
      maxmqttreconnectdelay: 60,
    });
    const callbacks = {};
    client.on_connect = (_client, _userdata, _flags, _rc, properties) => {
      callbacks.connack = properties;
    };
    client.on_disconnect = (_client, _userdata, rc, error) => {
      callbacks.end ??= { rc, error };
    };
    await client.start();
    await until(() => "connack" in callbacks);
    assertSame(callbacks.connack, connack, `seed ${seed}`);
    broker.connections[0].send({ cmd: "disconnect", reasonCode, properties: goodbye });
    await until(() => callbacks.end);
    assert.deepEqual(
      [callbacks.end.rc, callbacks.end.error.reasonCode],
      [reasonCode || 7, reasonCode],
      `seed ${seed}`,
    );
    assertSame(callbacks.end.error.properties, goodbye, `seed ${seed}`);
    await client.stop();
  }
});

test("we read in its acknowledgements what it was given", async (t) => {
  for (const seed of seeds(SEEDS)) {
    const random = randomOf(seed, 5, 4);
    const values = valuesOf(random);
    let next;
    const broker = await startBroker(
      t,
      ({ cmd, messageId, qos, subscriptions, unsubscriptions }, connection) => {
        const say = (answer) => {
          connection.send({ messageId, ...answer, properties: next.properties });
          return true;
        };
        if (cmd === "publish" && qos === 1) return say({ cmd: "puback", reasonCode: next.reasonCode });
        if (cmd === "publish" && next.reasonCode >= 128) {
          return say({ cmd: "pubrec", reasonCode: next.reasonCode });
        }
        if (cmd === "pubrel") return say({ cmd: "pubcomp", reasonCode: 0 });
        if (cmd === "subscribe")
          return say({ cmd: "suback", granted: subscriptions.map(() => next.granted) });
        if (cmd === "unsubscribe")
          return say({ cmd: "unsuback", granted: unsubscriptions.map(() => next.gone) });
        return false;
      },
    );
    const client = clientFor(t, { mqttserver: broker.url, mqttversion: 5 });
    for (let i = 0; i < PACKETS; i++) {
      next = {
        reasonCode: random.pick([0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x97, 0x99]),
        granted: random.pick([0, 1, 2, 0x80, 0x87, 0x8f, 0x97, 0x9e, 0xa1, 0xa2]),
        gone: random.pick([0, 0x11, 0x80, 0x87, 0x8f]),
        properties: values.result(),
      };
      const what = `seed ${seed}, ${i}: ${JSON.stringify(next)}`;
      const kind = random.pick(["publish", "subscribe", "unsubscribe"]);
      if (kind === "publish") {
        const qos = random.between(1, 2);
        const publishing = client.publish("a", "x", { qos });
        if (next.reasonCode >= 128) {
          const error = await failure(publishing);
          assert.deepEqual([error.code, error.reasonCode], ["PUBLISH_REFUSED", next.reasonCode], what);
          assertSame(error.properties, next.properties, what);
        } else {
          const result = await publishing;
          assert.equal(result?.reasonCode ?? 0, qos === 1 ? next.reasonCode : 0, what);
          assertSame(result?.properties, next.properties, what);
        }
      } else if (kind === "subscribe") {
        const subscribing = client.subscribe(["a", "b"]);
        if (next.granted >= 128) {
          const error = await failure(subscribing);
          assert.deepEqual([error.code, error.reasonCode], ["SUBSCRIBE_FAILED", next.granted], what);
          assertSame(error.properties, next.properties, what);
        } else {
          const granted = await subscribing;
          assert.deepEqual([...granted], [next.granted, next.granted], what);
          assertSame(granted.properties, next.properties, what);
        }
      } else {
        const unsubscribing = client.unsubscribe(["a", "b"]);
        if (next.gone >= 128) {
          const error = await failure(unsubscribing);
          assert.deepEqual([error.code, error.reasonCode], ["UNSUBSCRIBE_FAILED", next.gone], what);
          assertSame(error.properties, next.properties, what);
        } else {
          const gone = await unsubscribing;
          assert.deepEqual([...gone], [next.gone, next.gone], what);
          assertSame(gone.properties, next.properties, what);
        }
      }
    }
    assert.deepEqual(client.errors, []);
    await client.stop();
  }
});

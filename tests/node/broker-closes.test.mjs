// A broker that closes the connection at an operation: it is put aside with BROKER_CLOSES, and everything else goes on.
// The search itself, with a thousand in flight and faults of every kind, is in src/engine/tests/common/suspects.rs.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { persistent } from "mqtt-lib/persistent";
import aedes from "../brokers/brokers/aedes.mjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { clientFor, collect, failure, freshTopic, until } from "./helpers.mjs";

const shared = sharedFixtures({ broker: () => aedes.start({ setting: "forbidden" }) });
const url = (transport = "mqtt") => shared.broker.nodes[0].urls[4][transport];

/** A client whose reported errors are kept. */
function watched(t, credentials) {
  const errors = [];
  const client = clientFor(
    t,
    { mqttserver: url(), ...credentials },
    { on_error: (_client, _userdata, error) => errors.push(error) },
  );
  return { client, closes: () => errors.filter((error) => error.code === "BROKER_CLOSES") };
}

for (const transport of ["mqtt", "ws"]) {
  test(`a forbidden publish is put aside and the others arrive in order, over ${transport}`, async (t) => {
    const topic = freshTopic();
    const received = await collect(t, url(), topic, { qos: 1 });
    const { client, closes } = watched(t, { mqttserver: url(transport) });
    await client.start();
    const guilty = failure(client.publish("forbidden/x", "no", { qos: 1 }));
    const sent = Array.from({ length: 50 }, (_, i) => `${i}`);
    await Promise.all(sent.map((text) => client.publish(topic, text, { qos: 1 })));
    const error = await guilty;
    assert.equal(error.code, "BROKER_CLOSES");
    assert.match(error.message, /^this PUBLISH of QoS 1 to "forbidden\/x" is not sent again: /);
    await until(() => new Set(received.texts()).size >= sent.length, "all of them");
    assert.deepEqual([...new Set(received.texts())], sent);
    assert.equal(closes().length, 1);
    assert.deepEqual([client.stats().suspects, client.stats().inFlight], [0, 0]);
  });
}

test("a forbidden filter is put aside and the other filters of the call stand", async (t) => {
  const topic = freshTopic();
  const { client, closes } = watched(t);
  const came = [];
  const take = (_client, _userdata, message) => came.push(message.text());
  const error = await failure(client.subscribe([topic, "forbidden/#"], { qos: 1 }, take));
  assert.equal(error.code, "BROKER_CLOSES");
  assert.match(error.message, /SUBSCRIBE to "forbidden\/#"/);
  assert.equal(closes().length, 1);
  await client.publish(topic, "x", { qos: 1 });
  await client.publish(topic, "y", { qos: 1 });
  await until(() => came.length === 2, "both");
  assert.deepEqual(came, ["x", "y"]);
});

test("what is put aside is not in the store any more", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-store-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const credentials = () => ({
    mqttserver: url(),
    mqttclientid: `closes-${process.pid}`,
    store: persistent({ folder }),
  });
  const { client } = watched(t, credentials());
  assert.equal((await failure(client.publish("forbidden/x", "no", { qos: 2 }))).code, "BROKER_CLOSES");
  await client.stop();
  const { client: again, closes } = watched(t, credentials());
  await again.start();
  await again.publish(freshTopic(), "x", { qos: 1 });
  const { queued, inFlight, reconnects } = again.stats();
  assert.deepEqual([queued, inFlight, reconnects, closes().length], [0, 0, 0, 0]);
});

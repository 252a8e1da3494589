// The brokers of tests/node/bad-brokers.test.mjs, with the component in place of the package: the same codes and the same words,
// and it goes on trying.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { badBrokers, startPeers, stopPeers } from "../support/bad-brokers.mjs";
import { refused, remote } from "./remote.mjs";

const peers = {};

before(() => startPeers(peers));
after(() => stopPeers(peers));

for (const [name, prepare] of Object.entries(badBrokers(peers))) {
  test(`start fails and the client goes on trying, with ${name}`, async (t) => {
    const [where, code, ...words] = await prepare(t);
    const given = typeof where === "string" ? { mqttserver: where } : where;
    const client = await remote(t, { port: undefined }, { maxmqttreconnectdelay: 0.05, ...given });
    const error = await refused(client.call("start"));
    assert.equal(error.code, code, error.message);
    for (const word of words)
      assert.ok(error.message.includes(word), `"${error.message}" should say ${word}`);
    const answer = /CONNACK (\d)/.exec(name)?.[1];
    assert.equal(error.reasonCode, answer && Number(answer));
    assert.equal(await client.call("connected"), false);
    assert.equal((await client.next("error")).code, code, "another attempt");
    assert.equal(await client.call("state"), "connecting");
  });
}

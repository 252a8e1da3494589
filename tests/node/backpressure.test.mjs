// A peer that stops reading: unsent data is queued in the client, within its bounds, and not in the socket; when the peer
// reads again, everything arrives in order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startFakeBroker } from "../support/fake-broker.mjs";
import { clientFor, pause, until } from "./helpers.mjs";

const MIB = 2 ** 20;
/** The driver's high-water mark, one frame, and the overhead of the stream for each write. */
const MOST = 4 * MIB + 256 * 1024;
const SIZE = 16 * 1024;

/** Bytes on this process's connections to a port that the kernel has not accepted yet. */
function buffered(port) {
  const ours = process._getActiveHandles().filter((handle) => handle.remotePort === port);
  return Math.max(0, ...ours.map((socket) => socket.writableLength));
}

async function stalled(t, url, credentials) {
  const broker = await startFakeBroker();
  t.after(() => broker.stop());
  const client = clientFor(t, { mqttserver: broker[url], ...credentials });
  await client.start();
  const peer = await broker.connection(0);
  peer.pause();
  return { client, peer, port: url === "url" ? broker.port : broker.wsPort };
}

const published = (peer) => peer.packets.filter((packet) => packet.cmd === "publish");

for (const [url, over] of [
  ["url", "TCP"],
  ["wsUrl", "WebSocket"],
]) {
  for (const qos of [0, 1]) {
    test(`over ${over}, QoS ${qos}: a peer that stops reading and goes on later gets everything in order`, async (t) => {
      const { client, peer, port } = await stalled(t, url, { maxinflight: 65_535 });
      const payload = Buffer.alloc(SIZE);
      const promises = [];
      let settled = 0;
      let most = 0;
      for (let i = 0; i < 3_000; i++) {
        payload.writeUInt32BE(i);
        promises.push(client.publish("a", payload, { qos }).then(() => settled++));
        if (i % 50 === 0) await pause(0);
        most = Math.max(most, buffered(port));
      }
      await pause(100);
      most = Math.max(most, buffered(port));
      const { queued, bytesSent, sent } = client.stats();
      assert.ok(most > MIB && most <= MOST, `${most} bytes in the socket's buffer`);
      assert.ok(queued > 1_000, `${queued} wait`);
      assert.ok(bytesSent <= sent * (SIZE + 64), "unsent bytes are not counted as sent");
      assert.equal(sent + queued, 3_000);
      assert.ok(settled < 3_000 - 1_000, `${settled} promises settled while the peer stood still`);

      peer.resume();
      await Promise.all(promises);
      await until(() => published(peer).length === 3_000);
      published(peer).forEach((packet, i) => {
        assert.equal(packet.payload.readUInt32BE(), i);
      });
      assert.equal(client.stats().queued, 0);
      assert.deepEqual(client.errors, []);
    });
  }
}

test("the queue behind a peer that does not read is bounded by offlinebytes, and memory with it", async (t) => {
  const { client, peer, port } = await stalled(t, "url", { offlinebytes: 4 * MIB });
  const payload = Buffer.alloc(SIZE);
  const codes = new Set();
  let refused = 0;
  const publish = async (count) => {
    for (let i = 0; i < count; i++) {
      client.publish("a", payload).catch((error) => {
        codes.add(error.code);
        refused += 1;
      });
      if (i % 100 === 0) await pause(0);
    }
  };
  await publish(3_000);
  const before = process.memoryUsage().rss;
  await publish(20_000); // 312 MiB
  const grown = process.memoryUsage().rss - before;
  assert.ok(buffered(port) <= MOST);
  assert.ok(refused > 20_000, `${refused} refused`);
  assert.deepEqual([...codes], ["QUEUE_FULL"]);
  assert.ok(grown < 64 * MIB, `${grown} bytes more memory`);
  const kept = 23_000 - refused;
  peer.resume();
  await until(() => published(peer).length === kept);
});

test("stop() ends every promise although the peer never reads again", async (t) => {
  const { client } = await stalled(t, "url", { stoptimeout: 0.3 });
  const payload = Buffer.alloc(SIZE);
  const promises = Array.from({ length: 2_000 }, () => client.publish("a", payload, { qos: 1 }));
  await pause(50);
  await client.stop();
  const results = await Promise.allSettled(promises);
  assert.ok(results.every(({ status, reason }) => status === "rejected" && reason.code === "STOPPED"));
});

test("a peer that floods and takes no acknowledgements is left with an error that says so", async (t) => {
  const broker = await startFakeBroker();
  t.after(() => broker.stop());
  const errors = [];
  const client = clientFor(
    t,
    { mqttserver: broker.url, mqttkeepalive: 0 },
    { on_message() {}, on_disconnect: (_client, _userdata, rc, error) => errors.push([rc, error]) },
  );
  await client.start();
  const peer = await broker.connection(0);
  peer.pause();
  // Fills the socket, and then the bound of queued acknowledgements.
  const chunk = Buffer.from([0x32, 5, 0, 1, 0x61, 0, 5]);
  const flood = Buffer.concat(Array.from({ length: 10_000 }, () => chunk));
  for (let i = 0; errors.length === 0; i++) {
    assert.ok(i < 2_000, "it was never left");
    peer.write(flood);
    await pause(0);
  }
  assert.equal(errors[0][0], 7);
  assert.match(errors[0][1].message, /does not take their acknowledgements/);
  await until(() => client.connected);
  assert.equal(errors[0][1].code, "CONNECTION_LOST");
});

// Bytes sent through a WebSocket adapter of Node: all of them arrive, however slowly the peer reads, and bufferedAmount and
// ondrain show the progress.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../js/node/connect.mjs";
import { deferred, kinds, watch } from "../support/socket-peers.mjs";

const lengthOf = (chunks) => chunks.reduce((sum, { length }) => sum + length, 0);

for (const kind of Object.keys(kinds)) {
  describe(`${kind}:// socket`, () => {
    test("bytes sent just before close() arrive", async () => {
      const remote = await kinds[kind]();
      const seen = watch(connect(remote.url, "mqtt"));
      await seen.open;
      const big = Buffer.alloc(3_000_000, "x");
      seen.socket.send(big);
      seen.socket.send(new Uint8Array([224, 0]));
      seen.socket.close();
      await remote.ended.promise;
      const all = Buffer.concat(remote.received);
      assert.equal(all.length, big.length + 2);
      assert.deepEqual([...all.subarray(-2)], [224, 0]);
    });

    test("a peer that reads slowly still gets everything after close()", async () => {
      const remote = await kinds[kind]({ paused: true });
      const seen = watch(connect(remote.url, "mqtt"));
      await seen.open;
      for (let i = 0; i < 20; i++) seen.socket.send(Buffer.alloc(1_000_000, i));
      seen.socket.close();
      await sleep(1200);
      remote.resume();
      await remote.ended.promise;
      assert.equal(lengthOf(remote.received), 20_000_000);
    });

    test("one that takes longer than the 2 s, but keeps reading, too", async () => {
      const remote = await kinds[kind]({ paused: true });
      const seen = watch(connect(remote.url, "mqtt"));
      await seen.open;
      const size = 24_000_000;
      for (let i = 0; i < 24; i++) seen.socket.send(Buffer.alloc(size / 24, i));
      const start = performance.now();
      seen.socket.close();
      let ended = false;
      remote.ended.promise.then(() => {
        ended = true;
      });
      for (let next = 2_000_000; next <= size && !ended; next += 2_000_000) {
        remote.resume();
        while (lengthOf(remote.received) < next && !ended) await sleep(1);
        remote.pause();
        await sleep(300);
      }
      remote.resume();
      await remote.ended.promise;
      assert.ok(performance.now() - start > 2500);
      assert.equal(lengthOf(remote.received), size);
    });

    for (const size of [3000, 60_000, 100_000]) {
      test(`the memory of ${size} bytes given to send() may be reused at once`, async () => {
        const remote = await kinds[kind]({ paused: true });
        const seen = watch(connect(remote.url, "mqtt"));
        await seen.open;
        const memory = new Uint8Array(2 * size);
        const view = memory.subarray(1000, 1000 + size);
        const total = 10_000_000;
        for (let sent = 0; sent < total; sent += size) {
          view.fill((sent / size) % 255);
          seen.socket.send(view);
          view.fill(255);
        }
        seen.socket.close();
        remote.resume();
        await remote.ended.promise;
        const all = Buffer.concat(remote.received);
        assert.equal(all.length, Math.ceil(total / size) * size);
        for (let at = 0; at < total; at += size) {
          assert.ok(all.subarray(at, at + size).every((byte) => byte === (at / size) % 255));
        }
      });
    }

    test("a peer that stops reading raises bufferedAmount; ondrain says when it goes on", async () => {
      const remote = await kinds[kind]({ paused: true });
      const seen = watch(connect(remote.url, "mqtt"));
      let drains = 0;
      const drained = deferred();
      seen.socket.ondrain = () => {
        drains++;
        assert.equal(seen.socket.bufferedAmount, 0);
        drained.resolve();
      };
      await seen.open;
      assert.equal(seen.socket.bufferedAmount, 0);
      const block = new Uint8Array(1_000_000);
      let sent = 0;
      while (seen.socket.bufferedAmount < 2_000_000) {
        seen.socket.send(block);
        sent += block.length;
        await sleep(1);
      }
      await sleep(50);
      assert.equal(drains, 0);
      remote.resume();
      await drained.promise;
      seen.socket.close();
      await remote.ended.promise;
      assert.equal(lengthOf(remote.received), sent);
      assert.equal(drains, 1);
    });

    test("no ondrain for what the kernel took at once", async () => {
      const remote = await kinds[kind]();
      const seen = watch(connect(remote.url, "mqtt"));
      let drains = 0;
      seen.socket.ondrain = () => drains++;
      await seen.open;
      let full = 0;
      for (let i = 0; i < 20; i++) {
        seen.socket.send(new Uint8Array(20_000));
        if (seen.socket.bufferedAmount > 0) full++;
        await sleep(5);
      }
      assert.ok(drains <= full, `${drains} calls after ${full} sends that had to wait`);
      seen.socket.close();
      await seen.closed;
    });
  });
}

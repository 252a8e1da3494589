// What js/node/incoming-frames.mjs takes from `ws` and what it leaves to it, and js/node/reading.mjs: one buffer for all reads.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../js/node/connect.mjs";
import { IncomingFrames } from "../../js/node/incoming-frames.mjs";
import { kinds, tcpServer, watch } from "../support/socket-peers.mjs";
import { accept, header } from "../../bench/counterpart/frames.mjs";

const [BINARY, TEXT, PART, MORE, LAST, PING] = [0x82, 0x81, 0x02, 0x00, 0x80, 0x89];
const frame = (first, payload) => Buffer.concat([header(payload.length, first), payload]);

/** Feeds reads of the given lengths; the payloads that were taken, and everything that was left, in order. */
function taken(bytes, lengths, takes = () => true) {
  const log = [];
  const add = (kind) => (view) => {
    if (log.at(-1)?.[0] !== kind) log.push([kind, []]);
    log.at(-1)[1].push(Buffer.from(view));
  };
  const takers = {
    takePayload: add("payload"),
    leave: add("others"),
    rejectText: () => add("text")([]),
    get takes() {
      return takes();
    },
  };
  const frames = new IncomingFrames();
  const shared = new Uint8Array(1 << 20).fill(0xee);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const read = bytes.subarray(at, at + lengths(i));
    shared.set(read);
    frames.read(shared.subarray(0, read.length), takers);
    shared.fill(0xee, 0, read.length);
    at += read.length;
  }
  return log.map(([kind, views]) => [kind, Buffer.concat(views)]);
}

describe("of what a WebSocket receives", () => {
  const payloads = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000, 3].map((length) => randomBytes(length));
  const binary = Buffer.concat(payloads.map((payload) => frame(BINARY, payload)));

  for (const [name, lengths] of [
    ["at once", () => 1 << 20],
    ["byte by byte", () => 1],
    ["in pieces of 7 bytes", () => 7],
    ["in reads of 64 KiB", () => 65_536],
    ["in pieces of any length", () => 1 + Math.floor(Math.random() * 300)],
  ]) {
    test(`whole binary frames are taken, ${name}`, () => {
      assert.deepEqual(taken(binary, lengths), [["payload", Buffer.concat(payloads)]]);
    });

    test(`other frames are left as they are, in their place, ${name}`, () => {
      const [a, b, c] = ["first", "second", "third"].map((text) => frame(BINARY, Buffer.from(text)));
      const ping = frame(PING, Buffer.from("ping"));
      const parts = [
        frame(PART, Buffer.from("be")),
        ping,
        frame(MORE, Buffer.from("gi")),
        frame(LAST, Buffer.from("n")),
      ];
      // One that is masked, or too long, or of a reserved kind, is for `ws` to refuse.
      const wrong = [Buffer.from([BINARY, 0x81, 1, 2, 3, 4, 5])];
      const all = [a, ping, b, ping, c, ...parts, a, ...wrong];
      const log = taken(Buffer.concat(all), lengths);
      assert.deepEqual(log.slice(0, 7), [
        ["payload", Buffer.from("first")],
        ["others", ping],
        ["payload", Buffer.from("second")],
        ["others", ping],
        ["payload", Buffer.from("thirdbe")],
        ["others", ping],
        ["payload", Buffer.from("ginfirst")],
      ]);
      assert.deepEqual(log[7][1].subarray(0, 3), wrong[0].subarray(0, 3));
    });
  }

  test("a masked frame is left, also an empty one", () => {
    for (const masked of [
      [BINARY, 0x80, 1, 2, 3, 4],
      [BINARY, 0x81, 1, 2, 3, 4, 5],
    ].map((bytes) => Buffer.from(bytes)))
      assert.deepEqual(
        taken(masked, () => 1 << 20),
        [["others", masked]],
      );
  });

  for (const lengths of [() => 1 << 20, () => 1]) {
    test("a frame inside of a message of several is left, behind a beginning, because it is wrong there", () => {
      const wrong = frame(BINARY, Buffer.from("whole"));
      assert.deepEqual(taken(Buffer.concat([frame(PART, Buffer.from("be")), wrong]), lengths), [
        ["payload", Buffer.from("be")],
        ["others", Buffer.concat([Buffer.from([PART, 0]), wrong])],
      ]);
    });

    test("what `ws` gets of a message of several frames, because it has bytes before it, is a message of its own", () => {
      const [first, second, third] = ["be", "gi", "n"].map((text) => Buffer.from(text));
      const all = Buffer.concat([frame(PART, first), frame(MORE, second), frame(LAST, third)]);
      let asked = 0;
      const log = taken(all, lengths, () => asked++ !== 1);
      assert.deepEqual(log, [
        ["payload", first],
        ["others", Buffer.concat([frame(PART, second), frame(LAST, third)])],
      ]);
      const whole = frame(BINARY, third);
      asked = 0;
      assert.deepEqual(
        taken(Buffer.concat([frame(PART, first), frame(LAST, third), whole]), lengths, () => asked++ !== 1),
        [
          ["payload", first],
          ["others", whole],
          ["payload", third],
        ],
      );
    });

    test("where a frame of text begins, it is reported, and its text is not kept", () => {
      const bytes = Buffer.concat([
        frame(BINARY, Buffer.from("one")),
        header(2 ** 27, TEXT),
        Buffer.alloc(99),
      ]);
      const log = taken(bytes, lengths);
      assert.deepEqual(log.slice(0, 2), [
        ["payload", Buffer.from("one")],
        ["text", Buffer.alloc(0)],
      ]);
      assert.ok(log.slice(2).every(([kind]) => kind === "payload"));
    });
  }

  test("nothing is taken while `ws` has bytes that come before it", () => {
    let takes = false;
    const all = Buffer.concat([frame(BINARY, Buffer.from("one")), frame(BINARY, Buffer.from("two"))]);
    const log = taken(
      all,
      () => 5,
      () => {
        const before = takes;
        takes = true;
        return before;
      },
    );
    assert.deepEqual(log, [
      ["others", frame(BINARY, Buffer.from("one"))],
      ["payload", Buffer.from("two")],
    ]);
  });
});

for (const kind of Object.keys(kinds)) {
  test(`bytes of many ${kind}:// sockets at a time are not mixed`, async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        const remote = await kinds[kind]();
        const seen = watch(connect(remote.url, "mqtt"));
        await seen.open;
        const send = (bytes) => (kind === "ws" ? remote.peer.send(bytes) : remote.peer.write(bytes));
        while (remote.peer === undefined) await sleep(1);
        return { n, seen, send };
      }),
    );
    for (let round = 0; round < 30; round++) {
      for (const { n, send } of all) send(Buffer.alloc(1 + 997 * round * n, n));
      if (round % 5 === 0) await sleep(1);
    }
    for (const { n, seen } of all) {
      const bytes = await seen.received(30 + 997 * n * 435);
      assert.ok(bytes.every((byte) => byte === n));
      seen.socket.close();
      await seen.closed;
    }
  });
}

test("frames that come with the answer to the handshake arrive, and those behind them", async () => {
  const port = await tcpServer(async (peer) => {
    const [request] = await once(peer, "data");
    const key = /sec-websocket-key: (.*)\r\n/i.exec(request.toString())[1];
    const answer = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: ${accept(key)}\r\n\r\n`;
    const first = frame(BINARY, Buffer.from("with it, "));
    peer.write(Buffer.concat([Buffer.from(answer), first.subarray(0, 5)]));
    await sleep(20);
    peer.write(first.subarray(5));
    peer.write(frame(BINARY, Buffer.from("behind it")));
  });
  const seen = watch(connect(`ws://127.0.0.1:${port}`, "mqtt"));
  assert.equal((await seen.received(18)).toString(), "with it, behind it");
  seen.socket.close();
});

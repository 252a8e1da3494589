// The frames that js/node/frame.mjs encodes and js/node/websocket.mjs writes directly to the stream, parsed on the server
// side by a parser of the tests.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { maskedFrame } from "../../js/node/frame.mjs";
import { scripts, startFakeBroker } from "../support/fake-broker.mjs";
import { BINARY, CLOSE, open, PING, PONG, parse, unmasked } from "../support/websocket-peer.mjs";
import { clientFor } from "./helpers.mjs";

const opcodes = (frames) => frames.map((frame) => frame.opcode);
const numbered = (n) => Buffer.from(String(n).padStart(8, "0"));
const LENGTHS = [
  ...Array.from({ length: 200 }, (_, i) => i + 1),
  4095,
  4096,
  4097,
  8191,
  65533,
  65534,
  65535,
];
const LONG = [65536, 65537, 65539, 1_000_003];

describe("a frame", () => {
  test("of every length is one final masked binary frame with the shortest header and these bytes", () => {
    const memory = randomBytes(1_100_000);
    for (const length of [0, ...LENGTHS, ...LONG]) {
      for (const offset of [0, 1, 2, 3]) {
        const payload = memory.subarray(offset, offset + length);
        const before = Buffer.from(payload);
        const bytes = maskedFrame(payload);
        const { frames, rest } = parse(bytes);
        assert.equal(frames.length, 1);
        assert.equal(rest.length, 0);
        assert.equal(frames[0].opcode, BINARY);
        assert.ok(frames[0].payload.equals(before), `length ${length} at ${offset}`);
        assert.ok(payload.equals(before), "the caller's memory is only read");
      }
    }
  });

  test("that is kept does not change when others are made", () => {
    const kept = Array.from({ length: 500 }, (_, n) => maskedFrame(numbered(n)));
    kept.forEach((bytes, n) => {
      assert.deepEqual(parse(bytes).frames[0].payload, numbered(n));
    });
  });

  test("has a key of its own, random in every bit", () => {
    const count = 20_000;
    const keys = Array.from({ length: count }, () => parse(maskedFrame(numbered(0))).frames[0].key);
    assert.ok(new Set(keys).size > count - 5, `${new Set(keys).size} different keys`);
    for (let bit = 0; bit < 32; bit++) {
      const ones = keys.filter((key) => (key >>> bit) & 1).length;
      assert.ok(Math.abs(ones / count - 0.5) < 0.03, `bit ${bit}: ${ones} of ${count}`);
    }
    const steps = new Set(keys.slice(1).map((key, i) => (key ^ keys[i]) >>> 0));
    assert.ok(steps.size > count - 6, "nor is the way from one key to the next ever the same");
  });
});

test("a packet of 3 MB goes to a broker that takes WebSocket messages of 64 KiB", async (t) => {
  const broker = await startFakeBroker(scripts.accepts(), { maxPayload: 64 << 10 });
  t.after(() => broker.stop());
  const client = clientFor(t, broker.wsUrl);
  const payload = randomBytes(3_000_000);
  await client.publish("test/large", payload, { qos: 1 });
  const packets = broker.connections[0].packets.filter(({ cmd }) => cmd === "publish");
  assert.equal(packets.length, 1);
  assert.ok(packets[0].payload.equals(payload));
});

for (const secure of [false, true]) {
  describe(secure ? "over wss://" : "over ws://", () => {
    test("each send is one frame, in order, from memory that is used again at once", async () => {
      const { remote, socket, closed } = await open({ secure });
      const sent = [...LENGTHS, ...LONG].map((length) => randomBytes(length));
      const memory = new Uint8Array(1_000_010);
      for (const [i, payload] of sent.entries()) {
        const view = memory.subarray(i % 5, (i % 5) + payload.length);
        view.set(payload);
        socket.send(view);
        view.fill(0);
      }
      const frames = await remote.arrived(sent.length);
      for (const [i, payload] of sent.entries()) {
        assert.ok(frames[i].payload.equals(payload), `${payload.length} bytes`);
      }
      assert.equal(new Set(frames.map((frame) => frame.key)).size, sent.length);
      socket.close();
      assert.equal((await closed).wasClean, true);
    });

    test("PING is answered between them", async () => {
      const { remote, socket, closed } = await open({ secure });
      const pings = 40;
      for (let n = 0; n < pings; n++) {
        remote.peer.write(unmasked(PING, Buffer.from(`ping ${n}`)));
        for (let i = 0; i < 25; i++) socket.send(numbered(n * 25 + i));
        await sleep(n % 3);
      }
      const frames = await remote.arrived(pings * 26);
      const data = frames.filter((frame) => frame.opcode === BINARY);
      assert.deepEqual(
        data.map(({ payload }) => Number(payload)),
        Array.from({ length: pings * 25 }, (_, n) => n),
      );
      const pongs = frames.filter((frame) => frame.opcode === PONG);
      assert.deepEqual(
        pongs.map(({ payload }) => payload.toString()),
        Array.from({ length: pings }, (_, n) => `ping ${n}`),
      );
      assert.ok(opcodes(frames).lastIndexOf(BINARY) > opcodes(frames).indexOf(PONG), "they were mixed");
      socket.close();
      await closed;
    });

    test("of PINGs that come all at once, as after a sleep, the last is answered, and the connection lives", async () => {
      const { remote, socket, closed } = await open({ secure });
      const pings = Array.from({ length: 5_000 }, (_, n) => unmasked(PING, Buffer.from(`ping ${n}`)));
      remote.peer.write(Buffer.concat(pings));
      const isLast = ({ opcode, payload }) => opcode === PONG && payload.toString() === "ping 4999";
      let frames = [];
      for (let count = 1; !frames.some(isLast); count++) frames = await remote.arrived(count);
      assert.ok(frames.length < 5_000, `${frames.length} answers`);
      socket.send(numbered(7));
      frames = await remote.arrived(frames.length + 1);
      assert.deepEqual(frames.at(-1).payload, numbered(7));
      socket.close();
      assert.equal((await closed).wasClean, true);
    });

    test("as many PINGs as are answered one by one, all at once, are answered one by one", async () => {
      const { remote, socket, closed } = await open({ secure });
      const names = Array.from({ length: 32 }, (_, n) => `ping ${n}`);
      remote.peer.write(Buffer.concat(names.map((name) => unmasked(PING, Buffer.from(name)))));
      const frames = await remote.arrived(names.length);
      assert.deepEqual(
        frames.map(({ payload }) => payload.toString()),
        names,
      );
      socket.close();
      assert.equal((await closed).wasClean, true);
    });

    test("a message in several frames is handed over as they come, with a PING between", async () => {
      const { remote, socket, closed } = await open({ secure });
      let received = "";
      const message = (upto) =>
        new Promise((resolve) => {
          socket.onmessage = ({ data }) => {
            received += Buffer.from(data).toString();
            if (received.length >= upto) resolve(received);
          };
        });
      const part = (first, text) => Buffer.concat([Buffer.from([first, text.length]), Buffer.from(text)]);
      remote.peer.write(part(BINARY, "be"));
      assert.equal(await message(2), "be");
      remote.peer.write(Buffer.concat([unmasked(PING, Buffer.from("?")), part(0, "gi")]));
      assert.equal(await message(4), "begi");
      assert.equal((await remote.arrived(1))[0].opcode, PONG);
      remote.peer.write(Buffer.concat([part(0x80, "n"), unmasked(BINARY, Buffer.from("next"))]));
      assert.equal(await message(9), "beginnext");
      socket.close();
      assert.equal((await closed).wasClean, true);
    });

    test("a message that begins within another one ends the connection", async () => {
      const { remote, socket, closed } = await open({ secure });
      const failed = new Promise((resolve) => {
        socket.onerror = resolve;
      });
      remote.peer.write(Buffer.concat([Buffer.from([BINARY, 1, 7]), unmasked(BINARY, Buffer.from("x"))]));
      assert.match((await failed).message, /violated the WebSocket protocol/);
      await closed;
    });

    test("a peer that stands still: bytes wait, a PONG too, and all come in order", async () => {
      const { remote, socket, closed } = await open({ secure });
      let drains = 0;
      socket.ondrain = () => {
        drains += 1;
      };
      remote.peer.pause();
      remote.peer.write(unmasked(PING, Buffer.from("in between")));
      const block = Buffer.alloc(100_000);
      let sent = 0;
      for (; sent < 80 || socket.bufferedAmount < 2_000_000; sent++) {
        block.writeUInt32BE(sent);
        socket.send(block);
        if (sent % 8 === 0) await sleep(1);
      }
      const before = drains; // the kernel accepted the first of them
      remote.peer.resume();
      const frames = await remote.arrived(sent + 1);
      const data = frames.filter((frame) => frame.opcode === BINARY);
      assert.deepEqual(
        data.map(({ payload }) => payload.readUInt32BE()),
        Array.from({ length: sent }, (_, n) => n),
      );
      assert.equal(frames.length - data.length, 1);
      await sleep(20);
      assert.equal(socket.bufferedAmount, 0);
      assert.equal(drains, before + 1);
      socket.close();
      await closed;
    });

    test("close() follows all that was sent, and nothing follows it", async () => {
      const { remote, socket, closed } = await open({ secure });
      for (let n = 0; n < 50; n++) socket.send(Buffer.alloc(50_000, n));
      socket.send(numbered(1));
      socket.close();
      socket.send(numbered(2));
      const event = await closed;
      assert.deepEqual([event.code, event.wasClean], [1000, true]);
      await remote.end();
      assert.equal(remote.frames.length, 52);
      assert.deepEqual(remote.frames[50].payload, numbered(1));
      assert.equal(remote.frames[51].opcode, CLOSE);
      assert.equal(remote.frames[51].payload.readUInt16BE(), 1000);
    });

    test("after the peer's CLOSE no data is sent, not even while the answer waits to go out", async () => {
      const { remote, socket, closed } = await open({ secure, answersClose: false });
      const goingAway = Buffer.from([1001 >> 8, 1001 & 255]);
      const delivered = new Promise((resolve) => {
        socket.onmessage = () => {
          socket.send(numbered(2));
          resolve();
        };
      });
      remote.peer.pause();
      let sent = 0;
      for (; socket.bufferedAmount < 2_000_000; sent++) {
        socket.send(Buffer.alloc(100_000));
        await sleep(1);
      }
      // Both in one chunk: CLOSE is answered right after the data is delivered.
      remote.peer.write(Buffer.concat([unmasked(BINARY, numbered(9)), unmasked(CLOSE, goingAway)]));
      await delivered;
      socket.send(numbered(3));
      remote.peer.resume();
      await remote.arrived(sent + 2);
      remote.peer.end();
      assert.equal((await closed).code, 1001);
      await remote.end();
      assert.deepEqual(opcodes(remote.frames), [...new Array(sent + 1).fill(BINARY), CLOSE]);
      assert.deepEqual(remote.frames[sent].payload, numbered(2));
    });
  });
}

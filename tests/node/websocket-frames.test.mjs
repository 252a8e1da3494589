// The frames that js/node/frame.mjs makes and js/node/websocket.mjs writes past `ws`, read on the other side
// by a parser of its own that takes nothing RFC 6455 does not allow. Owns that server and parser.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer as createTlsServer } from "node:tls";
import { connect } from "../../js/node/connect.mjs";
import { maskedFrame } from "../../js/node/frame.mjs";
import { makeCertificates } from "../support/certificates.mjs";

const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** Whole frames off the front of `bytes`, and what is left. Section 5.2, for a server that reads MQTT. */
function parse(bytes) {
  const frames = [];
  let at = 0;
  for (;;) {
    const frame = parseOne(bytes, at);
    if (frame === undefined) return { frames, rest: bytes.subarray(at) };
    at = frame.end;
    frames.push(frame);
  }
}

function parseOne(bytes, at) {
  const have = bytes.length - at;
  if (have < 2) return undefined;
  const [first, second] = [bytes[at], bytes[at + 1]];
  const opcode = first & 15;
  assert.equal(first >> 4, 0b1000, "FIN set, no reserved bit");
  assert.ok([BINARY, CLOSE, PING, PONG].includes(opcode), `opcode ${opcode}`);
  assert.equal(second >> 7, 1, "a client must mask");
  const short = second & 127;
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (have < head + 4) return undefined;
  let length = short;
  if (short === 126) {
    length = bytes.readUInt16BE(at + 2);
    assert.ok(length > 125, `${length} in 16 bits`);
  } else if (short === 127) {
    const long = bytes.readBigUInt64BE(at + 2);
    assert.ok(long > 65535n && long < 1n << 63n, `${long} in 64 bits`);
    length = Number(long);
  }
  assert.ok(opcode < CLOSE || length < 126, "a control frame is short");
  const start = at + head + 4;
  const end = start + length;
  if (bytes.length < end) return undefined;
  const key = bytes.subarray(start - 4, start);
  const payload = Buffer.alloc(length);
  for (let i = 0; i < length; i++) payload[i] = bytes[start + i] ^ key[i % 4];
  return { opcode, key: key.readUInt32BE(0), payload, end };
}

/** A frame of the server's, which is not masked. */
const unmasked = (opcode, payload) => Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);

const closers = [];
after(() => {
  for (const close of closers) close();
});

const certificates = makeCertificates();
const identity = certificates.issue("server");
const TLS = { cert: readFileSync(identity.cert), key: readFileSync(identity.key) };

/** One client, open, and the server's side of it: `frames` so far, `arrived(count)`, `peer` to write to. */
async function open({ secure = false, answersClose = true } = {}) {
  const far = { frames: [], broken: undefined, ended: false, url: "" };
  let waiting = () => {};
  const onPeer = (peer) => {
    far.peer = peer;
    let rest = Buffer.alloc(0);
    let upgraded = false;
    const take = (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      if (!upgraded) {
        const end = rest.indexOf("\r\n\r\n");
        if (end < 0) return;
        peer.write(handshake(rest.toString("latin1", 0, end)));
        rest = rest.subarray(end + 4);
        upgraded = true;
      }
      const parsed = parse(rest);
      rest = parsed.rest;
      for (const frame of parsed.frames) {
        assert.ok(far.frames.at(-1)?.opcode !== CLOSE, "nothing follows CLOSE");
        far.frames.push(frame);
        if (frame.opcode === CLOSE && answersClose) peer.end(unmasked(CLOSE, frame.payload));
      }
    };
    peer.on("data", (chunk) => {
      try {
        take(chunk);
      } catch (error) {
        far.broken = error;
        peer.destroy();
      }
      waiting();
    });
    peer.on("error", () => {});
    peer.on("close", () => {
      far.ended = true;
      waiting();
    });
  };
  const server = secure ? createTlsServer(TLS, onPeer) : createServer(onPeer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    far.peer?.destroy();
    server.close();
  });

  const until = async (condition) => {
    while (!condition() && !far.broken && !far.ended) {
      await new Promise((resolve) => {
        waiting = resolve;
      });
    }
    if (far.broken) throw far.broken;
    assert.ok(condition(), `ended after ${far.frames.length} frames`);
    return far.frames;
  };
  far.arrived = (count) => until(() => far.frames.length >= count);
  far.end = () => until(() => far.ended);

  const url = `${secure ? "wss" : "ws"}://127.0.0.1:${server.address().port}/mqtt`;
  const socket = connect(url, "mqtt", secure ? { certs: { ca: certificates.ca } } : {});
  socket.onerror = (event) => {
    far.broken ??= event.error;
    waiting();
  };
  const closed = new Promise((resolve) => {
    socket.onclose = resolve;
  });
  await Promise.race([
    new Promise((resolve) => {
      socket.onopen = resolve;
    }),
    closed.then(() => {
      throw far.broken;
    }),
  ]);
  return { far, socket, closed };
}

function handshake(request) {
  const key = /^sec-websocket-key: (.*)$/im.exec(request)[1];
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`;
}

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

for (const secure of [false, true]) {
  describe(secure ? "over wss://" : "over ws://", () => {
    test("each send is one frame, in order, from memory that is used again at once", async () => {
      const { far, socket, closed } = await open({ secure });
      const sent = [...LENGTHS, ...LONG].map((length) => randomBytes(length));
      const memory = new Uint8Array(1_000_010);
      for (const [i, payload] of sent.entries()) {
        const view = memory.subarray(i % 5, (i % 5) + payload.length);
        view.set(payload);
        socket.send(view);
        view.fill(0);
      }
      const frames = await far.arrived(sent.length);
      for (const [i, payload] of sent.entries()) {
        assert.ok(frames[i].payload.equals(payload), `${payload.length} bytes`);
      }
      assert.equal(new Set(frames.map((frame) => frame.key)).size, sent.length);
      socket.close();
      assert.equal((await closed).wasClean, true);
    });

    test("PING is answered between them", async () => {
      const { far, socket, closed } = await open({ secure });
      const pings = 40;
      for (let n = 0; n < pings; n++) {
        far.peer.write(unmasked(PING, Buffer.from(`ping ${n}`)));
        for (let i = 0; i < 25; i++) socket.send(numbered(n * 25 + i));
        await sleep(n % 3);
      }
      const frames = await far.arrived(pings * 26);
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

    test("a peer that stands still: bytes wait, a PONG too, and all come in order", async () => {
      const { far, socket, closed } = await open({ secure });
      let drains = 0;
      socket.ondrain = () => {
        drains += 1;
      };
      far.peer.pause();
      far.peer.write(unmasked(PING, Buffer.from("in between")));
      const block = Buffer.alloc(100_000);
      let sent = 0;
      for (; sent < 80 || socket.bufferedAmount < 2_000_000; sent++) {
        block.writeUInt32BE(sent);
        socket.send(block);
        if (sent % 8 === 0) await sleep(1);
      }
      const before = drains; // the kernel took the first of them
      far.peer.resume();
      const frames = await far.arrived(sent + 1);
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
      const { far, socket, closed } = await open({ secure });
      for (let n = 0; n < 50; n++) socket.send(Buffer.alloc(50_000, n));
      socket.send(numbered(1));
      socket.close();
      socket.send(numbered(2));
      const event = await closed;
      assert.deepEqual([event.code, event.wasClean], [1000, true]);
      await far.end();
      assert.equal(far.frames.length, 52);
      assert.deepEqual(far.frames[50].payload, numbered(1));
      assert.equal(far.frames[51].opcode, CLOSE);
      assert.equal(far.frames[51].payload.readUInt16BE(), 1000);
    });

    test("after the peer's CLOSE no data is sent, not even while the answer waits to go out", async () => {
      const { far, socket, closed } = await open({ secure, answersClose: false });
      const goingAway = Buffer.from([1001 >> 8, 1001 & 255]);
      const told = new Promise((resolve) => {
        socket.onmessage = () => {
          socket.send(numbered(2));
          resolve();
        };
      });
      far.peer.pause();
      let sent = 0;
      for (; socket.bufferedAmount < 2_000_000; sent++) {
        socket.send(Buffer.alloc(100_000));
        await sleep(1);
      }
      // Both in one chunk: `ws` has answered CLOSE by the time the data is handed over.
      far.peer.write(Buffer.concat([unmasked(BINARY, numbered(9)), unmasked(CLOSE, goingAway)]));
      await told;
      socket.send(numbered(3));
      far.peer.resume();
      await far.arrived(sent + 1);
      far.peer.end();
      assert.equal((await closed).code, 1001);
      await far.end();
      assert.deepEqual(opcodes(far.frames), [...new Array(sent).fill(BINARY), CLOSE]);
      assert.ok(far.frames.every(({ payload }) => payload.length !== 8));
    });
  });
}

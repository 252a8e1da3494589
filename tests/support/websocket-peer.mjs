// A socket of js/node/ that is connected to a WebSocket server whose parser accepts only what RFC 6455 allows. Both are
// closed after the tests of the file that imports it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { after } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { connect } from "../../js/node/connect.mjs";
import { makeCertificates } from "./certificates.mjs";

export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** Parses complete frames (RFC 6455, section 5.2); returns them and the remaining bytes. */
export function parse(bytes) {
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

/** A frame of a server, which is not masked. */
export const unmasked = (opcode, payload) =>
  Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);

const closers = [];
after(() => {
  for (const close of closers) close();
});

const certificates = makeCertificates();
const identity = certificates.issue("server");
const TLS = { cert: readFileSync(identity.cert), key: readFileSync(identity.key) };

/** Opens a client; `remote` is the server side: the `frames` so far, `arrived(count)`, and `peer` to write to. */
export async function open({ secure = false, answersClose = true } = {}) {
  const remote = { frames: [], broken: undefined, ended: false, url: "" };
  let waiting = () => {};
  const onPeer = (peer) => {
    remote.peer = peer;
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
        assert.ok(remote.frames.at(-1)?.opcode !== CLOSE, "nothing follows CLOSE");
        remote.frames.push(frame);
        if (frame.opcode === CLOSE && answersClose) peer.end(unmasked(CLOSE, frame.payload));
      }
    };
    peer.on("data", (chunk) => {
      try {
        take(chunk);
      } catch (error) {
        remote.broken = error;
        peer.destroy();
      }
      waiting();
    });
    peer.on("error", () => {});
    peer.on("close", () => {
      remote.ended = true;
      waiting();
    });
  };
  const server = secure ? createTlsServer(TLS, onPeer) : createServer(onPeer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    remote.peer?.destroy();
    server.close();
  });

  const until = async (condition) => {
    while (!condition() && !remote.broken && !remote.ended) {
      await new Promise((resolve) => {
        waiting = resolve;
      });
    }
    if (remote.broken) throw remote.broken;
    assert.ok(condition(), `ended after ${remote.frames.length} frames`);
    return remote.frames;
  };
  remote.arrived = (count) => until(() => remote.frames.length >= count);
  remote.end = () => until(() => remote.ended);

  const url = `${secure ? "wss" : "ws"}://127.0.0.1:${server.address().port}/mqtt`;
  const socket = connect(url, "mqtt", secure ? { certs: { ca: certificates.ca } } : {});
  socket.onerror = (event) => {
    remote.broken ??= event.error;
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
      throw remote.broken;
    }),
  ]);
  return { remote, socket, closed };
}

function handshake(request) {
  const key = /^sec-websocket-key: (.*)$/im.exec(request)[1];
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`;
}

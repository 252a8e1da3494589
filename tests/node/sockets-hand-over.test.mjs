// Delivery of WebSocket frames in Node: the frames of one turn with one call of onmessage, in order and without delay.

import assert from "node:assert/strict";
import { Agent } from "node:http";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../js/node/connect.mjs";
import { kinds, watch, wsServer } from "../support/socket-peers.mjs";

test("frames that arrive together are one onmessage, in order", async () => {
  const port = await wsServer((peer) => {
    peer._socket.cork();
    for (let i = 0; i < 1000; i++) peer.send(Buffer.from(String(i).padStart(4, "0")));
    peer._socket.uncork();
  });
  const seen = watch(connect(`ws://127.0.0.1:${port}`, "mqtt"));
  const text = (await seen.received(4000)).toString();
  assert.equal(text, Array.from({ length: 1000 }, (_, i) => String(i).padStart(4, "0")).join(""));
  assert.ok(seen.chunks.length <= 10, `${seen.chunks.length} hand-overs`);
  seen.socket.close();
  await seen.closed;
});

test("a frame that comes alone does not wait for the end of the turn", async () => {
  const agent = new Agent();
  let stream;
  const create = agent.createConnection;
  agent.createConnection = (...all) => {
    stream = create.apply(agent, all);
    return stream;
  };
  const remote = await kinds.ws({ echo: true });
  const seen = watch(connect(remote.url, "mqtt", { websocket: { agent } }));
  await seen.open;
  stream.on("data", () => seen.log.push("all listeners called")); // after the listener of `ws`, before microtasks
  seen.socket.send(Buffer.from("alone"));
  await seen.received(5);
  await sleep(10);
  assert.deepEqual(seen.log, ["open", "message", "all listeners called"]);
  seen.socket.close();
  await seen.closed;
});

test("long frames between short ones keep their place", async () => {
  const parts = ["a", "b".repeat(100_000), "c", "d", "e".repeat(20_000), "f"];
  const port = await wsServer((peer) => {
    peer._socket.cork();
    for (const part of parts) peer.send(Buffer.from(part));
    peer._socket.uncork();
  });
  const seen = watch(connect(`ws://127.0.0.1:${port}`, "mqtt"));
  assert.equal((await seen.received(120_004)).toString(), parts.join(""));
  seen.socket.close();
  await seen.closed;
});

test("a frame in the same turn as the close frame is handed over before onclose", async () => {
  const port = await wsServer((peer) => {
    peer._socket.cork();
    peer.send(Buffer.from("last"));
    peer.close(1000);
    peer._socket.uncork();
  });
  const seen = watch(connect(`ws://127.0.0.1:${port}`, "mqtt"));
  await seen.closed;
  assert.equal(seen.text(), "last");
  assert.deepEqual(seen.log, ["open", "message", "close"]);
});

test("frames in the same turn as a wrong one are handed over before onerror", async () => {
  const port = await wsServer((peer) => {
    peer._socket.cork();
    for (const text of ["one", "two"]) peer.send(Buffer.from(text));
    peer._socket.write(Buffer.from([0xf2, 0]));
    peer._socket.uncork();
  });
  const seen = watch(connect(`ws://127.0.0.1:${port}`, "mqtt"));
  await seen.closed;
  assert.equal(seen.text(), "onetwo");
  assert.deepEqual(seen.log.slice(0, 3), ["open", "message", "error"]);
});

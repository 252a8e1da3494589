// `credentials.transport` and a slow handler: streams are not read meanwhile. Also what makes streams of a page a socket,
// js/streams/duplex.mjs, with streams that behave in every way.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { StreamsDuplex } from "../../js/streams/duplex.mjs";
import { subscribed } from "../support/subscribed.mjs";
import { pause, until } from "./helpers.mjs";

test("30,000 messages of QoS 0 by a transport, slower handlers: none is dropped, few are held", async (t) => {
  let [seen, most] = [0, 0];
  const { client, send } = await subscribed(t, 5, {
    options: { concurrency: 100 },
    handler: async () => {
      seen += 1;
      most = Math.max(most, client.stats().unhandled);
      await pause(1);
    },
    credentials: {
      maxunhandled: 200,
      mqttkeepalive: 1,
      transport: ({ url }) => Duplex.toWeb(connect(new URL(url).port, "127.0.0.1")),
    },
  });
  for (let number = 0; number < 30_000; number++) send(undefined, `${number}`.padStart(100), 0);
  await until(() => seen === 30_000, "all messages", 60_000);
  assert.deepEqual([client.stats().dropped, client.stats().reconnects], [0, 0]);
  assert.ok(most < 3_000, `${most} were held`);
});

/** Streams whose other ends are in the test's hands; `seen` has what the duplex says. */
function streams({ highWaterMark = 1, write = () => {} } = {}) {
  const written = [];
  const seen = [];
  let reader;
  const readable = new ReadableStream({
    start: (controller) => {
      reader = controller;
    },
    cancel: () => seen.push("cancelled"),
  });
  const sink = {
    write(chunk) {
      written.push(...chunk);
      return write();
    },
    close: () => seen.push("closed"),
    abort: () => seen.push("aborted"),
  };
  const duplex = new StreamsDuplex({ readable, writable: new WritableStream(sink, { highWaterMark }) });
  duplex.on("data", (chunk) => seen.push(...chunk));
  for (const name of ["end", "error", "close", "drain"]) {
    duplex.on(name, (value) => seen.push(value === undefined ? name : `${name}: ${value.message}`));
  }
  return { duplex, reader, seen, written };
}

const bytes = (...all) => Uint8Array.of(...all);

test("a pause holds the chunk that was on its way, and the end", async () => {
  const { duplex, reader, seen } = streams();
  duplex.pause();
  reader.enqueue(bytes(1));
  reader.enqueue(bytes(2));
  reader.close();
  await pause(10);
  assert.deepEqual(seen, []);
  duplex.resume();
  duplex.pause();
  duplex.resume();
  assert.deepEqual(seen, [], "nothing comes within a call");
  await pause(10);
  assert.deepEqual(seen, [1, 2, "end", "closed", "close"]);
});

test("what is written is counted until it is taken", async () => {
  let take;
  const { duplex, seen, written } = streams({ write: () => new Promise((resolve) => (take = resolve)) });
  duplex.write(bytes(1, 2));
  duplex.write(bytes(3));
  assert.equal(duplex.writableLength, 3);
  await pause(5);
  take();
  await pause(5);
  assert.deepEqual([duplex.writableLength, seen], [1, []]);
  take();
  await pause(5);
  assert.deepEqual([duplex.writableLength, written, seen], [0, [1, 2, 3], ["drain"]]);
  duplex.write(bytes(4));
  duplex.end();
  duplex.end();
  await pause(5);
  assert.deepEqual(seen, ["drain"], "the last byte is not taken");
  take();
  await pause(5);
  assert.deepEqual(seen, ["drain", "closed", "drain", "cancelled", "close"]);
});

test("a failure on either side is one error, and one close", async () => {
  const read = streams();
  read.reader.error(new Error("cut"));
  await pause(5);
  assert.deepEqual(read.seen, ["error: cut", "aborted", "close"]);
  const fails = streams({
    write: () => {
      throw "full";
    },
  });
  fails.duplex.write(bytes(1));
  fails.duplex.write(bytes(2));
  await pause(5);
  assert.deepEqual(fails.seen, ["error: full", "cancelled", "close"]);
});

test("nothing is said after it was destroyed", async () => {
  const { duplex, reader, seen } = streams();
  duplex.destroy();
  duplex.destroy();
  duplex.end();
  assert.throws(() => reader.enqueue(bytes(1)));
  await pause(5);
  assert.deepEqual(seen, ["cancelled", "close", "aborted"]);
});

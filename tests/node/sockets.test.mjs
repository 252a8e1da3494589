// Node sockets dressed as a WebSocket, against real servers: the promises that js/node/dressed.mjs makes.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { Agent, createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { connect } from "../../js/node/connect.mjs";

/** Everything a socket reports, in order, and promises for the moments a test waits for. */
function watch(socket) {
  const log = [];
  const chunks = [];
  const seen = { log, chunks, socket };
  seen.open = new Promise((resolve) => {
    socket.onopen = () => resolve(log.push("open"));
  });
  seen.closed = new Promise((resolve) => {
    socket.onclose = (event) => {
      log.push("close");
      resolve(event);
    };
  });
  socket.onerror = (event) => {
    log.push("error");
    seen.error = event.error;
    assert.equal(event.message, event.error.message);
  };
  socket.onmessage = (event) => {
    log.push("message");
    chunks.push(Buffer.from(event.data));
    seen.arrived?.();
  };
  seen.text = () => Buffer.concat(chunks).toString();
  seen.received = async (length) => {
    while (Buffer.concat(chunks).length < length) {
      await new Promise((resolve) => {
        seen.arrived = resolve;
      });
    }
    return Buffer.concat(chunks);
  };
  return seen;
}

const closers = [];
after(() => Promise.all(closers.map((close) => close())));

/** A TCP server; `onPeer` gets each connection. */
async function tcpServer(onPeer, host = "127.0.0.1") {
  const peers = new Set();
  const server = createServer((peer) => {
    peers.add(peer);
    peer.on("error", () => {});
    onPeer(peer);
  });
  server.listen(0, host);
  await once(server, "listening");
  closers.push(() => {
    for (const peer of peers) peer.destroy();
    server.close();
  });
  return server.address().port;
}

/** A WebSocket server; `onPeer` gets each connection. */
async function wsServer(onPeer, options = {}) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
  server.on("connection", (peer) => {
    peer.on("error", () => {});
    onPeer(peer);
  });
  await once(server, "listening");
  closers.push(() => {
    for (const peer of server.clients) peer.terminate();
    server.close();
  });
  return server.address().port;
}

/** The two kinds of server behind one shape: `received` bytes, `echo`, `stop` reading and `go` on. */
const kinds = {
  async mqtt({ echo = false, stopped = false } = {}) {
    const far = { received: [], ended: deferred() };
    const port = await tcpServer((peer) => {
      far.peer = peer;
      if (stopped) peer.pause();
      peer.on("data", (chunk) => {
        far.received.push(chunk);
        if (echo) peer.write(chunk);
      });
      peer.on("end", () => far.ended.resolve());
    });
    far.go = () => far.peer.resume();
    far.pause = () => far.peer.pause();
    far.close = () => far.peer.end();
    return Object.assign(far, { port, url: `mqtt://127.0.0.1:${port}` });
  },
  async ws({ echo = false, stopped = false } = {}) {
    const far = { received: [], ended: deferred() };
    const port = await wsServer((peer) => {
      far.peer = peer;
      if (stopped) peer.pause();
      peer.on("message", (data, binary) => {
        assert.ok(binary);
        far.received.push(data);
        if (echo) peer.send(data);
      });
      peer.on("close", () => far.ended.resolve());
    });
    far.go = () => far.peer.resume();
    far.pause = () => far.peer.pause();
    far.close = () => far.peer.close(1001, "going away");
    return Object.assign(far, { port, url: `ws://127.0.0.1:${port}/mqtt` });
  },
};

const swallow = (peer) => peer.resume();

function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

for (const kind of Object.keys(kinds)) {
  describe(`${kind}:// socket`, () => {
    test("opens, echoes and closes cleanly", async () => {
      const far = await kinds[kind]({ echo: true });
      const seen = watch(connect(far.url, "mqtt"));
      assert.equal(seen.socket.readyState, 0);
      await seen.open;
      assert.equal(seen.socket.readyState, 1);
      seen.socket.binaryType = "arraybuffer";
      seen.socket.send(new Uint8Array([1, 2, 3]));
      assert.deepEqual([...(await seen.received(3))], [1, 2, 3]);
      seen.socket.close();
      assert.equal(seen.socket.readyState, 2);
      const event = await seen.closed;
      assert.equal(event.wasClean, true);
      assert.equal(seen.socket.readyState, 3);
      assert.deepEqual(seen.log, ["open", "message", "close"]);
    });

    test("bytes sent just before close() arrive", async () => {
      const far = await kinds[kind]();
      const seen = watch(connect(far.url, "mqtt"));
      await seen.open;
      const big = Buffer.alloc(3_000_000, "x");
      seen.socket.send(big);
      seen.socket.send(new Uint8Array([224, 0]));
      seen.socket.close();
      await far.ended.promise;
      const all = Buffer.concat(far.received);
      assert.equal(all.length, big.length + 2);
      assert.deepEqual([...all.subarray(-2)], [224, 0]);
    });

    test("a peer that reads slowly still gets everything after close()", async () => {
      const far = await kinds[kind]({ stopped: true });
      const seen = watch(connect(far.url, "mqtt"));
      await seen.open;
      for (let i = 0; i < 20; i++) seen.socket.send(Buffer.alloc(1_000_000, i));
      seen.socket.close();
      await sleep(1200);
      far.go();
      await far.ended.promise;
      assert.equal(Buffer.concat(far.received).length, 20_000_000);
    });

    test("one that takes longer than the 2 s, but keeps reading, too", async () => {
      const far = await kinds[kind]({ stopped: true });
      const seen = watch(connect(far.url, "mqtt"));
      await seen.open;
      const size = 24_000_000;
      for (let i = 0; i < 24; i++) seen.socket.send(Buffer.alloc(size / 24, i));
      const start = performance.now();
      seen.socket.close();
      let taken = 0;
      while (taken < size) {
        const next = taken + 5_000_000;
        far.go();
        while (taken < Math.min(next, size)) {
          await sleep(1);
          taken = Buffer.concat(far.received).length;
        }
        far.pause();
        await sleep(900);
      }
      far.go();
      await far.ended.promise;
      assert.ok(performance.now() - start > 2500);
      assert.equal(taken, size);
    });

    for (const size of [3000, 60_000, 100_000]) {
      test(`the memory of ${size} bytes given to send() may be reused at once`, async () => {
        const far = await kinds[kind]({ stopped: true });
        const seen = watch(connect(far.url, "mqtt"));
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
        far.go();
        await far.ended.promise;
        const all = Buffer.concat(far.received);
        assert.equal(all.length, Math.ceil(total / size) * size);
        for (let at = 0; at < total; at += size) {
          assert.ok(all.subarray(at, at + size).every((byte) => byte === (at / size) % 255));
        }
      });
    }

    test("a peer that stops reading raises bufferedAmount; ondrain says when it goes on", async () => {
      const far = await kinds[kind]({ stopped: true });
      const seen = watch(connect(far.url, "mqtt"));
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
      far.go();
      await drained.promise;
      seen.socket.close();
      await far.ended.promise;
      assert.equal(Buffer.concat(far.received).length, sent);
      assert.equal(drains, 1);
    });

    test("no ondrain for what the kernel took at once", async () => {
      const far = await kinds[kind]();
      const seen = watch(connect(far.url, "mqtt"));
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

    test("a peer that closes is told as a clean close, and nothing follows it", async () => {
      const far = await kinds[kind]();
      const seen = watch(connect(far.url, "mqtt"));
      await seen.open;
      await sleep(20);
      far.close();
      const event = await seen.closed;
      assert.equal(event.wasClean, true);
      if (kind === "ws") assert.deepEqual([event.code, event.reason], [1001, "going away"]);
      seen.socket.send(new Uint8Array([1]));
      seen.socket.close();
      await sleep(20);
      assert.deepEqual(seen.log, ["open", "close"]);
    });

    test("a connection that is cut is told as an unclean close", async () => {
      const far = await kinds[kind]();
      const seen = watch(connect(far.url, "mqtt"));
      await seen.open;
      await sleep(20);
      (far.peer._socket ?? far.peer).resetAndDestroy();
      const event = await seen.closed;
      assert.equal(event.wasClean, false);
      assert.equal(event.code, 1006);
      assert.deepEqual(
        seen.log.filter((entry) => entry !== "error"),
        ["open", "close"],
      );
      if (seen.error) assert.match(seen.error.message, new RegExp(`127.0.0.1:${far.port}.*ECONNRESET`));
    });

    test("close() before open: one onclose, later, and no error", async () => {
      const far = await kinds[kind]();
      const seen = watch(connect(far.url, "mqtt"));
      seen.socket.close();
      seen.socket.close();
      assert.deepEqual(seen.log, []);
      await seen.closed;
      await sleep(20);
      assert.deepEqual(seen.log, ["close"]);
    });

    test("send() before open throws, as a WebSocket's does", async () => {
      const far = await kinds[kind]();
      const seen = watch(connect(far.url, "mqtt"));
      assert.throws(() => seen.socket.send(new Uint8Array([1])), /before the connection is open/);
      seen.socket.close();
      await seen.closed;
    });

    test("a refused port is an error that names it, then one close", async () => {
      const seen = watch(connect(`${kind}://127.0.0.1:1`, "mqtt"));
      const event = await seen.closed;
      assert.equal(event.wasClean, false);
      assert.deepEqual(seen.log, ["error", "close"]);
      assert.equal(seen.error.message, "connect ECONNREFUSED 127.0.0.1:1: nothing listens there");
      assert.equal(seen.error.code, "ECONNREFUSED");
      assert.equal(seen.error.cause.code, "ECONNREFUSED");
    });

    test("a host that does not exist is an error that names it", async () => {
      const seen = watch(connect(`${kind}://nowhere.invalid:1883`, "mqtt"));
      await seen.closed;
      assert.match(seen.error.message, /^connect (ENOTFOUND|EAI_AGAIN) nowhere\.invalid:1883: /);
    });

    test("IPv4 and IPv6 hosts, and localhost whichever of them it is", async (t) => {
      const local = (await lookup("localhost", { all: true })).map((entry) => entry.address);
      for (const host of ["127.0.0.1", "::1"]) {
        let port;
        try {
          port = kind === "ws" ? await wsServer(() => {}, { host }) : await tcpServer(swallow, host);
        } catch (error) {
          t.diagnostic(`${host} is not available here: ${error.message}`);
          continue;
        }
        const names = [host.includes(":") ? `[${host}]` : host];
        if (local.includes(host)) names.push("localhost");
        for (const name of names) {
          const seen = watch(connect(`${kind}://${name}:${port}`, "mqtt"));
          await seen.open;
          seen.socket.close();
          assert.equal((await seen.closed).wasClean, true);
        }
      }
    });

    test("a peer that never closes its side is dropped after 2 s", async () => {
      const port = await silentPeer(kind);
      const seen = watch(connect(`${kind}://127.0.0.1:${port}`, "mqtt"));
      await seen.open;
      const start = performance.now();
      seen.socket.close();
      const event = await seen.closed;
      assert.equal(event.wasClean, false);
      assert.ok(performance.now() - start < 2500);
    });

    test("a process that closes its socket ends by itself", async () => {
      const far = await kinds[kind]({ echo: true });
      assert.ok((await run(far.url)) < 1000);
      const port = await silentPeer(kind);
      assert.ok((await run(`${kind}://127.0.0.1:${port}`)) < 3500);
    });
  });
}

describe("one turn, one hand-over", () => {
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
    const far = await kinds.ws({ echo: true });
    const seen = watch(connect(far.url, "mqtt", { websocket: { agent } }));
    await seen.open;
    stream.on("data", () => seen.log.push("all listeners told")); // after that of `ws`, before microtasks
    seen.socket.send(Buffer.from("alone"));
    await seen.received(5);
    await sleep(10);
    assert.deepEqual(seen.log, ["open", "message", "all listeners told"]);
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
});

describe("what is not an MQTT broker says so", () => {
  async function errorOf(url) {
    const seen = watch(connect(url, "mqtt"));
    await seen.closed;
    assert.deepEqual(
      seen.log.filter((entry) => entry !== "open"),
      ["error", "close"],
    );
    return seen.error.message;
  }

  test("a plain TCP broker behind a ws:// URL", async () => {
    const hangsUp = await tcpServer((peer) => peer.once("data", () => peer.destroy()));
    assert.match(await errorOf(`ws://127.0.0.1:${hangsUp}/mqtt`), /does not speak WebSocket: try mqtt:\/\//);
    const answers = await tcpServer((peer) =>
      peer.once("data", () => peer.write(Buffer.from([32, 2, 0, 1]))),
    );
    assert.match(await errorOf(`ws://127.0.0.1:${answers}/mqtt`), /does not speak WebSocket: try mqtt:\/\//);
    const resets = await tcpServer((peer) => peer.once("data", () => peer.resetAndDestroy()));
    assert.match(await errorOf(`ws://127.0.0.1:${resets}/mqtt`), /does not speak WebSocket: try mqtt:\/\//);
  });

  test("a web server behind a mqtt:// URL", async () => {
    const server = createHttpServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    const seen = watch(connect(`mqtt://127.0.0.1:${server.address().port}`, "mqtt"));
    await seen.open;
    seen.socket.send(new Uint8Array([0x10, 14, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 2, 97, 98]));
    await seen.closed;
    assert.match(seen.error.message, /answers in HTTP, not MQTT: try ws:\/\//);
    assert.deepEqual(seen.chunks, []);
  });

  test("an HTTP error to the handshake", async () => {
    const server = createHttpServer((_, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    const { port } = server.address();
    assert.equal(
      await errorOf(`ws://127.0.0.1:${port}/nope`),
      `127.0.0.1:${port} answered HTTP 404 to the WebSocket handshake at /nope: check host, port and path`,
    );
  });

  test("a WebSocket server without the subprotocol", async () => {
    const none = await wsServer(() => {}, { handleProtocols: () => false });
    assert.match(
      await errorOf(`ws://127.0.0.1:${none}/x`),
      /did not accept the subprotocol: there is no MQTT broker/,
    );
  });

  test("a text frame", async () => {
    let code;
    const port = await wsServer((peer) => {
      peer.on("close", (given) => {
        code = given;
      });
      peer.send("hello");
    });
    assert.match(await errorOf(`ws://127.0.0.1:${port}/`), /binary frames only \[MQTT-6\.0\.0-1\]/);
    await sleep(20);
    assert.equal(code, 1003);
  });

  test("a broken frame", async () => {
    const port = await wsServer((peer) => peer._socket.write(Buffer.from([0xf2, 0x00])));
    assert.match(await errorOf(`ws://127.0.0.1:${port}/`), /broke the WebSocket protocol: /);
  });

  test("a plain port behind mqtts:// and wss://", async () => {
    const port = await tcpServer((peer) => peer.once("data", () => peer.end("220 hello\r\n")));
    assert.match(await errorOf(`mqtts://127.0.0.1:${port}`), /does not answer in TLS/);
    assert.match(await errorOf(`wss://127.0.0.1:${port}`), /does not answer in TLS/);
  });

  test("a URL that is none", async () => {
    assert.match(await errorOf("nonsense"), /"nonsense" is not a URL/);
    assert.match(await errorOf("http://localhost"), /must begin with ws:\/\//);
    assert.match(await errorOf("ws://localhost/#part"), /a WebSocket to .* is not possible/);
    assert.match(await errorOf("mqtt://"), /names no host/);
  });
});

/** A server that completes the handshake, takes everything, and never closes. Its port. */
async function silentPeer(kind) {
  if (kind === "mqtt") {
    const server = createServer({ allowHalfOpen: true }, (peer) => {
      peer.resume();
      peer.on("error", () => {});
      closers.push(() => peer.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closers.push(() => server.close());
    return server.address().port;
  }
  return wsServer((peer) => peer._socket.removeAllListeners("data").resume());
}

/** Opens and closes a socket in a process of its own; how many ms the process lived after close(). */
async function run(url) {
  const module = new URL("../../js/node/connect.mjs", import.meta.url).href;
  const script = `
    import { connect } from ${JSON.stringify(module)};
    const socket = connect(${JSON.stringify(url)}, "mqtt");
    socket.onopen = () => { socket.send(new Uint8Array(10)); socket.close(); process.send("closing"); process.disconnect(); };
    socket.onerror = (event) => { throw event.error; };
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await once(child, "message");
  const start = performance.now();
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  return performance.now() - start;
}

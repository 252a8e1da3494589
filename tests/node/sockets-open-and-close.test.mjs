// How a WebSocket adapter of Node opens, fails and closes, with real servers: which events happen, in which order, and that
// nothing follows them or keeps the process alive. Part of the interface in js/sockets/websocket-adapter.mjs.

import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../js/node/connect.mjs";
import { kinds, silentPeer, tcpServer, watch, wsServer } from "../support/socket-peers.mjs";
import { run } from "./helpers.mjs";

for (const kind of Object.keys(kinds)) {
  describe(`${kind}:// socket`, () => {
    test("opens, echoes and closes cleanly", async () => {
      const remote = await kinds[kind]({ echo: true });
      const seen = watch(connect(remote.url, "mqtt"));
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

    test("a peer that closes is reported as a clean close, and nothing follows it", async () => {
      const remote = await kinds[kind]();
      const seen = watch(connect(remote.url, "mqtt"));
      await seen.open;
      await sleep(20);
      remote.close();
      const event = await seen.closed;
      assert.equal(event.wasClean, true);
      if (kind === "ws") assert.deepEqual([event.code, event.reason], [1001, "going away"]);
      seen.socket.send(new Uint8Array([1]));
      seen.socket.close();
      await sleep(20);
      assert.deepEqual(seen.log, ["open", "close"]);
    });

    test("a connection that is cut is reported as an unclean close", async () => {
      const remote = await kinds[kind]();
      const seen = watch(connect(remote.url, "mqtt"));
      await seen.open;
      await sleep(20);
      (remote.peer._socket ?? remote.peer).resetAndDestroy();
      const event = await seen.closed;
      assert.equal(event.wasClean, false);
      assert.equal(event.code, 1006);
      // The package `ws` says nothing of why an open connection broke: there is only the code.
      if (kind === "ws") return assert.deepEqual([...seen.log, event.reason], ["open", "close", ""]);
      assert.deepEqual(seen.log, ["open", "error", "close"]);
      assert.match(seen.error.message, new RegExp(`127.0.0.1:${remote.port}.*ECONNRESET`));
      assert.equal(seen.error.code, "ECONNRESET");
    });

    test("close() before open: one onclose, later, and no error", async () => {
      const remote = await kinds[kind]();
      const seen = watch(connect(remote.url, "mqtt"));
      seen.socket.close();
      seen.socket.close();
      assert.deepEqual(seen.log, []);
      await seen.closed;
      await sleep(20);
      assert.deepEqual(seen.log, ["close"]);
    });

    test("send() before open throws, as a WebSocket's does", async () => {
      const remote = await kinds[kind]();
      const seen = watch(connect(remote.url, "mqtt"));
      assert.throws(() => seen.socket.send(new Uint8Array([1])), /before the connection is open/);
      seen.socket.close();
      await seen.closed;
    });

    test("a refused port is an error that names it, then one close", async () => {
      const seen = watch(connect(`${kind}://127.0.0.1:1`, "mqtt"));
      const event = await seen.closed;
      assert.equal(event.wasClean, false);
      assert.deepEqual(seen.log, ["error", "close"]);
      assert.match(seen.error.message, /^connect ECONNREFUSED 127\.0\.0\.1:1: nothing listens there/);
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
          port =
            kind === "ws"
              ? await wsServer(() => {}, { host })
              : await tcpServer((peer) => peer.resume(), host);
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

    test("a peer that never closes its side is dropped after 2 s", async (t) => {
      const port = await silentPeer(kind);
      const seen = watch(connect(`${kind}://127.0.0.1:${port}`, "mqtt"));
      await seen.open;
      t.mock.timers.enable({ apis: ["setTimeout"] });
      seen.socket.close();
      t.mock.timers.tick(1999);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(seen.socket.readyState, 2, "it has two seconds");
      t.mock.timers.tick(1);
      const event = await seen.closed;
      assert.equal(event.wasClean, false);
    });

    test("a process that closes its socket ends by itself", async () => {
      const remote = await kinds[kind]({ echo: true });
      const silent = `${kind}://127.0.0.1:${await silentPeer(kind)}`;
      for (const url of [remote.url, silent]) {
        const { stdout, stderr, code } = await run(
          `
          import { connect } from "./js/node/connect.mjs";
          const socket = connect(process.argv[2], "mqtt");
          socket.onopen = () => { socket.send(new Uint8Array(10)); socket.close(); };
          socket.onerror = (event) => { throw event.error; };
          socket.onclose = () => console.log("closed");
          `,
          [url],
        );
        assert.deepEqual({ stdout, stderr, code }, { stdout: "closed\n", stderr: "", code: 0 });
      }
    });
  });
}

// Which addresses of the broker's name are tried, and for how long; zones of IPv6 addresses; what is no address.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import net from "node:net";
import { networkInterfaces } from "node:os";
import { describe, test } from "node:test";
import { connect } from "../../js/node/connect.mjs";
import { tcpServer, watch, wsServer } from "../support/socket-peers.mjs";
import { clientFor, lines, run, thrown } from "./helpers.mjs";

/** A WebSocket server that does not accept for a while once it is asked to: a SYN is dropped, and comes again after 1 s. */
const SLOW = `
  import { WebSocketServer } from "ws";
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", backlog: 1, handleProtocols: () => "mqtt" });
  server.on("listening", () => process.send(server.address().port));
  process.on("message", (ms) => {
    process.send("blocked");
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms));
  });
`;

async function slowServer(t) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SLOW], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [port] = await once(child, "message");
  const fillers = [];
  t.after(() => {
    for (const filler of fillers) filler.destroy();
    child.kill("SIGKILL");
  });
  return {
    port,
    async block(ms = 700) {
      child.send(ms);
      await once(child, "message");
      for (let i = 0; i < 4; i++) {
        fillers.push(net.connect({ port, host: "127.0.0.1" }).on("error", () => {}));
      }
      await once(fillers[1], "connect");
    },
  };
}

const ADDRESSES = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

for (const kind of ["mqtt", "ws"]) {
  describe(`over ${kind}`, () => {
    test("an address that answers after more than Node's 250 ms is connected to", async (t) => {
      const slow = await slowServer(t);
      // Nothing listens at the second one.
      t.mock.method(dns, "lookup", (_host, _options, done) => done(null, ADDRESSES));
      await slow.block();
      const seen = watch(connect(`${kind}://two.addresses:${slow.port}`, "mqtt", { connecttimeout: 10 }));
      await Promise.race([seen.open, seen.closed]);
      assert.deepEqual(seen.log, ["open"], seen.error?.message);
      seen.socket.close();
      await seen.closed;
    });

    test("a silent address leaves a share of connecttimeout to the next one", async (t) => {
      const silent = await slowServer(t);
      await silent.block(600_000);
      const { port } = silent;
      if (kind === "ws") await wsServer(() => {}, { host: "::1", port });
      else await tcpServer((peer) => peer.resume(), "::1", port);
      t.mock.method(dns, "lookup", (_host, _options, done) => done(null, ADDRESSES));
      const seen = watch(connect(`${kind}://two.addresses:${port}`, "mqtt", { connecttimeout: 3 }));
      await Promise.race([seen.open, seen.closed]);
      assert.deepEqual(seen.log, ["open"], seen.error?.message);
      seen.socket.close();
      await seen.closed;
    });

    test("a name beyond ASCII is looked up as its A-label", async (t) => {
      const asked = [];
      t.mock.method(dns, "lookup", (name, _options, done) => {
        asked.push(name);
        done(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
      });
      const seen = watch(connect(`${kind}://münchen.example:1883`, "mqtt"));
      await seen.closed;
      assert.deepEqual(asked, ["xn--mnchen-3ya.example"]);
      assert.match(seen.error.message, /ENOTFOUND xn--mnchen-3ya\.example:1883/);
    });

    test("a zone of an IPv6 address is used", async (t) => {
      const linkLocal = Object.entries(networkInterfaces())
        .flatMap(([name, all]) => all.map(({ address }) => `${address}%${name}`))
        .find((address) => address.startsWith("fe80:"));
      if (linkLocal === undefined) return t.diagnostic("no interface here has a link-local address");
      const port =
        kind === "ws"
          ? await wsServer(() => {}, { host: linkLocal })
          : await tcpServer((peer) => peer.resume(), linkLocal);
      for (const host of [linkLocal, linkLocal.replace("%", "%25")]) {
        const seen = watch(connect(`${kind}://[${host}]:${port}`, "mqtt"));
        await seen.open;
        seen.socket.close();
        await seen.closed;
      }
    });

    test("a zone that does not exist is named in the error", async () => {
      const seen = watch(connect(`${kind}://[fe80::1%nowhere]:1883`, "mqtt"));
      await seen.closed;
      assert.match(seen.error.message, /\[fe80::1%nowhere\]:1883/);
    });
  });
}

test("what the process has set with node:net is respected", async () => {
  const { stdout, stderr } = await run(`
    import net from "node:net";
    import { MqttCustom } from "mqtt-lib";
    const { connect } = net;
    const asked = [];
    net.connect = (options) => { asked.push(options); return connect({ port: 1, host: "127.0.0.1" }); };
    const attempt = async (mqttserver) => {
      const client = new MqttCustom({ credentials: { mqttserver, connecttimeout: 4 }, on_error() {} });
      await client.start().catch(() => {});
      await client.stop();
      const { autoSelectFamily = net.getDefaultAutoSelectFamily(), autoSelectFamilyAttemptTimeout } = asked.pop();
      console.log(autoSelectFamily, autoSelectFamilyAttemptTimeout);
    };
    for (const server of ["mqtt://localhost:1", "ws://localhost:1"]) {
      net.setDefaultAutoSelectFamily(true);
      await attempt(server);
      net.setDefaultAutoSelectFamily(false);
      await attempt(server);
    }
    net.setDefaultAutoSelectFamilyAttemptTimeout(400);
    await attempt("mqtt://localhost:1");
  `);
  assert.deepEqual(
    lines(stdout),
    ["true 1000", "false 1000", "true 1000", "false 1000", "false 400"],
    stderr,
  );
});

test("an IPv6 address in a URL without brackets is refused at construction, with what to write", (t) => {
  for (const mqttserver of ["mqtt://::1:1883", "ws://fe80::1:9001/mqtt"]) {
    const error = thrown(() => clientFor(t, mqttserver));
    assert.equal(error.code, "INVALID_OPTION");
    assert.match(error.message, /brackets, as in mqtt:\/\/\[::1\]:1883/);
  }
});

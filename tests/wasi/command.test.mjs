// The command `mqtt-lib pub|sub|request` in wasmtime and in `jco run`, together with Mosquitto's own tools.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { freshTopic, until } from "../node/helpers.mjs";
import { freePort } from "../support/ports.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { COMMAND, NETWORK, ROOT, run, start, WASMTIME } from "./helpers.mjs";

const HOSTS = {
  wasmtime: [WASMTIME, ["run", ...NETWORK, COMMAND]],
  "jco run": [`${ROOT}/node_modules/.bin/jco`, ["run", COMMAND]],
};
// Every key of credentials is an option.
const QUICK = ["--maxmqttreconnectdelay", "0.1"];
let broker;
let server;

before(async () => {
  broker = await startMosquitto();
  server = ["--host", "127.0.0.1", "--port", `${broker.port}`];
});

after(() => broker?.stop());

const mosquitto = (tool, topic, ...rest) =>
  start(`mosquitto_${tool}`, ["-p", `${broker.port}`, "-t", topic, "-q", "2", ...rest]);

/** Starts a subscriber; resolves once it is subscribed according to Mosquitto's log. */
async function subscribed(program, topic) {
  await until(() => broker.log().includes(`${topic} (QoS 2)`), `${topic} in Mosquitto's log`);
  return program;
}

for (const [host, [program, before_]] of Object.entries(HOSTS)) {
  const command = (words, options) => start(program, [...before_, ...words, ...server], options);

  test(`${host}: mosquitto_sub sees what pub publishes`, async () => {
    const topic = freshTopic("wasi");
    const sub = await subscribed(mosquitto("sub", topic, "-C", "1", "-W", "50"), topic);
    const pub = await command(["pub", "--topic", topic, "--message", "grüße", "--qos", "2"]).ended();
    assert.deepEqual(pub, { stdout: "", stderr: "", code: 0 });
    assert.equal((await sub.ended()).stdout, "grüße\n");
  });

  test(`${host}: sub prints what mosquitto_pub publishes`, async () => {
    const topic = freshTopic("wasi");
    const words = ["sub", "--topic", topic, "--qos", "2", "--count", "2", "--verbose"];
    const sub = await subscribed(command(words), topic);
    for (const payload of ["one", "two"]) await mosquitto("pub", topic, "-m", payload).ended();
    assert.deepEqual(await sub.ended(), { stdout: `${topic} one\n${topic} two\n`, stderr: "", code: 0 });
  });
}

const wasmtime = (words, flags = NETWORK, options = {}) =>
  run(WASMTIME, ["run", ...flags, COMMAND, ...words], options);

test("pub takes its payload from stdin, and sub ends after --timeout", async () => {
  const topic = freshTopic("wasi");
  const options = { input: "from stdin" };
  assert.equal((await wasmtime(["pub", "-t", topic, "-s", "--retain", ...server], NETWORK, options)).code, 0);
  const { stdout, stderr, code } = await wasmtime(["sub", "--topic", topic, "-W", "0.5", ...server]);
  assert.deepEqual({ stdout, code }, { stdout: "from stdin\n", code: 1 });
  assert.equal(stderr, "mqtt-lib: the time limit of 0.5 s was reached; 1 messages had arrived\n");
});

test("wasmtime: sub lives through a restart of the broker, and three megabytes come whole", async (t) => {
  const other = await startMosquitto();
  t.after(() => other.stop());
  const where = [
    "--mqttserver",
    "localhost",
    "--mqttport",
    `${other.port}`,
    "--topic",
    "wasi/restart",
    "--qos",
    "1",
  ];
  const sub = start(WASMTIME, ["run", ...NETWORK, COMMAND, "sub", ...where, "--count", "1", ...QUICK]);
  const subscriptions = () => other.log().split("wasi/restart (QoS 1)").length - 1;
  await until(() => subscriptions() === 1, "the subscription");
  await other.restart();
  await until(() => subscriptions() === 2, "the subscription after the restart");
  const input = "0123456789abcdef".repeat((3 << 20) / 16);
  assert.equal((await wasmtime(["pub", "-s", ...where], NETWORK, { input })).code, 0);
  const { stdout, stderr, code } = await sub.ended();
  assert.ok(stdout === `${input}\n`, `${stdout.length} characters came`);
  assert.match(stderr, /^mqtt-lib: .*; reconnecting\nmqtt-lib: reconnected\n$/);
  assert.equal(code, 0);
});

test("without network permission, with a wrong host, and where nobody listens: a sentence and exit code 1", async () => {
  const words = ["pub", "--topic", "a", "--message", "b"];
  const closed = ["--host", "127.0.0.1", "--port", `${await freePort()}`];
  const cases = [
    [
      server,
      [],
      /^mqtt-lib: CONNECTION_REFUSED cannot connect .* the host does not allow it; give the component/,
    ],
    [["--host", "localhost"], [], /^mqtt-lib: CONNECTION_REFUSED .* does the host allow it/],
    [
      ["--host", "nowhere.invalid"],
      NETWORK,
      /^mqtt-lib: CONNECTION_REFUSED .*nowhere\.invalid:1883: the host/,
    ],
    [closed, NETWORK, /^mqtt-lib: CONNECTION_REFUSED .*: connection refused: nothing listens there;/],
  ];
  for (const [where, flags, expected] of cases) {
    const { stdout, stderr, code } = await wasmtime([...words, ...where], flags);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /trap|panic|backtrace/);
    assert.deepEqual({ stdout, code }, { stdout: "", code: 1 });
  }
});

test("a reset is one line, also where the host adds a backtrace, and --timeout is the option that ends a subscription", async (t) => {
  const resets = createServer((socket) => socket.on("data", () => socket.resetAndDestroy())).listen(
    0,
    "127.0.0.1",
  );
  const silent = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write(Buffer.from([0x20, 2, 0, 0])));
  }).listen(0, "127.0.0.1");
  t.after(() => {
    for (const server of [resets, silent]) server.close();
  });
  await Promise.all([once(resets, "listening"), once(silent, "listening")]);
  const at = (server) => ["-t", "a", "--host", "127.0.0.1", "--port", `${server.address().port}`];
  const reset = await wasmtime(["pub", "-m", "x", ...at(resets)], NETWORK, { env: { RUST_BACKTRACE: "1" } });
  assert.match(
    reset.stderr,
    /^mqtt-lib: CONNECTION_REFUSED .*closed the connection before it answered CONNECT/,
  );
  assert.doesNotMatch(reset.stderr, /backtrace/i);
  const late = await wasmtime(["sub", ...at(silent), "--count", "1", "--timeout", "1", "--stoptimeout", "0"]);
  assert.equal(late.stderr, "mqtt-lib: only 0 of 1 messages arrived within 1 s\n");
});

test("a wrong word is named, with what is allowed", async () => {
  const pub = ["pub", "-t", "a", "-m", "b"];
  for (const [words, expected] of [
    [["pubb"], /there is no command "pubb"; the commands are: pub, sub, request/],
    [["bench"], /the WASI command has no bench, which is JavaScript: npx mqtt-lib bench/],
    [["pub"], /a topic is missing; give it with --topic \(-t\)/],
    [["pub", "-t", "a"], /there is nothing to publish; give --message TEXT/],
    [[...pub, "--qos", "x"], /--qos must be a number; "x" was given/],
    [[...pub, "--qos", "3"], /--qos must be a whole number from 0 to 2; 3 was given/],
    [[...pub, "--mqttprt", "1"], /pub has no option --mqttprt; mqtt-lib pub --help lists all options/],
    [[...pub, "--port", "0"], /--port must be a whole number from 1 to 65535; 0 was given/],
    [["sub", "-t", "a/#/b", ...server], /"a\/#\/b"/],
    [
      [...pub, "--insecure"],
      /an option of TLS \(--cafile, .*\) needs TLS: use the component whose name ends in -tls\.wasm/,
    ],
    [
      [...pub, "--passphrase", "x"],
      /--passphrase is not in the WASI command: rustls reads no encrypted keys/,
    ],
    [
      ["sub", "-t", "a", "--decode", "cbor"],
      /--decode is not in the WASI command: the decoders are npm packages/,
    ],
    [
      [...pub, "--cafile", "missing.pem"],
      /cannot read "missing.pem" of --cafile: the host has preopened no folder/,
    ],
    [
      [...pub, "-D", "publish", "content-tpye", "x"],
      /has no property "content-tpye"; the properties are: content-type/,
    ],
    [[...pub, "-f", "x"], /--message and --file exclude each other; give one/],
  ]) {
    const { stderr, code } = await wasmtime(words);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /trap|panic|backtrace/);
    assert.equal(code, 1);
  }
});

test("without a word it says which commands there are", async () => {
  const { stderr, code } = await wasmtime([]);
  assert.match(stderr, /^mqtt-lib \d.*\n\n {2}pub .*\n {2}sub .*\n {2}request /);
  assert.equal(code, 1);
});

// The command `mqtt-lib pub|sub` in wasmtime and in `jco run`, together with Mosquitto's own tools.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freshTopic, until } from "../node/helpers.mjs";
import { freePort } from "../support/ports.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { COMMAND, NETWORK, ROOT, run, start, WASMTIME } from "./helpers.mjs";

const HOSTS = {
  wasmtime: [WASMTIME, ["run", ...NETWORK, COMMAND]],
  "jco run": [`${ROOT}/node_modules/.bin/jco`, ["run", COMMAND]],
};
const QUICK = ["--maxmqttreconnectdelay", "0.1"];
let broker;
let server;

before(async () => {
  broker = await startMosquitto();
  server = ["--mqttserver", "127.0.0.1", "--mqttport", `${broker.port}`];
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
    const pub = await command(["pub", "--topic", topic, "--payload", "grüße", "--qos", "2"]).ended();
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

test("pub takes its payload from stdin, and sub ends after --wait", async () => {
  const topic = freshTopic("wasi");
  const options = { input: "from stdin" };
  assert.equal((await wasmtime(["pub", "--topic", topic, "--retain", ...server], NETWORK, options)).code, 0);
  const { stdout, code } = await wasmtime(["sub", "--topic", topic, "--wait", "0.3", ...server]);
  assert.deepEqual({ stdout, code }, { stdout: "from stdin\n", code: 0 });
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
  assert.equal((await wasmtime(["pub", ...where], NETWORK, { input })).code, 0);
  const { stdout, stderr, code } = await sub.ended();
  assert.ok(stdout === `${input}\n`, `${stdout.length} characters came`);
  assert.match(stderr, /^mqtt-lib \(next-event gives this to the host\): CONNECTION_LOST .*\n$/);
  assert.equal(code, 0);
});

test("without network permission, with a wrong host, and where nobody listens: a sentence and exit code 1", async () => {
  const words = ["pub", "--topic", "a", "--payload", "b"];
  const closed = ["--mqttserver", "127.0.0.1", "--mqttport", `${await freePort()}`];
  const cases = [
    [
      server,
      [],
      /^mqtt-lib: CONNECTION_REFUSED cannot connect .* the host does not allow it; give the component/,
    ],
    [["--mqttserver", "localhost"], [], /^mqtt-lib: CONNECTION_REFUSED .* does the host allow it/],
    [
      ["--mqttserver", "nowhere.invalid"],
      NETWORK,
      /^mqtt-lib: CONNECTION_REFUSED .*nowhere\.invalid:1883: the host/,
    ],
    [closed, NETWORK, /^mqtt-lib: CONNECTION_REFUSED .*: connection refused;/],
  ];
  for (const [where, flags, expected] of cases) {
    const { stdout, stderr, code } = await wasmtime([...words, ...where], flags);
    assert.match(stderr, expected);
    assert.doesNotMatch(stderr, /trap|panic|backtrace/);
    assert.deepEqual({ stdout, code }, { stdout: "", code: 1 });
  }
});

test("a wrong word is named, with what is allowed", async () => {
  for (const [words, expected] of [
    [[], /the first word must be pub or sub; nothing was given/],
    [["pubb"], /the first word must be pub or sub; "pubb" was given/],
    [["pub"], /--topic is missing/],
    [["pub", "--topic", "a", "--qos", "x"], /--qos must be a number in its range; "x" was given/],
    [["pub", "--topic", "a", "--qos", "3"], /qos must be 0, 1 or 2; 3 was given/],
    [["pub", "--topic", "a", "--mqttprt", "1"], /no key "mqttprt"; did you mean "mqttport"/],
    [
      ["pub", "--topic", "a", "--mqttport", "0"],
      /mqttport must be a whole number from 1 to 65535; 0 was given/,
    ],
    [["sub", "--topic", "a/#/b"], /"a\/#\/b"/],
    [
      ["pub", "--topic", "a", "--certs", "ca.pem"],
      /credentials\.certs is for Node only: a WASI component has no TLS/,
    ],
  ]) {
    const { stderr, code } = await wasmtime([
      ...words,
      ...(words.includes("a/#/b") || words.includes("3") ? server : []),
    ]);
    assert.match(stderr, expected);
    assert.equal(code, 1);
  }
  assert.match((await wasmtime(["--help"])).stdout, /^mqtt-lib pub --topic/);
});

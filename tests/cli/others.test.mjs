// request, bench, broker, --help and --version.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { MqttCustom } from "mqtt-lib";
import { COMMANDS } from "../../js/cli/options.mjs";
import { CLI, cli, launch, run } from "../support/command.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
let broker;
let responder;

before(async () => {
  broker = await startMosquitto();
  responder = new MqttCustom({ credentials: { mqttserver: broker.url, mqttversion: 5 } });
  await responder.respond("test/double", (message) => `${Number(message.text()) * 2}`);
});

after(async () => {
  await responder?.stop();
  await broker?.stop();
});

test("request prints the response, at a topic of its own or at the one given", async () => {
  const plain = await run(["request", broker.url, "test/double", "-m", "21"]);
  assert.deepEqual([plain.code, plain.stdout, plain.stderr], [0, "42\n", ""]);
  const given = await run(["request", broker.url, "-t", "test/double", "-s", "-e", "test/answer", "-v"], {
    input: "4",
  });
  assert.deepEqual([given.code, given.stdout, given.stderr], [0, "test/answer 8\n", ""]);
});

test("bench counts what went through, as a table and as JSON", async () => {
  const { code, stdout } = await run([
    "bench",
    broker.url,
    "-q",
    "1",
    "-C",
    "2000",
    "--size",
    "10",
    "--json",
  ]);
  const result = JSON.parse(stdout);
  assert.deepEqual(
    [code, result.qos, result.size, result.published, result.received, result.lost, result.roundTrip.count],
    [0, 1, 10, 2000, 2000, 0, 1000],
  );
  for (const rate of [result.publishedPerSecond, result.receivedPerSecond]) assert.ok(rate > 0);
  const { median, p95, p99, max } = result.roundTrip;
  assert.ok(median > 0 && median <= p95 && p95 <= p99 && p99 <= max);
  const table = await run(["bench", broker.url, "-C", "100"]);
  assert.match(
    table.stdout,
    /^QoS 0.*\npublished {3}100: .*\nreceived {4}100: .*; 0 lost\nround trip {2}100: median .*\n$/,
  );
});

test("broker: TCP and WebSocket on one port; it ends with its signal", async () => {
  const embedded = cli(["broker", "-p", "0", "-v"]);
  await embedded.until("stdout", (text) => text.includes("\n"));
  const port = embedded.stdout().match(/^mqtt:\/\/localhost:(\d+) and ws:\/\/localhost:\1\/mqtt/)[1];
  assert.equal(
    (await run(["pub", "-p", port, "-t", "a/b", "-m", "hello", "-r", "-q", "1", "-i", "tcp"])).code,
    0,
  );
  assert.match(
    embedded.stdout(),
    /, MQTT 3\.1\.1 \(for 5\.0: npm install aedes@2\.0\.0-beta\.1\); Ctrl-C ends it/,
  );
  const asked = await run(["request", "-p", port, "-t", "a/b", "-m", "?"]);
  assert.deepEqual(
    [asked.code, asked.stderr],
    [1, "mqtt-lib: a request needs MQTT 5, which this broker does not speak\n"],
  );
  const five = await run(["sub", "-p", port, "a/b", "-V", "5", "-C", "1"]);
  assert.match(five.stderr, /set --protocol-version to 3\.1\.1 or auto/);
  const got = await run(["sub", `ws://localhost:${port}/mqtt`, "a/#", "-C", "1", "-v"]);
  assert.equal(got.stdout, "a/b hello\n");
  const taken = await run(["broker", "-p", port]);
  assert.deepEqual([taken.code, taken.stdout], [1, ""]);
  assert.match(taken.stderr, new RegExp(`^mqtt-lib: port ${port} is in use; .*\\n$`));
  embedded.kill("SIGTERM");
  const { code, stdout } = await embedded.ended;
  assert.equal(code, 0);
  assert.match(stdout, /tcp connected\ntcp a\/b 5 bytes, QoS 1, retained\ntcp disconnected/);
});

test("broker without its package says what to install", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "mqtt-lib-alone-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const alone = join(folder, "node_modules", "mqtt-lib");
  mkdirSync(alone, { recursive: true });
  for (const name of ["dist", "package.json"])
    cpSync(join(ROOT, name), join(alone, name), { recursive: true });
  cpSync(join(ROOT, "node_modules", "ws"), join(folder, "node_modules", "ws"), { recursive: true });
  const { code, stderr } = await launch(process.execPath, [join(alone, "dist/cli.cjs"), "broker", "-p", "0"])
    .ended;
  assert.equal(code, 1);
  assert.match(stderr, /^mqtt-lib: .*npm install aedes.*\n$/);
});

test("on a terminal there is a line of progress once it takes long, and it is taken away", async () => {
  const shell = `trap : INT; tail -f /dev/null | "${process.execPath}" "${CLI}" pub ${broker.url} test/progress -l`;
  const terminal = launch("script", ["-qefc", shell, "/dev/null"]);
  await terminal.until("stdout", (text) => text.includes("0 lines published, 0 pending"));
  assert.ok(terminal.stdout().includes("\r\x1b[K0 lines published"));
  terminal.stdin.write("\x03"); // Ctrl-C as a terminal sends it
  const { stdout } = await terminal.ended; // the program `script` may end before the last output
  assert.ok(stdout.split("\r\x1b[K").length > 2, JSON.stringify(stdout));
});

test("--help of each command has its options and examples; --version is that of the package", async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assert.equal((await run(["--version"])).stdout, `${version}\n`);
  const all = await run(["--help"]);
  assert.equal(all.code, 0);
  for (const [name, { options, examples }] of Object.entries(COMMANDS)) {
    assert.match(all.stdout, new RegExp(`^ {2}${name} `, "m"));
    const { code, stdout, stderr } = await run([name, "--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    for (const option of Object.keys(options))
      assert.ok(stdout.includes(`--${option}`), `${name} --${option}`);
    for (const [example] of examples) assert.ok(stdout.includes(example));
    assert.ok(stdout.split("\n").every((line) => line.length <= 120));
    assert.equal((await run(["help", name])).stdout, stdout);
  }
  const none = await run([]);
  assert.deepEqual([none.code, none.stdout], [2, ""]);
  assert.equal(none.stderr, all.stdout);
});

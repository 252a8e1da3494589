// `mqtt-lib pub` and `sub` with mosquitto_sub and mosquitto_pub, in both directions, with options of the same names.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, run, subscribed } from "../support/command.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";

let broker;
let secured;

before(async () => {
  broker = await startMosquitto();
});

after(async () => {
  await broker?.stop();
  await secured?.stop();
});

/** Starts mosquitto_sub; resolves once it is subscribed, which -d prints on standard output; stdbuf disables buffering. */
async function mosquittoSub(args) {
  const sub = launch("stdbuf", ["-oL", "mosquitto_sub", "-p", `${broker.port}`, "-d", ...args]);
  await sub.until("stdout", (text) => text.includes("Subscribed"));
  return sub;
}

/** Its output without the lines of -d. */
const printed = (text) => text.split("\n").filter((line) => !/^(Client|Subscribed)/.test(line));

const at = () => ["-h", "127.0.0.1", "-p", `${broker.port}`];

test("mosquitto_sub gets what pub publishes, at each QoS, by text, file, standard input and nothing", async () => {
  const sub = await mosquittoSub(["-t", "out/#", "-q", "2", "-F", "%t %q %r %p", "-C", "6"]);
  for (const qos of ["0", "1", "2"]) {
    const { code, stderr, stdout } = await run([
      "pub",
      ...at(),
      "-t",
      `out/${qos}`,
      "-m",
      "-21,5 °C",
      "-q",
      qos,
    ]);
    assert.deepEqual({ code, stderr, stdout }, { code: 0, stderr: "", stdout: "" });
  }
  assert.equal((await run(["pub", ...at(), "-t", "out/file", "-f", "LICENSE", "-q", "1"])).code, 0);
  assert.equal((await run(["pub", ...at(), "-t", "out/whole", "-s"], { input: "a\nb" })).code, 0);
  assert.equal((await run(["pub", ...at(), "-t", "out/none", "-n"])).code, 0);
  const { stdout } = await sub.ended;
  const lines = printed(stdout);
  assert.deepEqual(lines.slice(0, 3), ["out/0 0 0 -21,5 °C", "out/1 1 0 -21,5 °C", "out/2 2 0 -21,5 °C"]);
  assert.match(lines[3], /^out\/file 1 0 /);
  assert.deepEqual(
    lines.slice(-4).filter((line) => line !== ""),
    ["out/whole 0 0 a", "b", "out/none 0 0 "],
  );
});

test("sub prints what mosquitto_pub publishes, with its topic, byte for byte", async () => {
  const sub = await subscribed([...at(), "-t", "in/+", "-v", "-q", "1", "-C", "3"]);
  for (const args of [
    ["-t", "in/a", "-m", "hello", "-q", "1"],
    ["-t", "in/b", "-n", "-q", "1"],
    ["-t", "in/c", "-s", "-q", "1"],
  ]) {
    const input = Buffer.from([0, 255, 10, 13]);
    assert.equal((await launch("mosquitto_pub", ["-p", `${broker.port}`, ...args], { input }).ended).code, 0);
  }
  const { code, bytes } = await sub.ended;
  assert.equal(code, 0);
  const expected = Buffer.concat([
    Buffer.from("in/a hello\nin/b \nin/c "),
    Buffer.from([0, 255, 10, 13, 10]),
  ]);
  assert.deepEqual(bytes, expected);
});

test("retained messages and a session that is kept, in both directions", async () => {
  await run(["pub", ...at(), "-t", "kept/a", "-m", "on", "-r", "-q", "1"]);
  const theirs = await launch("mosquitto_sub", [
    "-p",
    `${broker.port}`,
    "-t",
    "kept/a",
    "-F",
    "%r %p",
    "-C",
    "1",
  ]).ended;
  assert.equal(theirs.stdout, "1 on\n");
  const ours = await run(["sub", ...at(), "-t", "kept/a", "-F", "%r %p\\n", "-N", "-C", "1"]);
  assert.equal(ours.stdout, "1 on\n");
  assert.equal((await run(["sub", ...at(), "-t", "kept/b", "-c", "-i", "worker", "-q", "1", "-E"])).code, 0);
  await launch("mosquitto_pub", ["-p", `${broker.port}`, "-t", "kept/b", "-m", "while away", "-q", "1"])
    .ended;
  const later = await run([
    "sub",
    ...at(),
    "-t",
    "kept/b",
    "-c",
    "-i",
    "worker",
    "-q",
    "1",
    "-C",
    "1",
    "-W",
    "20",
  ]);
  assert.deepEqual([later.code, later.stdout], [0, "while away\n"]);
});

test("properties of MQTT 5 under mosquitto's names, in both directions", async () => {
  const properties = [
    ["content-type", "text/plain"],
    ["response-topic", "five/answer"],
    ["user-property", "unit", "C"],
    ["user-property", "unit", "K"],
  ].flatMap((words) => ["-D", "publish", ...words]);
  const theirs = await mosquittoSub(["-V", "mqttv5", "-t", "five/out", "-F", "%C %R %P %p", "-C", "1"]);
  assert.equal((await run(["pub", ...at(), "-t", "five/out", "-m", "21", ...properties])).code, 0);
  assert.equal(printed((await theirs.ended).stdout)[0], "text/plain five/answer unit:C unit:K 21");

  const ours = await subscribed([...at(), "-V", "5", "-t", "five/in", "--json", "-C", "1"]);
  await launch("mosquitto_pub", [
    "-p",
    `${broker.port}`,
    "-V",
    "mqttv5",
    "-t",
    "five/in",
    "-m",
    "21",
    ...properties,
  ]).ended;
  const { tst, ...message } = JSON.parse((await ours.ended).stdout);
  assert.ok(!Number.isNaN(Date.parse(tst)));
  assert.deepEqual(message, {
    topic: "five/in",
    qos: 0,
    retain: false,
    payloadlen: 2,
    payload: "21",
    properties: {
      contentType: "text/plain",
      responseTopic: "five/answer",
      userProperties: { unit: ["C", "K"] },
    },
  });
});

test("a will, URLs over TCP and WebSocket, a topic in the URL", async () => {
  const sub = await subscribed([broker.wsUrl, "gone/#", "-v", "-q", "1", "-C", "2"]);
  const will = ["--will-topic", "gone/a", "--will-payload", "bye", "--will-qos", "1"];
  const dies = await subscribed([`${broker.url}/other`, ...will]);
  dies.kill("SIGKILL");
  await sub.until("stdout", (text) => text.includes("gone/a bye\n"));
  assert.equal((await run(["pub", `${broker.url}/gone/b`, "-m", "by URL"])).code, 0);
  assert.equal((await sub.ended).stdout, "gone/a bye\ngone/b by URL\n");
});

test("user name and password, as options and in a URL", async () => {
  const config = (folder) => {
    execFileSync("mosquitto_passwd", ["-b", "-c", join(folder, "passwords"), "me", "s@cret"]);
    return `allow_anonymous false\npassword_file ${folder}/passwords`;
  };
  secured = await startMosquitto({ config });
  const port = `${secured.port}`;
  const options = await run(["pub", "-p", port, "-t", "a", "-m", "b", "-q", "1", "-u", "me", "-P", "s@cret"]);
  assert.equal(options.code, 0);
  const url = await run(["pub", `mqtt://me:s%40cret@127.0.0.1:${port}`, "a", "b", "-q", "1"]);
  assert.equal(url.code, 0);
  const wrong = await run(["pub", "-p", port, "-t", "a", "-m", "b", "-u", "me", "-P", "other"]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /\nmqtt-lib: .*check --username, --pw.*\n$/);
  assert.doesNotMatch(wrong.stderr, /other/);
});

// What a message or a broker says is shown by a terminal, not obeyed; in a pipe payloads are bytes as they came. And output
// that cannot be written is a failure.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { encode } from "cborg";
import { MqttCustom } from "mqtt-lib";
import { CLI, cli, launch, run, subscribed } from "../support/command.mjs";
import { brokerAndClient } from "../support/broker-and-client.mjs";

const shared = brokerAndClient();

const ESCAPES = "\x1b]0;owned\x07 \x9b31m \u202egnp.exe \u2066 \r\x7f\x85\u2028\u200b\u200d\u2060\ufeff";
const SHOWN =
  /\\u001b\]0;owned\\u0007 \\u009b31m \\u202egnp\.exe \\u2066 \\u000d\\u007f\\u0085\\u2028\\u200b\\u200d\\u2060\\ufeff/;
/** What must not reach a terminal. */
const OBEYED = /(?![\r\n\t])[\p{Cc}\u202e\u2066\u2028\u200b-\u200f\u2060-\u2064\ufeff]/u;

/** Runs the command on a terminal, as `script` of util-linux makes one. */
function onTerminal(words) {
  const quoted = [process.execPath, CLI, ...words].map((word) => `'${word}'`).join(" ");
  const env = { ...process.env, NO_COLOR: "1" }; // colours are the command's own
  return launch("script", ["-qefc", quoted, "/dev/null"], { input: "", env });
}

for (const words of [["-v"], [], ["--json"], ["-F", "%t %p"], ["-F", "%j"]]) {
  test(`sub ${words.join(" ")} on a terminal shows control characters`, async () => {
    await shared.client.publish("terminal/a", `${ESCAPES}\n\tend`, { qos: 1, retain: true });
    const { stdout } = await onTerminal(["sub", shared.broker.url, "-t", "terminal/a", "-C", "1", ...words])
      .ended;
    assert.match(stdout, words.includes("--json") || words.includes("%j") ? /owned\\u0007/ : SHOWN);
    assert.doesNotMatch(stdout, OBEYED);
    if (words.length === 0) assert.match(stdout, /\n\tend/);
  });
}

for (const words of [["--json"], []]) {
  test(`tree ${words.join(" ")} on a terminal shows control characters`, async () => {
    await shared.client.publish("tree/a\u2066\u200b", ESCAPES, { qos: 1, retain: true });
    const { stdout } = await onTerminal(["tree", shared.broker.url, "tree/#", "--quiet", ...words]).ended;
    assert.doesNotMatch(stdout, OBEYED);
    assert.match(stdout, /a\\u2066\\u200b/);
    if (words.length > 0) assert.equal(JSON.parse(stdout)["tree/a\u2066\u200b"], ESCAPES);
    else assert.match(stdout, /owned\\u0007 \\u009b31m \\u202egnp/);
    const piped = await run(["tree", shared.broker.url, "tree/#", "--quiet", "--json"]);
    assert.ok(piped.stdout.includes("\x85\u2028\u200b"));
  });
}

for (const words of [["-v"], ["--json"], ["-F", "%t %p %C %P %R %D"], ["--decode", "cbor"], ["--pretty"]]) {
  test(`request ${words.join(" ")} on a terminal shows control characters`, async () => {
    const responder = new MqttCustom({ credentials: { mqttserver: shared.broker.url, mqttversion: 5 } });
    const answer = words.includes("cbor") ? encode({ [ESCAPES]: ESCAPES }) : JSON.stringify(ESCAPES);
    const bytes = { contentType: "text\u200b\u202e", userProperties: { "a\u202e": "b\u200b" } };
    await responder.subscribe("terminal/ask", { qos: 1 }, (_client, _userdata, { properties }) => {
      const { responseTopic, correlationData } = properties;
      responder.publish(responseTopic, answer, { qos: 1, properties: { ...bytes, correlationData } });
    });
    const asked = ["request", shared.broker.url, "-t", "terminal/ask", "-m", "?", "-W", "9", "-d", "--wire"];
    const { stdout, code } = await onTerminal([...asked, ...words]).ended;
    await responder.stop();
    assert.equal(code, 0, stdout);
    assert.match(stdout, /u202egnp/);
    assert.doesNotMatch(stdout, OBEYED);
  });
}

test("in a pipe a payload is what came", async () => {
  await shared.client.publish("terminal/b", ESCAPES, { qos: 1, retain: true });
  const { stdout } = await run(["sub", shared.broker.url, "-t", "terminal/b", "-C", "1", "-N"]);
  assert.equal(stdout, ESCAPES);
});

test("mqtt-lib broker -v shows control characters in client ids and topics", async () => {
  const embedded = cli(["broker", "-p", "0", "-v"]);
  await embedded.until("stdout", (text) => text.includes("Ctrl-C"));
  const port = /:(\d+) /.exec(embedded.stdout())[1];
  const hostile = new MqttCustom({
    credentials: { mqttserver: `mqtt://localhost:${port}`, mqttclientid: "id\x1b[31m" },
  });
  await hostile.start();
  await hostile.publish("a\x1b[2J\x9b", "x", { qos: 1 }).catch(() => {});
  await embedded.until("stdout", (text) => text.includes("connected"));
  await hostile.stop();
  embedded.kill("SIGINT");
  const { stdout } = await embedded.ended;
  assert.match(stdout, /id\\u001b\[31m connected/);
  assert.doesNotMatch(stdout, OBEYED);
});

/** Of each kind one that nobody sees: format characters, fillers, variation selectors, tags, the empty pattern of Braille. */
const INVISIBLE =
  "ad 34f 61c 115f 1160 17b4 17b5 180b 180e 180f 200b 2028 2029 202e 2060 2065 206f 2800 3164 fe00 fe0f feff ffa0 fff9 fffb 1bca0 1d173 1d17a e0001 e0041 e007f e0100 e01ef e0fff"
    .split(" ")
    .map((hexadecimal) => String.fromCodePoint(Number.parseInt(hexadecimal, 16)));
/** As JSON has it: a character beyond U+FFFF is a pair. */
const escapes = (text) =>
  text
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");

test("sentences, and messages on a terminal, show characters that nobody sees; in a pipe they are as they came", async () => {
  const text = INVISIBLE.join(".");
  const shown = INVISIBLE.map(escapes).join(".");
  const { stderr } = await run(["pub", "-t", "a", "-m", "x", "--profile", text]);
  for (const character of INVISIBLE) assert.ok(!stderr.includes(character), escapes(character));
  assert.ok(stderr.includes(shown), stderr);
  await shared.client.publish("terminal/d", text, { qos: 1, retain: true });
  const words = ["sub", shared.broker.url, "-t", "terminal/d", "-C", "1"];
  assert.equal((await onTerminal(words).ended).stdout.trimEnd(), shown);
  const { stdout } = await onTerminal([...words, "--json"]).ended;
  assert.ok(stdout.includes(shown), stdout);
  assert.equal(JSON.parse(stdout).payload, text);
  assert.equal((await run(words)).stdout, `${text}\n`);
});

test("output that cannot be written is a failure, with one sentence", async () => {
  await shared.client.publish("terminal/c", "x", { qos: 1, retain: true });
  const commands = [
    ["sub", shared.broker.url, "-t", "terminal/c", "-C", "1"],
    ["sub", shared.broker.url, "-t", "terminal/c", "-C", "1", "--json"],
    ["bench", shared.broker.url, "-C", "10", "--quiet"],
    ["--version"],
    ["--help"],
    ["help", "sub"],
  ];
  for (const words of commands) {
    const quoted = [process.execPath, CLI, ...words].map((word) => `'${word}'`).join(" ");
    const { code, stderr } = await launch("sh", ["-c", `${quoted} >/dev/full`], { input: "" }).ended;
    assert.equal(
      stderr,
      "mqtt-lib: cannot write to standard output: ENOSPC: no space left on device, write\n",
      words.join(" "),
    );
    assert.equal(code, 1, words.join(" "));
  }
});

test("a reader that has enough is no failure", () => {
  const sub = `'${process.execPath}' '${CLI}' help sub | head -1; '${process.execPath}' '${CLI}' --version | true`;
  assert.match(
    execFileSync("sh", ["-c", sub], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }),
    /\S/,
  );
});

test("a notice of sub is one line, whatever the broker says", async () => {
  const sub = await subscribed([shared.broker.url, "-t", "a"]);
  sub.kill("SIGINT");
  const { stderr } = await sub.ended;
  assert.doesNotMatch(stderr, OBEYED);
});

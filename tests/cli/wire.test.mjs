// --wire prints each packet on standard error, of every command that connects, and no secret.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { cli, run } from "../support/command.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";

let broker;
let responder;

before(async () => {
  broker = await startMosquitto();
  responder = new MqttCustom({ credentials: { mqttserver: broker.url, mqttversion: 5 } });
  await responder.respond("test/wire/double", (message) => `${Number(message.text()) * 2}`);
  await responder.publish("test/wire/kept", "kept", { retain: true, qos: 1 });
});

after(async () => {
  await responder?.stop();
  await broker?.stop();
});

/** Direction and name of each packet in the output; each line that has none fails. */
const packets = (stderr) =>
  stderr
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, direction, name] = /^\d\d:\d\d:\d\d\.\d{3} (->|<-) ([A-Z]+) .*\(\d+ bytes\)$/.exec(line) ?? [];
      assert.ok(name, line);
      return `${direction} ${name}`;
    });

test("pub: from CONNECT to DISCONNECT, with topic and payload, and nothing of it on standard output", async () => {
  const { code, stdout, stderr } = await run([
    "pub",
    broker.url,
    ...["-t", "test/wire", "-m", "hello", "-q", "1", "--wire"],
  ]);
  assert.deepEqual([code, stdout], [0, ""]);
  assert.deepEqual(packets(stderr), ["-> CONNECT", "<- CONNACK", "-> PUBLISH", "<- PUBACK", "-> DISCONNECT"]);
  assert.match(stderr, /-> PUBLISH "test\/wire" qos=1 messageId=\d+ "hello" \(\d+ bytes\)\n/);
});

test("sub: what it receives, while the messages are on standard output", async () => {
  const sub = cli(["sub", broker.url, "-t", "test/wire/kept", "-C", "1", "--wire"]);
  const { code, stdout, stderr } = await sub.ended;
  assert.deepEqual([code, stdout], [0, "kept\n"]);
  const seen = packets(stderr);
  for (const one of ["-> SUBSCRIBE", "<- SUBACK", "<- PUBLISH", "-> DISCONNECT"])
    assert.ok(seen.includes(one), `${one} of ${seen}`);
  assert.match(stderr, /<- PUBLISH "test\/wire\/kept" qos=0 retain /);
});

for (const [name, words, wanted] of [
  [
    "request",
    ["request", "-t", "test/wire/double", "-m", "21"],
    ["-> SUBSCRIBE", "-> PUBLISH", "<- PUBLISH"],
  ],
  ["tree", ["tree", "-t", "test/wire/#"], ["-> SUBSCRIBE", "<- PUBLISH"]],
  ["bench", ["bench", "-C", "3", "-q", "1"], ["-> PUBLISH", "<- PUBLISH", "<- PUBACK", "-> PUBACK"]],
]) {
  test(`${name} prints them, too`, async () => {
    const [command, ...others] = words;
    const { code, stderr } = await run([command, broker.url, ...others, "--wire", "--quiet"]);
    assert.equal(code, 0, stderr);
    const seen = packets(stderr);
    for (const one of ["-> CONNECT", "<- CONNACK", ...wanted])
      assert.ok(seen.includes(one), `${one}: ${seen}`);
  });
}

test("user name and password are masked, also of a connection that is refused, and control characters are escaped", async () => {
  for (const version of ["311", "5"]) {
    const { stderr } = await run([
      "pub",
      broker.url,
      ...["-t", "test/wire", "-m", "a\u001b[31mb", "-q", "1", "-V", version],
      ...["-u", "user-secret", "-P", "password-secret", "--wire", "--quiet"],
    ]);
    assert.match(stderr, /-> CONNECT .*username="\*\*\*" password="\*\*\*"/);
    assert.doesNotMatch(stderr, /secret/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be printed
    assert.doesNotMatch(stderr, /\u001b/);
  }
});

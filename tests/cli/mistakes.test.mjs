// Failures: an exit code for scripts, one sentence on standard error, nothing on standard output.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { cli, run, subscribed } from "../support/command.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freePort } from "../support/ports.mjs";

let broker;
let silent;

before(async () => {
  broker = await startMosquitto();
  silent = createServer().listen(0, "127.0.0.1"); // accepts connections and sends nothing
  await new Promise((resolve) => silent.once("listening", resolve));
});

after(async () => {
  silent?.close();
  await broker?.stop();
});

async function fails(words, expected, sentence, options) {
  const { code, stdout, stderr } = await run(words, options);
  assert.match(stderr, sentence, words.join(" "));
  assert.match(stderr, /^mqtt-lib: .*\n$/, "one sentence");
  assert.deepEqual([code, stdout], [expected, ""], words.join(" "));
}

const message = ["-t", "test/a", "-m", "hello"];

test("1: the host or the port is wrong", async () => {
  const port = await freePort();
  await fails(
    ["pub", "-h", "127.0.0.1", "-p", `${port}`, ...message],
    1,
    new RegExp(`127.0.0.1:${port}: nothing listens there`),
  );
  await fails(["sub", `mqtt://127.0.0.1:${port}`, "a"], 1, /nothing listens there/);
  await fails(["pub", "-h", "no-such-host.invalid", ...message], 1, /no-such-host\.invalid/);
  await fails(["request", "-p", `${port}`, ...message], 1, /nothing listens there/);
  await fails(["bench", "-p", `${port}`], 1, /nothing listens there/);
  await fails(["pub", "-p", `${broker.wsPort}`, ...message], 1, /./);
});

test("a server that is not there: the advice is for a command, not for a page", async () => {
  const { stderr } = await run(["pub", "-h", "127.0.0.1", "-p", `${await freePort()}`, ...message]);
  assert.match(stderr, /check --host, --port, --url, and that a broker listens there$/m);
  assert.doesNotMatch(stderr, /connect-src/);
  assert.equal(stderr.match(/check /g)?.length, 1, "advice is given once");
});

test("1: a file is not there, or is a folder", async () => {
  await fails(
    ["pub", broker.url, "-t", "test/a", "-f", "/no/such/file"],
    1,
    /cannot read "\/no\/such\/file": there is no such file/,
  );
  await fails(["pub", broker.url, "-t", "test/a", "-f", "/"], 1, /cannot read "\/": it is a folder/);
  await fails(["pub", broker.url, "-t", "test/a", "-l", "-f", "/no/such/file"], 1, /there is no such file/);
});

test("27: the time limit has passed, connected or not", async () => {
  await fails(
    ["sub", broker.url, "test/none", "-W", "1"],
    27,
    /the time limit of 1 s was reached; 0 messages had arrived/,
  );
  await fails(
    ["sub", broker.url, "test/none", "-W", "1", "-C", "2"],
    27,
    /only 0 of 2 messages arrived within 1 s/,
  );
  await run(["pub", broker.url, "test/one", "hello", "-r"]);
  const one = await run(["sub", broker.url, "test/one", "-W", "1"]);
  assert.match(one.stderr, /the time limit of 1 s was reached; 1 message had arrived/);
  await fails(
    ["request", broker.url, "test/none", "-m", "?", "-W", "1"],
    27,
    /no response to the request to "test\/none"/,
  );
  await fails(
    ["request", broker.url, "test/none", "-m", "?", "-W", "1", "-e", "test/answer"],
    27,
    /no response/,
  );
  const nowhere = `mqtt://127.0.0.1:${silent.address().port}`;
  await fails(["pub", nowhere, ...message, "-W", "1"], 27, /there was no connection within 1 s/);
});

const TOGETHER = 4;
const WRONG = [
  [["pubb"], /there is no command "pubb"; did you mean pub\?/],
  [["nonsense"], /the commands are: pub, sub, request, bench, simulate, broker/],
  [["pub", ...message, "--tpic", "a"], /no option --tpic; did you mean --topic\?/],
  [["pub", "--topci", "a", "-m", "b"], /no option --topci; did you mean --topic\?/],
  [["pub", ...message, "-h"], /-h needs a value: -h HOST; for help: mqtt-lib pub --help/],
  [["bench", "a", "b"], /bench takes one topic; 2 were given/],
  [
    ["simulate", "-t", "a", "-m", "{{rnd}} {{count}}"],
    /there is no {{rnd}}; what is filled in is {{client}}/,
  ],
  [["simulate", "-t", "a{{clent}}", "-m", "b"], /there is no {{clent}};/],
  [["pub", ...message, "-Z"], /no option -Z; mqtt-lib pub --help lists all options/],
  [["pub", ...message, "--capath", "/etc/ssl"], /--capath; give the certificates in one file, with --cafile/],
  [["pub", ...message, "-t"], /-t needs a value: -t TOPIC/],
  [["pub", ...message, "-t", "b"], /-t was given twice/],
  [["pub", ...message, "--retain=yes"], /--retain takes no value/],
  [["pub", ...message, "-p", "x"], /-p must be a number; "x" was given/],
  [["pub", ...message, "-p", "70000"], /--port must be a whole number from 1 to 65535; 70000 was given/],
  [["pub", ...message, "-q", "3"], /--qos must be a whole number from 0 to 2; 3 was given/],
  [["pub", ...message, "-W", "0"], /--timeout must be a number of seconds above 0/],
  [["pub", ...message, "-k", "-1"], /--keepalive must be .*-1 was given/],
  [["pub", ...message, "-M", "0"], /--max-inflight must be/],
  [
    ["sub", "127.0.0.1:1883", "-t", "a"],
    /"127.0.0.1:1883" has no scheme: mqtt:\/\/127.0.0.1:1883; a topic of this/,
  ],
  [["pub", "localhost:1883", "a", "b"], /"localhost:1883" has no scheme: mqtt:\/\/localhost:1883/],
  [["pub", ...message, "word"], /1 word is given beside the payload; put a payload with spaces in quotes/],
  [["pub", "a", "b", "c", "d"], /2 words are given beside the payload; put a payload with spaces in quotes/],
  [["pub", ...message, "\u2013pw", "x"], /\u2013pw begins with "\u2013", which is no hyphen; write --pw/],
  [["sub", "-t", "a", "\u2014pw=x"], /\u2014pw begins with "\u2014", which is no hyphen; write --pw/],
  [["pub", "-m", "a"], /a topic is missing; give it with --topic/],
  [["pub", "-t", "a"], /there is nothing to publish/],
  [["pub", ...message, "-n"], /--message and --null-message exclude each other/],
  [["pub", ...message, "--batch", "5"], /--batch needs --stdin-line/],
  [["pub", "-t", "a", "-l", "--batch", "5", "--queue", "5"], /--batch and --queue exclude each other/],
  [["pub", "-t", "a", "-l", "--interval", "5"], /--interval needs --batch or --queue/],
  [["pub", "-t", "a", "-l", "--batch", "0"], /--batch must be a whole number from 1/],
  [["pub", ...message, "-P", "secret"], /--pw needs --username/],
  [["pub", ...message, "-c"], /--disable-clean-session needs --id/],
  [["pub", ...message, "--will-qos", "1"], /--will-qos needs --will-topic/],
  [["pub", ...message, "-V", "3"], /--protocol-version must be 3.1.1, 5 or auto; "3" was given/],
  [["pub", ...message, "-V", "311", "-D", "publish", "content-type", "a"], /a property needs MQTT 5/],
  [["pub", ...message, "-D", "publish"], /-D publish needs a property and its value/],
  [["pub", ...message, "-D", "publsh", "content-type", "a"], /must be followed by .*publish/],
  [["pub", ...message, "-D", "publish", "content-typ", "a"], /did you mean content-type\?/],
  [
    ["pub", ...message, "-D", "publish", "message-expiry-interval", "soon"],
    /must be a whole number; "soon" was given/,
  ],
  [["pub", ...message, "-D", "publish", "user-property", "a"], /needs a name and a value/],
  [
    ["pub", ...message, "-h", "a", "-L", "mqtt://me:secret@b"],
    /--host and the URL mqtt:\/\/b both name a server/,
  ],
  [["pub", "http://localhost", ...message], /http:\/\/localhost.*mqtt:\/\//],
  [["pub", "mqtt://%zz@localhost", ...message], /two hexadecimal digits/],
  [["sub"], /a topic filter is missing/],
  [["sub", "a", "-C", "0"], /--count must be a whole number from 1/],
  [["sub", "a", "-v", "--json"], /--json and --verbose exclude each other/],
  [["sub", "a", "-F", "%Z"], /--format has "%Z"; allowed after % are/],
  [["sub", "a", "-R", "--retained-only"], /exclude each other/],
  [["request", ...message, "-V", "311"], /a request needs MQTT 5/],
  [["broker", "a"], /takes options only/],
  [["broker", "-p", "70000"], /--port must be a whole number from 0 to 65535/],
];

test("2: what was typed is wrong", async () => {
  for (let i = 0; i < WRONG.length; i += TOGETHER) {
    await Promise.all(WRONG.slice(i, i + TOGETHER).map(([words, sentence]) => fails(words, 2, sentence)));
  }
});

test("2: the package's own judgement of topics and filters", async () => {
  await fails(
    ["pub", broker.url, "-t", "test/#", "-m", "a"],
    2,
    /topic "test\/#" must not contain the wildcards/,
  );
  await fails(["sub", broker.url, "test/#/a"], 2, /"test\/#\/a"/);
});

test("Ctrl-C: sub says goodbye and succeeds; with --count it was not done", async () => {
  for (const [words, expected] of [
    [["-t", "test/a"], { code: 0, stderr: "" }],
    [["-t", "test/a", "-C", "5"], { code: 130, stderr: "mqtt-lib: ended by SIGINT\n" }],
  ]) {
    const id = `ctrl-c-${expected.code}`;
    const sub = await subscribed([broker.url, "-i", id, ...words]);
    sub.kill("SIGINT");
    const { code, signal, stderr } = await sub.ended;
    assert.deepEqual([code, signal], [expected.code, null]);
    assert.equal(
      stderr.replace(/^mqtt-lib: (connected|subscribed|disconnecting).*\n/gm, ""),
      expected.stderr,
    );
    assert.match(broker.log(), new RegExp(`Received DISCONNECT from ${id}`));
  }
});

test("Ctrl-C: pub sends what it has read, and says how much that was", async () => {
  const sub = await subscribed([broker.url, "test/ended", "-q", "1", "-C", "3"]);
  const pub = cli(["pub", broker.url, "test/ended", "-l", "-q", "1", "--batch", "2"]);
  pub.stdin.write("1\n2\n3\n4\n5\n");
  await sub.until("stdout", (text) => text.includes('["3","4"]'));
  pub.kill("SIGINT");
  const { code, stderr } = await pub.ended;
  assert.equal(code, 130);
  assert.equal(stderr, "mqtt-lib: ended by SIGINT; 5 lines were published, all that had been read\n");
  assert.equal((await sub.ended).stdout, '["1","2"]\n["3","4"]\n["5"]\n');
});

test("SIGTERM while it cannot connect ends it too, without waiting", async () => {
  const sub = cli(["sub", `mqtt://127.0.0.1:${silent.address().port}`, "a", "-C", "1"], { input: "" });
  await new Promise((resolve) => silent.once("connection", resolve));
  sub.kill("SIGTERM");
  const { code, stderr } = await sub.ended;
  assert.deepEqual([code, stderr], [143, "mqtt-lib: ended by SIGTERM\n"]);
});

test("names that every object has are no options", async () => {
  for (const name of ["--constructor", "--__proto__", "--toString", "--hasOwnProperty"]) {
    const { code, stderr } = await run(["pub", "-t", "a", "-m", "x", name]);
    assert.equal(code, 2, name);
    assert.match(stderr, /pub has no option --\w+; mqtt-lib pub --help lists all options\n$/, name);
  }
});

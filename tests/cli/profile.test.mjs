// Options that are not on the command line: profiles and environment variables, and the warning about a password that is.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run } from "../support/command.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";

let broker;
let config;
let port;
before(async () => {
  broker = await startMosquitto({
    config: (folder) => {
      execFileSync("mosquitto_passwd", ["-b", "-c", `${folder}/passwords`, "me", "s3cr3t"]);
      return `allow_anonymous false\npassword_file ${folder}/passwords`;
    },
  });
  port = new URL(broker.url).port;
  config = mkdtempSync(join(tmpdir(), "mqtt-lib-config-"));
  mkdirSync(join(config, "mqtt-lib"));
});
after(async () => {
  rmSync(config, { recursive: true, force: true });
  await broker?.stop();
});

const profile = (name, text) => writeFileSync(join(config, "mqtt-lib", name), text, { mode: 0o600 });
const withConfig = (args, env = {}) => run(args, { env: { XDG_CONFIG_HOME: config, ...env } });
const PUB = ["pub", "-t", "profile/a", "-m", "x", "-q", "1", "-W", "5"];

test("a profile has the server, the user and the password; the command line goes before it", async () => {
  profile("home", `# at home\n--host 127.0.0.1\n-p ${port}\n\n-u me\n--pw s3cr3t\n`);
  const { code, stderr } = await withConfig([...PUB, "--profile", "home"]);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  const other = await withConfig([...PUB, "--profile", "home", "-P", "wrong"]);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /password on the command line can be read/);
});

test("a server on the command line replaces that of the profile and of the environment", async () => {
  profile("away", "-h nowhere.invalid\n-u me\n-P s3cr3t\n");
  const { code } = await withConfig([...PUB, "--profile", "away", "-L", `mqtt://127.0.0.1:${port}`]);
  assert.equal(code, 0);
  const env = { MQTT_LIB_URL: "mqtt://nowhere.invalid" };
  assert.equal((await withConfig([...PUB, "--profile", "away", `mqtt://127.0.0.1:${port}`], env)).code, 0);
});

test("MQTT_LIB_URL, MQTT_LIB_USERNAME and MQTT_LIB_PASSWORD are enough, and nothing of them is printed", async () => {
  const env = {
    MQTT_LIB_URL: `mqtt://127.0.0.1:${port}`,
    MQTT_LIB_USERNAME: "me",
    MQTT_LIB_PASSWORD: "s3cr3t",
  };
  const { code, stderr } = await withConfig(PUB, env);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  const refused = await withConfig(PUB, { ...env, MQTT_LIB_PASSWORD: "wr0ngs3cr3t" });
  assert.equal(refused.code, 1);
  assert.doesNotMatch(refused.stderr, /wr0ng/);
});

test("a profile that is missing or wrong is exit code 2, and says which file", async () => {
  profile("wrong", "--hst x\n");
  for (const [name, words] of [
    ["none", /cannot read the profile "none".*there is no such file/],
    ["wrong", /in the profile .*wrong: pub has no option --hst; did you mean --host\?/],
    ["../etc", /--profile takes a name/],
  ]) {
    const { code, stderr } = await withConfig([...PUB, "--profile", name]);
    assert.match(stderr, words);
    assert.equal(code, 2);
  }
});

test("a password on the command line is warned of, also in a URL, unless --quiet", async () => {
  const url = `mqtt://me:s3cr3t@127.0.0.1:${port}`;
  for (const words of [[url], ["-h", "127.0.0.1", "-p", port, "-u", "me", "-P", "s3cr3t"]]) {
    const { stderr } = await withConfig([...PUB, ...words]);
    assert.match(
      stderr,
      /^mqtt-lib: the password on the command line can be read by other users.*MQTT_LIB_PASSWORD/,
    );
    assert.equal((await withConfig([...PUB, ...words, "--quiet"])).stderr, "");
  }
});

test("nothing of a profile that is none is quoted, wherever its password is", async () => {
  const files = [
    '{"host":"x","pw":"s3cr3t"}',
    "host: x\npw: s3cr3t",
    "s3cr3t",
    "--host localhost --pw s3cr3t",
    "--host localhost --pw=s3cr3t",
    "-h a -P s3cr3t",
    "--cafile x --passphrase s3cr3t --cert y",
  ];
  for (const text of files) {
    profile("other", text);
    const { code, stdout, stderr } = await withConfig([...PUB, "--profile", "other"]);
    assert.notEqual(code, 0, text);
    assert.doesNotMatch(`${stdout}${stderr}`, /s3cr3t/, text);
  }
});

test("a profile with a password that others can read is warned of, once", async () => {
  profile("open", `--host 127.0.0.1\n-p ${port}\n-u me\n--pw s3cr3t\n`);
  const file = join(config, "mqtt-lib", "open");
  chmodSync(file, 0o644);
  const { code, stderr } = await withConfig([...PUB, "--profile", "open"]);
  assert.equal(code, 0);
  assert.equal(
    stderr,
    `mqtt-lib: the profile ${file} has a password and can be read by other users of this machine; chmod 600 it\n`,
  );
  profile("no-secret", `--host 127.0.0.1\n-p ${port}\n`);
  chmodSync(join(config, "mqtt-lib", "no-secret"), 0o644);
  const env = { MQTT_LIB_USERNAME: "me", MQTT_LIB_PASSWORD: "s3cr3t" };
  assert.equal((await withConfig([...PUB, "--profile", "no-secret"], env)).stderr, "");
});

test("a profile that is a pipe is refused, not read", async () => {
  execFileSync("mkfifo", [join(config, "mqtt-lib", "pipe")]);
  const { code, stderr } = await withConfig([...PUB, "--profile", "pipe"]);
  assert.equal(code, 2);
  assert.match(stderr, /cannot read the profile "pipe".*it is no file/);
});

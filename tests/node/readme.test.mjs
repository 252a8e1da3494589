// Every snippet of README.md, and of the pages in docs/ that show the API by programs, works as described: its output is the
// ```text block below it, and another client on a real broker receives what it publishes.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { snippets, startSnippets } from "../support/snippets.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (name) => readFileSync(join(ROOT, name), "utf8");
const PAGES_WITH_PROGRAMS = [
  "README.md",
  "docs/tour.md",
  "docs/reference/api.md",
  "docs/guarantees.md",
  "docs/loading.md",
];
const ALL = PAGES_WITH_PROGRAMS.map(read).join("\n");
const API = read("docs/reference/api.md");

/** The messages that another client receives, in order, by the heading above the snippet. */
const SEEN = {
  "Publish and receive": ["test/topic hello"],
  "A consumer that loses nothing": ['test/orders {"id":7}'],
  "A client that stays connected": ["test/topic first", "test/topic second"],
  "batch_publish: many items, one message": [
    'test/batch ["payload","payload","payload","payload","payload"]',
    'test/other [{"celsius":21.5}]',
  ],
  "qpublish: one queue, each message by itself": [0, 1, 2, 3, 4].map((i) => `test/queue payload ${i}`),
  "publish_high_priority: a connection of its own": ["test/alarm fire", "test/alarm over"],
  "Configuration, with a will": ["test/will device1 is gone"],
  "start and stop": ["test/again hello"],
  "Subscriptions, handlers, iterators": ['test/x/json {"value":42}', "test/a \x01\x02\x03"],
  "MQTT 5": ["test/double 21", "test/five 21.5"],
  Errors: [],
  Events: [],
  "Credentials from a function": ["test/signed-in hello"],
  Transport: ["test/websocket hello"],
  "Quality of service": ["test/session while it was away"],
  Node: ["test/require hello"],
  "Without WebAssembly": ["test/js hello"],
};

const SNIPPETS = snippets(ALL);
const RUNNABLE = SNIPPETS.filter(({ language }) => language === "js" || language === "cjs");
const PAGES = SNIPPETS.filter(({ language }) => language === "html");

let runner;

before(async () => {
  runner = await startSnippets();
});

after(() => runner?.stop());

for (const [i, { heading, language, body, prints }] of RUNNABLE.entries()) {
  test(`the snippet under "${heading}" does what it says`, async () => {
    runner.forget();
    const { stdout, stderr, code } = await runner.run(`${i}`, language, body);
    assert.equal(stderr, "");
    assert.equal(stdout, prints);
    assert.equal(code, 0);
    const expected = SEEN[heading];
    // The broker may publish the will after the process has ended.
    assert.deepEqual(await runner.everythingSeen(expected.length), expected);
  });
}

test("each heading has one snippet that runs, and none was overlooked", () => {
  assert.deepEqual(RUNNABLE.map(({ heading }) => heading).sort(), Object.keys(SEEN).sort());
  const languages = new Set(SNIPPETS.map(({ language }) => language));
  assert.deepEqual([...languages].sort(), ["cjs", "html", "js", "sh"]);
  assert.equal(ALL.match(/^```/gm).length, 2 * ALL.match(/^```\w+$/gm).length);
});

for (const { heading, body } of PAGES) {
  test(`the page under "${heading}" is one that a browser can load`, async () => {
    for (const [, map] of body.matchAll(/<script type="importmap">([\s\S]*?)<\/script>/g)) {
      for (const [name, path] of Object.entries(JSON.parse(map).imports)) {
        assert.ok(existsSync(join(ROOT, path.replace(`./node_modules/${name}/`, ""))), path);
      }
    }
    for (const [, source] of body.matchAll(/<script type="module">([\s\S]*?)<\/script>/g)) {
      const { warnings } = await build({
        stdin: { contents: source, resolveDir: ROOT },
        alias: { "mqtt-lib": join(ROOT, "dist/browser.mjs") },
        bundle: true,
        format: "esm",
        write: false,
        logLevel: "silent",
      });
      assert.deepEqual(warnings, []);
    }
  });
}

/** The rows of the table below a heading, as cells without backticks. */
function table(heading) {
  return rowsOf(API.split(new RegExp(`^#+ ${heading}$`, "m"))[1].split(/^#/m)[0]);
}

/** The rows of all tables. */
function rowsOf(text) {
  const rows = text.split("\n").filter((line) => /^\| \[?`/.test(line));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replace(/^`(.*)`$/, "$1")),
  );
}

const numberOf = (text) => Number(text.replaceAll("_", ""));

/** The keys of `credentials`, without those of nested objects. */
const optionRows = () => rowsOf(read("docs/reference/options.md").split("## Keys of certs")[0]);

test("the table of options has every key of the validator, with its range", () => {
  const source = read("src/engine/keys/table.rs");
  const keys = [...source.matchAll(/\("(\w+)", Key::\w+, Kind::(\w+)(?:\(([\d._]+), ([\d._]+)\))?\)/g)];
  const expected = keys.map(([, key, , min, max]) => [
    key,
    min === undefined ? "" : `${numberOf(min)} to ${numberOf(max)}`,
  ]);
  assert.ok(expected.length > 20);
  assert.deepEqual(
    optionRows()
      .map(([key, , , range]) => [key, range])
      .sort(),
    expected.sort(),
  );
});

/** Fields of a `Default` in Rust, as they are written there. */
function defaultsOf(file, name) {
  const body = read(file).split(`impl Default for ${name} {`)[1].split(/^}/m)[0];
  return Object.fromEntries(
    [...body.matchAll(/^ +(\w+): (.+),$/gm)].map(([, field, value]) => [field, value]),
  );
}

/** What the table shows for a value of Rust. */
function shownAs(value, type) {
  if (/^(Vec|String)::new\(\)$/.test(value)) return /^string/.test(type) ? '""' : "none";
  if (value === "None") return type === "seconds" ? "0" : "none";
  const number = value.match(/^(?:Some\()?([\d_]+)\)?$/)?.[1];
  if (number) return String(type === "seconds" ? numberOf(number) / 1000 : numberOf(number));
  const text = value.match(/"(.*)"\.into\(\)/)?.[1] ?? value.match(/^Policy::(\w+)$/)?.[1].toLowerCase();
  return text === undefined ? value.replace(/^Versions::V/, "") : JSON.stringify(text);
}

test("the table of options has the defaults of the engine, of every key", () => {
  const config = defaultsOf("src/engine/config.rs", "Config");
  const builder = defaultsOf("src/engine/validate.rs", "Builder");
  const fields = read("src/engine/config.rs").matchAll(/Option\s+(?:\/\/\/ )?`([\w.]+)`\.\n +pub (\w+):/g);
  const defaults = {
    ...Object.fromEntries([...fields].map(([, key, field]) => [key, config[field]])),
    mqttserver: builder.servers,
    mqttpath: builder.path,
    mqttversion: config.version,
    willsettopic: builder.will_topic,
    willsetpayload: builder.payload,
    willsetqos: builder.qos,
    willsetretain: builder.retain,
    store: config.persist === "false" ? '"memory".into()' : config.persist,
    "websocket.protocols": read("src/driver/socket.rs").match(/const SUBPROTOCOL: &str = (".*");/)[1],
  };
  // Their default is words: it depends on other options, or is random. Tests: src/engine/endpoint/tests.rs, and validation.rs.
  const words = ["mqttport", "mqttprotocol", "mqttclientid", "mqttcleansession"];
  const absent = ["willProperties", "certs", "transport", "websocket"];
  const compared = [];
  const others = [];
  for (const section of read("docs/reference/options.md").split(/^## /m)) {
    const object = section.match(/^Keys of (\w+)/)?.[1];
    for (const [cell, , type, , shown] of rowsOf(section)) {
      const key = object ? `${object}.${cell}` : cell;
      if (defaults[key] === undefined) {
        if (words.includes(key)) assert.notEqual(shown, "none", key);
        else assert.equal(shown, "none", key);
        if (!object) others.push(key);
        continue;
      }
      assert.equal(shown, shownAs(defaults[key], type), key);
      compared.push(key);
    }
  }
  assert.deepEqual(compared.sort(), Object.keys(defaults).sort());
  assert.deepEqual(others.sort(), [...words, ...absent].sort());
});

test("the table of errors has every code", () => {
  const codes = [...read("src/engine/error/codes.rs").matchAll(/Code::\w+ => "(\w+)"/g)].map(
    ([, code]) => code,
  );
  assert.deepEqual(
    rowsOf(read("docs/reference/errors.md"))
      .map(([code]) => code.match(/\w+/)[0])
      .sort(),
    [...codes, "LOAD_FAILED", "CORE_FAILED"].sort(),
  );
});

test("the table of methods has every method, and the text every counter", async () => {
  const { MqttCustom } = await import("mqtt-lib");
  const idle = new MqttCustom({ autostart: false });
  const members = Object.getOwnPropertyDescriptors(MqttCustom.prototype);
  /** Whether it is the second spelling of another member. */
  const isSecond = (name) =>
    /[A-Z]/.test(name) && name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) in members;
  const names = Object.entries(members)
    .filter(([name, { value }]) => typeof value === "function" && name !== "constructor" && !isSecond(name))
    .map(([name]) => name);
  assert.deepEqual(
    table("Methods")
      .map(([call]) => call.split("(")[0])
      .sort(),
    names.sort(),
  );
  for (const counter of Object.keys(idle.stats())) assert.ok(API.includes(`\`${counter}\``), counter);
});

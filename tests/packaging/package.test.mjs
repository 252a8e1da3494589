// The package as users get it: packed, its contents checked, installed into projects and used there.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MANIFEST = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const FILES = [
  "CHANGELOG.md",
  "LICENSE",
  "NOTICE",
  "README.md",
  "SECURITY.md",
  "aws/package.json",
  "bare/package.json",
  "dist/aws.cjs",
  "dist/aws.d.cts",
  "dist/aws.d.ts",
  "dist/aws.mjs",
  "dist/bare.cjs",
  "dist/bare.mjs",
  "dist/browser.fallback.js",
  "dist/browser.mjs",
  "dist/cli.cjs",
  "dist/index.d.cts",
  "dist/index.d.ts",
  "dist/inline.cjs",
  "dist/inline.mjs",
  "dist/inline.node.cjs",
  "dist/inline.node.mjs",
  "dist/inline/package.json",
  "dist/inline/wasm.js",
  "dist/js.bundle.mjs",
  "dist/js.cjs",
  "dist/js.mjs",
  "dist/js.node.cjs",
  "dist/js.node.mjs",
  "dist/js/core.js",
  "dist/js/package.json",
  "dist/mqtt_lib_bg.wasm",
  "dist/mqtt_lib_bg.wasm.d.cts",
  "dist/mqtt_lib_store.wasm",
  "dist/mqtt_lib_whole.wasm",
  "dist/mqttjs.browser.mjs",
  "dist/mqttjs.bundle.mjs",
  "dist/mqttjs.d.cts",
  "dist/mqttjs.d.ts",
  "dist/mqttjs.fallback.js",
  "dist/mqttjs.names.d.cts",
  "dist/mqttjs.node.cjs",
  "dist/mqttjs.node.mjs",
  "dist/mqttjs.workerd.mjs",
  "dist/node.bundle.mjs",
  "dist/node.cjs",
  "dist/node.mjs",
  "dist/otel.cjs",
  "dist/otel.d.cts",
  "dist/otel.d.ts",
  "dist/otel.mjs",
  "dist/persistent.browser.mjs",
  "dist/persistent.bundle.mjs",
  "dist/persistent.d.cts",
  "dist/persistent.d.ts",
  "dist/persistent.node.cjs",
  "dist/persistent.node.mjs",
  "dist/react.cjs",
  "dist/react.d.cts",
  "dist/react.d.ts",
  "dist/react.mjs",
  "dist/sparkplug.cjs",
  "dist/sparkplug.d.cts",
  "dist/sparkplug.d.ts",
  "dist/sparkplug.mjs",
  "dist/streams.cjs",
  "dist/streams.d.cts",
  "dist/streams.d.ts",
  "dist/streams.mjs",
  "dist/tabs.cjs",
  "dist/tabs.d.cts",
  "dist/tabs.d.ts",
  "dist/tabs.mjs",
  "dist/tabs.worker.mjs",
  "dist/topics.cjs",
  "dist/topics.d.cts",
  "dist/topics.d.ts",
  "dist/topics.mjs",
  "dist/wire.cjs",
  "dist/wire.d.cts",
  "dist/wire.d.ts",
  "dist/wire.mjs",
  "dist/workerd.mjs",
  "dist/workerd.wasm.mjs",
  "dist/ws.mjs",
  "inline/package.json",
  "js.js",
  "mqttjs/package.json",
  "otel/package.json",
  "package.json",
  "persistent/package.json",
  "react/package.json",
  "sparkplug/package.json",
  "streams/package.json",
  "tabs/package.json",
  "topics/package.json",
  "wire/package.json",
];

const temp = mkdtempSync(join(tmpdir(), "mqtt-lib-package-"));
after(() => rmSync(temp, { recursive: true, force: true }));

/** Runs a program in a folder; resolves with its standard output, rejects with all its output. */
async function run(cwd, command, ...args) {
  // Variables of an npm that runs this process must not reach a child process in another project.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== "npm_config_local_prefix"),
  );
  try {
    return (await promisify(execFile)(command, args, { cwd, env })).stdout;
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")}\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

let packed;
let tarball;
/** A project in which the tarball is installed. */
const project = join(temp, "project");

before(async () => {
  const out = await run(ROOT, "npm", "pack", "--json", "--ignore-scripts", "--pack-destination", temp);
  packed = JSON.parse(out)[0];
  tarball = join(temp, packed.filename);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "consumer", "private": true }');
  await run(project, "npm", "install", "--no-audit", "--no-fund", "--prefer-offline", tarball);
});

test("the tarball contains what it should and nothing else", () => {
  assert.deepEqual(packed.files.map((file) => file.path).sort(), FILES);
});

// It was 640,000 bytes for all. `mqtt-lib/js` brought the core a second time, as JavaScript: 120,533 bytes compressed, which
// only those who import it load. 18,057 bytes of the rest were saved for it, and the bound of the rest is lower by 16,000.
test("the tarball is under 624 KB, and the core as JavaScript under 122 KB beside that", () => {
  const core = gzipSync(readFileSync(join(ROOT, "dist/js/core.js")), { level: 9 }).length;
  const rest = statSync(tarball).size - core;
  assert.ok(rest < 624_000, `${rest} bytes`);
  assert.ok(core < 122_000, `${core} bytes`);
});

test("every file that package.json names is in the tarball", () => {
  const leaves = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(leaves));
  const { bin, browser, exports, main, types, typesVersions } = MANIFEST;
  for (const path of leaves({
    bin,
    browser,
    exports,
    main,
    types,
    typesVersions: Object.values(typesVersions["*"]),
  })) {
    assert.ok(FILES.includes(path.replace("./", "")), path);
  }
});

// Parcel and other tools that know no `exports` look for a folder of that name.
test("every entry beside the main one has a folder that names the same files", () => {
  const last = (value) => (typeof value === "string" ? value : last(value.require ?? value.default));
  const entries = Object.entries(MANIFEST.exports).filter(([name]) => !/^\.$|\.\w+$/.test(name));
  for (const [name, entry] of entries) {
    if (name === "./js") continue; // the folder of the sources has this name: it is the file js.js
    const stub = JSON.parse(readFileSync(join(ROOT, name, "package.json"), "utf8"));
    assert.equal(stub.main, `.${last(entry.node ?? entry)}`, name);
    const page = entry.browser ?? entry;
    assert.equal(stub.browser, `.${(page.module ?? page.import ?? page).default}`, name);
    assert.deepEqual(
      [stub.types],
      MANIFEST.typesVersions["*"][name.slice(2)].map((file) => `.${file}`),
      name,
    );
  }
});

test("installing it brings at most one package more", () => {
  const names = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."));
  assert.deepEqual(names, ["mqtt-lib", "ws"]);
});

test("npx mqtt-lib is the command, from the installed package", async () => {
  assert.equal(await run(project, "npx", "--no", "--", "mqtt-lib", "--version"), `${MANIFEST.version}\n`);
  const help = await run(project, "npx", "--no", "--", "mqtt-lib", "pub", "--help");
  assert.match(help, /^mqtt-lib pub: /);
  // It finds its package: the error comes from the validator.
  const wrong = await run(
    project,
    "npx",
    "--no",
    "--",
    "mqtt-lib",
    "pub",
    "-t",
    "a",
    "-m",
    "b",
    "-p",
    "0",
  ).catch(String);
  assert.match(wrong, /--port must be a whole number from 1 to 65535; 0 was given/);
});

const SAYS_ITS_NAMES = `
  if (typeof MqttCustom !== "function" || MqttCustom.name !== "MqttCustom") throw new Error("no MqttCustom");
  if (!(MqttError.prototype instanceof Error)) throw new Error("no MqttError");
  console.log("usable");
`;

test("it can be imported", async () => {
  writeFileSync(
    join(project, "import.mjs"),
    `import { MqttCustom, MqttError } from "mqtt-lib"; ${SAYS_ITS_NAMES}`,
  );
  assert.equal(await run(project, process.execPath, "import.mjs"), "usable\n");
});

test("it can be required", async () => {
  writeFileSync(
    join(project, "require.cjs"),
    `const { MqttCustom, MqttError } = require("mqtt-lib"); ${SAYS_ITS_NAMES}`,
  );
  assert.equal(await run(project, process.execPath, "require.cjs"), "usable\n");
});

test("import and require give the same class", async () => {
  const source = `
    const required = require("mqtt-lib");
    import("mqtt-lib").then((imported) => {
      for (const name of Object.keys(required)) console.log(name, imported[name] === required[name]);
    });
  `;
  writeFileSync(join(project, "both.cjs"), source);
  const lines = (await run(project, process.execPath, "both.cjs")).trim().split("\n");
  assert.ok(lines.includes("MqttCustom true") && lines.includes("MqttError true"), lines.join("\n"));
  assert.deepEqual(
    lines.filter((line) => !line.endsWith(" true")),
    [],
  );
});

test("mqtt-lib/aws works with the package it asks for, which it does not bring itself", async () => {
  await run(
    project,
    "npm",
    "install",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "aws4fetch@1",
  );
  const signs = `
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    awsIot({ host: "x.iot.eu-west-1.amazonaws.com", credentials })().then((given) => console.log(given.mqttserver));
  `;
  writeFileSync(join(project, "aws.mjs"), `import { awsIot } from "mqtt-lib/aws"; ${signs}`);
  writeFileSync(join(project, "aws.cjs"), `const { awsIot } = require("mqtt-lib/aws"); ${signs}`);
  for (const file of ["aws.mjs", "aws.cjs"]) {
    assert.match(
      await run(project, process.execPath, file),
      /^wss:\/\/x\.iot\..*&X-Amz-Signature=[0-9a-f]{64}\n$/,
    );
  }
  const { metafile } = await build({
    absWorkingDir: project,
    entryPoints: ["./aws.mjs"],
    outfile: join(project, "aws.page.js"),
    bundle: true,
    format: "esm",
    platform: "browser",
    metafile: true,
  });
  assert.deepEqual(
    Object.keys(metafile.inputs).filter((name) => name.includes("mqtt-lib")),
    ["node_modules/mqtt-lib/dist/aws.mjs"],
    "no second client beside that of mqtt-lib",
  );
});

test("mqtt-lib/otel works with the package it asks for, with import and require", async () => {
  const quiet = ["--no-save", "--no-audit", "--no-fund", "--prefer-offline"];
  await run(project, "npm", "install", ...quiet, "@opentelemetry/api@1");
  const uses = `
    const client = new MqttCustom({ autostart: false });
    const instrumentation = instrument(client);
    console.log(client.publish !== MqttCustom.prototype.publish, messageContext({}) !== undefined);
    instrumentation.remove();
    console.log(client.publish === MqttCustom.prototype.publish);
  `;
  writeFileSync(
    join(project, "otel.mjs"),
    `import { MqttCustom } from "mqtt-lib"; import { instrument, messageContext } from "mqtt-lib/otel"; ${uses}`,
  );
  writeFileSync(
    join(project, "otel.cjs"),
    `const { MqttCustom } = require("mqtt-lib"); const { instrument, messageContext } = require("mqtt-lib/otel"); ${uses}`,
  );
  for (const file of ["otel.mjs", "otel.cjs"])
    assert.equal(await run(project, process.execPath, file), "true true\ntrue\n");
});

test("mqtt-lib/sparkplug needs no further package, and brings no second client into a page", async () => {
  const uses = `
    const bytes = encodePayload({ seq: 1, metrics: [{ name: "a", type: "Int64", value: -1n }] });
    const node = new EdgeNode({ group: "a", node: "b", credentials: {} });
    console.log(decodePayload(bytes).metrics[0].value, node.client instanceof MqttCustom);
  `;
  writeFileSync(
    join(project, "sparkplug.mjs"),
    `import { MqttCustom } from "mqtt-lib"; import { decodePayload, EdgeNode, encodePayload } from "mqtt-lib/sparkplug"; ${uses}`,
  );
  writeFileSync(
    join(project, "sparkplug.cjs"),
    `const { MqttCustom } = require("mqtt-lib"); const { decodePayload, EdgeNode, encodePayload } = require("mqtt-lib/sparkplug"); ${uses}`,
  );
  for (const file of ["sparkplug.mjs", "sparkplug.cjs"])
    assert.equal(await run(project, process.execPath, file), "-1n true\n");
  const { metafile } = await build({
    absWorkingDir: project,
    entryPoints: ["./sparkplug.mjs"],
    outfile: join(project, "sparkplug.page.js"),
    bundle: true,
    format: "esm",
    platform: "browser",
    logLevel: "silent",
    metafile: true,
  });
  assert.deepEqual(
    Object.keys(metafile.inputs)
      .filter((name) => name.includes("mqtt-lib"))
      .sort(),
    ["node_modules/mqtt-lib/dist/browser.mjs", "node_modules/mqtt-lib/dist/sparkplug.mjs"],
  );
});

test("bundled for a browser it names no Node module, and one .wasm comes out", async () => {
  writeFileSync(
    join(project, "page.mjs"),
    'import { MqttCustom } from "mqtt-lib"; globalThis.client = MqttCustom;',
  );
  const outdir = join(project, "out");
  const { metafile, warnings } = await build({
    absWorkingDir: project,
    // esbuild does not process `new URL(..., import.meta.url)`: the wasm is an entry point besides that of the page.
    entryPoints: ["./page.mjs", { in: "mqtt-lib/mqtt_lib_bg.wasm", out: "mqtt_lib_bg" }],
    outdir,
    bundle: true,
    format: "esm",
    platform: "browser",
    loader: { ".wasm": "copy" },
    logLevel: "silent",
    metafile: true,
  });
  assert.deepEqual(warnings, []);
  assert.deepEqual(readdirSync(outdir).sort(), ["mqtt_lib_bg.wasm", "page.js"]);
  const inputs = Object.keys(metafile.inputs).sort();
  assert.deepEqual(inputs, [
    "node_modules/mqtt-lib/dist/browser.mjs",
    "node_modules/mqtt-lib/dist/mqtt_lib_whole.wasm",
    "page.mjs",
  ]);
  const page = readFileSync(join(outdir, "page.js"), "utf8");
  assert.equal(page.match(/["'`]node:/), null);
  assert.deepEqual(page.match(/[\w./-]+\/[\w-]+\.wasm/g), ["./mqtt_lib_bg.wasm", "./mqtt_lib_store.wasm"]);
  // In the form that bundlers know.
  assert.equal(page.match(/new URL\(\s*"\.\/mqtt_lib_bg\.wasm",\s*import\.meta\.url\s*\)/g)?.length, 1);
  assert.equal(page.match(/new URL\(\s*"\.\/mqtt_lib_store\.wasm",\s*import\.meta\.url\s*\)/g)?.length, 1);
});

test("a server's build that copies what it uses finds the files of Node too, by those of bundlers", () => {
  const entries = Object.entries(MANIFEST.exports).filter(([, { node }]) => node?.module);
  for (const [name, { node }] of entries) {
    const traced = readFileSync(join(ROOT, node.module.default), "utf8");
    const file = node.import.default.replace("./dist/", "./");
    assert.ok(traced.includes(`load("${file}")`), `${name}: ${node.module.default} does not name ${file}`);
  }
  assert.ok(entries.length >= 4);
});

test("who names no condition has the text of the .wasm as a chunk of its own; who bundles by `module` has not", () => {
  for (const name of [".", "./mqttjs"]) {
    const conditions = MANIFEST.exports[name];
    for (const map of [conditions, conditions.browser ?? conditions]) {
      assert.match(map.default.default, /\.fallback\.js$/);
      assert.match(map.module.default, /browser\.mjs$/);
    }
  }
});

test("publint has nothing to say", async () => {
  const bytes = readFileSync(tarball);
  const { messages, pkg } = await publint({
    strict: true,
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) },
  });
  assert.deepEqual(
    // Parcel reads the field, which is needed beside `exports`.
    messages
      .filter(({ code }) => code !== "USE_EXPORTS_OR_IMPORTS_BROWSER")
      .map((message) => formatMessage(message, pkg)),
    [],
  );
});

test("the types resolve for every kind of consumer (attw)", async () => {
  await run(ROOT, join(ROOT, "node_modules", ".bin", "attw"), tarball, "--no-color", "--no-emoji");
});

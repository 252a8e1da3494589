// The package as users get it: installed into a project, and used there, by Node and by a bundler.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { install, MANIFEST, run } from "../support/packed.mjs";

let installed;
let project;
before(async () => {
  installed = await install();
  ({ project } = installed);
});
after(() => installed?.remove());

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

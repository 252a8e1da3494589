// `init(source)`: all sources that it accepts, its errors for others, and that the entries with the .wasm inside or without a
// URL of it have the same client. Each test in a process of its own, because a process loads the .wasm once.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freshTopic, lines, run } from "./helpers.mjs";

let broker;
let site;
let place;

before(async () => {
  broker = await startMosquitto();
  const wasm = readFileSync(new URL("../../dist/mqtt_lib_bg.wasm", import.meta.url));
  const answers = {
    "/good.wasm": [200, "application/wasm", wasm],
    "/untyped.wasm": [200, "application/octet-stream", wasm],
    "/page.wasm": [200, "text/html", "<!doctype html><title>a page</title>"],
    "/text.wasm": [200, "text/plain", "no such file"],
  };
  site = createServer((request, response) => {
    const [status, type, body] = answers[request.url] ?? [404, "text/plain", "none"];
    response.writeHead(status, { "Content-Type": type }).end(body);
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  place = `http://127.0.0.1:${site.address().port}`;
});

after(() => {
  site?.closeAllConnections();
  site?.close();
  return broker?.stop();
});

/** bare.mjs is an entry for pages: it knows no URL of the .wasm, and in Node it needs a global WebSocket. */
const script = (body, entry = "bare.mjs") => `
  import { readFileSync } from "node:fs";
  import { WebSocket } from "ws";
  globalThis.WebSocket = WebSocket;
  const entry = await import("./dist/${entry}");
  const { init, MqttCustom, MqttError } = entry.default ?? entry;
  const [, , mqttserver, topic, place] = process.argv;
  const file = readFileSync("dist/mqtt_lib_bg.wasm");
  const talk = async () => {
    const client = new MqttCustom({ credentials: { mqttserver } });
    const messages = client.messages();
    await client.subscribe(topic);
    await client.publish(topic, "hello");
    console.log((await messages.next()).value.text());
    await client.stop();
  };
  const show = (error) => console.log(error instanceof MqttError, error.code, error.message);
  ${body}
`;

async function play(body, entry) {
  const { stdout, stderr, code } = await run(script(body, entry), [broker.wsUrl, freshTopic(), place]);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  return lines(stdout);
}

const SOURCES = {
  "a URL as text": "place + '/good.wasm'",
  "a URL": "new URL(place + '/good.wasm')",
  "a Request": "new Request(place + '/good.wasm')",
  "a URL that is not served as application/wasm": "place + '/untyped.wasm'",
  "a Response": "await fetch(place + '/good.wasm')",
  "a promise of a Response": "fetch(place + '/untyped.wasm')",
  "a Uint8Array within a larger buffer": "new Uint8Array([7, ...file]).subarray(1)",
  "an ArrayBuffer": "new Uint8Array(file).buffer",
  "a WebAssembly.Module": "await WebAssembly.compile(file)",
  "a promise of a WebAssembly.Module": "WebAssembly.compile(file)",
};
for (const [name, source] of Object.entries(SOURCES)) {
  test(`init takes ${name}`, async () => {
    assert.deepEqual(await play(`await init(${source}); await talk();`), ["hello"]);
  });
}

test("in Node init takes a file: URL, and the client need not wait for it", async () => {
  const body = `init(new URL("dist/mqtt_lib_bg.wasm", "file://" + process.cwd() + "/")); await talk(); await init();`;
  assert.deepEqual(await play(body, "node.mjs"), ["hello"]);
});

/** Imports copies of these files of dist/ from an empty folder as `copied`. */
const copied = (files) => `
  const { cpSync, mkdtempSync, rmSync } = await import("node:fs");
  const folder = mkdtempSync("target/bundled-");
  for (const file of ${JSON.stringify(files)}) cpSync("dist/" + file, folder + "/" + file, { recursive: true });
  const copy = await import("./" + folder + "/${files[0]}");
  const copied = copy.default ?? copy;
  const remove = () => rmSync(folder, { recursive: true });
`;

const TALK = `
  const client = new copied.MqttCustom({ credentials: { mqttserver } });
  const messages = client.messages();
  await client.subscribe(topic);
  await client.publish(topic, "hello");
  console.log((await messages.next()).value.text());
  await client.stop();
  remove();
`;

test("a bundle for Node that has left the .wasm behind, and its text, says what to do", async () => {
  const [printed] = await play(`
    ${copied(["node.cjs"])}
    try {
      new copied.MqttCustom();
    } catch (error) {
      console.log(error instanceof copied.MqttError, error.code, error.message);
    }
    remove();
  `);
  assert.match(printed, /^true LOAD_FAILED .*ENOENT.*"mqtt-lib" as external.*init\(\).*mqtt-lib\/inline/);
});

test("where the .wasm has been left behind, node.cjs takes the text", async () => {
  assert.deepEqual(await play(copied(["node.cjs", "inline"]) + TALK), ["hello"]);
});

test("node.bundle.mjs needs the text only", async () => {
  assert.deepEqual(await play(copied(["node.bundle.mjs", "ws.mjs", "inline"]) + TALK), ["hello"]);
});

test("where the address of the .wasm has something else, browser.fallback.js takes the text", async () => {
  const files = ["browser.fallback.js", "browser.mjs", "inline"];
  const elsewhere = `globalThis.fetch = async () => new Response("<!doctype html>");`;
  assert.deepEqual(await play(elsewhere + copied(files) + TALK), ["hello"]);
});

test("browser.fallback.js does not load the text where the file works", async () => {
  const files = ["browser.fallback.js", "browser.mjs", "inline"];
  const there = `globalThis.fetch = async () => new Response(file);`;
  const which = `console.log(Symbol.for("mqtt-lib.wasm") in globalThis);`;
  assert.deepEqual(await play(there + copied(files) + TALK + which), ["hello", "false"]);
});

const FAILS = `
  const client = new MqttCustom({ credentials: { mqttserver }, autostart: false, on_error() {} });
  await client.start().catch(show);
`;

test("where a module has no address, as in a classic script, the way out works there", async () => {
  const { outputFiles } = await build({
    entryPoints: ["dist/browser.mjs"],
    bundle: true,
    format: "cjs",
    write: false,
    logLevel: "silent",
  });
  const body = `
    const module = { exports: {} };
    new Function("module", "exports", ${JSON.stringify(outputFiles[0].text)})(module, module.exports);
    const client = new module.exports.MqttCustom({ credentials: { mqttserver }, autostart: false, on_error() {} });
    await client.start().catch((error) => console.log(error.code, error.message));
  `;
  const [printed] = await play(body);
  assert.match(
    printed,
    /^LOAD_FAILED the WebAssembly could not be loaded \(Invalid URL\); call init\(\) with its URL, or import "mqtt-lib\/inline"/,
  );
});

test("where the text is what failed, the advice is not to import it", async () => {
  const body = `WebAssembly.compile = async () => { throw new Error("disallowed by embedder"); }; ${FAILS}`;
  const [printed] = await play(body, "inline.mjs");
  assert.match(
    printed,
    /^true LOAD_FAILED the WebAssembly could not be loaded \(disallowed by embedder\); call init/,
  );
  assert.match(printed, /WebAssembly\.Module/);
  assert.doesNotMatch(printed, /inline/);
});

test("in an engine without WebAssembly the advice is the entry that needs none", async () => {
  const [printed] = await play(`delete globalThis.WebAssembly; ${FAILS}`, "inline.mjs");
  assert.match(printed, /; import "mqtt-lib\/js"; then call start\(\)/);
  assert.doesNotMatch(printed, /inline/);
});

test("where TextEncoder is no global, as in jsdom under a Jest before 28, the entry for Node has its own", async () => {
  const body = `
    for (const name of ["TextEncoder", "TextDecoder"]) delete globalThis[name];
    const { createRequire } = await import("node:module");
    const copied = createRequire(process.cwd() + "/")("./dist/node.cjs");
    const remove = () => {};
    ${TALK}
  `;
  assert.deepEqual(await play(body), ["hello"]);
});

test("without init the bare entry says what to do, and works afterwards", async () => {
  const body = `
    const client = new MqttCustom({ credentials: { mqttserver }, autostart: false, on_error() {} });
    await client.start().catch(show);
    await init(file);
    await client.start();
    console.log(client.state);
    await client.stop();
  `;
  const [printed, state] = await play(body);
  assert.match(printed, /^true LOAD_FAILED .*this entry knows no URL of it.*init\(\).*mqtt-lib\/inline/);
  assert.equal(state, "connected");
});

const WRONG = {
  "/missing.wasm": /from http:.*missing\.wasm \(the server answered 404\).*application\/wasm.*init\(\)/,
  "/page.wasm": /\(it is an HTML page, as servers send for a missing file\)/,
  "/text.wasm": /\(it is not WebAssembly\)/,
};
for (const [path, says] of Object.entries(WRONG)) {
  test(`what is at ${path} is named, and another place can be tried`, async () => {
    const [printed, hello] = await play(`
      await init(place + "${path}").catch(show);
      await init(place + "/good.wasm");
      await talk();
    `);
    assert.match(printed, /^true LOAD_FAILED /);
    assert.match(printed, says);
    assert.equal(hello, "hello");
  });
}

test("what is no source is named, and nobody need look at the promise", async () => {
  const printed = await play(
    "init(5); await init(5).catch(show); await init({}).catch(show); await init(null).catch(show);",
  );
  assert.match(printed[0], /\(Number is neither a URL nor a Response nor bytes\)/);
  assert.match(printed[1], /\(Object is neither a URL/);
  assert.match(printed[2], /this entry knows no URL of it/);
});

for (const entry of ["inline.mjs", "inline.cjs", "inline.node.mjs", "inline.node.cjs"]) {
  test(`${entry} has the WebAssembly inside, byte for byte`, async () => {
    assert.deepEqual(await play("await talk();", entry), ["hello"]);
    const { decode } = await import("../../js/load.mjs");
    await import("../../dist/inline/wasm.js");
    const inside = decode(globalThis[Symbol.for("mqtt-lib.wasm")]);
    assert.ok(
      Buffer.from(inside).equals(readFileSync(new URL("../../dist/mqtt_lib_whole.wasm", import.meta.url))),
    );
  });
}

for (const entry of ["browser.mjs", "bare.mjs", "inline.mjs", "js.mjs", "bare.cjs", "inline.cjs", "js.cjs"]) {
  test(`${entry} can be imported where there is nothing of a browser, as on a server`, async () => {
    const source = `
      const names = "WebSocket fetch navigator document window location WebAssembly Request Response URL crypto";
      for (const name of [...names.split(" "), "performance"]) delete globalThis[name];
      for (const name of names.split(" ")) {
        Object.defineProperty(globalThis, name, { get() { throw new Error(name + " was touched"); } });
      }
      const entry = await import("./dist/${entry}");
      console.log((entry.default ?? entry).MqttCustom.name);
    `;
    const { stdout, stderr } = await run(source);
    assert.equal(stderr, "");
    assert.equal(stdout, "MqttCustom\n");
  });
}

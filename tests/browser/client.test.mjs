// The package in Chromium, in a page and in a module worker, against mosquitto's WebSocket listener, with
// MQTT.js as the other side. Functions given to `runs` are executed over there.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import mqtt from "mqtt";
import { chromium } from "playwright-core";
import { startEmbedded } from "../support/embedded.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { startSite } from "./support/site.mjs";

let broker;
let browser;
let site;

before(async () => {
  [broker, site] = await Promise.all([startMosquitto(), startSite()]);
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    // A time limit of the test runner must end this process, not only the browser.
    handleSIGTERM: false,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
  });
});

after(async () => {
  await browser?.close();
  site?.stop();
  await broker?.stop();
});

let topics = 0;

/** What a test needs: a topic of its own, a page that must not complain, and a peer. */
async function setUp(t, place, path = "/") {
  site.asked = 0;
  site.instead = undefined;
  site.held = undefined;
  topics += 1;
  const topic = `browser/${topics}`;
  const page = await browser.newPage();
  /** Console errors and warnings, errors nobody caught; a test takes out what it expects. */
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  const frames = { sent: 0 };
  page.on("websocket", (socket) => {
    socket.on("framesent", () => {
      frames.sent += 1;
    });
  });
  await page.goto(site.url + path);
  if (place === "worker") {
    await page.evaluate(() => {
      globalThis.worker = new Worker("/worker.mjs", { type: "module" });
    });
  }
  t.after(async () => {
    await page.close();
    assert.deepEqual(complaints, []);
  });
  const given = { url: broker.wsUrl, topic };
  const runs = (body, more) => {
    const all = { ...given, ...more };
    return place === "worker" ? inWorker(page, body, all) : page.evaluate(body, all);
  };
  return { page, topic, complaints, frames, runs };
}

function inWorker(page, body, given) {
  return page.evaluate(
    (data) =>
      new Promise((resolve, reject) => {
        const { worker } = globalThis;
        worker.onmessage = ({ data: { result, error } }) =>
          error === undefined ? resolve(result) : reject(new Error(error));
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage(data);
      }),
    { source: String(body), given },
  );
}

/** An MQTT.js client over TCP that has subscribed, and what it has received: `[topic, payload]`. */
async function listen(t, filter, url = broker.url) {
  const client = await mqtt.connectAsync(url);
  t.after(() => client.endAsync(true));
  const messages = [];
  client.on("message", (topic, payload) => messages.push([topic, payload]));
  await client.subscribeAsync(filter, { qos: 2 });
  return {
    client,
    messages,
    texts: () => messages.map(([, payload]) => payload.toString()),
    count: (count) =>
      until(
        () => messages.length >= count,
        () => `${messages.length} of ${count} messages`,
      ),
  };
}

async function until(condition, what, patience = 20_000) {
  const end = performance.now() + patience;
  while (!condition()) {
    if (performance.now() > end) {
      throw new Error(`${typeof what === "function" ? what() : what} after ${patience / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Runs it while the .wasm is kept back, until it has been asked for. */
async function beforeTheWasm(work) {
  const release = site.hold();
  const result = work();
  result.catch(() => {});
  await until(() => site.asked > 0, "nobody asked for the .wasm");
  await new Promise((resolve) => setTimeout(resolve, 50));
  release();
  return result;
}

for (const place of ["page", "worker"]) {
  describe(`in a ${place}`, () => {
    test("everything can be called right after the import, and is done in order with the payloads of then", async (t) => {
      const { runs, topic } = await setUp(t, place);
      const peer = await listen(t, `${topic}/#`);
      const result = await beforeTheWasm(() =>
        runs(async ({ url, topic }) => {
          const { MqttCustom } = await import("/dist/browser.mjs");
          const client = new MqttCustom({ credentials: { mqttserver: url } });
          const before = [client.state, client.connected, client.stats().sent];
          const heard = [];
          client.on_message = (self, _userdata, message) => heard.push([self === client, message.text()]);
          const bytes = new TextEncoder().encode("bytes");
          const item = { n: 1 };
          const options = { qos: 1 };
          const filters = [`${topic}/own`];
          const iterator = client.messages(`${topic}/own`);
          const all = [
            client.subscribe(filters, options),
            client.publish(`${topic}/a`, bytes, options),
            client.publish(`${topic}/a`, new DataView(bytes.buffer, 1, 2)),
            client.publish(`${topic}/a`, bytes.buffer),
            client.publish(`${topic}/own`, "to myself"),
            client.batch_publish(`${topic}/b`, item),
            client.batch_publish(`${topic}/b`, item),
            client.qpublish(`${topic}/q`, bytes),
            client.flush(),
            client.start(),
            client.publish(`${topic}/a`, 4.5, { qos: 2 }),
          ];
          bytes.fill(33);
          item.n = 9;
          options.qos = 9;
          filters.push("a+");
          const [granted] = await Promise.all(all);
          const first = await iterator.next();
          const state = client.state;
          await client.stop();
          return { before, granted, heard, first: first.value.text(), state, last: client.state };
        }),
      );
      assert.deepEqual(result, {
        before: ["connecting", false, 0],
        granted: [1],
        heard: [[true, "to myself"]],
        first: "to myself",
        state: "connected",
        last: "stopped",
      });
      await peer.count(7);
      assert.deepEqual(peer.texts(), [
        "bytes",
        "yt",
        "bytes",
        "to myself",
        '[{"n":1},{"n":1}]',
        "bytes",
        "4.5",
      ]);
    });

    test("every call does what it says", async (t) => {
      const { runs, topic } = await setUp(t, place);
      const peer = await listen(t, `${topic}/#`);
      const result = await runs(async ({ url, topic }) => {
        const { MqttCustom, MqttError } = await import("/dist/browser.mjs");
        const log = [];
        const credentials = { mqttserver: url, mqttclientid: `all-${topic}`, publishinterval: 0.2 };
        const client = new MqttCustom({
          credentials,
          userdata: "mine",
          onConnect: (_client, userdata, flags, rc) =>
            log.push(["connect", userdata, flags.sessionPresent, rc]),
          onDisconnect: (_client, _userdata, rc) => log.push(["disconnect", rc]),
          onMessage: (_client, _userdata, message) => log.push([message.topic, message.text(), message.qos]),
        });
        await client.start();
        const granted = [
          await client.subscribe(`${topic}/in/1`),
          await client.subscribe([`${topic}/in/2`, `${topic}/in/3`], { qos: 2 }),
          await client.subscribe({ [`${topic}/in/4`]: 1 }),
          await client.subscribe_topics([`${topic}/in/5`], { qos: 1 }),
          await client.subscribe(`${topic}/in/6`, {}, (_client, _userdata, m) =>
            log.push(["handler", m.json()]),
          ),
        ];
        await client.unsubscribe(`${topic}/in/2`);
        const iterated = (async () => {
          const all = [];
          for await (const message of client.messages(`${topic}/in/+`)) all.push(message.text());
          return all;
        })();
        for (const n of [1, 2, 3, 4, 5, 6]) await client.publish(`${topic}/in/${n}`, `${n}`, { qos: 2 });
        for (let i = 0; i < 5; i++) client.batch_publish(`${topic}/out`, "payload");
        for (let i = 0; i < 5; i++) client.qpublish(`${topic}/out`, i);
        await Promise.all([client.batchPublish(`${topic}/out`, 1), client.qpublish(`${topic}/out`, "late")]);
        await client.publish_high_priority(`${topic}/out`, "one-shot", { qos: 1 });
        await MqttCustom.publishHighPriority(`${topic}/out`, "static", { hostname: url, qos: 1 });
        const stats = client.stats();
        client.batch_publish(`${topic}/out`, "at stop");
        const states = [client.connected, client.state];
        await client.stop();
        const refused = await client.publish(topic, "x").catch((error) => error);
        return {
          log,
          granted,
          iterated: await iterated,
          states: [...states, client.connected, client.state],
          stats,
          refused: [refused instanceof MqttError, refused instanceof Error, refused.name, refused.code],
        };
      });
      await peer.count(16);
      const out = peer.messages
        .filter(([name]) => name.endsWith("/out"))
        .map(([, payload]) => payload.toString());
      assert.deepEqual(out.slice(0, 6), ['["payload","payload","payload","payload","payload"]', ..."01234"]);
      assert.deepEqual(out.slice(6), ["[1]", "late", "one-shot", "static", '["at stop"]']);
      const { stats, ...rest } = result;
      assert.deepEqual(rest, {
        log: [
          ["connect", "mine", false, 0],
          [`${topic}/in/1`, "1", 0],
          [`${topic}/in/3`, "3", 2],
          [`${topic}/in/4`, "4", 1],
          [`${topic}/in/5`, "5", 1],
          ["handler", 6],
          ["disconnect", 0],
        ],
        granted: [[0], [2, 2], [1], [1], [0]],
        iterated: ["1", "3", "4", "5", "6"],
        states: [true, "connected", false, "stopped"],
        refused: [true, true, "MqttError", "STOPPED"],
      });
      assert.equal(stats.received, 5);
      assert.equal(stats.sent, 14);
      assert.deepEqual([stats.queued, stats.inFlight, stats.dropped, stats.reconnects], [0, 0, 0, 0]);
    });

    test("wrong options are thrown by the constructor, or reach start() and on_error where the .wasm is loading", async (t) => {
      const { runs } = await setUp(t, place);
      const result = await beforeTheWasm(() =>
        runs(async () => {
          const { MqttCustom } = await import("/dist/browser.mjs");
          const show = (error) => `${error.name} ${error.code} ${/mqttprt.*mqttport/.test(error.message)}`;
          const options = { credentials: { mqttprt: 1 } };
          const told = [];
          const client = new MqttCustom({
            ...options,
            on_error: (_client, _data, error) => told.push(show(error)),
          });
          const early = await Promise.all([
            client.start().catch(show),
            client.publish("a", "b").catch(show),
            client.subscribe("a").catch(show),
          ]);
          const { length } = told;
          let thrown;
          try {
            new MqttCustom(options);
          } catch (error) {
            thrown = show(error);
          }
          return { told: told.slice(0, 1), length, early, thrown };
        }),
      );
      const expected = "TypeError INVALID_OPTION true";
      assert.deepEqual(result, {
        told: [expected],
        length: 1,
        early: [expected, expected, expected],
        thrown: expected,
      });
    });

    test("10,000 publishes in a loop arrive in order, in fewer than 100 frames, loaded or not", async (t) => {
      const { runs, topic, page, frames } = await setUp(t, place);
      const peer = await listen(t, `${topic}/#`);
      const loop = async ({ url, topic, early }) => {
        let sends = 0;
        const { send } = WebSocket.prototype;
        WebSocket.prototype.send = function (data) {
          sends += 1;
          return send.call(this, data);
        };
        const { MqttCustom } = await import("/dist/browser.mjs");
        const client = new MqttCustom({ credentials: { mqttserver: url } });
        if (!early) await client.start();
        const all = [client.subscribe("nothing")];
        for (let i = 0; i < 10_000; i++) all.push(client.publish(`${topic}/${i % 7}`, i));
        await Promise.all(all);
        await client.stop();
        WebSocket.prototype.send = send;
        return sends;
      };
      for (const early of [true, false]) {
        peer.messages.length = 0;
        frames.sent = 0;
        const run = () => runs(loop, { early });
        const sends = await (early ? beforeTheWasm(run) : run());
        assert.ok(sends < 100, `${sends} sends`);
        if (place === "page") assert.equal(frames.sent, sends, "what the browser's network sees");
        await peer.count(10_000);
        assert.deepEqual(
          peer.texts(),
          Array.from({ length: 10_000 }, (_, i) => String(i)),
        );
      }
      assert.ok(page);
    });

    test("a megabyte comes back as it went", async (t) => {
      // Not over mosquitto's WebSocket, which crawls after a short write: see support/mosquitto.mjs.
      const embedded = await startEmbedded();
      t.after(() => embedded.stop());
      const { runs, topic } = await setUp(t, place);
      const peer = await listen(t, `${topic}/out`, embedded.url);
      const bytes = randomBytes(1 << 20);
      const hash = (data) => createHash("sha256").update(data).digest("hex");
      const both = runs(
        async ({ url, topic, base64 }) => {
          const { MqttCustom } = await import("/dist/browser.mjs");
          const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
          const client = new MqttCustom({ credentials: { mqttserver: url } });
          const received = client.messages(`${topic}/in`);
          await client.subscribe(`${topic}/in`, { qos: 1 });
          await client.publish(`${topic}/out`, bytes, { qos: 1 });
          await client.publish(`${topic}/out`, "😀".repeat(1 << 18), { qos: 2 });
          const { value } = await received.next();
          await client.stop();
          const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", value.payload));
          return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
        },
        { base64: bytes.toString("base64"), url: embedded.wsUrl },
      );
      await peer.count(2);
      assert.equal(hash(peer.messages[0][1]), hash(bytes));
      assert.equal(peer.texts()[1], "😀".repeat(1 << 18));
      await peer.client.publishAsync(`${topic}/in`, bytes, { qos: 1 });
      assert.equal(await both, hash(bytes));
    });

    test("a .wasm that cannot be loaded rejects start() with what to do, and a later start() works", async (t) => {
      const { runs, topic, complaints } = await setUp(t, place);
      const peer = await listen(t, topic);
      const answers = {
        404: (response) => response.writeHead(404).end("not here"),
        html: (response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html>"),
        cut: (response) => response.destroy(),
      };
      for (const [name, answer] of Object.entries(answers)) {
        site.instead = answer;
        const failed = await runs(async ({ url }) => {
          const { MqttCustom } = await import("/dist/browser.mjs");
          const told = [];
          const client = new MqttCustom({
            credentials: { mqttserver: url },
            on_error(_client, _userdata, error) {
              told.push(error.code);
              throw new Error("from on_error");
            },
          });
          globalThis.client = client;
          const show = ({ name, code, message, cause }) => ({
            name,
            code,
            message,
            cause: cause instanceof Error,
          });
          const [start, publish] = await Promise.all([
            client.start().catch(show),
            client.publish("a", "b").catch(show),
          ]);
          const stopped = await client.stop();
          return { start, publish, stopped, told, state: client.state };
        });
        const { message, ...start } = failed.start;
        assert.deepEqual(start, { name: "MqttError", code: "LOAD_FAILED", cause: true }, name);
        assert.match(message, /\/dist\/mqtt_lib_bg\.wasm/);
        assert.match(message, /serve .*application\/wasm/);
        assert.equal(failed.publish.code, "LOAD_FAILED");
        assert.deepEqual([failed.told, failed.state], [["LOAD_FAILED"], "idle"], name);
      }
      site.instead = undefined;
      const state = await runs(async ({ topic }) => {
        const { client } = globalThis;
        await client.start();
        await client.publish(topic, "at last", { qos: 1 });
        const { state } = client;
        await client.stop();
        return state;
      });
      assert.equal(state, "connected");
      await peer.count(1);
      assert.equal(peer.texts()[0], "at last");
      // The browser's own words about the requests and on_error's exception.
      const own = /Failed to load resource|on_error itself threw/;
      const others = complaints.splice(0).filter((text) => !own.test(text));
      assert.deepEqual(others, []);
    });
  });
}

test("calls made while the .wasm arrives keep their order", async (t) => {
  const { runs, topic } = await setUp(t, "page");
  const peer = await listen(t, topic);
  await runs(async ({ url, topic }) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const { compileStreaming } = WebAssembly;
    let client;
    let count = 0;
    let last;
    // Every microtask of the turn in which the module is there publishes one.
    const loop = (left) => {
      last = client.publish(topic, count++);
      if (left > 0) queueMicrotask(() => loop(left - 1));
    };
    WebAssembly.compileStreaming = async (...all) => {
      const result = await compileStreaming.apply(WebAssembly, all);
      loop(60);
      return result;
    };
    client = new MqttCustom({ credentials: { mqttserver: url } });
    loop(3);
    await client.start();
    await last;
    await client.stop();
  });
  await peer.count(65);
  assert.deepEqual(
    peer.texts(),
    Array.from({ length: 65 }, (_, i) => String(i)),
  );
});

test("clients of one page share one .wasm, and one-shots need no client", async (t) => {
  const { runs, topic } = await setUp(t, "page");
  const peer = await listen(t, topic);
  await runs(async ({ url, topic }) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const bytes = new TextEncoder().encode("early");
    const shot = MqttCustom.publish_high_priority(topic, bytes, { hostname: url, qos: 2 });
    bytes.fill(33);
    await shot;
    const clients = Array.from({ length: 3 }, () => new MqttCustom({ credentials: { mqttserver: url } }));
    await Promise.all(clients.map((client, i) => client.publish(topic, i, { qos: 1 })));
    await Promise.all(clients.map((client) => client.stop()));
  });
  await peer.count(4);
  assert.deepEqual(peer.texts().sort(), ["0", "1", "2", "early"]);
  assert.equal(site.asked, 1);
});

test("callbacks set, replaced and taken away before the .wasm is there are those that count", async (t) => {
  const { runs } = await setUp(t, "page");
  const log = await beforeTheWasm(() =>
    runs(async ({ url, topic }) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      const log = [];
      const client = new MqttCustom({
        credentials: { mqttserver: url },
        on_connect: () => log.push("connect, taken away"),
        on_message: () => log.push("message, replaced"),
      });
      client.on_connect = null;
      client.onMessage = (_client, _userdata, message) => log.push(message.text());
      client.onDisconnect = () => log.push("disconnect");
      await client.subscribe(topic);
      await client.publish(topic, "message", { qos: 1 });
      await client.publish(topic, "end", { qos: 1 });
      log.push(client.on_connect, client.on_message === client.onMessage);
      await client.stop();
      return log;
    }),
  );
  assert.deepEqual(
    log.filter((entry) => typeof entry === "string"),
    ["message", "end", "disconnect"],
  );
  assert.deepEqual(
    log.filter((entry) => typeof entry !== "string"),
    [null, true],
  );
});

test("an iterator with a wrong filter says so, also when it was made before the .wasm was there", async (t) => {
  const { runs } = await setUp(t, "page");
  const [early, late] = await beforeTheWasm(() =>
    runs(async ({ url }) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      const client = new MqttCustom({ credentials: { mqttserver: url } });
      const loop = async () => {
        for await (const message of client.messages("a/#/b")) return message;
      };
      const show = (error) => `${error.name} ${error.code}`;
      const early = await loop().catch(show);
      const late = await loop().catch(show);
      await client.start();
      await client.stop();
      return [early, late];
    }),
  );
  assert.equal(late, "TypeError INVALID_TOPIC");
  assert.equal(early, "TypeError INVALID_TOPIC");
});

test("stop() while the .wasm is loading leaves nothing behind", async (t) => {
  const { runs, frames } = await setUp(t, "page");
  const result = await beforeTheWasm(() =>
    runs(async ({ url, topic }) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      const client = new MqttCustom({ credentials: { mqttserver: url }, autostart: false });
      const published = client.publish(topic, "x").catch((error) => error.code);
      await client.stop();
      return [await published, client.state];
    }),
  );
  assert.deepEqual(result, ["STOPPED", "stopped"]);
  assert.equal(frames.sent, 0);
});

test("it works under a content security policy without eval", async (t) => {
  const { runs, topic } = await setUp(t, "page", "/strict");
  const peer = await listen(t, topic);
  await runs(async ({ url, topic }) => {
    const { MqttCustom } = await import("/dist/browser.mjs");
    const client = new MqttCustom({ credentials: { mqttserver: url } });
    client.messages("x/#");
    await client.subscribe(topic, () => {});
    const batched = client.batch_publish(topic, { a: 1 }, { qos: 1, retain: undefined });
    await client.stop();
    await batched;
  });
  await peer.count(1);
  assert.deepEqual(peer.texts(), ['[{"a":1}]']);
});

test("a broker that is killed and comes back finds the client again, its subscriptions and every message", async (t) => {
  const own = await startMosquitto();
  t.after(() => own.stop());
  const { page, topic, complaints } = await setUp(t, "page");
  await page.evaluate(
    async ({ url, topic }) => {
      const { MqttCustom } = await import("/dist/browser.mjs");
      const log = [];
      const heard = new Set();
      const client = new MqttCustom({
        credentials: { mqttserver: url, maxmqttreconnectdelay: 0.2 },
        on_connect: (_client, _userdata, _flags, rc) => log.push(`connect ${rc}`),
        on_disconnect: (_client, _userdata, rc) => log.push(`disconnect ${rc}`),
        on_message: (_client, _userdata, message) => heard.add(Number(message.text())),
        on_error() {},
      });
      await client.subscribe(`${topic}/#`, { qos: 1 });
      const published = [];
      const timer = setInterval(() => {
        published.push(client.publish(`${topic}/n`, published.length, { qos: 1 }));
      }, 10);
      globalThis.run = { client, log, heard, published, timer };
    },
    { url: own.wsUrl, topic },
  );
  const state = () => page.evaluate(() => globalThis.run.client.state);
  await page.waitForFunction(() => globalThis.run.heard.size > 20);
  await own.kill("SIGKILL");
  await page.waitForFunction(() => globalThis.run.client.state === "reconnecting");
  await new Promise((resolve) => setTimeout(resolve, 300));
  await own.start();
  await page.waitForFunction(() => globalThis.run.client.state === "connected");
  assert.equal(await state(), "connected");
  const { log, missing, count, reconnects } = await page.evaluate(async () => {
    const { client, log, heard, published, timer } = globalThis.run;
    const size = published.length + 50;
    while (published.length < size) await new Promise((resolve) => setTimeout(resolve, 10));
    clearInterval(timer);
    await Promise.all(published);
    for (let i = 0; i < 200 && heard.size < published.length; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { reconnects } = client.stats();
    const missing = published.map((_, i) => i).filter((i) => !heard.has(i));
    await client.stop();
    return { log, missing, count: published.length, reconnects };
  });
  assert.deepEqual(log, ["connect 0", "disconnect 7", "connect 0", "disconnect 0"]);
  assert.deepEqual(missing, [], `of ${count}`);
  assert.equal(reconnects, 1);
  // The browser's own words about attempts that failed.
  const others = complaints.splice(0).filter((text) => !/^WebSocket connection to/.test(text));
  assert.deepEqual(others, []);
});

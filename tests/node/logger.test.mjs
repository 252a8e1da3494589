// The option `logger`: events of the client, each at its level, and never a secret or a warning in the console beside them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker } from "../support/fake-broker.mjs";
import { freePort } from "../support/ports.mjs";
import { clientFor, until } from "./helpers.mjs";

function recorder() {
  const lines = [];
  const logger = { lines };
  for (const level of ["debug", "info", "warn", "error"])
    logger[level] = (text, details) => lines.push([level, text, details]);
  return logger;
}

test("events are logged at their levels, with what belongs to them", async (t) => {
  const broker = await fakeBroker(t);
  const logger = recorder();
  const client = clientFor(
    t,
    { mqttserver: broker.url, mqttpassword: "secret-1", mqttusername: "secret-2" },
    { logger, userdata: "secret-3" },
  );
  await client.start();
  await client.stop();
  const seen = logger.lines.map(([level, text]) => `${level} ${text}`);
  for (const line of [
    "debug mqtt-lib: statechange connecting",
    "info mqtt-lib: connect",
    "debug mqtt-lib: statechange connected",
    "warn mqtt-lib: disconnect",
    "debug mqtt-lib: statechange stopped",
    "info mqtt-lib: close",
  ])
    assert.ok(seen.includes(line), `${line} is not in ${seen.join("; ")}`);
  assert.equal(logger.lines.find(([, text]) => text === "mqtt-lib: connect")[2].rc, 0);
  assert.doesNotMatch(JSON.stringify(logger.lines), /secret/);
});

test("attempts and errors are logged with their reason, and the console is left alone", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const logger = recorder();
  const mqttserver = `mqtt://127.0.0.1:${await freePort()}`;
  clientFor(t, { mqttserver }, { logger, on_error: undefined });
  await until(() => logger.lines.some(([level]) => level === "error"), "an error");
  await until(
    () => logger.lines.some(([, text]) => text.startsWith("mqtt-lib: reconnecting ")),
    "an attempt",
  );
  const [, text, { error }] = logger.lines.find(([level]) => level === "error");
  assert.equal(text, `mqtt-lib: error ${error.message}`);
  assert.equal(error.code, "CONNECTION_REFUSED");
  assert.equal(warn.mock.callCount(), 0);
});

test("on_error and listeners are called as without a logger", async (t) => {
  const logger = recorder();
  const client = clientFor(t, { mqttserver: `mqtt://127.0.0.1:${await freePort()}` }, { logger });
  await until(() => client.errors.length > 0, "on_error");
});

test("a logger whose methods are asynchronous and reject does not end the process", async (t) => {
  const broker = await fakeBroker(t);
  let calls = 0;
  const reject = async () => {
    calls += 1;
    throw new Error("the application's");
  };
  const client = clientFor(t, broker.url, {
    logger: { debug: reject, info: reject, warn: reject, error: reject },
  });
  await client.start();
  await client.stop();
  // An unhandled rejection fails a test of Node.
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(calls > 3);
});

test("a function, such as one of the package debug, is called for every level", async (t) => {
  const { url } = await fakeBroker(t);
  const lines = [];
  const client = clientFor(t, url, { logger: (text, details) => lines.push([text, typeof details]) });
  await client.start();
  await client.stop();
  const seen = lines.map(([text]) => text);
  for (const text of ["connect", "disconnect", "statechange stopped", "close"])
    assert.ok(seen.includes(`mqtt-lib: ${text}`), text);
  assert.ok(lines.every(([, details]) => details === "object"));
});

test("a logger that is a function with levels is called by them", async (t) => {
  const { url } = await fakeBroker(t);
  const logger = Object.assign(() => assert.fail("without a level"), recorder());
  const client = clientFor(t, url, { logger });
  await client.start();
  assert.ok(logger.lines.some(([level, text]) => level === "info" && text === "mqtt-lib: connect"));
});

test("a logger that throws or lacks a level does no harm; anything but an object is refused", async (t) => {
  const broker = await fakeBroker(t);
  const logger = {
    info() {
      throw new Error("the application's");
    },
  };
  const client = clientFor(t, broker.url, { logger });
  await client.start();
  assert.equal(client.connected, true);
  assert.throws(() => clientFor(t, broker.url, { logger: 5 }), {
    code: "INVALID_OPTION",
    message: "logger must be an object; a number was given",
  });
  assert.throws(() => clientFor(t, broker.url, { loger: console }), /did you mean "?logger/);
});

// A received message is acknowledged when the program that got it asks for the next one: a program that dies with its
// message has acknowledged nothing. The broker is in this process and the command in one of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { until } from "../node/helpers.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { COMMAND, NETWORK, ROOT, WASMTIME } from "./helpers.mjs";

/** The first is more than a pipe takes: printing it blocks, so the program has its message and goes no further. */
const PAYLOADS = [Buffer.alloc(4 << 20, "x"), "second", "third"];

/** A broker that sends the messages in one piece, once there is a subscription. */
const sending = (qos, payloads = PAYLOADS) =>
  scripts.accepts((packet, connection) => {
    if (packet.cmd !== "subscribe") return false;
    connection.send({ cmd: "suback", messageId: packet.messageId, granted: [qos] });
    for (const [at, payload] of payloads.entries()) {
      connection.send({
        cmd: "publish",
        topic: "a",
        payload,
        qos,
        messageId: at + 1,
        retain: false,
        dup: false,
      });
    }
    return true;
  });

/** `mqtt-lib sub`, whose output nobody has read yet. */
function subscriber(t, broker, ...words) {
  const where = ["--host", "127.0.0.1", "--port", `${broker.port}`, "--topic", "a", "--qos", "2"];
  const child = spawn(WASMTIME, ["run", ...NETWORK, COMMAND, "sub", ...where, ...words], { cwd: ROOT });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

const acknowledgements = ({ packets }) =>
  packets.filter(({ cmd }) => cmd === "puback" || cmd === "pubrec").map(({ messageId }) => messageId);

for (const qos of [1, 2]) {
  test(`QoS ${qos}: a program that is killed with its first message has acknowledged none`, async (t) => {
    const broker = await fakeBroker(t, sending(qos));
    const child = subscriber(t, broker);
    // It has begun to print the message, and is blocked in that, because nobody reads the rest.
    await once(child.stdout, "readable");
    child.kill("SIGKILL");
    await once(child, "exit");
    const connection = await broker.connection();
    await until(() => !connection.open, "the end of the connection");
    assert.deepEqual(
      connection.packets.map(({ cmd }) => cmd),
      ["connect", "subscribe"],
    );
  });

  test(`QoS ${qos}: a program that is killed with its second message has acknowledged the first alone`, async (t) => {
    const [large, second, third] = PAYLOADS;
    const broker = await fakeBroker(t, sending(qos, [second, large, third]));
    const child = subscriber(t, broker);
    await once(child.stdout, "readable");
    const connection = await broker.connection();
    await until(() => acknowledgements(connection).length > 0, "the first acknowledgement");
    child.kill("SIGKILL");
    await once(child, "exit");
    await until(() => !connection.open, "the end of the connection");
    assert.deepEqual(acknowledgements(connection), [1]);
  });

  test(`QoS ${qos}: a program that takes all of its messages acknowledges each, in order`, async (t) => {
    const broker = await fakeBroker(t, sending(qos));
    const child = subscriber(t, broker, "--count", `${PAYLOADS.length}`);
    child.stdout.resume();
    await once(child, "exit");
    const connection = await broker.connection();
    await until(() => !connection.open, "the end of the connection");
    assert.deepEqual(acknowledgements(connection), [1, 2, 3]);
    assert.equal(connection.packets.at(-1).cmd, "disconnect");
  });
}

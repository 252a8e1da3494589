// The memory that all clients of a process share: an allocation that fails would end all of them, so what is too much is
// refused before it is copied, and the others go on. Each script is a process of its own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { WITH_MEMORY } from "../support/with-memory.mjs";
import { run } from "./helpers.mjs";

const prelude = `
  ${WITH_MEMORY}
  const told = [];
  const on_error = (_client, _userdata, error) => told.push(error.code);
  process.on("uncaughtException", (error) => told.push(error.stack));
  const make = (credentials) => new MqttCustom({ credentials, on_error, autostart: false });
  const code = (promise) => Promise.resolve(promise).then(() => "sent", (error) => error.code + ": " + error.message);
  const other = make({ mqttserver: url });
  await other.start();
  let arrived = 0;
  await other.subscribe("other/#", { qos: 1 }, () => { arrived += 1; });
  const goesOn = async () => {
    const before = arrived;
    await other.publish("other/" + before, "x".repeat(2_000_000), { qos: 1 });
    while (arrived === before) await new Promise((resolve) => setTimeout(resolve, 5));
    return other.connected;
  };
  const say = (answer) => console.log(JSON.stringify(answer));
`;

async function answers(t, source) {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const { code, stdout, stderr } = await run(`${prelude}${source}\nprocess.exit();`, [broker.url], {
    limit: 100_000,
  });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("payloads, topics and options that fit no packet are refused with a code, and nothing is copied", async (t) => {
  const all = await answers(
    t,
    `
    const before = memory.buffer.byteLength;
    const bytes = new Uint8Array(2_500_000_000);
    const text = "x".repeat(2 ** 29 - 30);
    const wide = "ä".repeat(2 ** 28 - 30);
    for (const call of ["publish", "qpublish", "publish_high_priority"]) {
      say([call, await code(other[call]("a", bytes)), await code(other[call]("a", text)), await code(other[call]("a", wide))]);
    }
    say(["batch", await code(other.batch_publish("a", text)), await code(other.batch_publish("a", [wide]))]);
    say(["topic", await code(other.publish(text, "x")), await code(other.subscribe(text)), await code(other.subscribe([wide]))]);
    const properties = { correlationData: bytes };
    say(["options", await code(other.publish("a", "x", { properties })), await code(other.stop({ properties }))]);
    say(["thrown", await code(other.subscribe("thrown", () => { throw new Error(text); }))]);
    say([await goesOn(), told, memory.buffer.byteLength - before < 64 << 20]);
  `,
  );
  for (const [call, ...results] of all.slice(0, 4)) {
    for (const result of results) assert.match(result, /^PACKET_TOO_LARGE: |^INVALID_PAYLOAD: /, call);
  }
  for (const result of all[4].slice(1)) assert.match(result, /^INVALID_TOPIC: /);
  for (const result of all[5].slice(1)) assert.match(result, /^INVALID_OPTION: .*too long|^OUT_OF_RANGE/);
  assert.deepEqual(all[7], [true, [], true]);
});

test("clients that keep 64 MiB each are refused with QUEUE_FULL at 2 GiB together, and have room again after stop()", async (t) => {
  const [first, connected, again, told] = await answers(
    t,
    `
    const payload = new Uint8Array(1_000_000);
    const fill = async () => {
      const clients = Array.from({ length: 66 }, () => make({ mqttserver: "mqtt://127.0.0.1:9" }));
      const ends = new Map();
      let bytes = 0;
      for (const client of clients) {
        for (let i = 0; i < 70; i++) {
          const end = client.publish("a", payload, { qos: 1 });
          end.catch((error) => ends.set(error.code + error.message.slice(0, 11), 1));
          bytes += payload.length;
        }
        await null;
      }
      const codes = [...ends.keys()];
      const kept = clients.reduce((sum, client) => sum + client.stats().queued, 0);
      await Promise.all(clients.map((client) => client.stop()));
      return { codes, kept };
    };
    say(await fill());
    say(await goesOn());
    told.length = 0;
    say(await code(other.publish("again", new Uint8Array(100_000_000))));
    say(told);
  `,
  );
  assert.deepEqual(first.codes.sort(), ["QUEUE_FULLthe clients", "QUEUE_FULLthe offline"].sort());
  assert.ok(first.kept > 1_900 && first.kept < 2_148, `${first.kept} MB`);
  assert.equal(connected, true);
  assert.equal(again, "sent");
  assert.deepEqual(told, []);
});

test("a giant that is refused leaves the room to others", async (t) => {
  const [refused, sent] = await answers(
    t,
    `
    const giant = new Uint8Array(268_435_400);
    const size = () => memory.buffer.byteLength;
    const sizes = [];
    const offline = make({ mqttserver: "mqtt://127.0.0.1:9" });
    for (let i = 0; i < 20; i++) {
      sizes.push(await code(offline.publish("a", giant, { qos: 1 })));
    }
    say([[...new Set(sizes.map((text) => text.slice(0, 10)))], size() < 2 ** 31]);
    say([await goesOn(), told]);
  `,
  );
  assert.deepEqual(refused, [["QUEUE_FULL"], true]);
  assert.deepEqual(sent, [true, []]);
});

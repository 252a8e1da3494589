// mqtt-lib/js, whose core is JavaScript: it needs nothing of WebAssembly, its memory grows, its numbers of 64 bits are right. The
// stage `js` runs other tests with this core in an engine without WebAssembly.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freshTopic, lines, run } from "./helpers.mjs";

let broker;
before(async () => {
  broker = await startMosquitto();
});
after(() => broker?.stop());

const script = (entry, body) => `
  Object.defineProperty(globalThis, "WebAssembly", { get() { throw new Error("WebAssembly was touched"); } });
  const { WebSocket } = await import("ws");
  globalThis.WebSocket = WebSocket;
  const [, , mqttserver, topic] = process.argv;
  const now = performance.now.bind(performance);
  const OFFSET = 3 * 2 ** 32;
  if (${/OFFSET/.test(body)}) performance.now = () => OFFSET + now();
  const entry = await import(${JSON.stringify(entry)});
  const { init, MqttCustom } = entry.default ?? entry;
  ${body}
`;

async function play(entry, body, url = broker.wsUrl) {
  const { stdout, stderr, code } = await run(script(entry, body), [url, freshTopic()]);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  return lines(stdout);
}

const TALK = `
  const client = new MqttCustom({ credentials: { mqttserver } });
  const messages = client.messages();
  await client.subscribe(topic);
  await client.publish(topic, "hello");
  console.log((await messages.next()).value.text());
  await client.stop();
`;

for (const entry of ["js.mjs", "js.cjs", "js.node.mjs", "js.node.cjs", "js.bundle.mjs"]) {
  test(`${entry} connects, subscribes and publishes, and touches nothing of WebAssembly`, async () => {
    assert.deepEqual(await play(`./dist/${entry}`, TALK), ["hello"]);
  });
}

test("in Node mqtt-lib/js starts with the first client, reaches TCP, and is the core of all entries", async () => {
  const body = `
    const { MqttCustom: One } = await import("mqtt-lib");
    console.log(One === MqttCustom);
    ${TALK}
  `;
  assert.deepEqual(await play("mqtt-lib/js", body, broker.url), ["true", "hello"]);
});

test("payloads are whole while the memory grows, both ways", async () => {
  const body = `
    const SIZE = 300_000;
    const COUNT = 40;
    const credentials = { mqttserver, offlinebytes: 2 ** 26 };
    const client = new MqttCustom({ credentials, autostart: false });
    const payload = (i) => new Uint8Array(SIZE).fill(i + 1).map((one, at) => (at % 251 === 0 ? at % 256 : one));
    const seen = [];
    const subscribed = client.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => seen.push(message));
    const sent = Array.from({ length: COUNT }, (_, i) => client.publish(topic, payload(i), { qos: 1 }));
    await client.start();
    await subscribed;
    await Promise.all(sent);
    while (seen.length < COUNT) await new Promise((resolve) => setTimeout(resolve, 5));
    const wrong = seen.filter((message, i) => !Buffer.from(message.payload).equals(Buffer.from(payload(i))));
    console.log(seen.length, wrong.length);
    await client.stop();
  `;
  assert.deepEqual(await play("./dist/js.node.mjs", body, broker.url), ["40 0"]);
});

test("numbers of 32 bits are whole, the largest too", async () => {
  const body = `
    const client = new MqttCustom({ credentials: { mqttserver, mqttversion: 5 } });
    const messages = client.messages();
    await client.subscribe(topic);
    for (const messageExpiryInterval of [4_294_967_295, 4_294_967_294, 2 ** 31]) {
      await client.publish(topic, "x", { qos: 1, properties: { messageExpiryInterval } });
      const left = (await messages.next()).value.properties.messageExpiryInterval;
      console.log(messageExpiryInterval - left < 60);
    }
    await client.stop();
  `;
  assert.deepEqual(await play("./dist/js.mjs", body), ["true", "true", "true"]);
});

test("deadlines are right beyond 2^32 milliseconds", async () => {
  const body = `
    console.log(performance.now() > OFFSET);
    const credentials = { mqttserver, publishtimeout: 1 };
    const client = new MqttCustom({ credentials, autostart: false });
    const long = new MqttCustom({ credentials: { mqttserver, publishtimeout: 2_147_483 }, autostart: false });
    let isOver = false;
    const begun = now();
    long.publish(topic, "a", { qos: 1 }).catch(() => { isOver = true; });
    const error = await client.publish(topic, "a", { qos: 1 }).catch((error) => error);
    const took = now() - begun;
    console.log(error.code, took >= 990, isOver);
    await long.start();
    await long.publish(topic, "b", { qos: 1, properties: undefined });
    console.log(long.state, isOver);
    await long.stop();
    await client.stop();
  `;
  assert.deepEqual(await play("./dist/js.mjs", body), ["true", "TIMEOUT true false", "connected false"]);
});

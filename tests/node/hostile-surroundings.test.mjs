// What the surroundings of a client do to it: a console that throws or calls back, a store whose methods call the client.
// The client goes on, and so do others of the process.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, freshTopic, run, until } from "./helpers.mjs";

let broker;
before(async () => {
  broker = await startMosquitto({ persistence: true });
});
after(() => broker?.stop());

for (const [what, warn] of [
  ["throws", "throw new Error('no console')"],
  [
    "publishes, and causes warnings",
    "client.publish('a/+', 1); client.publish('other', { a: 1 }); other.publish('#', 1)",
  ],
]) {
  test(`a console.warn that ${what} stops nothing`, async () => {
    const source = `
      import { MqttCustom } from "mqtt-lib";
      let calls = 0;
      const print = console.log;
      process.on("unhandledRejection", () => {});
      const credentials = { mqttserver: process.argv[2] };
      const on_message = () => { throw new Error("of the user"); };
      const client = new MqttCustom({ credentials, on_message });
      const other = new MqttCustom({ credentials });
      console.warn = () => { calls += 1; if (calls < 50) { ${warn} } };
      await client.subscribe("hostile/" + process.pid);
      await client.publish("hostile/" + process.pid, "x", { qos: 1 });
      await new Promise((resolve) => setTimeout(resolve, 100));
      await client.publish("a", "b", { qos: 1 });
      await other.publish("a", "b", { qos: 1 });
      print(calls > 0, client.state, other.state);
      await Promise.all([client.stop(), other.stop()]);
    `;
    const { stdout, stderr } = await run(source, [broker.url]);
    assert.equal(stdout, "true connected connected\n", stderr);
  });
}

for (const [what, prepare, shown] of [
  ["throws", "() => { throw new Error('no stack') }", "INVALID_TOPIC undefined"],
  ["returns frames, not text", "(_, frames) => frames", "INVALID_TOPIC object"],
]) {
  test(`an Error.prepareStackTrace that ${what} keeps no promise from its end`, async () => {
    const source = `
      import { MqttCustom } from "mqtt-lib";
      const client = new MqttCustom({ credentials: { mqttserver: process.argv[2] } });
      const reported = new Promise((resolve) => { client.on_error = (c, u, error) => resolve(error.code); });
      client.on_message = () => { throw "of the user"; };
      await client.subscribe("stack/" + process.pid);
      const kind = (error) => { try { return typeof error.stack; } catch {} };
      Error.prepareStackTrace = ${prepare};
      const error = await client.publish("a/+", 1).catch((error) => error);
      await client.publish("stack/" + process.pid, "x", { qos: 1 });
      const code = await reported;
      const seen = kind(error);
      Error.prepareStackTrace = undefined;
      console.log(error.code, seen, code, client.state);
      await client.stop();
    `;
    const { stdout, stderr } = await run(source, [broker.url]);
    assert.equal(stdout, `${shown} CALLBACK_FAILED connected\n`, stderr);
  });
}

for (const name of ["get", "set", "value"]) {
  test(`a page that gives Object.prototype a \`${name}\` changes neither options nor messages, and ends no client`, async () => {
    const source = `
      import { MqttCustom } from "mqtt-lib";
      const [url, topic] = [process.argv[2], "prototype/" + process.pid];
      class Credentials {
        get mqttserver() { return url; }
        get mqttversion() { return 5; }
        mqttusername() { return "no getter"; }
      }
      const client = new MqttCustom({ credentials: { mqttserver: url, mqttversion: 5 } });
      const received = new Promise((resolve) => { client.on_message = (_client, _userdata, message) => resolve(message); });
      await client.subscribe(topic, { qos: 1 });
      Object.prototype.${name} = function () { return "of the page"; };
      const other = new MqttCustom({ credentials: new Credentials() });
      await other.start();
      const userProperties = JSON.parse('{ "a": ["1", "2"], "__proto__": "3", "${name}": "4" }');
      await other.publish(topic, "x", { qos: 1, properties: { userProperties } });
      const { properties } = await received;
      console.log(JSON.stringify(Object.entries(properties.userProperties)), client.state, other.state);
      await Promise.all([client.stop(), other.stop()]);
    `;
    const { stdout, stderr } = await run(source, [broker.url]);
    const entries = `[["a",["1","2"]],["__proto__","3"],["${name}","4"]]`;
    assert.equal(stdout, `${entries} connected connected\n`, stderr);
  });
}

test("a store whose methods call the client", async (t) => {
  const topic = freshTopic("store");
  const received = await collect(t, broker.url, topic, { qos: 1 });
  let client;
  let [writes, published] = [0, 0];
  const call = (name) => {
    if (client === undefined) return;
    client.publish(topic, `${name} ${writes}`, { qos: 1 }).then(
      () => {
        published += 1;
      },
      () => {},
    );
    client.stats();
    client.subscribe(`${topic}/${writes}`).catch(() => {});
  };
  const store = {
    open() {
      call("open");
      return [];
    },
    write() {
      writes += 1;
      if (writes < 20) call("write");
    },
    close() {
      call("close");
    },
  };
  const bystander = clientFor(t, broker.url);
  client = clientFor(t, { mqttserver: broker.url, mqttclientid: topic.replaceAll("/", ""), store });
  await client.start();
  await client.publish(topic, "mine", { qos: 1 });
  await until(() => writes >= 20 && published >= 19);
  // A PUBACK to the publisher may come before the message to a subscriber.
  await until(() => ["mine", "write 19"].every((text) => received.texts().includes(text)));
  await client.stop();
  await bystander.publish("a", "b", { qos: 1 });
  assert.deepEqual([client.errors, bystander.errors], [[], []]);
});

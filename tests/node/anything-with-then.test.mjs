// Promises of another realm and objects with a `then` that reject, from what the application gives beside the callbacks of
// connections and messages: listeners, on_auth, a logger, a log of the wire, a credentials function. None ends the process.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { lines, run } from "./helpers.mjs";

/** `WAYS` and `until` in the process of each test, which ends where a rejection is handled by nobody. */
const COMMON = `
  import { runInNewContext } from "node:vm";
  import { MqttCustom } from "mqtt-lib";
  import { wireLog } from "mqtt-lib/wire";
  const boom = new Error("boom");
  const WAYS = [
    async () => { throw boom; },
    () => runInNewContext("Promise.reject(boom)", { boom }),
    () => ({ then: (_resolve, reject) => reject(boom) }),
    () => ({ then() { throw boom; } }),
  ];
  const until = async (condition) => { while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5)); };
  const [, , mqttserver] = process.argv;
  console.warn = () => {};
`;

const PLACES = {
  "listeners of events": `
    for (const fail of WAYS) {
      const errors = [];
      const client = new MqttCustom({ credentials: { mqttserver }, on_error: (_client, _userdata, error) => errors.push(error) });
      for (const name of ["connect", "message", "close"]) client.addEventListener(name, fail);
      await client.subscribe("a");
      await client.publish("a", "x", { qos: 1 });
      await until(() => client.stats().received === 1);
      await client.stop();
      await until(() => errors.length === 3);
      console.log(...errors.map(({ code, cause }) => \`\${code} \${cause.message}\`));
    }`,
  "an on_auth": `
    for (const fail of WAYS) {
      const errors = [];
      const properties = { authenticationMethod: "m", authenticationData: new Uint8Array(1) };
      const client = new MqttCustom({
        credentials: { mqttserver, mqttversion: 5, connecttimeout: 0.2, maxmqttreconnectdelay: 60, properties },
        on_auth: fail,
        on_error: (_client, _userdata, error) => errors.push(error),
      });
      await client.start().catch(() => {});
      await client.stop();
      console.log(...errors.filter(({ code }) => code === "CALLBACK_FAILED").map(({ cause }) => cause.message));
    }`,
  "a logger and a log of the wire": `
    for (const fail of WAYS) {
      for (const logger of [fail, { debug: fail, info: fail, warn: fail, error: fail }]) {
        const client = new MqttCustom({ credentials: { mqttserver }, logger, wire: wireLog(fail) });
        await client.publish("a", "x", { qos: 1 });
        console.log(client.connected);
        await client.stop();
      }
    }`,
  "a credentials function": `
    for (const fail of WAYS) {
      let calls = 0;
      const client = new MqttCustom({ credentials: () => (++calls === 1 ? fail() : { mqttserver }) });
      const { code, cause } = await client.start().catch((error) => error);
      await client.publish("a", "x", { qos: 1 });
      console.log(code, cause.message);
      await client.stop();
    }`,
};

const EXPECTED = {
  "listeners of events": "CALLBACK_FAILED boom CALLBACK_FAILED boom CALLBACK_FAILED boom",
  "an on_auth": "boom",
  "a logger and a log of the wire": "true",
  "a credentials function": "CREDENTIALS_FAILED boom",
};

for (const [place, source] of Object.entries(PLACES)) {
  test(`${place}: whatever rejects is reported or ignored, and the client goes on`, async (t) => {
    const broker = await fakeBroker(
      t,
      scripts.accepts(({ cmd, properties, topic }, connection) => {
        if (cmd === "publish") connection.send({ cmd: "publish", topic, payload: "x", qos: 0 });
        if (cmd !== "connect" || !properties?.authenticationMethod) return false;
        connection.send({ cmd: "auth", reasonCode: 24, properties: { authenticationMethod: "m" } });
        return true;
      }),
    );
    const { stdout, stderr, code } = await run(COMMON + source, [broker.url], {
      flags: ["--unhandled-rejections=strict"],
    });
    assert.equal(code, 0, stderr);
    const times = place.startsWith("a logger") ? 8 : 4;
    assert.deepEqual(lines(stdout), new Array(times).fill(EXPECTED[place]), stderr);
  });
}

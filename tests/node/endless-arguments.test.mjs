// Arguments that are longer than they look: arrays of billions of holes, a proxy that says so of itself, one long text many
// times. They are refused with a code before anything is copied, also before there is a core.

import assert from "node:assert/strict";
import { test } from "node:test";
import { clientFor, failure, run } from "./helpers.mjs";

/** Each is source of a child process, whose event loop a copy would block for minutes. */
const ENDLESS = {
  "4 billion holes": "const endless = Object.assign([], { length: 4e9 });",
  "a proxy of 4 billion filters": `const endless = new Proxy([], {
    get: (list, key) => (key === "length" ? 4e9 : /^\\d/.test(String(key)) ? "a/" + key : list[key]),
    has: () => true,
  });`,
  "one long text 100,000 times": `const endless = Array(1e5).fill("x".repeat(60_000));`,
};
const CALLS = {
  subscribe: "client.subscribe(endless)",
  "subscribe with a limit": "client.subscribe(endless, { signal: AbortSignal.timeout(60_000) })",
  unsubscribe: "client.unsubscribe(endless)",
  "a user property": "client.publish('a', 'b', { properties: { userProperties: { a: endless } } })",
};
const OF_FILTERS = {
  subscribe: "INVALID_TOPIC",
  "subscribe with a limit": "INVALID_TOPIC",
  unsubscribe: "INVALID_TOPIC",
};

for (const [what, source] of Object.entries(ENDLESS)) {
  for (const early of [true, false]) {
    test(`${what}, ${early ? "before" : "after"} the core is loaded`, async () => {
      const { stdout, stderr } = await run(`
        import { MqttCustom } from "mqtt-lib";
        ${source}
        const client = new MqttCustom({ credentials: { mqttserver: "mqtt://127.0.0.1:1" }, on_error() {} });
        if (!${early}) await client.publish("a/+", 1).catch(() => {});
        const calls = { ${Object.entries(CALLS).map(([name, call]) => `"${name}": () => ${call}`)} };
        for (const [name, call] of Object.entries(calls)) console.log(name, await call().catch(({ code }) => code));
        const mib = process.resourceUsage().maxRSS >> 10;
        console.log(mib < 1_000 ? "bounded" : mib);
        await client.stop();
      `);
      const codes = Object.keys(CALLS).map((name) => `${name} ${OF_FILTERS[name] ?? "INVALID_OPTION"}\n`);
      assert.equal(stdout, `${codes.join("")}bounded\n`, stderr);
    });
  }
}

test("4 billion holes, for the drop-in and with spans", async () => {
  const { stdout, stderr } = await run(`
    import mqtt from "mqtt-lib/mqttjs";
    import { MqttCustom } from "mqtt-lib";
    import { instrument } from "mqtt-lib/otel";
    ${ENDLESS["4 billion holes"]}
    const dropIn = mqtt.connect("mqtt://127.0.0.1:1", { reconnectPeriod: 0 }).on("error", () => {});
    for (const name of ["subscribe", "unsubscribe"])
      console.log(await new Promise((resolve) => dropIn[name](endless, ({ message }) => resolve(message))));
    dropIn.end(true);
    const client = new MqttCustom({ credentials: { mqttserver: "mqtt://127.0.0.1:1" }, on_error() {} });
    instrument(client);
    console.log(await client.subscribe(endless, {}, () => {}).catch(({ code }) => code));
    await client.stop();
  `);
  assert.equal(stdout, "Invalid topic undefined\nInvalid topic undefined\nINVALID_TOPIC\n", stderr);
});

test("140,000 filters of one call are taken, and more than a MiB of them is refused", async (t) => {
  const client = clientFor(t, { mqttserver: "mqtt://127.0.0.1:1" });
  const taken = failure(client.subscribe(Array.from({ length: 140_000 }, (_, n) => n.toString(36))));
  const tooMany = Array(1_100_000).fill("a");
  assert.equal((await failure(client.subscribe(tooMany))).code, "OUT_OF_RANGE");
  const { signal } = new AbortController();
  assert.equal((await failure(client.unsubscribe(tooMany, { signal }))).code, "OUT_OF_RANGE");
  await client.stop();
  assert.equal((await taken).code, "STOPPED");
});

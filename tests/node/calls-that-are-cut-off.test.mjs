// Calls that end in the middle: by a stack that overflows anywhere, or by the timeout of `vm`, which runs no `catch` and no
// `finally`. Whatever instance of the WebAssembly that hits, the process lives, every promise settles, and new clients work.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { run } from "./helpers.mjs";

const prelude = `
  import { createRequire } from "node:module";
  import net from "node:net";
  import { createContext, runInContext } from "node:vm";
  const [, url] = process.argv.slice(1);
  const { MqttCustom } = createRequire(process.cwd() + "/")("mqtt-lib");
  const uncaught = [];
  process.on("uncaughtException", (error) => uncaught.push(error.stack));
  process.on("unhandledRejection", (error) => uncaught.push("rejection " + error.stack));
  const sockets = new Map();
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...all) {
    opened.push(this);
    return connect.apply(this, all);
  };
  const opened = [];
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const make = (name) => {
    const client = new MqttCustom({
      credentials: { mqttserver: url },
      on_error: (_client, _userdata, error) => client.told.push(error.code),
    });
    client.told = [];
    client.got = 0;
    client.topic = name + "/" + Math.random();
    return client;
  };
  const works = async (client) => {
    await client.start();
    await client.subscribe(client.topic, { qos: 1 }, () => { client.got += 1; });
    await client.publish(client.topic, "x", { qos: 1 });
    for (let i = 0; i < 400 && client.got === 0; i++) await pause(5);
    return client.got > 0;
  };
  const ends = (promise) => Promise.race([
    promise.then(() => "resolved", (error) => error.code ?? error.name),
    pause(20_000).then(() => "NEVER"),
  ]);
  const counted = (list) => Object.fromEntries([...new Set(list)].map((one) => [one, list.filter((other) => other === one).length]));
  const other = make("other");
  const one = make("one");
  await works(other);
  await works(one);
  sockets.set(other, opened[0]).set(one, opened[1]);
  const say = (answer) => console.log(JSON.stringify(answer));
`;

async function answers(t, source) {
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  // On standard error Node says itself that its own hook for rejections found no stack.
  const { code, stdout, stderr } = await run(`${prelude}${source}\nprocess.exit();`, [broker.url], {
    limit: 60_000,
  });
  assert.equal(code, 0, stderr.slice(0, 2_000));
  return JSON.parse(stdout);
}

const CALLS = {
  publish: 'one.publish("a/" + depth, "x")',
  "publish, QoS 1": 'one.publish("a", "x".repeat(depth), { qos: 1 })',
  "publish in full": 'one.publish("a", 5, { qos: 1, properties: {} })',
  qpublish: 'one.qpublish("a", "x")',
  batch_publish: 'one.batch_publish("a/" + depth, depth)',
  subscribe: 'one.subscribe("s/" + depth)',
  "state and stats": "one.state && one.stats()",
};

for (const [name, call] of Object.entries(CALLS)) {
  test(`a callback that recurses until the stack overflows, with ${name}: all ends, and clients work`, async (t) => {
    const answer = await answers(
      t,
      `
      const ended = [];
      const recurse = (depth) => {
        const promise = ${call};
        if (typeof promise?.then === "function") ended.push(ends(promise));
        recurse(depth + 1);
      };
      let thrown;
      await one.subscribe("go", () => {
        try {
          recurse(0);
        } catch (error) {
          thrown = error.name;
        }
      });
      other.publish("go", "x").catch(() => {});
      for (let i = 0; i < 400 && thrown === undefined; i++) await pause(5);
      await pause(50);
      one.flush().catch(() => {});
      const all = counted(await Promise.all(ended));
      const fresh = make("fresh");
      const coreFailed = other.state === "stopped";
      say({
        thrown,
        never: all.NEVER ?? 0,
        others: coreFailed ? other.told.join() : (await other.publish(other.topic, "y", { qos: 1 }), "live"),
        fresh: await works(fresh),
        uncaught,
        all,
      });
    `,
    );
    assert.equal(answer.thrown, "RangeError");
    assert.equal(answer.never, 0);
    assert.match(answer.others, /^(live|CORE_FAILED)$/, "others live, or end with one report");
    assert.equal(answer.fresh, true);
    assert.deepEqual(answer.uncaught, []);
    t.diagnostic(JSON.stringify(answer));
  });
}

const CUT_OFF = {
  "in a getter of the options": `
    const options = { get qos() { for (;;); } };
    inTime(() => one.publish("a", "x", options));
  `,
  "in calls that are made without end": `
    inTime(() => { for (let i = 0; ; i++) one.publish("a/" + i, "x").catch(() => {}); });
    inTime(() => { for (let i = 0; ; i++) one.subscribe("b/" + i).catch(() => {}); });
  `,
  "in calls that are refused, again and again": `
    for (let i = 0; i < 40; i++) inTime(() => { for (;;) one.publish("a/#", "x").catch(() => {}); }, 10);
    inTime(() => { for (let i = 0; ; i++) one.publish("a/" + i, "x").catch(() => {}); });
    for (let i = 0; i < 40; i++) inTime(() => { for (;;) one.publish("a", "x").catch(() => {}); }, 10);
  `,
  "in large messages": `
    const text = "ä".repeat(300_000);
    for (let i = 0; i < 10; i++) inTime(() => { for (;;) one.batch_publish("a/" + i, text).catch(() => {}); });
  `,
};

for (const [name, cut] of Object.entries(CUT_OFF)) {
  test(`a call that vm ends ${name}: all ends, and clients work`, async (t) => {
    const answer = await answers(
      t,
      `
      const inTime = (work, timeout = 50) => {
        try {
          runInContext("work()", createContext({ work }), { timeout });
        } catch (error) {
          cuts.push(error.code);
        }
      };
      const cuts = [];
      ${cut}
      const before = ends(one.publish(one.topic, "y", { qos: 1 }));
      await pause(100);
      const after = ends(one.flush());
      const fresh = make("fresh");
      const coreFailed = other.state === "stopped";
      say({
        cuts,
        ends: [await before, await after],
        others: coreFailed ? other.told.join() : (await other.publish(other.topic, "y", { qos: 1 }), "live"),
        fresh: await works(fresh),
        uncaught,
      });
    `,
    );
    assert.ok(answer.cuts.length > 0 && answer.cuts.every((code) => code === "ERR_SCRIPT_EXECUTION_TIMEOUT"));
    assert.ok(!answer.ends.includes("NEVER"), `${answer.ends}`);
    assert.match(answer.others, /^(live|CORE_FAILED)$/, "others live, or end with one report");
    assert.equal(answer.fresh, true);
    assert.deepEqual(answer.uncaught, []);
    t.diagnostic(JSON.stringify(answer));
  });
}

/** Calls of `one` whose send of a full buffer never returns, each ended by vm. */
const cutSends = `
  const socket = sockets.get(one);
  const { write } = socket;
  let entered = false;
  const cutSends = () => {
    socket.write = () => {
      entered = true;
      for (;;);
    };
    for (let i = 0; i < 100 && !entered; i++) {
      try {
        const work = () => { for (;;) one.publish("a", "x".repeat(1000)).catch(() => {}); };
        runInContext("work()", createContext({ work }), { timeout: 50 });
      } catch {
        // It was cut off.
      }
    }
    socket.write = write;
  };
`;

const SENDERS = {
  "": `
    cutSends();
    const end = await ends(one.publish(one.topic, "y", { qos: 1 }));
  `,
  ", in a handler that goes on": `
    let pending;
    await one.subscribe("go", () => {
      pending = ends(one.publish(one.topic, "y", { qos: 1 }));
      cutSends();
    });
    other.publish("go", "x").catch(() => {});
    for (let i = 0; i < 400 && !pending; i++) await pause(5);
    const end = await pending;
  `,
};

for (const [where, source] of Object.entries(SENDERS)) {
  test(`a send of a full buffer that vm ends${where}: what it had is not lost in silence, its client ends with a code`, async (t) => {
    const answer = await answers(
      t,
      `
      ${cutSends}
      ${source}
      say({ entered, end, fresh: await works(make("fresh")), uncaught });
    `,
    );
    assert.equal(answer.entered, true);
    assert.match(answer.end, /^(CALLBACK|CORE)_FAILED$/);
    assert.equal(answer.fresh, true);
    assert.deepEqual(answer.uncaught, []);
  });
}

/** Bytes for the socket of `one` arrive inside of `vm`, so that a callback, and the WebAssembly below it, can be cut off. */
const arrival = `
  const arrive = (client, packet) => {
    const socket = sockets.get(client);
    try {
      runInContext("work()", createContext({ work: () => socket.emit("data", packet) }), { timeout: 50 });
    } catch (error) {
      cuts.push(error.code);
    }
  };
  const message = (topic, id) =>
    Buffer.from([0x32, topic.length + 5, 0, topic.length, ...Buffer.from(topic), 0, id, 0x78]);
  const cuts = [];
`;

const CALLBACKS = {
  "a handler": 'await one.subscribe("cut", { qos: 1 }, () => { for (;;); });',
  on_message: "one.on_message = () => { for (;;); };",
  "a handler of a handler":
    'await one.subscribe("cut", () => { other.publish("x", "y"); one.publish("x", "y"); for (;;); });',
};

for (const [name, set] of Object.entries(CALLBACKS)) {
  test(`${name} that vm ends: its client ends with a code and one report, and can start again; others live`, async (t) => {
    const answer = await answers(
      t,
      `
      ${arrival}
      ${set}
      const pending = [ends(one.flush()), ends(one.publish(one.topic, "y", { qos: 2 })), ends(one.qpublish("a", "x"))];
      arrive(one, message("cut", 1));
      pending.push(ends(one.publish(one.topic, "z", { qos: 1 })));
      await pause(100);
      pending.push(ends(one.publish("a", "z")));
      one.on_message = null;
      await one.unsubscribe("cut").catch(() => {});
      const state = one.state;
      say({
        cuts,
        all: await Promise.all(pending),
        told: one.told,
        state,
        others: (await other.publish(other.topic, "y", { qos: 1 }), other.state),
        told2: other.told,
        fresh: await works(make("fresh")),
        again: (await one.start(), await one.publish("a", "b", { qos: 1 }), one.state),
        uncaught,
      });
    `,
    );
    assert.deepEqual(answer.cuts, ["ERR_SCRIPT_EXECUTION_TIMEOUT"]);
    assert.ok(answer.all.includes("CALLBACK_FAILED") && !answer.all.includes("NEVER"), `${answer.all}`);
    assert.deepEqual(answer.told, ["CALLBACK_FAILED"]);
    assert.deepEqual(
      { ...answer, cuts: 0, all: 0, told: 0 },
      {
        cuts: 0,
        all: 0,
        told: 0,
        state: "stopped",
        others: "connected",
        told2: [],
        fresh: true,
        again: "connected",
        uncaught: [],
      },
    );
  });
}

test("a client whose handler vm has ended, and that is called no more, ends at what arrives next", async (t) => {
  const answer = await answers(
    t,
    `
    ${arrival}
    await one.subscribe("cut", { qos: 1 }, () => { for (;;); });
    arrive(one, message("cut", 1));
    await pause(20);
    sockets.get(one).emit("data", Buffer.from([0xd0, 0]));
    for (let i = 0; i < 400 && one.told.length === 0; i++) await pause(5);
    say([cuts.length, one.told, one.state, uncaught]);
  `,
  );
  assert.deepEqual(answer, [1, ["CALLBACK_FAILED"], "stopped", []]);
});

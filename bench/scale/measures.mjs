// The three curves: many clients in one process, many subscriptions in one client, many topics through one client. Each step
// says how many there are, the memory of the process after a collection, and the time of what was done since the step before.

import { load, message, pass, ScaleSocket } from "./socket.mjs";

const CREDENTIALS = { mqttserver: "ws://localhost:1/" };
const collected = () => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};
/** CPU, because other processes have the machine, too. */
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Waits for promises, while time passes. @param {Promise<unknown>[]} promises */
async function all(promises) {
  let done = false;
  const ended = Promise.all(promises).finally(() => {
    done = true;
  });
  while (!done) {
    await turn();
    pass(1);
  }
  return ended;
}

/** @param {any} lib */
async function open(lib, onMessage = () => {}) {
  const client = new lib.MqttCustom({ credentials: CREDENTIALS, on_message: onMessage });
  await client.start();
  return { client, socket: /** @type {ScaleSocket} */ (ScaleSocket.all.at(-1)) };
}

/** Microseconds of CPU for each of `count`. */
async function timed(count, work) {
  const before = cpu();
  await work();
  return (cpu() - before) / count;
}

async function clients(lib) {
  const rows = [];
  const many = [];
  let received = 0;
  const start = collected();
  for (const count of [10, 100, 1000, 2000, 5000, 10_000]) {
    const more = count - many.length;
    const connect = await timed(more, async () => {
      while (many.length < count) many.push(await open(lib, () => received++));
    });
    const memory = collected() - start;
    const rounds = Math.ceil(100_000 / count);
    const publish = await timed(rounds * count, async () => {
      for (let round = 0; round < rounds; round++)
        await Promise.all(many.map(({ client }) => client.publish("room/sensor", "21.5", { qos: 1 })));
    });
    const bytes = message("room/sensor", 64);
    const receive = await timed(rounds * count, async () => {
      for (let round = 0; round < rounds; round++) {
        for (const { socket } of many) socket.deliver(bytes);
        await turn();
      }
    });
    rows.push({ count, "MB more": memory, "KB each": (memory * 1024) / count, connect, publish, receive });
  }
  if (received === 0) throw new Error("nothing was received");
  return rows;
}

async function subscriptions(lib) {
  const rows = [];
  const { client, socket } = await open(lib);
  let received = 0;
  let there = 0;
  const start = collected();
  for (const count of [100, 1000, 10_000, 20_000, 50_000, 100_000]) {
    const subscribe = await timed(count - there, async () => {
      const made = [];
      for (; there < count; there++) {
        made.push(client.subscribe(`floor/${there}/sensor`, () => received++));
        if (made.length === 1000) await all(made.splice(0));
      }
      await all(made);
    });
    const memory = collected() - start;
    const chunk = Array.from({ length: 20_000 }, () =>
      message(`floor/${Math.floor(Math.random() * count)}/sensor`, 64),
    );
    const before = received;
    const receive = await timed(chunk.length, async () => {
      for (const bytes of chunk) socket.deliver(bytes);
      await turn();
    });
    if (received - before !== chunk.length)
      throw new Error(`${received - before} of ${chunk.length} messages`);
    rows.push({ count, "MB more": memory, subscribe, receive });
  }
  const last = 1000;
  const unsubscribe = await timed(last, () =>
    all(Array.from({ length: last }, (_, i) => client.unsubscribe(`floor/${i}/sensor`))),
  );
  rows.push({ count: there - last, unsubscribe });
  return rows;
}

/** A million topics, each with one message, evenly over an hour: with keep alive, and each is published to as well. */
async function topics(lib) {
  const rows = [];
  let received = 0;
  const { client, socket } = await open(lib, () => received++);
  await client.subscribe("#");
  const ALL = 1_000_000;
  const EACH = 3_600_000 / ALL;
  const start = collected();
  let done = 0;
  for (const count of [1000, 10_000, 50_000, 100_000, 250_000, 500_000, 750_000, ALL]) {
    const before = done;
    const each = await timed(count - before, async () => {
      for (; done < count; done++) {
        pass(EACH);
        socket.deliver(message(`plant/${done}/value`, 32));
        if (done % 64 === 0) await turn();
      }
    });
    const publish = await timed(1000, async () => {
      for (let i = 0; i < 1000; i++) client.publish(`plant/${done + i}/set`, "1");
      await turn();
    });
    rows.push({ count, "MB more": collected() - start, receive: each, publish });
  }
  if (received !== ALL || client.state !== "connected")
    throw new Error(`${received} messages, ${client.state}`);
  return rows;
}

export const CURVES = { clients, subscriptions, topics };

const [, , name, dist] = process.argv;
if (name in CURVES) {
  const rows = await CURVES[name](await load(dist));
  process.send?.(rows, () => process.exit());
}

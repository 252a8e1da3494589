// Random calls with the package `mqtt` and with mqtt-lib/mqttjs against one mosquitto, the same for both by their seed: the same
// events in their order, the same results of calls, and the same messages. What docs/mqttjs.md names as a deliberate
// difference is left out: messages where connections are lost, and QoS with `resubscribe: false`.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import theirs from "mqtt";
import ours from "mqtt-lib/mqttjs";
import { sharedFixtures } from "../support/fixtures.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { randomOf, seeds } from "../support/random.mjs";

const SEEDS = 40;
const PHASES = 8;
const EVENTS = ["connect", "close", "offline", "reconnect", "end", "outgoingEmpty"];
const shared = sharedFixtures({ mosquitto: () => startMosquitto() });
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the calls of a phase do to the connection. */
const KINDS = {
  calls: async (_client, calls) => calls(),
  "calls, then the connection is lost": async (client, calls) => {
    calls();
    client.stream.destroy();
    await once(client, "close");
  },
  "the connection is lost, then calls": async (client, calls) => {
    client.stream.destroy();
    await once(client, "close");
    calls();
  },
  "end, calls and reconnect": async (client, calls) => {
    await new Promise((resolve) => client.end(false, resolve));
    calls(1);
    client.reconnect();
  },
  "end(true), calls and reconnect": async (client, calls) => {
    await new Promise((resolve) => client.end(true, resolve));
    calls(1);
    client.reconnect();
  },
};

class Program {
  phases = [];
  #count = 0;

  constructor(mqtt, url, seed, drops, base) {
    this.random = randomOf(seed, 20);
    this.base = base;
    this.drops = drops;
    const { random } = this;
    const five = random.next() < 0.5;
    this.clean = random.next() < 0.7;
    this.resubscribe = random.next() < 0.7;
    const options = {
      clientId: base.replaceAll("/", "-"),
      protocolVersion: five ? 5 : 4,
      clean: this.clean,
      resubscribe: this.resubscribe,
      queueQoSZero: random.next() < 0.7,
      reconnectPeriod: 40,
      ...(five && !this.clean && { properties: { sessionExpiryInterval: 60 } }),
    };
    this.topics = ["a", "b", "c", "d"].map((name) => `${base}/${name}`);
    this.filters = [...this.topics, `${base}/+`, `${base}/#`];
    this.begin("start");
    this.client = mqtt.connect(url, options);
    for (const event of EVENTS) {
      this.client.on(event, (packet) => this.log("events", `${event} ${packet?.sessionPresent ?? ""}`));
    }
    this.client.on("error", ({ message }) => this.log("events", `error ${message}`));
    this.client.on("message", (topic, payload, { qos, retain }) =>
      this.log("messages", `${topic} ${payload} ${this.resubscribe ? qos : ""} ${retain}`),
    );
  }

  begin(name) {
    this.phases.push({ name, events: [], calls: [], messages: [] });
  }

  log(kind, line) {
    this.phases.at(-1)[kind].push(line.replaceAll(this.base, ""));
  }

  async run() {
    await this.settle();
    const kinds = Object.keys(KINDS).filter((kind) => this.drops || !kind.includes("lost"));
    for (let phase = 0; phase < PHASES; phase++) {
      const kind = this.random.pick(["calls", ...kinds]);
      const count = this.random.between(1, 5);
      this.begin(kind);
      await KINDS[kind](this.client, (few = count) => {
        for (let i = 0; i < few; i++) this.call();
      });
      await this.settle();
    }
    this.begin("end");
    await new Promise((resolve) => this.client.end(false, {}, resolve));
    return this.phases.map((phase) => ({
      ...phase,
      calls: phase.calls.toSorted(),
      messages: this.drops ? undefined : phase.messages.toSorted(),
    }));
  }

  /** Until nothing is to come: a message of QoS 2 has gone through twice. */
  async settle() {
    while (!this.client.connected) await once(this.client, "connect");
    await wait(60);
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) =>
        this.client.publish(`${this.base.slice(0, -1)}/marker`, "", { qos: 2 }, resolve),
      );
    }
    await wait(60);
  }

  call() {
    const { random, client } = this;
    const number = this.#count++;
    const kind = random.between(0, 9);
    const done = (what) => (error, granted) => {
      const list = Array.isArray(granted)
        ? granted.map(({ topic, qos }) => `${topic} ${this.resubscribe ? qos : ""}`)
        : "";
      this.log("calls", `${what} ${number}: ${error?.message ?? "well"} ${list}`);
    };
    if (kind < 5) {
      const options = { qos: random.between(0, 2), retain: random.next() < 0.15 };
      client.publish(random.pick(this.topics), `m${number}`, options, done("publish"));
    } else if (kind < 8) {
      const several = Array.from({ length: random.between(1, 3) }, () => random.pick(this.filters));
      client.subscribe([...new Set(several)], { qos: random.between(0, 2) }, done("subscribe"));
    } else {
      client.unsubscribe(random.pick(this.filters), done("unsubscribe"));
    }
  }
}

for (const drops of [false, true]) {
  for (const seed of seeds(SEEDS)) {
    test(`the same with both packages, seed ${seed}, connections ${drops ? "are lost" : "stay"}`, async () => {
      const { url } = shared.mosquitto;
      const of = (mqtt, name) => new Program(mqtt, url, seed, drops, `${name}-${drops}-${seed}`).run();
      const [actual, expected] = await Promise.all([of(ours, "o"), of(theirs, "t")]);
      assert.deepEqual(actual, expected);
    });
  }
}

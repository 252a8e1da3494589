// A TCP proxy that breaks the connections that go through it, at any byte and in either direction. It knows
// nothing of what it carries, so MQTT over TCP and over WebSocket alike.
// Owns the sockets and what each fault does to them; which faults, and where, is a plan's affair.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { randomOf } from "./random.mjs";

/**
 * What happens to a connection when `at` bytes have gone `up` (to the broker) or `down` (to the client).
 *   cut    both sides are closed; with `reset` by RST
 *   half   this direction ends (FIN); the other one goes on
 *   hole   no byte gets through any more either way, and neither side is told: a half-open connection
 *   stall  this direction stands still for `ms`
 *   delay  from here on bytes of this direction come `ms` late
 *   split  from here on they come in pieces of `size` bytes at most
 * @typedef {{ kind: "cut" | "half" | "hole" | "stall" | "delay" | "split", way: "up" | "down", at: number,
 *   reset?: boolean, ms?: number, size?: number }} Fault
 */

const KINDS = [
  ["cut", 30],
  ["half", 15],
  ["hole", 10],
  ["stall", 15],
  ["delay", 15],
  ["split", 15],
];

/** After these nothing gets through. */
const LAST = KINDS.slice(0, 3);

/**
 * A schedule: the faults of connection `index` follow from the seed. Each has one that ends it, and up to
 * three others; `reach` is how far into the stream they lie.
 */
export const seeded =
  (seed, { reach = 5000 } = {}) =>
  (index) => {
    const random = randomOf(seed, index);
    return Array.from({ length: random.between(1, 4) }, (_, i) => ({
      kind: random.weighted(i === 0 ? LAST : KINDS),
      way: random.pick(["up", "down"]),
      at: random.scale(1, reach) - 1,
      reset: random.next() < 0.5,
      ms: random.scale(1, 1500),
      size: random.between(1, 7),
    }));
  };

/** Bytes of a direction that may wait before its source is not read any more. */
const ENOUGH = 256 * 1024;

/** One direction of a connection. */
class Pipe {
  #queue = [];
  #queued = 0;
  #passed = 0;
  #busy = false;
  #ended = false;
  /** Bytes that still come are thrown away. */
  #deaf = false;
  #ms = 0;
  #size = Number.POSITIVE_INFINITY;
  #wake = () => {};

  constructor(link, way, from, to, faults) {
    Object.assign(this, { link, way, from, to, faults });
    from.on("data", (chunk) => {
      if (this.#deaf) return;
      this.#queue.push(chunk);
      this.#queued += chunk.length;
      if (this.#queued > ENOUGH) from.pause();
      this.run();
    });
    from.on("end", () => {
      this.#ended = true;
      this.run();
    });
    to.on("drain", () => this.#wake()).on("close", () => this.#wake());
  }

  /** What is planned does not happen any more, and what waits goes on. */
  heal() {
    this.faults = [];
    this.#ms = 0;
    this.#size = Number.POSITIVE_INFINITY;
    this.#wake();
  }

  stopListening() {
    this.#deaf = true;
    this.#queue = [];
    this.from.resume();
    this.#wake();
  }

  async run() {
    if (this.#busy) return;
    this.#busy = true;
    while (!this.#deaf && !this.to.destroyed) {
      if (this.faults[0]?.at <= this.#passed) await this.#suffer(this.faults.shift());
      else if (this.#queue.length > 0) await this.#pass();
      else break;
    }
    this.#busy = false;
    if (this.#ended && !this.#deaf) this.to.end();
  }

  async #pass() {
    if (this.#ms > 0) await this.#sleep(this.#ms);
    else if (this.#size < Number.POSITIVE_INFINITY) await turn();
    if (this.#deaf || this.to.destroyed) return;
    const chunk = this.#queue.length === 1 ? this.#queue[0] : Buffer.concat(this.#queue);
    const upto = (this.faults[0]?.at ?? Number.POSITIVE_INFINITY) - this.#passed;
    const piece = chunk.subarray(0, Math.min(upto, this.#size));
    this.#queue = piece.length < chunk.length ? [chunk.subarray(piece.length)] : [];
    this.#queued = chunk.length - piece.length;
    this.#passed += piece.length;
    this.link.proxy.tap?.(this.link.index, this.way, piece);
    if (!this.to.write(piece)) await new Promise((wake) => this.#wakeWith(wake));
    if (this.#queued <= ENOUGH) this.from.resume();
  }

  async #suffer(fault) {
    this.link.proxy.happened(fault, this.link);
    if (fault.kind === "cut") this.link.cut(fault.reset);
    if (fault.kind === "hole") this.link.swallow();
    if (fault.kind === "delay") this.#ms = Math.min(fault.ms, 50);
    if (fault.kind === "split") this.#size = fault.size;
    if (fault.kind === "stall") await this.#sleep(fault.ms);
    if (fault.kind === "half") {
      this.to.end();
      this.stopListening();
    }
  }

  #sleep(ms) {
    return new Promise((wake) => {
      const timer = setTimeout(wake, ms);
      this.#wakeWith(() => {
        clearTimeout(timer);
        wake();
      });
    });
  }

  #wakeWith(wake) {
    this.#wake = wake;
  }
}

/**
 * Ends a socket now, by RST if asked to. `resetAndDestroy()` says goodbye first, and where an error comes in
 * between, Node 20 keeps the handle and never exits; nor can a socket be reset that is saying goodbye.
 */
function drop(socket, reset) {
  socket.resetAndClosing = reset && !socket.writableEnded;
  socket.destroy();
}

/** A client's connection and the one to the broker that belongs to it. */
class Link {
  /** Swallowed: what becomes of one side is not told to the other. */
  silent = false;

  constructor(proxy, index, client, broker, faults) {
    Object.assign(this, { proxy, index, client, broker });
    const of = (way) => faults.filter((fault) => fault.way === way).sort((a, b) => a.at - b.at);
    this.pipes = [
      new Pipe(this, "up", client, broker, of("up")),
      new Pipe(this, "down", broker, client, of("down")),
    ];
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ]) {
      one.setNoDelay(true);
      one.on("error", () => {});
      one.on("close", (broken) => {
        if (this.silent) return;
        if (broken) drop(other, true);
        else if (!other.writableEnded) other.end();
        if (client.destroyed && broker.destroyed) proxy.links.delete(this);
      });
    }
    broker.once("connect", () => {
      for (const pipe of this.pipes) pipe.run();
    });
  }

  cut(reset = false) {
    for (const socket of [this.client, this.broker]) drop(socket, reset);
    this.proxy.links.delete(this);
  }

  swallow() {
    this.silent = true;
    for (const pipe of this.pipes) pipe.stopListening();
    // Each side leaves when it finds out, and is answered then.
    for (const socket of [this.client, this.broker]) socket.on("end", () => socket.end());
  }
}

/**
 * Listens on a port of its own for `port`; `plan(index)` names the faults of each connection, `tap` sees the
 * bytes that get through.
 * @param {{ port: number, plan?: (index: number) => Fault[],
 *   tap?: (index: number, way: "up" | "down", bytes: Buffer) => void }} options
 */
export async function startProxy({ port: to, plan = () => [], tap }) {
  const sockets = new Set();
  const server = createServer({ allowHalfOpen: true });
  let honest = false;
  let index = 0;

  const proxy = {
    port: 0,
    tap,
    /** Connections that are open, or half. @type {Set<Link>} */
    links: new Set(),
    /** When each connection came. @type {number[]} */
    arrivals: [],
    /** How often each kind of fault has happened. @type {Record<string, number>} */
    faults: {},
    /** One line for each. @type {string[]} */
    log: [],
    happened(fault, link) {
      proxy.faults[fault.kind] = (proxy.faults[fault.kind] ?? 0) + 1;
      proxy.log.push(`connection ${link.index}: ${fault.kind} ${fault.way} at byte ${fault.at}`);
    },
    /** No more faults; what a hole has swallowed stays so, and the client has to find out. */
    heal() {
      honest = true;
      for (const { pipes, silent } of proxy.links) if (!silent) for (const pipe of pipes) pipe.heal();
    },
    cutAll(reset = false) {
      for (const link of [...proxy.links]) link.cut(reset);
    },
    async stop() {
      server.close();
      for (const socket of sockets) drop(socket, false);
    },
  };

  server.on("connection", (client) => {
    proxy.arrivals.push(performance.now());
    const broker = connect({ port: to, host: "127.0.0.1", allowHalfOpen: true });
    for (const socket of [client, broker]) {
      sockets.add(socket.once("close", () => sockets.delete(socket)));
    }
    const faults = honest ? [] : plan(index);
    proxy.links.add(new Link(proxy, index, client, broker, faults));
    index += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy.port = server.address().port;
  proxy.url = `mqtt://127.0.0.1:${proxy.port}`;
  proxy.wsUrl = `ws://127.0.0.1:${proxy.port}/mqtt`;
  return proxy;
}

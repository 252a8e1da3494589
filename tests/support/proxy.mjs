// A TCP proxy that injects faults into connections, at any byte and in either direction. It does not interpret the bytes, so
// it works for MQTT over TCP and over WebSocket. Owns the sockets and the effect of each fault; a plan decides which faults
// happen, and where.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { randomOf } from "./random.mjs";

/**
 * What happens to a connection after `at` bytes were forwarded `up` (to the broker) or `down` (to the client).
 *   cut    both sides are closed; with `reset` by RST
 *   half   this direction ends (FIN); the other one continues
 *   hole   no more bytes are forwarded in either direction, and no side is closed: a half-open connection
 *   stall  this direction pauses for `ms`
 *   delay  from here on bytes of this direction are delayed by `ms`
 *   split  from here on they are forwarded in chunks of at most `size` bytes
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

/** After these nothing is forwarded any more. */
const ENDING = KINDS.slice(0, 3);

/**
 * A plan in which the faults of connection `index` follow from the seed. Each connection has one fault that ends it, and up
 * to three others; `reach` is the highest byte at which they happen.
 */
export const seeded =
  (seed, { reach = 5000 } = {}) =>
  (index) => {
    const random = randomOf(seed, index);
    return Array.from({ length: random.between(1, 4) }, (_, i) => ({
      kind: random.weighted(i === 0 ? ENDING : KINDS),
      way: random.pick(["up", "down"]),
      at: random.scale(1, reach) - 1,
      reset: random.next() < 0.5,
      ms: random.scale(1, 1500),
      size: random.between(1, 7),
    }));
  };

/** How many bytes of a direction are queued before its source is paused. */
const MAX_QUEUED = 256 * 1024;

/** One direction of a connection. */
class Pipe {
  #queue = [];
  #queued = 0;
  #passed = 0;
  #busy = false;
  #ended = false;
  /** Further bytes are discarded. */
  #discards = false;
  #ms = 0;
  #size = Number.POSITIVE_INFINITY;
  #wake = () => {};

  constructor(connection, way, from, to, faults) {
    Object.assign(this, { connection, way, from, to, faults });
    from.on("data", (chunk) => {
      if (this.#discards) return;
      this.#queue.push(chunk);
      this.#queued += chunk.length;
      if (this.#queued > MAX_QUEUED) from.pause();
      this.run();
    });
    from.on("end", () => {
      this.#ended = true;
      this.run();
    });
    to.on("drain", () => this.#wake()).on("close", () => this.#wake());
  }

  /** Removes the planned faults and continues at once. */
  heal() {
    this.faults = [];
    this.#ms = 0;
    this.#size = Number.POSITIVE_INFINITY;
    this.#wake();
  }

  discard() {
    this.#discards = true;
    this.#queue = [];
    this.from.resume();
    this.#wake();
  }

  async run() {
    if (this.#busy) return;
    this.#busy = true;
    while (!this.#discards && !this.to.destroyed) {
      if (this.faults[0]?.at <= this.#passed) await this.#apply(this.faults.shift());
      else if (this.#queue.length > 0) await this.#forward();
      else break;
    }
    this.#busy = false;
    if (this.#ended && !this.#discards) this.to.end();
  }

  async #forward() {
    if (this.#ms > 0) await this.#sleep(this.#ms);
    else if (this.#size < Number.POSITIVE_INFINITY) await turn();
    if (this.#discards || this.to.destroyed) return;
    const chunk = this.#queue.length === 1 ? this.#queue[0] : Buffer.concat(this.#queue);
    const upto = (this.faults[0]?.at ?? Number.POSITIVE_INFINITY) - this.#passed;
    const piece = chunk.subarray(0, Math.min(upto, this.#size));
    this.#queue = piece.length < chunk.length ? [chunk.subarray(piece.length)] : [];
    this.#queued = chunk.length - piece.length;
    this.#passed += piece.length;
    this.connection.proxy.tap?.(this.connection.index, this.way, piece);
    if (!this.to.write(piece)) await new Promise((wake) => this.#wakeWith(wake));
    if (this.#queued <= MAX_QUEUED) this.from.resume();
  }

  async #apply(fault) {
    this.connection.proxy.record(fault, this.connection);
    if (fault.kind === "cut") this.connection.cut(fault.reset);
    if (fault.kind === "hole") this.connection.blackHole();
    if (fault.kind === "delay") this.#ms = Math.min(fault.ms, 50);
    if (fault.kind === "split") this.#size = fault.size;
    if (fault.kind === "stall") await this.#sleep(fault.ms);
    if (fault.kind === "half") {
      this.to.end();
      this.discard();
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
 * Closes a socket at once, by RST with `reset`. `resetAndDestroy()` first ends the stream; if an error occurs in between,
 * Node 20 keeps the handle and never exits. A socket that is being ended cannot be reset.
 */
function drop(socket, reset) {
  socket.resetAndClosing = reset && !socket.writableEnded;
  socket.destroy();
}

/** A client's connection with the corresponding connection to the broker. */
class ProxiedConnection {
  /** If true, the end of one side is not forwarded to the other. */
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
        if (client.destroyed && broker.destroyed) proxy.connections.delete(this);
      });
    }
    broker.once("connect", () => {
      for (const pipe of this.pipes) pipe.run();
    });
  }

  cut(reset = false) {
    for (const socket of [this.client, this.broker]) drop(socket, reset);
    this.proxy.connections.delete(this);
  }

  blackHole() {
    this.silent = true;
    for (const pipe of this.pipes) pipe.discard();
    // Each side is closed when it closes by itself.
    for (const socket of [this.client, this.broker]) socket.on("end", () => socket.end());
  }
}

/**
 * Listens on a port of its own and forwards to `port`; `plan(index)` returns the faults of each connection, `tap` gets the
 * forwarded bytes.
 * @param {{ port: number, plan?: (index: number) => Fault[],
 *   tap?: (index: number, way: "up" | "down", bytes: Buffer) => void }} options
 */
export async function startProxy({ port: to, plan = () => [], tap }) {
  const sockets = new Set();
  const server = createServer({ allowHalfOpen: true });
  let healed = false;
  let index = 0;

  const proxy = {
    port: 0,
    tap,
    /** Connections that are open or half open. @type {Set<ProxiedConnection>} */
    connections: new Set(),
    /** When each connection was opened. @type {number[]} */
    arrivals: [],
    /** How often each kind of fault has happened. @type {Record<string, number>} */
    faults: {},
    /** One line for each fault. @type {string[]} */
    log: [],
    record(fault, connection) {
      proxy.faults[fault.kind] = (proxy.faults[fault.kind] ?? 0) + 1;
      proxy.log.push(`connection ${connection.index}: ${fault.kind} ${fault.way} at byte ${fault.at}`);
    },
    /** Injects no more faults. Half-open connections stay half open, so the client has to detect them. */
    heal() {
      healed = true;
      for (const { pipes, silent } of proxy.connections) if (!silent) for (const pipe of pipes) pipe.heal();
    },
    cutAll(reset = false) {
      for (const connection of [...proxy.connections]) connection.cut(reset);
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
    const faults = healed ? [] : plan(index);
    proxy.connections.add(new ProxiedConnection(proxy, index, client, broker, faults));
    index += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy.port = server.address().port;
  proxy.url = `mqtt://127.0.0.1:${proxy.port}`;
  proxy.wsUrl = `ws://127.0.0.1:${proxy.port}/mqtt`;
  return proxy;
}

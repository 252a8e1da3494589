// Messages that were received and are not dealt with when their handlers have returned: a `Delivery` each, which ends when
// everybody who took the message is done with it. Owns their bounds: at a bound the socket is not read, and where it
// cannot be paused messages of QoS 0 are dropped, the oldest first. Never calls a handler.

import { performance, queueMicrotask } from "./clock.mjs";
import { act, REFUSE } from "./operations.mjs";
import { fastPath } from "./runtime.mjs";

/** @typedef {import("./message.mjs").Message} Message */

/** What the application makes of a message, as `fastPath.settle` takes it. */
const DEFER = 0;
const ACKNOWLEDGE = 1;
const LEAVE = 2;
/** What a handler of js/mqttjs/ resolves with to leave a message to the broker. */
const LEFT = Symbol.for("mqtt-lib.left");

/** What may come beyond the bound from a socket that is paused: a chunk of the smallest messages, and more while an answer is awaited on it. */
const OVERDRAFT = 16_384;

/** What a handler returns that does not take the message, and one of a loop. */
export const IDLE = {};
export const HELD = {};

/** What errors call the function that failed. */
export const HANDLER = "a message handler";

/** How many acknowledgements are sent together at most. */
const TOGETHER = 64;
/** Acknowledgements are sent after this many microtasks without another one: a loop comes to its next message in fewer. */
const PAUSE = 16;

/** @param {Uint8Array} payload */
function Given(payload) {
  return payload;
}

/** A private field of a payload: a proxy that wraps the message has the same payload. It takes a third of the time of a `WeakMap`. */
class Tag extends /** @type {any} */ (Given) {
  /** @type {Delivery | undefined} */
  #delivery;

  /** @param {Uint8Array} payload @param {Delivery} delivery */
  constructor(payload, delivery) {
    super(payload);
    this.#delivery = delivery;
  }

  /** @param {any} payload */
  static of(payload) {
    try {
      return payload.#delivery;
    } catch {
      return undefined;
    }
  }
}

/** The client that hands out a message now. @type {{ by: { delivery: (message: Message) => Delivery | undefined } | undefined }} */
export const handing = { by: undefined };

/** The delivery of a message which is not dealt with. @param {Message} message */
export const deliveryOf = (message) => Tag.of(message.payload);

/** The delivery of a message which is being handed out now, or is not dealt with. @param {Message} message */
export const deliveryNow = (message) =>
  handing.by === undefined ? deliveryOf(message) : handing.by.delivery(message);

export class Delivery {
  /** How many of those who took the message are not done. */
  #takers = 0;
  /** How many of them work on it now; none while it only waits for its turn. */
  #working = 0;
  /** Those who wait for `message.ack()`. @type {(() => void)[]} */
  #manual = [];
  #acknowledged = false;
  /** When all are done it is left to the broker, which sends it again on the next connection. */
  left = false;
  ended = false;
  /** Somebody who took it is done, or took it and was done at once. */
  dealt = false;
  since = performance.now();

  /** @param {Unhandled} owner @param {Message} message @param {number} ticket @param {number} connection */
  constructor(owner, message, ticket, connection) {
    this.owner = owner;
    this.message = message;
    this.ticket = ticket;
    this.connection = connection;
    new Tag(message.payload, this);
    owner.add(this);
    this.#settle(DEFER);
  }

  get waits() {
    return this.#working === 0;
  }

  /** Somebody takes the message, and works on it. */
  take() {
    this.#takers += 1;
    this.#working += 1;
    this.owner.judge();
  }

  /** Somebody takes the message, and lets it wait for its turn. */
  hold() {
    this.#takers += 1;
    this.owner.judge();
  }

  /** Somebody who took it, and lets it wait, gives it back. True if nobody has it, or has dealt with it. */
  giveBack() {
    this.#takers -= 1;
    return this.dealt ? this.#endIfDone() : this.#takers === 0;
  }

  /** Somebody who took it is done. @param {unknown} [result] of the handler */
  done(result) {
    if (result === LEFT) this.left = true;
    this.dealt = true;
    this.#takers -= 1;
    this.#working -= 1;
    this.#endIfDone();
  }

  #endIfDone() {
    if (this.#takers === 0) this.#end(this.left ? LEAVE : ACKNOWLEDGE);
  }

  /** Somebody who took it lets it wait for its turn. */
  rest() {
    this.#working -= 1;
    this.owner.judge();
  }

  /** Its turn has come; false if it has ended meanwhile. */
  resume() {
    this.#working += 1;
    return !this.ended;
  }

  /** Resolves when the application has called `message.ack()`, or the message has ended otherwise. @returns {Promise<void>} */
  acknowledged() {
    if (this.#acknowledged) return Promise.resolve();
    return new Promise((resolve) => this.#manual.push(resolve));
  }

  /** `message.ack()`. */
  acknowledge() {
    this.#acknowledged = true;
    for (const resolve of this.#manual.splice(0)) resolve();
  }

  /** @param {number} what */
  #end(what) {
    if (this.#forget()) this.#settle(what);
  }

  /** `message.reject()`. @param {unknown} reason @param {unknown} text */
  refuse(reason, text) {
    if (this.ended || this.#acknowledged) return;
    act(this.owner.client.number, REFUSE, reason, text, this.ticket, this.message.qos);
    this.#forget();
  }

  #forget() {
    if (this.ended) return false;
    this.ended = true;
    this.owner.remove(this);
    this.acknowledge();
    return true;
  }

  /** It has come again on another connection. @param {number} ticket @param {number} connection */
  repeat(ticket, connection) {
    this.#settle(LEAVE);
    this.ticket = ticket;
    this.connection = connection;
    this.#settle(DEFER);
  }

  /** @param {any} client @param {unknown} thrown */
  report(client, thrown) {
    this.owner.reporter.report(client, HANDLER, thrown);
  }

  /** @param {number} what */
  #settle(what) {
    fastPath.settle(this.owner.client.number, this.ticket, this.message.qos, what);
    if (what !== DEFER) this.owner.drainSoon();
  }

  /** Leaves it at once, and not when all are done. */
  abandon() {
    this.#end(LEAVE);
  }

  /** It is of QoS 0, and nobody gets it. */
  drop() {
    this.#end(ACKNOWLEDGE);
  }
}

export class Unhandled {
  /** In the order of arrival. @type {Set<Delivery>} */
  #all = new Set();
  #bytes = 0;
  #full = false;
  /** How many have ended since the last drain. */
  #ended = 0;
  #pause = 0;
  dropped = 0;
  maxCount = Number.POSITIVE_INFINITY;
  maxBytes = Number.POSITIVE_INFINITY;

  /**
   * @param {{ number: number, pause: (full: boolean) => boolean }} client `pause` returns whether its socket can be paused
   * @param {{ report: (client: any, name: string, thrown: unknown) => void, reportDrop: () => void }} reporter
   */
  constructor(client, reporter) {
    this.client = client;
    this.reporter = reporter;
  }

  get count() {
    return this.#all.size;
  }

  /** Sends acknowledgements together: a loop ends its messages one after the other, and a packet for each would cost more than all else. */
  drainSoon() {
    this.#pause = PAUSE;
    this.#ended += 1;
    if (this.#ended === 1) this.#wait();
  }

  #wait = () => {
    this.#pause -= 1;
    if (this.#pause > 0 && this.#ended < TOGETHER) return queueMicrotask(this.#wait);
    this.#ended = 0;
    fastPath.drain(this.client.number);
  };

  /** How long the oldest has been here, in seconds. */
  get age() {
    const [oldest] = this.#all;
    return oldest && (performance.now() - oldest.since) / 1000;
  }

  /** @param {Delivery} delivery */
  add(delivery) {
    this.#all.add(delivery);
    this.#bytes += delivery.message.payload.length;
  }

  /** @param {Delivery} delivery */
  remove(delivery) {
    if (!this.#all.delete(delivery)) return;
    this.#bytes -= delivery.message.payload.length;
    this.judge();
  }

  /** @param {boolean} paused the socket is */
  #exceeds(paused) {
    return (
      this.#all.size > this.maxCount + (paused ? OVERDRAFT : 0) ||
      this.#bytes > this.maxBytes * (paused ? 2 : 1)
    );
  }

  /** Whether a message of QoS 0 has no place any more. */
  get isOver() {
    return this.#full && this.#exceeds(this.client.pause(true));
  }

  /** Pauses the socket or lets it go on; drops what cannot be kept. */
  judge() {
    // A socket that rests goes on when there is room for many messages, and not after each.
    const part = this.#full ? 0.75 : 1;
    const full = this.#all.size >= this.maxCount * part || this.#bytes >= this.maxBytes * part;
    if (!full && !this.#full) return;
    this.#full = full;
    const paused = this.client.pause(full);
    if (!this.#exceeds(paused)) return;
    for (const delivery of this.#all) {
      if (!this.#exceeds(paused)) return;
      if (delivery.message.qos > 0 || !delivery.waits) continue;
      delivery.drop();
      this.drop();
    }
  }

  /** A message of QoS 0 is dropped. */
  drop() {
    this.dropped += 1;
    this.reporter.reportDrop();
  }

  /** A message of QoS 1 that comes again while the application is dealing with it. @param {Message} message @param {number} connection */
  find({ topic, payload }, connection) {
    for (const delivery of this.#all) {
      const { message } = delivery;
      if (delivery.connection === connection || message.qos !== 1 || message.topic !== topic) continue;
      if (
        message.payload.length === payload.length &&
        message.payload.every((byte, at) => byte === payload[at])
      )
        return delivery;
    }
  }

  /** Messages in its queue are left to the broker. */
  stop() {
    for (const delivery of [...this.#all]) if (delivery.message.qos > 0 && delivery.waits) delivery.abandon();
  }
}

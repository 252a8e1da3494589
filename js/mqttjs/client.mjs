// `MqttClient` of MQTT.js over the native client: its methods, callbacks and properties. Queue, sessions, acknowledgements,
// subscriptions and keep alive are the core's; what concerns connections is in link.mjs.

import { DefaultMessageIdProvider } from "./ids.mjs";
import { handleMessage, Inbox } from "./inbox.mjs";
import { Kept } from "./kept.mjs";
import { CONNECT, Link } from "./link.mjs";
import { complete, defaultId } from "./options.mjs";
import { platform } from "./platform.mjs";
import { nativeProperties } from "./properties.mjs";
import { Publishes, STOPPED } from "./publishes.mjs";
import { Sequence } from "./sequence.mjs";
import { checkStores, closeStores, Store } from "./store.mjs";
import { Subscriptions } from "./subscriptions.mjs";

/** The version of MQTT.js whose interface this is. */
export const MQTTJS_VERSION = "5.16.0";
/** How long the broker has for what follows the last acknowledgement, as in MQTT.js. */
const END_MS = 10;

const noop = () => {};

export class MqttClient extends platform.EventEmitter {
  static VERSION = MQTTJS_VERSION;
  static defaultId = defaultId;

  connected = false;
  disconnecting = false;
  /** @type {boolean | undefined} */
  disconnected;
  reconnecting = false;
  /** The transport in use. @type {any} */
  stream;
  /** @type {import("./keepalive.mjs").KeepaliveManager | null} */
  keepaliveManager = null;
  /** Properties of the last CONNACK. @type {any} */
  serverProperties;
  /** Publishes of QoS 1 and 2, and requests, without an answer. @type {Set<any>} */
  pending = new Set();
  /** What is kept for the next connection: QoS 0 publishes and requests. @type {any[]} */
  queue = [];
  /** That of the native client. @type {any} */
  connectNatively;
  /** Publishes whose messages a store keeps. */
  kept = new Kept();

  #link;
  #subscriptions;
  #publishes;
  /** Nothing is waited for any more. */
  #isFinishing = false;
  /** Ends the client that waits for answers. @type {(() => void) | undefined} */
  #awaitsAnswers;
  /** Publishes that `end(true)` has given up: they are called back when they are removed. @type {Set<any>} */
  #forgotten = new Set();
  /** Calls that are made when the core connects again. @type {(() => void)[]} */
  #left = [];
  /** The core connects, or is connected. */
  #isBegun = false;
  /** @type {(() => void) | undefined} */
  #deferredReconnect;
  /** Of the next attempt. @type {ReturnType<typeof setInterval> | undefined} */
  reconnectTimer;

  /** @param {(client: any) => any} streamBuilder @param {any} options */
  constructor(streamBuilder, options) {
    super();
    this.options = complete(options ?? {});
    this.streamBuilder = streamBuilder;
    this.log = this.options.log ?? noop;
    this.noop = noop;
    this.queueQoSZero = this.options.queueQoSZero ?? true;
    this.messageIdProvider = this.options.messageIdProvider ?? new DefaultMessageIdProvider();
    this.#useStores();
    this.#link = new Link(this, new Inbox(this));
    const sequence = new Sequence();
    this.#publishes = new Publishes(this, this.#link, sequence);
    this.#subscriptions = new Subscriptions(this, this.#link, sequence);
    if (!this.options.manualConnect) this.#link.open();
  }

  /** @param {any} connect that of the native client */
  [CONNECT](connect) {
    this.connectNatively = connect;
    return () => this.#link.handOver();
  }

  /** @param {any} _packet @param {(error?: any, packet?: any) => void} done */
  handleAuth(_packet, done) {
    done();
  }

  get keepalive() {
    const { serverKeepAlive } = (this.connected && this.serverProperties) || {};
    return (this.options.keepalive && serverKeepAlive) || this.options.keepalive;
  }

  get outgoing() {
    return Object.fromEntries([...this.pending].map((entry) => [entry.id, entry]));
  }

  /** Filters of subscriptions without an answer, by their number. */
  get messageIdToTopic() {
    return this.#subscriptions.filtersById;
  }

  /** Private in MQTT.js, and read all the same. */
  get _resubscribeTopics() {
    return this.#subscriptions.known;
  }

  connect() {
    if (this.disconnected && !this.reconnecting) this.disconnecting = this.disconnected = false;
    this.#link.openLater();
    return this;
  }

  /** @param {string} topic @param {any} message @param {any} [options] @param {any} [callback] @returns {this} */
  publish(topic, message, options, callback) {
    if (typeof options === "function") return this.publish(topic, message, undefined, options);
    if (this._checkDisconnecting(callback)) return this;
    this.#publishes.publish(topic, message, options, callback);
    return this;
  }

  /** True for a call that was stopped with the client: it is made again when the client connects again. @param {any} error @param {() => void} call */
  leave(error, call) {
    if (error.code !== STOPPED) return false;
    // It learns of the end when the core has begun again.
    if (this.#isBegun) call();
    else this.#left.push(call);
    return true;
  }

  /** The core connects, perhaps again. */
  begun() {
    this.#isBegun = true;
    for (const call of this.#left.splice(0)) call();
  }

  /** @param {string} topic @param {any} message @param {any} [options] */
  publishAsync(topic, message, options) {
    return promised((done) => this.publish(topic, message, options, done));
  }

  /** @param {any} topics @param {any} [options] @param {any} [callback] */
  subscribe(topics, options, callback) {
    if (typeof options === "function") this.#subscriptions.subscribe(topics, undefined, options);
    else this.#subscriptions.subscribe(topics, options, callback ?? noop);
    return this;
  }

  /** @param {any} topics @param {any} [options] */
  subscribeAsync(topics, options) {
    return promised((done) => this.subscribe(topics, options, done));
  }

  /** @param {any} topics @param {any} [options] @param {any} [callback] */
  unsubscribe(topics, options, callback) {
    if (typeof options === "function") this.#subscriptions.unsubscribe(topics, undefined, options);
    else this.#subscriptions.unsubscribe(topics, options, callback ?? noop);
    return this;
  }

  /** @param {any} topics @param {any} [options] */
  unsubscribeAsync(topics, options) {
    return promised((done) => this.unsubscribe(topics, options, done));
  }

  /** @param {any} [force] @param {any} [options] @param {any} [callback] */
  end(force, options, callback) {
    const given = [force, options, callback];
    const isForced = force === true;
    const disconnect = given.find((one) => typeof one === "object" && one !== null);
    const done = given.find((one) => typeof one === "function") ?? noop;
    if (this.disconnecting) {
      done();
      return this;
    }
    this.#link.clearReconnect();
    this.disconnecting = true;
    const finish = () => {
      this.#awaitsAnswers = undefined;
      this.#finish(isForced, disconnect, done);
    };
    const isAnswered = isForced || this.pending.size === 0 || !this.#link.isOpen;
    if (isAnswered) {
      finish();
    } else {
      this.#awaitsAnswers = () => setTimeout(finish, END_MS);
      this.once("outgoingEmpty", this.#awaitsAnswers);
    }
    return this;
  }

  /** @param {any} [force] @param {any} [options] */
  endAsync(force, options) {
    return promised((done) => this.end(force, options, done));
  }

  /** @param {boolean} isForced @param {any} disconnect @param {(error?: Error) => void} done */
  #finish(isForced, disconnect, done) {
    this.#isFinishing = true;
    this.#isBegun = false;
    const link = this.#link;
    const wasOpen = link.isOpen;
    const ended = () => platform.later(() => this.#ended(done));
    if (wasOpen && this.connected) this.once("close", ended);
    if (isForced) {
      this.flushIfLost();
      this.forget();
    }
    if (isForced || !this.connected) link.destroy();
    const { reasonCode, properties } = disconnect ?? {};
    const five = this.options.protocolVersion === 5;
    const options =
      five && disconnect && !isForced ? { reasonCode, properties: nativeProperties(properties) } : undefined;
    // With options that MQTT does not allow the broker would not take DISCONNECT.
    link.stop(options).catch((error) => {
      link.warn(error);
      return link.stop(undefined);
    });
    if (!this.hasCloseListener(ended)) ended();
  }

  /** MQTT.js does not call back any more what it has in its store. */
  forget() {
    const forgotten = [...this.pending].filter((entry) => !entry.volatile);
    for (const entry of forgotten) this.pending.delete(entry);
    this.#forgotten = new Set(forgotten);
  }

  /** A publish was acknowledged, perhaps one that `end(true)` has given up; true if its callback is to be called. @param {any} entry */
  completed(entry) {
    return this.pending.delete(entry) || this.#forgotten.delete(entry);
  }

  /** @param {Function} listener */
  hasCloseListener(listener) {
    return this.listeners("close").includes(listener);
  }

  /** @param {(error?: Error) => void} done */
  #ended(done) {
    this.#isFinishing = false;
    this.disconnected = true;
    closeStores([this.incomingStore, this.outgoingStore], (error) => {
      this.emit("end");
      done(error);
    });
    if (this.#deferredReconnect) this.#deferredReconnect();
    else if (this.options.reconnectPeriod === 0 || this.options.manualConnect) this.disconnecting = false;
  }

  #useStores() {
    this.incomingStore = this.options.incomingStore ?? new Store();
    this.outgoingStore = this.options.outgoingStore ?? new Store();
  }

  /** @param {any} [stores] */
  reconnect(stores) {
    checkStores(stores ?? {});
    const reconnect = () => {
      this.options.incomingStore = stores?.incomingStore;
      this.options.outgoingStore = stores?.outgoingStore;
      this.#useStores();
      this.#link.renew();
      this.disconnecting = this.disconnected = false;
      this.#deferredReconnect = undefined;
      this.reconnectNow();
    };
    if (this.disconnecting && !this.disconnected) this.#deferredReconnect = reconnect;
    else reconnect();
    return this;
  }

  /** Called when it is time. */
  reconnectNow() {
    this.emit("reconnect");
    if (this.connected) this.end(() => this.connect());
    else this.connect();
  }

  getLastMessageId() {
    return this.messageIdProvider.getLastAllocated();
  }

  /** @param {number} messageId */
  removeOutgoingMessage(messageId) {
    for (const all of [this.pending, this.#forgotten]) {
      for (const entry of all) {
        if (entry.id !== messageId || !all.delete(entry)) continue;
        this.kept.delete(entry);
        entry.withdrawal?.abort();
        entry.cb?.(new Error("Message removed"));
      }
    }
    return this;
  }

  /** The core sends PINGREQ when it is due. */
  reschedulePing() {}

  sendPing() {}

  onKeepaliveTimeout() {
    this.#link.fail(new Error("Keepalive timeout"));
  }

  // ---- for the other files of the facade

  _nextId() {
    return this.messageIdProvider.allocate();
  }

  /** @param {any} callback */
  _checkDisconnecting(callback) {
    if (!this.disconnecting) return false;
    const error = new Error("client disconnecting");
    if (callback && callback !== noop) callback(error);
    else this.emit("error", error);
    return true;
  }

  /** Without reconnects and a session nothing of it will be answered. */
  flushIfLost() {
    if (this.options.reconnectPeriod === 0 && this.options.clean) this._flush();
  }

  _flush() {
    for (const entry of this.pending) {
      this.pending.delete(entry);
      entry.cb?.(new Error("Connection closed"));
    }
  }

  checkOutgoing() {
    if (this.disconnecting && !this.#isFinishing && this.pending.size === 0) this.emit("outgoingEmpty");
  }

  /** The connection has closed. */
  closed() {
    this.#publishes.aliases.clear();
    this.#subscriptions.closed();
    // No answer comes any more, and no other connection.
    const end = this.#awaitsAnswers;
    if (end === undefined || !this.listeners("outgoingEmpty").includes(end)) return;
    this.off("outgoingEmpty", end);
    end();
  }

  /** The connection is the first of another native client. */
  restore() {
    this.#subscriptions.restore();
  }

  /** @param {any} packet */
  answered(packet) {
    if (packet.cmd === "suback" || packet.cmd === "unsuback") this.#subscriptions.answers.push(packet);
  }
}

// A property of the prototype, so that an application can replace it there or on the client.
Object.defineProperty(MqttClient.prototype, "handleMessage", {
  value: handleMessage,
  writable: true,
  configurable: true,
});
// Bundlers rename the class.
Object.defineProperty(MqttClient, "name", { value: "MqttClient" });

/** @param {(done: (error: any, value?: any) => void) => void} call @returns {Promise<any>} */
function promised(call) {
  return new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));
}

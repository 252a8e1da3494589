// An edge node of Sparkplug B 3.0: birth and death certificates, sequence numbers, rebirth, its devices, and the primary host
// it waits for. Values that change while it is not born go out with the next birth.

import { MqttError } from "mqtt-lib";
import { BDSEQ, Metrics, REBIRTH } from "./metrics.mjs";
import { checkOptions, deferred, makeClient, report, within } from "./options.mjs";
import { decodePayload, encodePayload, typed } from "./payload.mjs";
import { shown, wrong } from "./errors.mjs";
import { checkedId, parseTopic, stateTopic, topicOf } from "./topics.mjs";

const OPTIONS = [
  ...["group", "node", "credentials", "metrics", "devices", "primaryHost", "aliases", "datatypes", "bdSeq"],
  ...["onCommand", "onBirth", "onError", "Client"],
];
/** Of sequence numbers, and of births and deaths. */
const NUMBERS = 256;
/** The longest delay between two servers without the primary host. */
const MAX_WALK_S = 30;
/** The longest wait for the acknowledgement of a death certificate. */
const DEATH_S = 5;

/** One connection, from CONNACK to its end. @typedef {{ seq: number, born: boolean, lost: boolean, publishing: Set<AbortController> }} Session */

export class EdgeNode {
  #options;
  #metrics;
  /** Those that are connected, and those that were. @type {Map<string, { metrics: Metrics, online: boolean }>} */
  #devices = new Map();
  #aliases = 0;
  /** That of the will of the last attempt to connect. */
  #bdSeq;
  #nextBdSeq;
  /** @type {Session | undefined} */
  #session;
  #born = deferred();
  /** The subscription to commands, which the client restores after a reconnect. @type {Promise<unknown> | undefined} */
  #subscribing;
  #isSubscribed = false;
  #isStarted = false;
  /** How far the servers are rotated: behind a primary host that is offline the next one follows. */
  #rotation = 0;
  /** How many servers in a row had no primary host. */
  #walks = 0;
  #endPause = () => {};
  /** Of the primary host. */
  #host = { online: false, timestamp: Number.NEGATIVE_INFINITY };

  /** @param {any} options */
  constructor(options) {
    checkOptions(options, "EdgeNode", OPTIONS);
    const { group, node, metrics = [], devices = {}, primaryHost, bdSeq = 0 } = options;
    this.#options = options;
    this.group = checkedId(group, "group");
    this.node = checkedId(node, "node");
    if (primaryHost !== undefined) checkedId(primaryHost, "primaryHost");
    this.#nextBdSeq = Number(bdSeq) % NUMBERS;
    this.#bdSeq = this.#nextBdSeq;
    this.#metrics = this.#makeMetrics(metrics, `edge node ${node}`);
    for (const [id, all] of Object.entries(devices)) this.#addDevice(id, all);
    this.client = makeClient(
      options,
      "EdgeNode",
      `spb-${group}-${node}`,
      () => this.#will(),
      (servers) => [
        ...servers.slice(this.#rotation % servers.length),
        ...servers.slice(0, this.#rotation % servers.length),
      ],
    );
    this.client.addEventListener("connect", (/** @type {any} */ { rc }) => rc === 0 && this.#connected());
    this.client.addEventListener("disconnect", () => this.#lost());
  }

  /** Whether its birth certificate is out, and the connection is up. */
  get born() {
    return this.#session?.born === true;
  }

  /** The number of the last will and birth; the next process begins behind it. */
  get bdSeq() {
    return this.#bdSeq;
  }

  /** The devices that are connected. */
  get devices() {
    return [...this.#devices].filter(([, { online }]) => online).map(([id]) => id);
  }

  /** Resolves when the birth certificates are out. @param {any} [options] */
  async start(options) {
    this.#isStarted = true;
    const born = this.#born.promise;
    const what = "the edge node was not born";
    await within(Promise.all([this.client.start(options), born]), options ?? {}, what);
  }

  /** Publishes the death certificate, and disconnects. */
  async stop() {
    this.#isStarted = false;
    this.#endPause();
    this.#born.reject(new MqttError("the edge node was stopped; call start()", "STOPPED"));
    this.#born = deferred();
    await this.#die();
  }

  [Symbol.asyncDispose ?? "asyncDispose"]() {
    return this.stop();
  }

  /** The current value of a metric. @param {string} name @param {string} [device] */
  value(name, device) {
    return this.#metricsOf(device).value(name);
  }

  /** Sets values, and publishes them; true if they went out, false if they wait for the next birth. @param {any} values @param {string} [device] @returns {Promise<boolean>} */
  async update(values, device) {
    if (typeof values !== "object" || values === null)
      throw wrong(
        `update() takes an object of values by the names of their metrics; ${shown(values)} was given`,
      );
    const metrics = this.#metricsOf(device).update(values);
    const session = this.#session;
    const isOnline = device === undefined || this.#devices.get(device)?.online === true;
    if (session?.born !== true || !isOnline || metrics.length === 0) return false;
    return this.#publish(
      session,
      device === undefined ? "NDATA" : "DDATA",
      this.#withoutTypes(metrics),
      device,
    );
  }

  /** The birth certificates once more. @returns {Promise<boolean>} */
  async rebirth() {
    const session = this.#session;
    return session?.born === true ? this.#birth(session) : false;
  }

  /** Publishes the birth of a device; without metrics it has those of before. @param {string} device @param {any} [metrics] @returns {Promise<boolean>} */
  async connectDevice(device, metrics) {
    const known = this.#devices.get(device);
    if (metrics !== undefined || known === undefined) this.#addDevice(device, metrics ?? []);
    else known.online = true;
    const session = this.#session;
    return session?.born === true ? this.#birthOf(session, device) : false;
  }

  /** Publishes the death of a device. @param {string} device @returns {Promise<boolean>} */
  async disconnectDevice(device) {
    const known = this.#devices.get(device);
    if (known?.online !== true) return false;
    known.online = false;
    const session = this.#session;
    return session?.born === true ? this.#publish(session, "DDEATH", undefined, device) : false;
  }

  /** @param {any} definitions @param {string} owner */
  #makeMetrics(definitions, owner) {
    return new Metrics(definitions, owner, this.#options.aliases ? () => ++this.#aliases : undefined);
  }

  /** @param {string} id @param {any} metrics */
  #addDevice(id, metrics) {
    checkedId(id, "the name of a device");
    this.#devices.set(id, { metrics: this.#makeMetrics(metrics, `device ${id}`), online: true });
  }

  /** @param {string | undefined} device @returns {Metrics} */
  #metricsOf(device) {
    if (device === undefined) return this.#metrics;
    const known = this.#devices.get(device);
    if (known === undefined)
      throw wrong(`there is no device "${device}"; give it to the constructor, or to connectDevice()`);
    return known.metrics;
  }

  #will() {
    this.#bdSeq = this.#nextBdSeq;
    this.#nextBdSeq = (this.#nextBdSeq + 1) % NUMBERS;
    return {
      topic: topicOf(this.group, "NDEATH", this.node),
      payload: this.#deathCertificate(),
      retain: false,
    };
  }

  #deathCertificate() {
    const timestamp = Date.now();
    return encodePayload({
      timestamp,
      metrics: [{ name: BDSEQ, type: "Int64", value: this.#bdSeq, timestamp }],
    });
  }

  async #connected() {
    /** @type {Session} */
    const session = { seq: 0, born: false, lost: false, publishing: new Set() };
    this.#session = session;
    try {
      this.#subscribing ??= this.#subscribe();
      await this.#subscribing;
    } catch (error) {
      this.#subscribing = undefined;
      if (this.#session !== session) return;
      this.#born.reject(error);
      this.#born = deferred();
      return report(
        this.#options.onError,
        "an edge node must subscribe to its commands, so it is not born",
        error,
      );
    }
    this.#isSubscribed = true;
    this.#birthIfDue(session);
  }

  #subscribe() {
    const { primaryHost } = this.#options;
    const filters = [topicOf(this.group, "NCMD", this.node), topicOf(this.group, "DCMD", this.node, "+")];
    if (primaryHost !== undefined) filters.push(stateTopic(primaryHost));
    /** @param {any} _client @param {any} _userdata @param {any} message */
    const take = (_client, _userdata, message) => this.#take(message);
    return this.client.subscribe(filters, { qos: 1 }, take);
  }

  #lost() {
    const session = this.#session;
    if (session !== undefined) session.lost = true;
    for (const controller of session?.publishing ?? [])
      controller.abort(new Error("the connection has ended"));
    this.#session = undefined;
    // A host that goes offline meanwhile is heard of with the next connection.
    this.#host.online = false;
  }

  /** @param {Session} session */
  #birthIfDue(session) {
    const isDue = this.#options.primaryHost === undefined || this.#host.online;
    if (isDue && this.#isSubscribed && this.#session === session && !session.born) this.#birth(session);
  }

  /** All certificates, in one turn: nothing comes between them. @param {Session} session @returns {Promise<boolean>} */
  async #birth(session) {
    session.born = true;
    session.seq = 0;
    const timestamp = Date.now();
    const published = this.#publish(session, "NBIRTH", [
      { name: BDSEQ, type: "Int64", value: this.#bdSeq, timestamp },
      { name: REBIRTH, type: "Boolean", value: false, timestamp },
      ...this.#metrics.birth(),
    ]);
    for (const device of this.devices) this.#birthOf(session, device);
    const isOut = await published;
    if (isOut && session.born) {
      this.#walks = 0;
      this.#born.resolve();
      await this.#tellBirth();
    }
    return isOut;
  }

  async #tellBirth() {
    try {
      await this.#options.onBirth?.();
    } catch (error) {
      report(this.#options.onError, "onBirth threw; fix the callback", error);
    }
  }

  /** @param {Session} session @param {string} device */
  #birthOf(session, device) {
    return this.#publish(session, "DBIRTH", this.#metricsOf(device).birth(), device);
  }

  /** A birth has said them. @param {any[]} metrics */
  #withoutTypes(metrics) {
    return this.#options.datatypes ? metrics : metrics.map((metric) => ({ ...metric, omitType: true }));
  }

  /**
   * True if it went out; a message that did not before the connection ended is of no use on another.
   * @param {Session} session
   * @param {string} verb
   * @param {any[]} [metrics]
   * @param {string} [device]
   * @returns {Promise<boolean>}
   */
  async #publish(session, verb, metrics, device) {
    const { seq } = session;
    session.seq = (seq + 1) % NUMBERS;
    const payload = encodePayload({ timestamp: Date.now(), seq, metrics });
    const controller = new AbortController();
    session.publishing.add(controller);
    try {
      await this.client.publish(topicOf(this.group, verb, this.node, device), payload, {
        signal: controller.signal,
      });
      return true;
    } catch (error) {
      if (!session.lost && this.client.state !== "stopped")
        report(this.#options.onError, `a ${verb} of edge node ${this.node} could not be published`, error);
      return false;
    } finally {
      session.publishing.delete(controller);
    }
  }

  /** @param {any} message */
  #take(message) {
    const topic = parseTopic(message.topic);
    if (topic?.verb === "STATE") return this.#takeState(message);
    let payload;
    try {
      payload = decodePayload(message.payload);
    } catch (error) {
      return report(this.#options.onError, `a command on ${message.topic} is no Sparkplug payload`, error);
    }
    return this.#command(payload.metrics, topic?.device);
  }

  /** @param {any[]} given @param {string | undefined} device */
  #command(given, device) {
    const known = device === undefined ? this.#metrics : this.#devices.get(device)?.metrics;
    const metrics = given.map((metric) => {
      const { name, type } = known?.resolve(metric) ?? { name: metric.name, type: undefined };
      return { ...typed(metric, type), name };
    });
    const isRebirth = (/** @type {any} */ { name, value }) => name === REBIRTH && value === true;
    const session = this.#session;
    if (device === undefined && metrics.some((metric) => isRebirth(typed(metric, "Boolean"))))
      if (session?.born) this.#birth(session);
    const others = metrics.filter(({ name }) => name !== REBIRTH);
    if (others.length > 0) return this.#options.onCommand?.({ device, metrics: others });
  }

  /** @param {any} message */
  #takeState(message) {
    let state;
    try {
      state = message.json();
    } catch {
      return;
    }
    const { online, timestamp } = state ?? {};
    if (typeof online !== "boolean" || typeof timestamp !== "number") return;
    if (timestamp < this.#host.timestamp) return;
    this.#host = { online, timestamp };
    const session = this.#session;
    if (session === undefined) return;
    if (online) this.#birthIfDue(session);
    else this.#hostLost(session);
  }

  /** The primary host is offline: the session ends, and the next one begins with the next server. @param {Session} session */
  async #hostLost(session) {
    const wasBorn = session.born;
    const { credentials } = this.#options;
    const others = typeof credentials === "function" || Array.isArray(credentials?.mqttserver);
    // Of one server alone the state comes by itself.
    if (!wasBorn && !others) return;
    this.#rotation += 1;
    if (wasBorn) this.#born = deferred();
    this.#walks = wasBorn ? 0 : this.#walks + 1;
    await this.#die();
    if (this.#walks > 0) await this.#pause(Math.min(2 ** (this.#walks - 1), MAX_WALK_S));
    if (this.#isStarted && this.client.state === "stopped") this.client.start().catch(() => {});
  }

  /** Until the time is over, or it is stopped. @param {number} seconds */
  #pause(seconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#endPause(), seconds * 1000);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  async #die() {
    const session = this.#session;
    this.#session = undefined;
    if (session?.born) {
      session.born = false;
      const topic = topicOf(this.group, "NDEATH", this.node);
      await within(this.client.publish(topic, this.#deathCertificate(), { qos: 1 }), {
        timeout: DEATH_S,
      }).catch(() => {});
    }
    await this.client.stop();
  }
}

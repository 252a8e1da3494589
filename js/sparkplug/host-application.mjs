// A host application of Sparkplug B 3.0: its STATE, the edge nodes it hears of, rebirth requests where something is missing, and
// commands.

import { wrong } from "./errors.mjs";
import { HostNode } from "./host-node.mjs";
import { REBIRTH } from "./metrics.mjs";
import { checkOptions, deferred, makeClient, report, within } from "./options.mjs";
import { decodePayload, encodePayload } from "./payload.mjs";
import { checkedId, filterOf, parseTopic, stateTopic, topicOf } from "./topics.mjs";

const OPTIONS = [
  ...["id", "groups", "credentials", "reorderTimeout", "rebirth"],
  ...["onBirth", "onData", "onDeath", "onError", "Client"],
];
/** Between two requests for the birth of a node. */
const AGAIN_MS = 5000;
/** Requests that are remembered; of nodes that never answer there may be many. */
const MOST_REQUESTS = 10_000;
/** By the kind of a change. @type {Record<string, string>} */
const CALLBACKS = { birth: "onBirth", data: "onData", death: "onDeath" };

export class HostApplication {
  #options;
  /** By group and name. @type {Map<string, HostNode>} */
  #nodes = new Map();
  /** When a node was last asked for its birth. @type {Map<string, number>} */
  #requests = new Map();
  /** While messages of a node are missing. @type {Map<HostNode, any>} */
  #timers = new Map();
  /** Of the last will. */
  #timestamp = 0;
  /** @type {Promise<unknown> | undefined} */
  #subscribing;
  #isOnline = false;
  #online = deferred();

  /** @param {any} options */
  constructor(options) {
    checkOptions(options, "HostApplication", OPTIONS);
    const { id, groups, reorderTimeout = 2 } = options;
    this.#options = options;
    this.id = checkedId(id, "id");
    if (groups !== undefined && (!Array.isArray(groups) || groups.length === 0))
      throw wrong("HostApplication: groups must be an array of group names; leave it out for all");
    for (const group of groups ?? []) checkedId(group, "a group");
    if (!(typeof reorderTimeout === "number" && reorderTimeout >= 0))
      throw wrong("HostApplication: reorderTimeout must be a number of seconds");
    this.client = makeClient(options, "HostApplication", `spb-host-${id}`, () => {
      this.#timestamp = Date.now();
      return { topic: stateTopic(this.id), payload: this.#state(false), retain: true };
    });
    this.client.addEventListener("connect", (/** @type {any} */ { rc }) => rc === 0 && this.#connected());
    this.client.addEventListener("disconnect", () => this.#lost());
  }

  /** The nodes that were born since this application is there. */
  get nodes() {
    return [...this.#nodes.values()];
  }

  /** @param {string} group @param {string} node */
  node(group, node) {
    return this.#nodes.get(`${group}/${node}`);
  }

  /** Resolves when its STATE is out. @param {any} [options] */
  async start(options) {
    const online = this.#online.promise;
    await within(
      Promise.all([this.client.start(options), online]),
      options ?? {},
      "the host application was not online",
    );
  }

  /** Publishes that it is offline, and disconnects. */
  async stop() {
    if (this.#isOnline) {
      this.#isOnline = false;
      const state = this.#state(false, Date.now());
      const options = { qos: 1, retain: true };
      await within(this.client.publish(stateTopic(this.id), state, options), { timeout: 5 }).catch(() => {});
    }
    this.#online.reject(new Error("the host application was stopped"));
    this.#online = deferred();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.client.stop();
  }

  [Symbol.asyncDispose ?? "asyncDispose"]() {
    return this.stop();
  }

  /** Asks a node for its births. @param {string} group @param {string} node @returns {Promise<void>} */
  async rebirth(group, node) {
    await this.#send(group, node, undefined, [{ name: REBIRTH, type: "Boolean", value: true }]);
  }

  /** Sends values to a node or device. @param {string} group @param {string} node @param {any} values by name @param {string} [device] @returns {Promise<void>} */
  async command(group, node, values, device) {
    const known = device === undefined ? this.node(group, node) : this.node(group, node)?.devices.get(device);
    const metrics = Object.entries(values).map(([name, given]) => {
      const metric = known?.metrics.get(name);
      const described =
        typeof given === "object" && given !== null && "type" in given ? given : { value: given };
      const type = described.type ?? metric?.type;
      if (type === undefined)
        throw wrong(`the type of "${name}" is not known, because no birth has said it; give { type, value }`);
      return {
        ...(metric?.alias === undefined ? { name } : { alias: metric.alias }),
        type,
        value: described.value,
      };
    });
    await this.#send(group, node, device, metrics);
  }

  /** @param {string} group @param {string} node @param {string | undefined} device @param {any[]} metrics */
  async #send(group, node, device, metrics) {
    for (const [id, what] of [
      [group, "group"],
      [node, "node"],
      [device ?? "a", "device"],
    ])
      checkedId(id, what);
    const timestamp = Date.now();
    const payload = encodePayload({
      timestamp,
      metrics: metrics.map((metric) => ({ ...metric, timestamp })),
    });
    await this.client.publish(topicOf(group, device === undefined ? "NCMD" : "DCMD", node, device), payload);
  }

  /** @param {boolean} online */
  #state(online, timestamp = this.#timestamp) {
    return JSON.stringify({ online, timestamp });
  }

  async #connected() {
    const isFirst = this.#subscribing === undefined;
    try {
      this.#subscribing ??= this.#subscribe();
      await this.#subscribing;
      if (!this.client.connected) return;
      await this.#publishState();
      this.#isOnline = true;
      this.#online.resolve();
    } catch (error) {
      if (isFirst) this.#subscribing = undefined;
      if (!this.client.connected) return;
      this.#online.reject(error);
      this.#online = deferred();
      return report(
        this.#options.onError,
        "a host application must subscribe and publish its STATE; it is offline",
        error,
      );
    }
    // What was missed is not known: births say it. One that is online was born on this connection.
    if (this.#options.rebirth !== false)
      for (const { group, node, online } of this.#nodes.values()) if (!online) this.#request(group, node);
  }

  #subscribe() {
    const { groups } = this.#options;
    const filters = groups === undefined ? [filterOf()] : [stateTopic(this.id), ...groups.map(filterOf)];
    /** @param {any} _client @param {any} _userdata @param {any} message */
    const take = (_client, _userdata, message) => this.#take(message);
    return this.client.subscribe(filters, { qos: 1 }, take);
  }

  #publishState() {
    return this.client.publish(stateTopic(this.id), this.#state(true), { qos: 1, retain: true });
  }

  #lost() {
    this.#isOnline = false;
    this.#requests.clear();
    for (const node of this.#nodes.values()) if (node.online) this.#tellAlone(node, node.lost());
  }

  /** @param {any} message */
  #take(message) {
    const topic = parseTopic(message.topic);
    if (topic === undefined) return;
    if (topic.verb === "STATE") return this.#takeState(topic.host, message);
    if (topic.verb.endsWith("CMD")) return;
    let payload;
    try {
      payload = decodePayload(message.payload);
    } catch (error) {
      return report(this.#options.onError, `a message on ${message.topic} is no Sparkplug payload`, error);
    }
    return this.#takePayload(topic, payload);
  }

  /** Another of the same name, or the will of a lost connection, must not say that this one is offline. @param {string} host @param {any} message */
  #takeState(host, message) {
    if (host !== this.id || !this.#isOnline) return;
    let state;
    try {
      state = message.json();
    } catch {
      state = {};
    }
    if (state?.online === false) this.#publishState().catch(() => {});
  }

  /** @param {any} topic @param {any} payload */
  #takePayload(topic, payload) {
    const { group, verb, node: name } = topic;
    const key = `${group}/${name}`;
    const known = this.#nodes.get(key);
    if (verb === "NDEATH") return known && this.#settle(known, known.takeDeath(payload));
    if (verb === "NBIRTH") {
      const node = known ?? new HostNode(group, name);
      this.#nodes.set(key, node);
      this.#requests.delete(key);
      return this.#settle(node, [node.takeBirth(payload)]);
    }
    const changes = known?.take(topic, payload);
    if (known === undefined || changes === undefined) {
      this.#request(group, name);
      return;
    }
    return this.#settle(known, changes);
  }

  /** What is missing is waited for, once at a time. @param {HostNode} node @param {any[]} changes */
  #settle(node, changes) {
    const timer = this.#timers.get(node);
    if (!node.hasGap && timer !== undefined) {
      clearTimeout(timer);
      this.#timers.delete(node);
    }
    if (node.hasGap && timer === undefined) {
      const { reorderTimeout = 2 } = this.#options;
      const late = () => {
        this.#timers.delete(node);
        node.forgetEarly();
        this.#request(node.group, node.node);
      };
      this.#timers.set(node, setTimeout(late, reorderTimeout * 1000));
    }
    return this.#tell(node, changes);
  }

  /** Outside of a handler of the client, which would report what a callback throws. @param {HostNode} node @param {any[]} changes */
  async #tellAlone(node, changes) {
    try {
      await this.#tell(node, changes);
    } catch (error) {
      report(this.#options.onError, "onDeath threw; fix the callback", error);
    }
  }

  /** @param {HostNode} node @param {any[]} changes */
  #tell(node, changes) {
    const results = changes.map(({ kind, device, metrics }) =>
      this.#options[CALLBACKS[kind]]?.({ group: node.group, node: node.node, device, metrics }),
    );
    return Promise.all(results);
  }

  /** @param {string} group @param {string} node */
  #request(group, node) {
    if (this.#options.rebirth === false) return;
    const key = `${group}/${node}`;
    const now = Date.now();
    if (now - (this.#requests.get(key) ?? 0) < AGAIN_MS) return;
    if (this.#requests.size >= MOST_REQUESTS) this.#requests.clear();
    this.#requests.set(key, now);
    this.rebirth(group, node).catch(() => {});
  }
}

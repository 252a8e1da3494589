// The hub of a shared connection: one client of the broker, and a session for each member. Owns who is there, and when there is a
// connection. A message is acknowledged when every member that it was for has dealt with it.

import { memberChannel, memberLock, whenGone } from "./names.mjs";
import { Routes } from "./routes.mjs";
import { Session } from "./session.mjs";
import { holder } from "./silence.mjs";

/** How long a new hub waits for the members of the one before. */
const JOIN_MS = 3000;
const REFUSED = 0x80;
/** Return codes of CONNACK in MQTT 3.1.1 as reason codes of MQTT 5, and the other way round. */
const CODES = [
  [0x84, 1],
  [0x85, 2],
  [0x88, 3],
  [0x86, 4],
  [0x87, 5],
];
/** What is the members' own business. */
const OF_MEMBERS = [
  "store",
  "batchsize",
  "queuesize",
  "publishinterval",
  "offlinesize",
  "offlinebytes",
  "offlinepolicy",
  "offlineexpiry",
  "acktimeout",
  "publishtimeout",
];
/** How long a tab may take to answer before the next one is asked, too: it may be frozen, or have an open alert(). */
const ANSWER_MS = 1000;
const LATE = Symbol("late");
/** @param {Promise<any>} answer */
const unlessLate = (answer) =>
  Promise.race([answer, new Promise((late) => setTimeout(late, ANSWER_MS, LATE))]);
/** Half of the places for messages in flight that mosquitto has. */
const MANY = 10;
const UNBOUNDED = { offlinesize: 10_000_000, offlinebytes: 2_147_483_648 };

export class Hub {
  /** @type {Map<string, Session>} */
  #sessions = new Map();
  /** Members of the hub before that have not joined. @type {Set<string>} */
  #expected = new Set();
  #isReady = false;
  /** The client of the broker. @type {any} */
  #client;
  routes = new Routes(this.#sessions, () => this.#client);
  /** What the broker has said in CONNACK. @type {{ present: boolean, properties: any } | undefined} */
  #accepted;
  /** The client before, until it has stopped. @type {Promise<void>} */
  #stopped = Promise.resolve();
  #stay = new AbortController();
  /** Questions to members, by number. @type {Map<number, (answer: any) => void>} */
  #questions = new Map();
  #asked = 0;
  /** How many messages the broker may have in flight (§3.1.2.11.3). */
  #places = 65_535;
  /** Signals of members, aborted when they are gone. @type {Map<string, { entry: number, leaves: AbortController, channel: BroadcastChannel }>} */
  #members = new Map();

  /** @param {string} name of the connection @param {string} id @param {any} Client */
  constructor(name, id, Client) {
    this.name = name;
    this.id = id;
    this.Client = Client;
    this.all = new BroadcastChannel(name);
    this.all.onmessage = ({ data }) => this.#heard(data);
    this.#begin();
  }

  async #begin() {
    const { held = [] } = await navigator.locks.query();
    const prefix = memberLock(this.name, "");
    for (const { name = "" } of held)
      if (name.startsWith(prefix)) this.#expected.add(name.slice(prefix.length));
    for (const member of this.#expected)
      whenGone(memberLock(this.name, member), this.#stay.signal, () => this.#arrived(member));
    const timer = setTimeout(() => this.#ready(), JOIN_MS);
    this.#stay.signal.addEventListener("abort", () => clearTimeout(timer));
    this.#announce();
    this.#arrived("");
  }

  #announce() {
    if (!this.#stay.signal.aborted) this.all.postMessage({ type: "hub", hub: this.id });
  }

  /** @param {string} member that has joined, or is gone */
  #arrived(member) {
    this.#expected.delete(member);
    if (this.#expected.size === 0) this.#ready();
  }

  /** Nothing is received that a member of the hub before would miss. */
  #ready() {
    if (this.#isReady) return;
    this.#isReady = true;
    this.wants();
  }

  /** The hub is gone, as its page is left or another one has taken its locks. */
  close() {
    const client = this.#client;
    this.#client = undefined;
    this.all.close();
    this.#stay.abort();
    for (const session of this.#sessions.values()) session.leave();
    for (const { leaves, channel } of this.#members.values()) {
      leaves.abort();
      channel.close();
    }
    client?.stop().catch(() => {});
  }

  // ---- members

  /** Whether the tabs hold so many messages that the broker may have no place for others, and there are several. */
  get isHeldUp() {
    const held = [...this.#sessions.values()].reduce((sum, { held }) => sum + held, 0);
    return this.#sessions.size > 1 && held >= Math.min(MANY, Math.ceil(this.#places / 2));
  }

  /** @param {any} message */
  #heard(message) {
    // In a tab of Firefox with an open alert() messages come, and microtasks wait, as timers and sockets do.
    if (message.type === "who") queueMicrotask(() => this.#announce());
    else if (message.type === "join" && message.hub === this.id) this.#join(message);
  }

  /** @param {any} message */
  #join({ member, entry, credentials, subscriptions }) {
    const known = this.#members.get(member);
    if (known?.entry === entry) return;
    if (known !== undefined) this.remove(member);
    const channel = new BroadcastChannel(memberChannel(this.name, member));
    const leaves = new AbortController();
    const post = (/** @type {object} */ message) => leaves.signal.aborted || channel.postMessage(message);
    // One that comes late, as a tab that was frozen, has missed messages.
    const isKnown = subscriptions !== undefined && !this.#isReady;
    const session = new Session(this, member, post, credentials, isKnown);
    this.#sessions.set(member, session);
    this.#members.set(member, { entry, leaves, channel });
    channel.onmessage = ({ data }) => this.#told(session, data);
    whenGone(memberLock(this.name, member), leaves.signal, () => this.remove(member));
    for (const { filter, qos, options, identifier } of subscriptions ?? []) {
      this.routes.restore(session, filter, qos, options, identifier);
    }
    post({ type: "joined", hub: this.id, entry });
    this.#arrived(member);
  }

  /** @param {Session} session @param {any} message */
  #told(session, message) {
    const { type, number } = message;
    if (type === "open") session.open(number);
    else if (type === "data") session.receive(number, message.bytes);
    else if (type === "close") session.closed(number);
    else if (type === "leave") {
      if (message.entry === this.#members.get(session.id)?.entry) this.remove(session.id);
    } else if (type === "pong") session.awake();
    else if (type === "ping") queueMicrotask(() => session.post({ type: "pong" }));
    else if (type === "credentials") this.#questions.get(number)?.(message);
  }

  /** @param {string} member */
  remove(member) {
    const session = this.#sessions.get(member);
    if (session === undefined) return;
    const { entry, leaves, channel } = /** @type {any} */ (this.#members.get(member));
    this.#sessions.delete(member);
    this.#members.delete(member);
    session.post({ type: "removed", entry });
    leaves.abort();
    session.leave();
    for (const number of this.#questions.keys()) this.#questions.get(number)?.({ gone: member });
    if (this.#sessions.size === 0) {
      session.close("");
      this.#stop();
    } else {
      for (const filter of session.subscriptions.keys()) this.routes.unsubscribe(session, filter);
      session.end();
    }
    channel.close();
  }

  // ---- the client of the broker

  /** The last member is gone. What it has not dealt with is left to the broker, if that keeps the session. */
  #stop() {
    const client = this.#client;
    if (client === undefined) return;
    this.#client = this.#accepted = undefined;
    this.routes.clear();
    this.#stopped = client.stop().catch(() => {});
  }

  /** A member wants to be connected. */
  async wants() {
    if (!this.#isReady || ![...this.#sessions.values()].some(({ isWaiting }) => isWaiting)) return;
    if (this.#accepted !== undefined) return this.#acceptAll();
    await this.#stopped;
    const { signal } = new AbortController();
    // A new one that subscribes loads the WebAssembly, and is "connecting" before it is started.
    const isNew = this.#client === undefined;
    if (isNew) this.#make();
    const client = this.#client;
    const failed = (/** @type {any} */ error) => client === this.#client && this.#failed(error);
    if (isNew || client.state === "idle" || client.state === "stopped")
      client.start({ signal }).catch(failed);
  }

  #make() {
    const [{ credentials }] = this.#sessions.values();
    const given = (/** @type {any} */ all) => {
      const kept = Object.entries(all ?? {}).filter(([key]) => !OF_MEMBERS.includes(key));
      this.#places = Number(all?.properties?.receiveMaximum) || this.#places;
      return { ...Object.fromEntries(kept), ...UNBOUNDED };
    };
    const asked = async (/** @type {number} */ attempt, /** @type {any} */ error) => {
      // One that was deposed while it did not answer learns it here before it connects again.
      if ((await holder(this.name)).hub !== this.id) throw new Error("another tab has the connection");
      return given(credentials ?? (await this.#credentials(attempt, error)));
    };
    /** A client that is stopping says nothing of those who wait for the next one. @param {(...given: any[]) => void} tell */
    const current =
      (tell) =>
      (/** @type {any[]} */ ...given) =>
        this.#client === client && tell(...given);
    /** @type {any} */
    let client;
    try {
      client = new this.Client({
        credentials: asked,
        autostart: false,
        on_connect: current((_client, _userdata, flags, code, properties) =>
          this.#connected(flags.sessionPresent, code, properties),
        ),
        on_disconnect: current((_client, _userdata, _code, error) => this.#disconnected(error)),
        on_error() {},
      });
      client.addEventListener(
        "reconnecting",
        current(({ error }) => this.#failed(error)),
      );
      this.#client = client;
      this.#receive(client);
    } catch (error) {
      this.#client = undefined;
      this.#failed(error);
      throw error;
    }
    this.routes.askAll();
  }

  /** What a credentials function answers, in the tab that is the first to do so. @param {number} attempt @param {any} error */
  async #credentials(attempt, error) {
    const { name, message, code, reasonCode } = error ?? {};
    const shown = error && { name, message, code, reasonCode };
    /** Of the tabs that were asked and are there. @type {Map<string, Promise<any>>} */
    const answers = new Map();
    const left = [...this.#sessions];
    let failure = "no tab is left to answer";
    while (left.length + answers.size > 0) {
      const next = left.shift();
      if (next !== undefined) answers.set(next[0], this.#question(next, { attempt, error: shown }));
      const first = Promise.race(answers.values());
      const answer = await (left.length > 0 ? unlessLate(first) : first);
      if (answer === LATE) continue;
      if (answer.credentials !== undefined) return answer.credentials;
      failure = answer.failure ?? failure;
      answers.delete(answer.member);
    }
    throw new Error(failure);
  }

  /** Asks a tab, and resolves with its answer, or when it is gone. @param {[string, Session]} member @param {object} question @returns {Promise<any>} */
  #question([member, session], question) {
    this.#asked += 1;
    const number = this.#asked;
    return new Promise((resolve) => {
      this.#questions.set(number, (given) => {
        if (given.gone !== undefined && given.gone !== member) return;
        this.#questions.delete(number);
        resolve({ ...given, member });
      });
      session.post({ type: "ask", number, ...question });
    });
  }

  /** @param {boolean} present @param {number} code @param {any} properties */
  #connected(present, code, properties) {
    if (code !== 0) {
      const codes = CODES.find((both) => both.includes(code)) ?? [code, 3];
      for (const session of this.#sessions.values()) if (session.isWaiting) session.refuse(codes);
      return;
    }
    this.#accepted = { present, properties };
    const takesIdentifiers = properties?.subscriptionIdentifiersAvailable !== false;
    this.routes.connected(this.#client.mqttversion === 5 && takesIdentifiers);
    this.#acceptAll();
    this.all.postMessage({ type: "up", hub: this.id });
  }

  #acceptAll() {
    const { present = false, properties } = this.#accepted ?? {};
    for (const session of this.#sessions.values())
      if (session.isWaiting) session.accept(this.#client.mqttversion, present, properties);
  }

  /** @param {any} error */
  #disconnected(error) {
    this.#accepted = undefined;
    for (const session of this.#sessions.values()) session.close(error?.message ?? "");
  }

  /** An attempt to connect has failed. @param {any} error */
  #failed = (error) => {
    for (const session of this.#sessions.values()) if (session.isWaiting) session.close(error?.message ?? "");
  };

  /** @param {string} topic @param {Uint8Array} payload @param {any} options @returns {Promise<any>} */
  publish(topic, payload, options) {
    return this.#client.publish(topic, payload, options);
  }

  // ---- messages

  /** @param {any} client */
  async #receive(client) {
    for await (const message of client.messages(undefined, { ack: "manual" })) {
      this.routes.route(message).then((codes) => {
        const [code] = codes;
        if (codes.length === 1 && typeof code === "number" && code >= REFUSED) message.reject(code);
        else message.ack();
      });
    }
  }
}

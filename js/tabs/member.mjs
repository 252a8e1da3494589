// A client as a member of a shared connection: finds the hub, or has one started, carries the bytes of its core there and back,
// and joins the next hub when this one is gone. Keeps what the hub knows of the member's subscriptions, for the next hub.

import { host } from "./host.mjs";
import { lifeOf, memberChannel, memberLock, nameOf, nameOfAnswer, whenGone, workerName } from "./names.mjs";
import { SILENT, Silence } from "./silence.mjs";
import { TabSocket } from "./tab-socket.mjs";

const NO_OBJECT = "what the credentials function gives must be an object";
/** @param {unknown} given */
export const isObject = (given) => typeof given === "object" && given !== null && !Array.isArray(given);

/** How long an answer of a credentials function is used for an attempt of the hub. */
const FRESH_MS = 2000;
/** How long the worker may take to say that it is there, before a tab offers itself. */
const WORKER_MS = 5000;

/** The tab as a candidate for the hub, by connection; what is called ends that. @type {Map<string, () => void>} */
const candidates = new Map();

export class Member {
  #id = crypto.randomUUID();
  #credentials;
  #up;
  #name = "";
  /** @type {Promise<void> | undefined} */
  #entered;
  /** @type {AbortController | undefined} */
  #stay;
  /** @type {BroadcastChannel | undefined} */
  #all;
  /** @type {BroadcastChannel | undefined} */
  #own;
  /** How often it has entered: what hub and member say of the time before is void. */
  #entry = 0;
  /** The hub that has taken the member. @type {string | undefined} */
  #hub;
  /** The hub before. @type {string | undefined} */
  #former;
  /** Of the hub before, too. @type {unknown} */
  #subscriptions;
  /** @type {TabSocket | undefined} */
  #socket;
  #sockets = 0;
  /** An answer of the credentials function, when that was asked, and whether the hub has got it. @type {{ credentials: Promise<any>, at: number, used: boolean } | undefined} */
  #answer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #overdue;
  /** @type {Silence | undefined} */
  #silence;

  /** @param {any} Client the class, for a hub in this tab @param {any} credentials @param {() => void} up called when the shared connection is there */
  constructor(Client, credentials, up) {
    this.Client = Client;
    this.#credentials = credentials;
    this.#up = up;
  }

  /** An attempt of the core to connect. @param {string} url */
  open(url) {
    this.#socket?.failed("");
    this.#sockets += 1;
    const socket = new TabSocket(url, this.#sockets, (message) => this.#own?.postMessage(message));
    this.#socket = socket;
    this.#connect(socket);
    return socket;
  }

  /** @param {TabSocket} socket */
  #connect(socket) {
    this.#enter().then(
      () => this.#offer(),
      (error) => {
        socket.failed(`this page cannot share a connection (${error}); use mqtt-lib here`);
        this.leave();
      },
    );
  }

  /** What the credentials function answers to the core, which needs an answer that the hub has not used. @param {number} attempt @param {any} error */
  async answer(attempt, error) {
    this.#answer ??= this.#asked(attempt, error);
    return this.#answer.credentials;
  }

  /** @param {number} attempt @param {any} error */
  #asked(attempt, error) {
    return { credentials: this.#call(attempt, error), at: performance.now(), used: false };
  }

  /** @param {number} attempt @param {any} error */
  async #call(attempt, error) {
    try {
      return await this.#credentials(attempt, error);
    } catch (thrown) {
      this.#answer = undefined;
      throw thrown;
    }
  }

  /** The hub asks for credentials. @param {any} message */
  async #ask({ number, attempt, error }) {
    // A token may live for seconds.
    if (this.#answer === undefined || this.#answer.used || performance.now() - this.#answer.at > FRESH_MS)
      this.#answer = this.#asked(attempt, error);
    this.#answer.used = true;
    const answer = await this.#answer.credentials.then(
      (credentials) => (isObject(credentials) ? { credentials } : { failure: NO_OBJECT }),
      (thrown) => ({ failure: `${thrown?.message ?? thrown}` }),
    );
    const { credentials } = /** @type {any} */ (answer);
    const entry = this.#entry;
    const isOther = credentials !== undefined && (await nameOfAnswer(credentials)) !== this.#name;
    if (entry !== this.#entry) return;
    if (isOther) this.#move();
    else this.#own?.postMessage({ type: "credentials", number, ...answer });
  }

  /** The function answers for another connection than before, as for another user: the core connects again, and the member to that one. */
  #move() {
    if (this.#answer !== undefined) this.#answer.used = false;
    this.#name = "";
    this.#quit();
  }

  #enter() {
    this.#entered ??= this.#join();
    return this.#entered;
  }

  async #join() {
    const stay = new AbortController();
    this.#stay = stay;
    this.#entry += 1;
    // What cannot be sent to the hub fails here.
    if (typeof this.#credentials !== "function") structuredClone(this.#credentials);
    this.#name ||= await this.#nameNow();
    const name = this.#name;
    await new Promise((held, refused) => {
      const granted = () => {
        held(undefined);
        // The client may have stopped meanwhile; who has the lock then keeps it from the next one.
        if (stay.signal.aborted) return;
        return new Promise((left) => stay.signal.addEventListener("abort", left));
      };
      // As in a frame without an origin, or where the browser stores nothing for the site.
      navigator.locks.request(memberLock(name, this.#id), granted).catch(refused);
    });
    if (stay.signal.aborted) return;
    this.#all = new BroadcastChannel(name);
    this.#all.onmessage = ({ data }) => this.#heard(data);
    this.#own = new BroadcastChannel(memberChannel(name, this.#id));
    this.#own.onmessage = ({ data }) => this.#told(data);
    addEventListener("pagehide", () => this.leave(), { signal: stay.signal });
    this.#silence = new Silence(
      name,
      () => this.#hub,
      (isLong) => {
        this.#own?.postMessage({ type: "ping" });
        if (isLong) this.#all?.postMessage({ type: "who" });
      },
    );
    this.#findHub();
  }

  /** Of the connection that the credentials are for, now. */
  async #nameNow() {
    if (typeof this.#credentials !== "function") return nameOf(this.#credentials);
    // The core has asked it by now, unless it was started while it stopped.
    this.#answer ??= this.#asked(1, undefined);
    return nameOfAnswer(await this.#answer.credentials);
  }

  /** Asks for a hub, and has one started. */
  #findHub() {
    this.#all?.postMessage({ type: "who" });
    clearTimeout(this.#overdue);
    if (!this.#startWorker()) return this.#stand();
    this.#overdue = setTimeout(() => this.#stand(), WORKER_MS);
  }

  /** False if there are no such workers here. */
  #startWorker() {
    if (typeof SharedWorker !== "function" || candidates.has(this.#name)) return false;
    try {
      const worker = new SharedWorker(new URL("./tabs.worker.mjs", import.meta.url), {
        type: "module",
        name: workerName(this.#name, this.#former),
      });
      worker.onerror = () => this.#stand();
      return true;
    } catch {
      return false;
    }
  }

  /** Offers this tab as the hub. */
  #stand() {
    if (this.#entered === undefined || candidates.has(this.#name)) return;
    candidates.set(
      this.#name,
      host(this.#name, this.Client, () => candidates.delete(this.#name)),
    );
    addEventListener("pagehide", () => this.#withdraw(), { once: true });
  }

  #withdraw() {
    candidates.get(this.#name)?.();
    candidates.delete(this.#name);
  }

  /** What the hub tells everybody. @param {any} message */
  #heard({ type, hub }) {
    if (type === "up" && hub === this.#hub) this.#up();
    if (type !== "hub") return;
    if (hub === this.#hub) this.#silence?.heard();
    // One that was deposed may not know it yet: a member looks for another hub when its own is gone.
    if (this.#hub !== undefined) return;
    clearTimeout(this.#overdue);
    const plain = typeof this.#credentials !== "function";
    this.#all?.postMessage({
      type: "join",
      hub,
      member: this.#id,
      entry: this.#entry,
      credentials: plain ? this.#credentials : undefined,
      subscriptions: this.#subscriptions,
    });
  }

  /** What the hub tells this member. @param {any} message */
  #told(message) {
    const { type, number, entry = this.#entry } = message;
    if (entry !== this.#entry) return;
    if (type === "pong" || type === "data") this.#silence?.heard();
    if (type === "joined") {
      const { hub } = message;
      this.#hub = hub;
      const stay = /** @type {AbortController} */ (this.#stay);
      whenGone(lifeOf(this.#name, hub), stay.signal, () => {
        if (this.#hub !== hub) return;
        this.#former = hub;
        this.#lost(undefined, this.#silence?.isLong ? SILENT : "");
        this.#findHub();
      });
      this.#offer();
    } else if (type === "subscriptions") this.#subscriptions = message.subscriptions;
    else if (type === "ask") this.#ask(message);
    else if (type === "ping") this.#own?.postMessage({ type: "pong" });
    else if (type === "removed") this.#removed();
    else if (this.#socket?.number !== number) return;
    else if (type === "opened") this.#socket?.opened();
    else if (type === "data") this.#socket?.received(message.bytes);
    else if (type === "closed") this.#socket?.failed(message.reason);
  }

  /** The hub is gone, or another one is there. @param {string | undefined} hub @param {string} [reason] */
  #lost(hub, reason = "") {
    this.#hub = hub;
    if (this.#socket?.isOffered) this.#socket.failed(reason);
  }

  /** Asks the hub to open the socket. */
  #offer() {
    const socket = this.#socket;
    if (this.#hub === undefined || socket === undefined || socket.readyState !== 0 || socket.isOffered)
      return;
    socket.isOffered = true;
    this.#own?.postMessage({ type: "open", number: socket.number });
  }

  /** The hub has let the member go at its DISCONNECT; by now the client may have been started again. */
  #removed() {
    const socket = this.#socket;
    this.#hub = this.#answer = undefined;
    this.#name = "";
    this.#part();
    if (socket?.readyState !== 0) return;
    socket.isOffered = false;
    this.#connect(socket);
  }

  /** The client has stopped, or the page is left. What its function answers next may be for another connection. */
  leave() {
    this.#answer = undefined;
    this.#name = "";
    this.#quit();
  }

  #quit() {
    if (this.#entered === undefined) return;
    this.#own?.postMessage({ type: "leave", entry: this.#entry });
    this.#lost(undefined);
    this.#socket?.failed("");
    this.#part();
  }

  #part() {
    clearTimeout(this.#overdue);
    this.#silence?.end();
    this.#all?.close();
    this.#own?.close();
    this.#all = this.#own = this.#entered = this.#subscriptions = undefined;
    this.#stay?.abort();
  }
}

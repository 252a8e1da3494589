// Stands for the transport of the next attempt where the core may not be asked for credentials: with a store the core takes
// fixed ones, and opens a transport at once. This one opens when the facade has made the real one.

const EVENTS = /** @type {const} */ (["onopen", "onmessage", "onerror", "onclose", "ondrain"]);

export class Deferred {
  binaryType = "arraybuffer";
  isClosed = false;
  /** @type {((event: any) => void) | null} */
  onopen = null;
  /** @type {((event: any) => void) | null} */
  onmessage = null;
  /** @type {((event: any) => void) | null} */
  onerror = null;
  /** @type {((event: any) => void) | null} */
  onclose = null;
  /** @type {((event: any) => void) | null} */
  ondrain = null;
  /** @type {import("./channel.mjs").Channel | undefined} */
  #channel;

  /** @param {import("./channel.mjs").Channel} channel */
  bind(channel) {
    this.#channel = channel;
    for (const name of EVENTS) channel[name] = (event) => this[name]?.(event);
    channel.attach();
  }

  get readyState() {
    return this.#channel?.readyState ?? (this.isClosed ? 3 : 0);
  }

  get bufferedAmount() {
    return this.#channel?.bufferedAmount ?? 0;
  }

  /** @param {Uint8Array} bytes */
  send(bytes) {
    this.#channel?.send(bytes);
  }

  close() {
    if (this.#channel !== undefined) return this.#channel.close();
    if (this.isClosed) return;
    this.isClosed = true;
    queueMicrotask(() => this.onclose?.({ type: "close", code: 1006, reason: "", wasClean: false }));
  }

  pause() {
    this.#channel?.pause();
  }

  resume() {
    this.#channel?.resume();
  }
}

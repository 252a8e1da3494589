// Lets a socket of Node rest while too much is received and not dealt with. While an answer is awaited on it (PINGRESP,
// or the acknowledgement of a publish that a handler awaits), it is read now and then, one chunk at a time, so that
// neither keep alive nor a handler waits for ever. Knows nothing of messages.

import { clearTimeout, setTimeout } from "./clock.mjs";

const LOOK_MS = 5;

export class Valve {
  /** @type {any} */
  #socket;
  #paused = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => boolean} awaits whether an answer is awaited */
  constructor(awaits) {
    this.awaits = awaits;
  }

  /** False if the socket cannot be paused. @param {any} socket @param {boolean} full */
  set(socket, full) {
    if (typeof socket?.pause !== "function") return false;
    this.#socket = socket;
    if (full) this.#close();
    else this.#open();
    return true;
  }

  #close() {
    if (!this.#paused) this.#socket.pause();
    this.#paused = true;
    this.#timer ??= setTimeout(() => this.#look(), LOOK_MS);
  }

  #open() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#paused) this.#socket.resume();
    this.#paused = false;
  }

  /** The next message that is too much closes the valve again. */
  #look() {
    this.#timer = undefined;
    if (!this.#paused) return this.#close();
    if (this.awaits()) {
      this.#paused = false;
      this.#socket.resume();
    }
    this.#timer = setTimeout(() => this.#look(), LOOK_MS);
  }
}

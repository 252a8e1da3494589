// Withdraws one publish that is not on the wire: what the native client needs of an AbortSignal, without the cost of one.

const REASON = new Error("Message removed");

export class Withdrawal {
  aborted = false;
  reason = REASON;
  /** @type {(() => void) | undefined} */
  #listener;

  abort() {
    this.aborted = true;
    this.#listener?.();
  }

  /** @param {string} _event @param {() => void} listener */
  addEventListener(_event, listener) {
    this.#listener = listener;
  }

  removeEventListener() {
    this.#listener = undefined;
  }
}

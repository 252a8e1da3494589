// What the core of a tab has in place of a WebSocket: one attempt to connect, whose bytes go to the hub and come from it.

export class TabSocket {
  binaryType = "arraybuffer";
  bufferedAmount = 0;
  readyState = 0;
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
  /** Whether the hub has been asked to open it. */
  isOffered = false;

  /** @param {string} url that of the broker @param {number} number @param {(message: object) => void} post */
  constructor(url, number, post) {
    this.url = url;
    this.number = number;
    this.post = post;
  }

  opened() {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.onopen?.({ type: "open" });
  }

  /** @param {Uint8Array} bytes */
  received(bytes) {
    if (this.readyState === 1) this.onmessage?.({ type: "message", data: bytes });
  }

  /** @param {Uint8Array} bytes a view of the core's memory */
  send(bytes) {
    if (this.readyState === 1) this.post({ type: "data", number: this.number, bytes: bytes.slice() });
  }

  close() {
    if (this.readyState === 3) return;
    this.post({ type: "close", number: this.number });
    this.failed("");
  }

  /** The hub has closed it, or is gone. @param {string} reason */
  failed(reason) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    queueMicrotask(() => this.onclose?.({ type: "close", code: 1006, reason, wasClean: false }));
  }
}

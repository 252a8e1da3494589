// A ring buffer: a list that drops its oldest entries, limited in number and in bytes.

/** The memory of an entry without its payload: objects, strings, the slot. */
const OVERHEAD = 200;

export class Ring {
  #items;
  #sizes;
  #first = 0;
  #bytes = 0;
  #maxBytes;
  length = 0;

  /** @param {number} count @param {number} bytes */
  constructor(count, bytes) {
    this.#items = new Array(count);
    this.#sizes = new Uint32Array(count);
    this.#maxBytes = bytes;
  }

  get capacity() {
    return this.#items.length;
  }

  get bytes() {
    return this.#bytes;
  }

  push(item, bytes = 0) {
    const size = bytes + OVERHEAD;
    while (this.length > 0 && (this.length === this.capacity || this.#bytes + size > this.#maxBytes))
      this.#shift();
    const at = (this.#first + this.length) % this.capacity;
    this.#items[at] = item;
    this.#sizes[at] = size;
    this.#bytes += size;
    this.length++;
  }

  #shift() {
    this.#bytes -= this.#sizes[this.#first];
    this.#items[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.capacity;
    this.length--;
  }

  /** The entry at this index, from the newest one, which is 0. */
  newest(index) {
    return this.#items[(this.#first + this.length - 1 - index) % this.capacity];
  }

  /** All entries, the newest first. */
  toArray() {
    return Array.from({ length: this.length }, (_, index) => this.newest(index));
  }
}

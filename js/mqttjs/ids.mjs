// The numbers that the facade gives to publishes and requests, as MQTT.js does: one after the other, or free ones only. On
// the wire are those of the core.

const LAST = 65_535;

export class DefaultMessageIdProvider {
  nextId = 1 + Math.floor(Math.random() * (LAST - 1));

  allocate() {
    const id = this.nextId;
    this.nextId = id === LAST ? 1 : id + 1;
    return id;
  }

  getLastAllocated() {
    return this.nextId === 1 ? LAST : this.nextId - 1;
  }

  /** @param {number} _id */
  register(_id) {
    return true;
  }

  /** @param {number} _id */
  deallocate(_id) {}

  clear() {}
}

export class UniqueMessageIdProvider {
  /** @type {Set<number>} */
  #used = new Set();
  /** @type {number | undefined} */
  #last;
  /** None below it is free. */
  #lowest = 1;

  /** The lowest that is free; null when all are in use. @returns {number | null} */
  allocate() {
    if (this.#used.size === LAST) return null;
    while (this.#used.has(this.#lowest)) this.#lowest += 1;
    this.#last = this.#lowest;
    this.#used.add(this.#last);
    return this.#last;
  }

  getLastAllocated() {
    return this.#last;
  }

  /** False if it is in use. @param {number} id */
  register(id) {
    if (this.#used.has(id)) return false;
    this.#used.add(id);
    return true;
  }

  /** @param {number} id */
  deallocate(id) {
    this.#used.delete(id);
    this.#lowest = Math.min(this.#lowest, id);
  }

  clear() {
    this.#used.clear();
    this.#lowest = 1;
  }
}

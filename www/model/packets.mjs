// The packets on the wire: a bounded list of all, and one of those that match the filter. Owns what is kept and what matches;
// user name, password and authentication data are masked before they come here.

import { Ring } from "../lib/ring.mjs";
import { ROUND_TRIP } from "./round-trip.mjs";

const KEPT = 5_000;
/** Of the payloads; a payload of a packet is kept whole. */
const MAX_BYTES = 8 * 2 ** 20;

/** @param {{ direction: string, packet: any }} packet its name as the standard writes it */
export const nameOf = ({ packet: { cmd } }) => (cmd ?? "?").toUpperCase();

/** A packet with its number; the line is made when somebody asks for it. */
class Entry {
  /** @type {string | undefined} */
  #line;

  /** @param {number} number @param {any} packet of `mqtt-lib/wire` @param {boolean} isPing */
  constructor(number, packet, isPing) {
    this.number = number;
    this.packet = packet;
    this.isPing = isPing;
  }

  get line() {
    this.#line ??= String(this.packet);
    return this.#line;
  }
}

export function createPackets({ keep = KEPT } = {}) {
  let all = new Ring(keep, MAX_BYTES);
  /** Those that match the filter, if there is one. @type {Ring | undefined} */
  let found;
  let filter = { text: "", direction: "", pings: true };
  let total = 0;

  const filtering = () => filter.text !== "" || filter.direction !== "" || !filter.pings;

  function matches({ packet, line, isPing }) {
    if (filter.direction !== "" && packet.direction !== filter.direction) return false;
    if (!filter.pings && isPing) return false;
    return filter.text === "" || line.toLowerCase().includes(filter.text);
  }

  /** The identifiers of round trips that are not answered. */
  const asked = new Set();

  /** PINGREQ and PINGRESP, and the round trip that the page measures. @param {any} packet */
  function isPing({ packet: { cmd, messageId, unsubscriptions } }) {
    if (cmd === "unsuback") return asked.delete(messageId);
    if (!unsubscriptions?.[0]?.startsWith(ROUND_TRIP)) return /^ping/.test(cmd);
    asked.add(messageId);
    return true;
  }

  /** @param {Ring} ring @param {any} entry */
  const push = (ring, entry) => ring.push(entry, entry.packet.packet.payload?.length ?? 0);

  return {
    add(packet) {
      const entry = new Entry(++total, packet, isPing(packet));
      push(all, entry);
      if (found && matches(entry)) push(found, entry);
    },

    /** The listed packets. */
    get shown() {
      return found ?? all;
    },

    get total() {
      return total;
    },

    get kept() {
      return all.length;
    },

    get filtering() {
      return filtering();
    },

    /** @param {Partial<typeof filter>} wanted `text` is searched in the packet as a line */
    filter(wanted) {
      filter = { ...filter, ...wanted };
      filter.text = filter.text.toLowerCase();
      found = undefined;
      if (!filtering()) return;
      found = new Ring(keep, MAX_BYTES);
      for (const entry of all.toArray().reverse()) if (matches(entry)) push(found, entry);
    },

    clear() {
      all = new Ring(keep, MAX_BYTES);
      if (found) found = new Ring(keep, MAX_BYTES);
      total = 0;
    },
  };
}

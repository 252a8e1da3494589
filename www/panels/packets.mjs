// The wire log: each packet that the page sends and receives, the newest first, with a filter, pause, and its fields in full.

import { button, byId, make, setText } from "../lib/dom.mjs";
import { clock, count, plural } from "../lib/format.mjs";
import { painter } from "../lib/painter.mjs";
import { virtualList } from "../lib/virtual-list.mjs";
import { nameOf } from "../model/packets.mjs";
import { createRow, fillRow } from "./packet-row.mjs";
import { payloadView } from "./payload-view.mjs";

/** More frequent updates could not be read. */
const REDRAW_MS = 100;
const NARROW = matchMedia("(max-width: 47.99rem)");
const WAYS = { "": "Both ways", sent: "Sent", received: "Received" };
/** Of a packet that is no PUBLISH; they are fields of every packet, as the decoder makes them. */
const OF_PUBLISH = ["topic", "payload", "qos", "retain", "dup"];

/** @param {ReturnType<import("../model/packets.mjs").createPackets>} packets */
export function packetsPanel(packets, { views }) {
  const box = byId("packets");
  const pause = byId("pause-packets");
  const detail = byId("packet-detail");
  /** While paused: the entries at that time, and how many packets there had been. @type {{ entries: any[], total: number } | null} */
  let held = null;
  byId("packet-way").append(...Object.entries(WAYS).map(([value, text]) => make("option", { value }, text)));

  const entryAt = (index) => (held ? held.entries[index] : packets.shown.newest(index));
  const list = virtualList(box, {
    rowRole: "option",
    rowHeight: () => (NARROW.matches ? 46 : 26),
    count: () => (held ? held.entries.length : packets.shown.length),
    create: createRow,
    fill: (row, index, active) => fillRow(row, entryAt(index), active),
    onActivate(index) {
      hold();
      show(entryAt(index));
    },
    onKey(event) {
      if (event.key !== "Escape" || !held) return false;
      go();
      return true;
    },
    onScroll() {
      if (!list.atTop && !held) hold();
    },
  });
  const paint = painter(draw, { interval: REDRAW_MS, visible: () => views.shows("packets") });
  views.onChange(() => paint.mark());

  function draw() {
    list.draw();
    const fresh = held ? packets.total - held.total : 0;
    setText(pause, held ? `Resume${fresh === 0 ? "" : ` · ${count(fresh)} new`}` : "Pause");
    box.dataset.empty = packets.filtering
      ? `None of the ${plural(packets.kept, "kept packet")} matches.`
      : "Connect: each packet is listed here, the newest first. User name and password are masked.";
  }

  function hold() {
    held ??= { entries: packets.shown.toArray(), total: packets.total };
    pause.setAttribute("aria-pressed", "true");
    paint.now();
  }

  function go() {
    held = null;
    list.active = -1;
    list.toTop();
    detail.hidden = true;
    pause.setAttribute("aria-pressed", "false");
    paint.now();
  }

  /** @param {Parameters<typeof packets.filter>[0]} wanted */
  function filter(wanted) {
    packets.filter(wanted);
    if (held) held.entries = packets.shown.toArray();
    list.active = -1;
    list.toTop();
    paint.now();
  }

  /** @param {{ packet: any }} entry */
  function show({ packet }) {
    const { packet: fields, direction, time, bytes, connection } = packet;
    const { cmd, length: _, payload, ...others } = fields;
    const isPublish = cmd === "publish";
    const facts = Object.entries(others).filter(([name]) => isPublish || !OF_PUBLISH.includes(name));
    detail.hidden = false;
    detail.replaceChildren(
      make(
        "div",
        { class: "line" },
        make("strong", {}, nameOf(packet)),
        button("Close", { class: "quiet" }, go),
      ),
      make(
        "p",
        { class: "soft" },
        [clock(time.getTime()), direction, plural(bytes, "byte"), `connection ${connection}`].join(" · "),
      ),
      make("dl", { class: "facts" }, ...facts.map(([name, value]) => fact(name, value))),
      ...(isPublish ? [payloadView(payload)] : []),
    );
  }

  byId("packet-filter").addEventListener("input", ({ target }) => filter({ text: target.value }));
  byId("packet-way").addEventListener("change", ({ target }) => filter({ direction: target.value }));
  byId("packet-pings").addEventListener("change", ({ target }) => filter({ pings: target.checked }));
  pause.addEventListener("click", () => (held ? go() : hold()));
  byId("clear-packets").addEventListener("click", () => {
    packets.clear();
    go();
  });

  return {
    /** A packet was sent or received. */
    mark: paint.mark,
  };
}

/** @param {string} name @param {unknown} value */
function fact(name, value) {
  const text = value instanceof Uint8Array || typeof value === "object" ? jsonOf(value) : String(value);
  return make("div", {}, make("dt", {}, name), make("dd", {}, text));
}

/** JSON, with bytes as text. @param {unknown} value */
const jsonOf = (value) =>
  JSON.stringify(value, (_key, one) => (one instanceof Uint8Array ? new TextDecoder().decode(one) : one));

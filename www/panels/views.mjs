// Shows the view that the fragment of the address names, so that reload and the back button work. On a phone each part of the
// page is a view; on a tablet the connection panel is always visible, on a desktop also the publish panel.

import { byId } from "../lib/dom.mjs";

const TABLET = matchMedia("(min-width: 48rem)");
const DESK = matchMedia("(min-width: 75rem)");
/** Parts that are always visible. */
const always = () => (DESK.matches ? ["connect", "publish"] : TABLET.matches ? ["connect"] : []);

export function createViews() {
  const links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("nav.views a")]);
  const names = links.map((link) => link.hash.slice(1));
  const listeners = new Set();
  let shown = "";

  function wanted() {
    const name = location.hash.slice(1);
    const known = names.includes(name) ? name : "connect";
    return always().includes(known) ? "messages" : known;
  }

  function show() {
    const name = wanted();
    shown = name;
    for (const part of document.querySelectorAll("[data-of]")) {
      part.toggleAttribute("data-shown", /** @type {HTMLElement} */ (part).dataset.of === name);
    }
    for (const link of links) {
      if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    for (const listener of listeners) listener(name);
  }

  addEventListener("hashchange", show);
  TABLET.addEventListener("change", show);
  DESK.addEventListener("change", show);
  show();

  return {
    /** @param {string} name */
    go(name) {
      location.hash = name;
    },
    shows: (name) => shown === name,
    /** Calls back with the name of the view at each change. */
    onChange: (listener) => listeners.add(listener),
    /** Shows the view that contains this field, and focuses the field. @param {string} id */
    focus(id) {
      const side = byId(id).closest("[data-of]").dataset.of;
      if (!always().includes(side)) location.hash = side;
      show();
      byId(id).focus();
    },
  };
}

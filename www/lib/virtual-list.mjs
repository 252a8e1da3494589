// A virtual list: of any number of rows only those on the screen are in the document. All rows have the same height. Owns
// scrolling, the active row and the keyboard; the caller owns the content of the rows.

import { make } from "./dom.mjs";

const SPARE = 2;

/**
 * @param {HTMLElement} box scrolls and has the focus; its role (listbox, tree) is in the page
 * @param {{
 *   rowHeight: () => number, rowRole: string, count: () => number,
 *   create: (element: HTMLElement) => any, fill: (row: any, index: number, active: boolean) => void,
 *   onActivate?: (index: number) => void, onKey?: (event: KeyboardEvent, index: number) => boolean,
 *   onScroll?: (top: number) => void,
 * }} options
 */
export function virtualList(box, options) {
  const { rowRole, count, create, fill, onActivate, onKey, onScroll } = options;
  const space = make("div", { class: "v-space", role: "presentation" });
  box.classList.add("v-list");
  box.append(space);
  /** @type {{ element: HTMLElement, row: any, index: number, total: number }[]} */
  const slots = [];
  let top = 0;
  let height = 0;
  let spaced = -1;
  let active = -1;
  let rowHeight = options.rowHeight();

  new ResizeObserver(() => {
    height = box.clientHeight;
    if (rowHeight !== options.rowHeight()) {
      rowHeight = options.rowHeight();
      space.style.height = `${spaced * rowHeight}px`;
      for (const made of slots) {
        made.index = -1;
        made.element.style.height = `${rowHeight}px`;
      }
    }
    if (active >= 0) reveal(active);
    draw();
  }).observe(box);
  box.addEventListener(
    "scroll",
    () => {
      top = box.scrollTop;
      onScroll?.(top);
      draw();
    },
    { passive: true },
  );

  function slot(number) {
    while (slots.length <= number) {
      const element = make("div", { class: "v-row", role: rowRole, id: `${box.id}-row-${slots.length}` });
      element.style.height = `${rowHeight}px`;
      const made = { element, row: create(element), index: -1, total: -1 };
      element.addEventListener("click", () => activate(made.index));
      slots.push(made);
      space.append(element);
    }
    return slots[number];
  }

  function draw() {
    const total = count();
    if (spaced !== total) {
      spaced = total;
      space.style.height = `${total * rowHeight}px`;
    }
    if (active >= total) active = total - 1;
    const first = Math.max(0, Math.min(Math.floor(top / rowHeight), total - 1));
    const shown = height === 0 ? 0 : Math.min(total - first, Math.ceil(height / rowHeight) + SPARE);
    let described = "";
    for (let i = 0; i < shown; i++) {
      const made = slot(i);
      const index = first + i;
      if (made.index !== index) {
        made.index = index;
        made.element.style.transform = `translateY(${index * rowHeight}px)`;
        made.element.setAttribute("aria-posinset", String(index + 1));
      }
      if (made.total !== total) {
        made.total = total;
        made.element.setAttribute("aria-setsize", String(total));
      }
      made.element.hidden = false;
      if (index === active) described = made.element.id;
      fill(made.row, index, index === active);
    }
    for (let i = shown; i < slots.length; i++) {
      slots[i].element.hidden = true;
      slots[i].index = -1;
    }
    if ((box.getAttribute("aria-activedescendant") ?? "") !== described) {
      if (described) box.setAttribute("aria-activedescendant", described);
      else box.removeAttribute("aria-activedescendant");
    }
  }

  function reveal(index) {
    const from = index * rowHeight;
    if (from < box.scrollTop) box.scrollTop = from;
    else if (from + rowHeight > box.scrollTop + height) box.scrollTop = from + rowHeight - height;
    top = box.scrollTop;
  }

  function activate(index) {
    if (index < 0 || index >= count()) return;
    active = index;
    reveal(index);
    onActivate?.(index);
    draw();
  }

  const page = () => Math.max(1, Math.floor(height / rowHeight) - 1);
  const moves = {
    ArrowDown: () => active + 1,
    ArrowUp: () => Math.max(0, active - 1),
    PageDown: () => Math.min(count() - 1, Math.max(0, active) + page()),
    PageUp: () => Math.max(0, active - page()),
    Home: () => 0,
    End: () => count() - 1,
  };
  box.addEventListener("keydown", (event) => {
    if (onKey?.(event, active)) return event.preventDefault();
    const move = moves[event.key];
    if (!move || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    activate(move());
  });

  return {
    draw,
    activate,
    get active() {
      return active;
    },
    set active(index) {
      active = index;
    },
    get atTop() {
      return top < rowHeight;
    },
    toTop() {
      box.scrollTop = 0;
      top = 0;
    },
  };
}

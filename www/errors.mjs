// The log of errors: the last 100, the newest first, each with its code.

import { byId, clock, make } from "./dom.mjs";

const KEPT = 100;

export function errorsPanel() {
  const list = byId("errors");
  const count = byId("error-count");
  let total = 0;

  byId("clear-errors").addEventListener("click", () => {
    total = 0;
    count.textContent = 0;
    list.replaceChildren();
  });

  return {
    add(error) {
      total++;
      count.textContent = total;
      list.prepend(
        make(
          "li",
          { "data-code": error.code ?? "" },
          make(
            "div",
            { class: "about" },
            make("span", { class: "topic" }, error.code ?? error.name ?? "Error"),
            make("time", {}, clock()),
          ),
          error.message ?? String(error),
        ),
      );
      while (list.childElementCount > KEPT) list.lastElementChild.remove();
    },
  };
}

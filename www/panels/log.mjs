// The log of errors: the last 100, the newest first, each with its code.

import { byId, make, setText } from "../lib/dom.mjs";
import { clock, count } from "../lib/format.mjs";
import { sentenceOf } from "../lib/sentence.mjs";

const KEPT = 100;

export function logPanel() {
  const list = byId("errors");
  const number = byId("error-count");
  let total = 0;

  function show() {
    setText(number, count(total));
    number.dataset.count = String(total);
  }

  byId("clear-errors").addEventListener("click", () => {
    total = 0;
    list.replaceChildren();
    show();
  });

  return {
    add(error) {
      total++;
      show();
      const code = error.code ?? error.name ?? "Error";
      const name = error.reasonName === undefined ? "" : ` (${error.reasonName})`;
      const reason =
        error.reasonCode !== undefined &&
        make("span", { class: "tag" }, `reason code ${error.reasonCode}${name}`);
      const help =
        error.help && make("a", { href: error.help, target: "_blank", rel: "noreferrer" }, "what to do");
      list.prepend(
        make(
          "li",
          { "data-code": error.code ?? "" },
          make("div", { class: "line" }, make("strong", {}, code), reason, make("time", {}, clock())),
          make("p", {}, sentenceOf(error), " ", help || false),
        ),
      );
      while (list.childElementCount > KEPT) list.lastElementChild.remove();
    },
  };
}

// Publishes the form's message again and again: at an interval, so many times, its payload as a template.

import { byId, make, setText } from "../lib/dom.mjs";
import { part, row } from "../lib/fields.mjs";
import { plural } from "../lib/format.mjs";
import { fillTemplate } from "../model/template.mjs";

const HINT =
  "In the payload {{count}}, {{time}}, {{iso}}, {{random}} and {{random 10 20}} are filled in for each message.";

/**
 * @param {any} session
 * @param {{ log: any, publish(fill: (text: string) => string): Promise<unknown>, showResult(kind: string, text: string): void }} form
 */
export function repeatPart(session, { log, publish, showResult }) {
  const start = make("button", { id: "repeat", type: "button", disabled: true }, "Start");
  /** The one that runs. @type {{ sent: number, timer: any } | undefined} */
  let run;

  function stop(kind, text) {
    clearInterval(run?.timer);
    run = undefined;
    setText(start, "Start");
    if (text !== undefined) showResult(kind, text);
  }

  function begin() {
    const every = Number(byId("repeat-every").value) * 1000;
    const times = Number(byId("repeat-times").value || Number.POSITIVE_INFINITY);
    if (!(every >= 10) || !(times >= 1)) {
      showResult(
        "bad",
        "Give an interval of at least 0.01 s, and a number of messages of at least 1 or none",
      );
      return;
    }
    const mine = { sent: 0, timer: setInterval(next, every) };
    run = mine;
    setText(start, "Stop");
    next();

    async function next() {
      if (run !== mine) return;
      const number = ++mine.sent;
      if (number >= times) clearInterval(mine.timer);
      try {
        await publish((text) => fillTemplate(text, { count: number }));
        if (run !== mine) return;
        showResult("good", `${plural(mine.sent, "message")} published`);
        if (number >= times) stop("good", `${plural(number, "message")} published, done`);
      } catch (error) {
        log.add(error);
        if (run === mine) stop("bad", error.message);
      }
    }
  }

  start.addEventListener("click", () =>
    run ? stop("good", `Stopped after ${plural(run.sent, "message")}`) : begin(),
  );

  return {
    element: part(
      "repeat-part",
      "Repeat",
      row(
        { id: "repeat-every", label: "Every, s", type: "number", value: 1, more: { min: 0.01, step: "any" } },
        {
          id: "repeat-times",
          label: "Times",
          type: "number",
          more: { min: 1, placeholder: "endless" },
        },
        start,
      ),
      make("p", { class: "hint" }, HINT),
    ),
    refresh() {
      start.disabled = !session.running;
      if (run && !session.running) stop("bad", "The connection was ended");
    },
  };
}

// Light, dark, or the setting of the system.

import { byId, say } from "../lib/dom.mjs";

const CHOICES = ["auto", "light", "dark"];

export function createTheme() {
  const button = byId("theme");
  const listeners = new Set();
  let chosen = "auto";

  function choose(wanted) {
    chosen = CHOICES.includes(wanted) ? wanted : "auto";
    document.documentElement.dataset.theme = chosen;
    say(byId("theme-name"), chosen);
    for (const listener of listeners) listener();
  }

  button.addEventListener("click", () => {
    choose(CHOICES[(CHOICES.indexOf(chosen) + 1) % CHOICES.length]);
    button.dispatchEvent(new Event("change", { bubbles: true })); // for model/memory.mjs
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => choose(chosen));
  choose("auto");
  return { read: () => chosen, write: choose, onChange: (listener) => listeners.add(listener) };
}

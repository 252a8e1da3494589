// The .proto file that payloads are decoded by, and which of its messages they are. Kept until the page is left.

import { make } from "../lib/dom.mjs";
import { chosenMessage, useMessage, useProto } from "../lib/decoders.mjs";

/** The messages of the last file. @type {string[]} */
let names = [];

/** @param {() => void} onChange another file or message is chosen */
export function protoChoice(onChange) {
  const file = make("input", { type: "file", accept: ".proto", "aria-label": "A .proto file" });
  const message = make(
    "select",
    { "aria-label": "Message of the .proto", hidden: names.length === 0 },
    ...names.map((name) => make("option", { value: name, selected: name === chosenMessage() }, name)),
  );
  const result = make("span", { class: "result", "data-kind": "bad", role: "status" });
  file.addEventListener("change", async () => {
    try {
      names = await useProto(await file.files[0].text());
      onChange();
    } catch (error) {
      result.textContent = error.message;
    }
  });
  message.addEventListener("change", () => {
    useMessage(message.value);
    onChange();
  });
  return make("div", { class: "line" }, file, message, result);
}

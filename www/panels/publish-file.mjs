// Publishes the messages of a file of JSON lines, one after the other, after a question.

import { byId } from "../lib/dom.mjs";
import { plural } from "../lib/format.mjs";
import { readLines } from "../lib/read-lines.mjs";

/** @param {any} session @param {{ log: any, showResult(kind: string, text: string): void }} form */
export function publishFile(session, { log, showResult }) {
  const file = byId("lines-file");
  const open = byId("publish-file");
  open.addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    try {
      const messages = readLines(await file.files[0].text());
      if (confirm(`Publish ${plural(messages.length, "message")} to ${session.address}?`))
        await send(messages);
    } catch (error) {
      showResult("bad", error.message);
      log.add(error);
    } finally {
      file.value = ""; // the same file can be chosen again
    }
  });

  async function send(messages) {
    for (const [i, { topic, payload, options }] of messages.entries()) {
      await session.client.publish(topic, payload, options);
      showResult("good", `${i + 1} of ${plural(messages.length, "message")} published`);
    }
  }

  return {
    refresh() {
      open.disabled = !session.running;
    },
  };
}

// Deletes the retained messages of a topic and of those below it, after a question that says how many there are. Gives a sentence about it.

import { plural } from "../lib/format.mjs";

/** @param {any} session @param {string} topic */
export async function deleteRetained(session, topic) {
  const { client } = session;
  if (!session.running) throw new Error("Connect first: the broker has the retained messages");
  const messages = await client.snapshot(`${topic}/#`);
  if (messages.size === 0) {
    return `There is no retained message at or below ${topic}`;
  }
  const shown = [...messages.keys()].slice(0, 10).join("\n");
  const more = messages.size > 10 ? `\nand ${messages.size - 10} more` : "";
  if (!confirm(`Delete ${plural(messages.size, "retained message")}?\n\n${shown}${more}`)) return "";
  await Promise.all([...messages.keys()].map((name) => client.publish(name, "", { qos: 1, retain: true })));
  return `${plural(messages.size, "retained message")} deleted`;
}

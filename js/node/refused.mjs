// What the error of a publish that fails after its call says in addition: the topic, and the line that awaits it. The core takes
// no stack at the call, because that costs more than a publish; so the line is found when the publish has failed.

import { printable } from "./printable.mjs";
import { addAwaiting, isOwn, preface } from "./stack.mjs";

/** The characters of a topic that are shown, as in errors of the core. */
const SHOWN = 60;

/** @param {any} error @param {string} topic */
function nameTopic(error, topic) {
  const start = topic.length > SHOWN ? [...topic.slice(0, 2 * SHOWN)].slice(0, SHOWN).join("") : topic;
  const shown = printable(start) + (start === topic ? "" : "…");
  if (!printable(error.message).includes(`"${shown}"`)) preface(error, `publish to "${shown}": `);
}

/** Changes the error, and rejects the promise. @type {typeof import("../errors.mjs").refused} */
export function refused(error, { topic, resolve, linked = resolve }, end) {
  // Thousands may end with the client at once, and none is the reason.
  if (typeof topic !== "string" || !isOwn(error) || error.code === "STOPPED") return end();
  // Those of wrong arguments say what is wrong.
  if (error.name === "MqttError") nameTopic(error, topic);
  // So may those that are dropped, at which no line helps.
  if (error.code === "DROPPED") return end();
  // V8 finds who awaits a promise in a microtask after which the function that resolves this promise would be called.
  Promise.resolve()
    .then(() => {
      addAwaiting(error);
      end();
    })
    .then(/** @type {() => void} */ (linked));
}

// The bar at the top: state, server, countdown to the next attempt, and the rates of messages.

import { byId, setText } from "../lib/dom.mjs";
import { count, countdown, milliseconds } from "../lib/format.mjs";
import { sentenceOf } from "../lib/sentence.mjs";

export function statusPanel(session, samples) {
  const state = byId("state");
  const about = byId("about");

  samples.onSample(() => {
    const { messagesIn, messagesOut, roundTrip } = samples.last;
    setText(byId("meter-in"), `${count(messagesIn)}/s`);
    setText(byId("meter-out"), `${count(messagesOut)}/s`);
    setText(byId("meter-rtt"), milliseconds(roundTrip));
  });

  return {
    refresh() {
      setText(state, session.state);
      state.dataset.state = session.state;
      const text = aboutOf();
      setText(about, text);
      about.toggleAttribute("data-trouble", text !== "" && session.trouble !== undefined);
    },
  };

  function aboutOf() {
    if (session.state === "idle" || session.state === "stopped") return "";
    const seconds = session.client.stats().reconnectIn;
    const why = session.trouble ? `: ${sentenceOf(session.trouble)}` : "";
    if (seconds !== undefined) return `next attempt in ${countdown(seconds)}${why}`;
    if (session.state !== "connected") return `waiting for the broker${why}`;
    return session.address;
  }
}

// The bar at the top: state, server, countdown to the next attempt, and the rates of messages.

import { byId, say } from "../lib/dom.mjs";
import { count, countdown, milliseconds } from "../lib/format.mjs";

export function statusPanel(session, samples) {
  const state = byId("state");
  const about = byId("about");

  samples.onSample(() => {
    const { messagesIn, messagesOut, roundTrip } = samples.last;
    say(byId("meter-in"), `${count(messagesIn)}/s`);
    say(byId("meter-out"), `${count(messagesOut)}/s`);
    say(byId("meter-rtt"), milliseconds(roundTrip));
  });

  return {
    refresh() {
      say(state, session.state);
      state.dataset.state = session.state;
      say(about, aboutOf());
    },
  };

  function aboutOf() {
    if (session.state === "idle" || session.state === "stopped") return "";
    const seconds = session.client.stats().reconnectIn;
    if (seconds !== undefined) return `next attempt in ${countdown(seconds)}`;
    if (session.state !== "connected") return "an attempt is under way";
    return session.address;
  }
}

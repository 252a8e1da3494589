// The page's beginning: loads the package and puts the panels together. Each panel owns its part of the page.

import { connectionPanel } from "./connection.mjs";
import { countersPanel } from "./counters.mjs";
import { errorsPanel } from "./errors.mjs";
import { messagesPanel } from "./messages.mjs";
import { pendingPanel } from "./pending.mjs";
import { sendPanel } from "./send.mjs";
import { createSession } from "./session.mjs";
import { subscriptionsPanel } from "./subscriptions.mjs";

const PACKAGE = "/dist/browser.mjs";
/** Callbacks tell of most changes; this catches the rest (a retry that begins, the counters). */
const REFRESH_MS = 250;

const errors = errorsPanel();

async function begin() {
  const { MqttCustom } = await import(PACKAGE);
  const messages = messagesPanel();
  const session = createSession(MqttCustom, {
    onMessage: messages.add,
    onError: errors.add,
    onChange: refresh,
  });
  const pending = pendingPanel();
  const connection = connectionPanel(session, errors);
  const parts = [
    connection,
    subscriptionsPanel(session, errors),
    sendPanel(session, { MqttCustom, endpoint: connection.endpoint, errors, pending }),
    countersPanel(session),
  ];
  function refresh() {
    for (const part of parts) part.refresh();
  }
  refresh();
  setInterval(refresh, REFRESH_MS);
  document.documentElement.dataset.ready = "yes";
}

begin().catch((error) => {
  errors.add(
    new Error(`The package could not be loaded from ${PACKAGE}: run "npm run build". (${error.message})`),
  );
});

// The entry of the page: loads the package and connects the parts. Each panel owns its part of the page.

import { byId } from "./lib/dom.mjs";
import { createMemory } from "./model/memory.mjs";
import { createPackets } from "./model/packets.mjs";
import { createRoundTrip } from "./model/round-trip.mjs";
import { createSamples } from "./model/samples.mjs";
import { createSession } from "./model/session.mjs";
import { createTopics } from "./model/topics.mjs";
import { createTraffic } from "./model/traffic.mjs";
import { createValues } from "./model/values.mjs";
import { benchPanel } from "./panels/bench.mjs";
import { chartsPanel } from "./panels/charts.mjs";
import { connectionPanel } from "./panels/connection.mjs";
import { countersPanel } from "./panels/counters.mjs";
import { logPanel } from "./panels/log.mjs";
import { messagesPanel } from "./panels/messages.mjs";
import { packetsPanel } from "./panels/packets.mjs";
import { pendingPanel } from "./panels/pending.mjs";
import { sendPanel } from "./panels/send.mjs";
import { statusPanel } from "./panels/status.mjs";
import { subscriptionsPanel } from "./panels/subscriptions.mjs";
import { createTheme } from "./panels/theme.mjs";
import { topicsPanel } from "./panels/topics.mjs";
import { valuesPanel } from "./panels/values.mjs";
import { createViews } from "./panels/views.mjs";

/** Callbacks report most changes; this updates the rest: countdowns, counters, a reconnect attempt that starts. */
const REFRESH_MS = 250;

const theme = createTheme();
const views = createViews();
const log = logPanel();

async function begin() {
  const [{ MqttCustom }, { wireLog }] = await Promise.all([import("mqtt-lib"), import("mqtt-lib/wire")]);
  /** @type {ReturnType<typeof createMemory> | undefined} */
  let memory;
  const topics = createTopics();
  const packets = createPackets();
  const wire = packetsPanel(packets, { views });
  const session = createSession(MqttCustom, {
    wire: wireLog((packet) => {
      packets.add(packet);
      wire.mark();
    }),
    onMessage,
    onError: log.add,
    onChange: refresh,
    onStop: () => pending.allLeave(),
  });
  const connection = connectionPanel(session, log);
  const subscriptions = subscriptionsPanel(session, {
    log,
    v5: connection.v5,
    onChange: subscriptionsChanged,
  });
  const traffic = createTraffic(topics, subscriptions);
  const pending = pendingPanel(session);
  const send = sendPanel(session, { MqttCustom, connection, log, pending });
  const values = valuesPanel(createValues(), { traffic, views, log, theme });
  function onChart(topic, path) {
    values.add(topic, path);
    views.go("charts");
  }
  const messages = messagesPanel(traffic, {
    views,
    hint: () => firstSteps(session, subscriptions),
    onChart,
    onUse(message) {
      send.use(message);
      views.focus("payload");
    },
  });
  const tree = topicsPanel(topics, {
    session,
    traffic,
    log,
    views,
    onChart,
    onShow(topic) {
      messages.onlyTopic(topic);
      views.go("messages");
    },
    onPublish(topic) {
      byId("topic").value = topic;
      views.focus("payload");
    },
    onSubscribe(filter) {
      byId("subscribe-topic").value = filter;
      views.focus("subscribe-topic");
    },
  });
  const roundTrip = createRoundTrip(session, () => byId("round-trip").checked);
  const samples = createSamples(session, roundTrip);
  chartsPanel(samples, { views, log, theme });
  benchPanel({ MqttCustom, connection, log });
  memory = createMemory(byId("remember"), {
    theme,
    subscriptions,
    connect: optional(connection.properties.connect),
    will: optional(connection.properties.will),
    publish: optional(send.properties),
  });
  const counters = countersPanel(session);
  const status = statusPanel(session, samples);
  const parts = [connection, subscriptions, send, pending, messages, tree, counters, status];

  function onMessage(message) {
    traffic.add(message);
    values.take(message, Date.now());
    messages.mark();
    tree.mark();
  }
  function subscriptionsChanged() {
    topics.forgetAbout();
    memory?.changed();
  }
  function refresh() {
    for (const part of parts) part.refresh();
  }
  refresh();
  setInterval(refresh, REFRESH_MS);
  document.documentElement.dataset.ready = "yes";
}

/** What a newcomer does next. */
function firstSteps(session, subscriptions) {
  if (!session.running) return "Connect: messages are listed here, the newest first.";
  if (session.state !== "connected") return "There is no connection yet; the line above says why.";
  const [first] = subscriptions.read();
  if (!first) return "Subscribe to a topic filter: # is every topic.";
  const more = first.filter === "#" ? "" : ", or subscribe to # to see every topic";
  return `Subscribed to ${first.filter}. Publish something under Publish, or in a terminal: npx mqtt-lib pub ${session.url} test/topic hello${more}`;
}

/** Properties that are not filled in are stored as an empty object. */
const optional = ({ read, write }) => ({ read: () => read() ?? {}, write });

begin().catch((error) => {
  log.add(new Error(`The package could not be loaded: run "npm run build". (${error.message})`));
  views.go("log");
});

// The send panel: publish, batch, queue, one shot and flush, and how each of them ended.

import { byId } from "./dom.mjs";

const MEANS = ["handed to the connection", "acknowledged", "complete"];

export function sendPanel(session, { MqttCustom, endpoint, errors, pending }) {
  const result = byId("send-result");
  const needClient = ["publish", "batch-publish", "qpublish", "flush"].map(byId);

  function say(kind, text) {
    result.dataset.kind = kind;
    result.textContent = text;
  }

  /** Runs the call, and says how it ended. A call that throws at once ends like one that fails later. */
  async function report(call, done) {
    const start = performance.now();
    say("", "");
    try {
      await call();
      say("good", `${done} after ${Math.round(performance.now() - start)} ms`);
    } catch (error) {
      say("bad", error.message);
      errors.add(error);
    }
  }

  function fields() {
    const qos = Number(byId("qos").value);
    return {
      topic: byId("topic").value,
      payload: byId("payload").value,
      options: { qos, retain: byId("retain").checked },
    };
  }

  const actions = {
    publish() {
      const { topic, payload, options } = fields();
      report(
        () => session.client.publish(topic, payload, options),
        `Published at QoS ${options.qos}, ${MEANS[options.qos]}`,
      );
    },
    "batch-publish"() {
      const { topic, payload, options } = fields();
      report(
        () => pending.batched(topic, payload, options, session.client.batch_publish(topic, payload, options)),
        `Batch for ${topic} published`,
      );
    },
    qpublish() {
      const { topic, payload, options } = fields();
      report(
        () => pending.queued(topic, payload, options, session.client.qpublish(topic, payload, options)),
        `Queued message for ${topic} published`,
      );
    },
    flush() {
      report(() => session.client.flush(), "Batches and queue sent");
    },
    "high-priority"() {
      const { topic, payload, options } = fields();
      report(
        () => MqttCustom.publish_high_priority(topic, payload, { ...endpoint(), ...options }),
        "Published over a connection of its own",
      );
    },
  };

  byId("send").addEventListener("submit", (event) => {
    event.preventDefault();
    if (session.running) actions.publish();
  });
  for (const [id, action] of Object.entries(actions)) {
    if (id !== "publish") byId(id).addEventListener("click", action);
  }

  return {
    refresh() {
      for (const button of needClient) button.disabled = !session.running;
    },
  };
}

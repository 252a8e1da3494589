// The publish panel: publish, batch, queue, one-shot and flush, and their results.

import { byId, make, setText } from "../lib/dom.mjs";
import { field, part, QOS, row } from "../lib/fields.mjs";
import { milliseconds } from "../lib/format.mjs";
import { sentenceOf } from "../lib/sentence.mjs";
import { bytesOf, textOf } from "../lib/payload.mjs";
import { propertyFields } from "./properties.mjs";
import { publishFile } from "./publish-file.mjs";
import { repeatPart } from "./repeat.mjs";

const MEANS = ["handed to the connection", "acknowledged", "complete"];
const AS = /** @type {[string, string][]} */ ([
  ["text", "Text"],
  ["json", "JSON"],
  ["hex", "Hex bytes"],
]);

export function sendPanel(session, { MqttCustom, connection, log, pending }) {
  const result = byId("send-result");
  const needClient = ["publish", "batch-publish", "qpublish"].map(byId);
  const properties = propertyFields("publish");
  const repeat = repeatPart(session, {
    log,
    showResult,
    publish: (fill) => session.client.publish(fill(topic()), payload(fill), options()),
  });
  const file = publishFile(session, { log, showResult });
  byId("send-fields").append(
    field({ id: "topic", label: "Topic", value: "test/topic" }),
    field({ id: "payload", label: "Payload", type: "textarea", value: "payload" }),
    row(
      { id: "payload-type", label: "Payload is", options: AS },
      { id: "qos", label: "QoS", options: QOS, size: "short" },
      { id: "retain", label: "Retain", type: "check" },
    ),
    part(
      "publish-part",
      "Properties",
      make("fieldset", { class: "only-5" }, make("legend", {}, "MQTT 5"), properties.element),
    ),
    repeat.element,
  );

  function showResult(kind, text) {
    result.dataset.kind = kind;
    setText(result, text);
  }

  /** Runs the call and shows its result. An exception counts as a rejection. */
  async function report(call, done) {
    const start = performance.now();
    const offline = session.running && session.state !== "connected";
    showResult("", offline ? "Kept: it is sent when there is a connection" : "");
    try {
      const answer = await call();
      const more = answer?.reasonCode ? `, reason code ${answer.reasonCode}` : "";
      showResult("good", `${done} after ${milliseconds(performance.now() - start)}${more}`);
    } catch (error) {
      fail(error);
    }
  }

  /** The result is shown in the panel of batches; a failure also here. */
  async function collect(taken, call) {
    showResult("good", taken);
    try {
      await call();
    } catch (error) {
      fail(error);
    }
  }

  function fail(error) {
    showResult("bad", sentenceOf(error));
    log.add(error);
  }

  function options() {
    const chosen = { qos: Number(byId("qos").value), retain: byId("retain").checked };
    const given = connection.v5() ? properties.read() : undefined;
    return given === undefined ? chosen : { ...chosen, properties: given };
  }

  function payload(fill = (/** @type {string} */ text) => text) {
    const text = fill(byId("payload").value);
    const type = byId("payload-type").value;
    if (type === "hex") return bytesOf(text);
    if (type === "json") JSON.parse(text); // throws if it is not JSON
    return text;
  }

  /** An item of a batch is any JSON value. */
  function batchItem() {
    const text = byId("payload").value;
    return byId("payload-type").value === "json" ? JSON.parse(text) : text;
  }

  const topic = () => byId("topic").value;
  const shown = () => byId("payload").value;
  const actions = {
    publish: () =>
      report(
        () => session.client.publish(topic(), payload(), options()),
        `Published at QoS ${options().qos}, ${MEANS[options().qos]}`,
      ),
    "batch-publish": () =>
      collect(`Item for the batch of ${topic()} taken`, () =>
        pending.batched(
          topic(),
          shown(),
          options(),
          session.client.batch_publish(topic(), batchItem(), options()),
        ),
      ),
    qpublish: () =>
      collect("Message for the queue taken", () =>
        pending.queued(topic(), shown(), options(), session.client.qpublish(topic(), payload(), options())),
      ),
    "high-priority": () =>
      report(
        () =>
          MqttCustom.publish_high_priority(topic(), payload(), { ...connection.endpoint(), ...options() }),
        "Published over a connection of its own",
      ),
    flush: () =>
      report(() => {
        pending.allLeave();
        return session.client.flush();
      }, "Batches and queue sent"),
  };

  byId("send").addEventListener("submit", (event) => {
    event.preventDefault();
    if (session.running) actions.publish();
  });
  byId("payload").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("send").requestSubmit();
  });
  for (const [id, action] of Object.entries(actions)) {
    if (id !== "publish") byId(id).addEventListener("click", action);
  }

  return {
    properties,
    /** Fills the form with a received message. */
    use({ topic: name, payload: content, qos, retain }) {
      const text = textOf(content, Number.POSITIVE_INFINITY);
      byId("topic").value = name;
      byId("qos").value = String(qos);
      byId("retain").checked = retain;
      byId("payload-type").value = text === undefined ? "hex" : "text";
      byId("payload").value =
        text ?? [...content].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    },
    refresh() {
      for (const one of needClient) one.disabled = !session.running;
      repeat.refresh();
      file.refresh();
    },
  };
}

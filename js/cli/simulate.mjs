// `mqtt-lib simulate`: many connections publish, each at an interval, topics and payloads from templates.

import { setTimeout } from "node:timers/promises";
import { fillTemplate, strangePlaceholder } from "../../www/model/template.mjs";
import { seconds, whole } from "./arguments.mjs";
import { EXIT, Interrupted, UsageError } from "./failure.mjs";
import { oneTopic, publishOptions } from "./pub.mjs";
import { grouped, plural, showProgress } from "./progress.mjs";
import { loadPackage, printNotice, unlessEnded, withClient } from "./session.mjs";

/** @typedef {import("mqtt-lib").MqttCustom} MqttCustom */

/** @param {import("./session.mjs").Context} context */
export async function simulate(context) {
  const { values, end } = context;
  const { signal } = end;
  const topic = oneTopic(context);
  const message = values.message ?? context.words[0];
  if (message === undefined)
    throw new UsageError(
      `a payload is missing; give it with --message (-m), such as -m '{"t":{{random 18 25}}}'`,
    );
  const strange = strangePlaceholder(topic) ?? strangePlaceholder(message);
  if (strange !== undefined)
    throw new UsageError(
      `there is no ${strange}; what is filled in is {{client}}, {{count}}, {{time}}, {{iso}}, {{random}} and {{random 18 25}}`,
    );
  const connections = whole(values, "connections", 1, 100_000) ?? 1;
  const plan = {
    topic,
    message,
    options: publishOptions(context),
    interval: (seconds(values, "interval") ?? 1) * 1000,
    count: whole(values, "count", 1) ?? Number.POSITIVE_INFINITY,
    begun: 0,
    acknowledged: 0,
  };
  /** What is said of messages that were begun and did not end. */
  const rest = () => {
    const open = plan.begun - plan.acknowledged;
    return open === 0 ? "" : `; ${grouped(open)} ${open === 1 ? "was" : "were"} not`;
  };
  const progress = showProgress(
    values.quiet,
    (s) => `${plural(plan.acknowledged)} published, ${grouped(plan.acknowledged / s)}/s`,
  );
  const limit = {
    seconds: seconds(values, "timeout"),
    late: (/** @type {number} */ s) =>
      `the time limit of ${s} s was reached; ${plural(plan.acknowledged, "message", " was", " were")} published${rest()}`,
  };
  /** @type {MqttCustom[]} */
  const others = [];
  /** @type {Promise<unknown> | undefined} */
  let stopped;
  try {
    await withClient(
      context,
      {},
      async (first) => {
        others.push(...more(context, connections - 1));
        try {
          await unlessEnded(Promise.all(others.map((client) => client.start())), signal);
          const all = [first, ...others].map((client, i) =>
            publishAt(client, i + 1, connections, plan, signal),
          );
          await unlessEnded(Promise.all(all), signal);
        } finally {
          // Together with the first one: each may wait 10 s for acknowledgements.
          stopped = Promise.all(others.map((client) => client.stop()));
        }
      },
      limit,
    );
  } catch (error) {
    await stopped;
    if (!(error instanceof Interrupted)) throw error;
    if (rest() !== "") {
      const count = plural(plan.acknowledged, "message", " was", " were");
      throw new Interrupted(`${error.message}; ${count} published${rest()}`, error.code);
    }
    // Without --count a signal is the normal end.
    if (plan.count === Number.POSITIVE_INFINITY) error.code = EXIT.OK;
    throw error;
  } finally {
    progress();
    await stopped;
    if (!values.quiet)
      printNotice(`${plural(plan.acknowledged)} published over ${plural(connections, "connection")}`);
  }
}

/** Further clients, with an identifier of their own each. @param {import("./session.mjs").Context} context @param {number} count */
function more({ credentials }, count) {
  const { MqttCustom } = loadPackage();
  const id = credentials.mqttclientid;
  return Array.from({ length: count }, (_, i) => {
    const mqttclientid = id === undefined ? undefined : `${id}-${i + 2}`;
    return new MqttCustom({
      credentials: { ...credentials, mqttclientid },
      autostart: false,
      on_error() {}, // what they all lose, the first one reports
      on_disconnect() {},
    });
  });
}

/**
 * The connections share an interval: they begin one after the other.
 * @param {MqttCustom} client @param {number} number @param {number} connections
 * @param {{ topic: string, message: string, options: any, interval: number, count: number, begun: number, acknowledged: number }} plan
 * @param {AbortSignal} signal
 */
async function publishAt(client, number, connections, plan, signal) {
  const begin = performance.now() + (plan.interval * (number - 1)) / connections;
  for (let count = 1; count <= plan.count; count++) {
    const wait = begin + (count - 1) * plan.interval - performance.now();
    if (wait > 0) await setTimeout(wait, undefined, { signal });
    if (signal.aborted) return;
    const of = { count, client: number };
    plan.begun += 1;
    await client.publish(fillTemplate(plan.topic, of), fillTemplate(plan.message, of), plan.options);
    plan.acknowledged += 1;
  }
}

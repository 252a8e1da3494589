// `mqtt-lib pub`: publishes one message, or the lines of standard input, no faster than the broker acknowledges them.

import { setTimeout } from "node:timers/promises";
import { seconds, whole } from "./arguments.mjs";
import { EXIT, Failure, Interrupted, isUsage, UsageError } from "./failure.mjs";
import { linesOf, nameOf, payloadOf, sourceOf } from "./input.mjs";
import { grouped, plural, showProgress } from "./progress.mjs";
import { printNotice, unlessEnded, withClient } from "./session.mjs";
import { Window } from "./window.mjs";

/** The most lines that are published and not acknowledged. */
const MAX_LINES = 2000;
/** The most messages in the queues of the package: the default of `offlinesize`. */
const OFFLINE_SIZE = 100_000;

/** @typedef {import("./session.mjs").Context} Context */
/** @typedef {import("mqtt-lib").MqttCustom} MqttCustom */

/** @param {Context} context */
export async function pub(context) {
  const { values, credentials, end } = context;
  const topic = oneTopic(context);
  const source = sourceOf(values, context.words);
  const lines = checkLines(values);
  const repeat = checkRepeat(values);
  const options = publishOptions(context);
  const since = performance.now();
  const timeout = seconds(values, "timeout");
  const payload = lines ? undefined : await payloadOf(source, values, end, timeout);
  if (lines) credentials.offlinesize = OFFLINE_SIZE + 2 * lines.together;
  const what = lines ? "line" : "message";
  const window = new Window(
    lines || repeat.count > 1
      ? Math.max(MAX_LINES, 2 * (lines?.together ?? 0), 2 * (values["max-inflight"] ?? 0))
      : 1,
  );
  const limit = {
    seconds: timeout,
    since,
    late: (/** @type {number} */ s) =>
      window.open === 0
        ? `the time limit of ${s} s was reached; ${plural(window.sent, what, " was", " were")} published`
        : `${window.open} of ${plural(window.begun, "message", " was", " were")} not acknowledged in ${s} s`,
  };
  try {
    await withClient(
      context,
      {},
      async (client) => {
        if (lines) return publishLines(client, topic, options, window, context);
        await publishOften(client, topic, payload, options, window, repeat, end.signal);
        await unlessEnded(allSettled(window), end.signal);
      },
      limit,
    );
  } catch (error) {
    // stop() has sent all messages that could still be sent.
    if (!(error instanceof Interrupted) || window.begun === 0) throw error;
    const left = window.begun - window.sent;
    const rest =
      left === 0
        ? ", all that had been read"
        : `; ${grouped(left)} that had been read ${left === 1 ? "was" : "were"} not`;
    const text = `${error.message}; ${plural(window.sent, what, " was", " were")} published${rest}`;
    throw new Interrupted(text, error.code);
  }
  if (window.error !== undefined && window.begun === 1) throw window.error;
  const outcome = window.outcome(what);
  if (outcome) throw outcome;
  if (values.debug) printNotice(`${plural(window.sent, what)} published`);
}

/** @param {Context} context */
export function oneTopic({ topics, words, values }) {
  const topic = values.topic ?? topics[0] ?? words.shift();
  if (topic === undefined) throw new UsageError("a topic is missing; give it with --topic (-t)");
  return topic;
}

/** @param {Context} context */
export function publishOptions({ values, properties }) {
  return {
    qos: /** @type {0 | 1 | 2} */ (whole(values, "qos", 0, 2) ?? 0),
    retain: values.retain ?? false,
    ...(properties.publish && { properties: properties.publish }),
  };
}

/** How often the message is published. @param {import("./arguments.mjs").Values} values */
function checkRepeat(values) {
  const count = whole(values, "repeat", 1) ?? 1;
  if (values["repeat-delay"] !== undefined && values.repeat === undefined) {
    throw new UsageError("--repeat-delay needs --repeat");
  }
  if (values.repeat !== undefined && values["stdin-line"]) {
    throw new UsageError("--repeat and --stdin-line exclude each other; give one");
  }
  return { count, delay: seconds(values, "repeat-delay") ?? 0 };
}

/**
 * @param {MqttCustom} client @param {string} topic @param {any} payload @param {any} options @param {Window} window
 * @param {{ count: number, delay: number }} repeat @param {AbortSignal} signal
 */
async function publishOften(client, topic, payload, options, window, { count, delay }, signal) {
  for (let i = 0; i < count; i++) {
    if (i > 0 && delay > 0) {
      await setTimeout(delay * 1000, undefined, { signal }).catch(() => {
        throw signal.reason;
      });
    }
    window.take(client.publish(topic, payload, options), 0);
    if (window.full && i + 1 < count) await unlessEnded(window.hasSpace(), signal);
    if (window.error && isUsage(window.error)) throw window.error;
  }
}

/** Checks the options that only make sense with lines. @param {import("./arguments.mjs").Values} values */
function checkLines(values) {
  const needsLines = ["batch", "queue", "json", "interval"].find((name) => values[name] !== undefined);
  if (!values["stdin-line"]) {
    if (needsLines) throw new UsageError(`--${needsLines} needs --stdin-line (-l)`);
    return undefined;
  }
  if (values.batch !== undefined && values.queue !== undefined) {
    throw new UsageError("--batch and --queue exclude each other; give one");
  }
  if (values.interval !== undefined && values.batch === undefined && values.queue === undefined) {
    throw new UsageError("--interval needs --batch or --queue: without them each line is sent at once");
  }
  return { together: values.batch ?? values.queue ?? 1 };
}

/**
 * @param {MqttCustom} client @param {string} topic @param {any} options @param {Window} window @param {Context} context
 */
async function publishLines(client, topic, options, window, { values, end }) {
  const { signal } = end;
  let number = 0;
  const progress = showProgress(
    values.quiet,
    (s) =>
      `${plural(window.sent, "line")} published, ${grouped(window.open)} pending, ${grouped(window.sent / s)}/s`,
  );
  const queues = values.batch !== undefined || values.queue !== undefined;
  try {
    for await (const lines of linesOf(values.file, signal)) {
      for (const line of lines) {
        number += 1;
        if (line.length === 0) continue;
        const value = values.json ? json(line, number, values.file) : undefined;
        window.take(publish(client, topic, line, value, options, values), line.length);
        if (!window.full) continue;
        if (queues) client.flush().catch(() => {}); // unsent batches and queued messages may fill the window
        await unlessEnded(window.hasSpace(), signal);
      }
      // A wrong line is reported at the end; a wrong option concerns all lines, so it ends the command.
      if (window.error && isUsage(window.error)) throw window.error;
    }
    if (signal.aborted) throw signal.reason;
    if (queues) client.flush().catch(() => {});
    await unlessEnded(allSettled(window), signal);
  } finally {
    progress();
  }
}

/** @param {Window} window */
async function allSettled(window) {
  while (window.open > 0) await window.hasSpace();
}

/** @param {MqttCustom} client @param {string} topic @param {Buffer} line @param {unknown} value @param {any} options @param {any} values */
function publish(client, topic, line, value, options, values) {
  if (values.batch !== undefined) {
    const item = /** @type {string} */ (values.json ? value : line.toString());
    return client.batch_publish(topic, item, options);
  }
  return values.queue === undefined
    ? client.publish(topic, line, options)
    : client.qpublish(topic, line, options);
}

/** @param {Buffer} line @param {number} number @param {string | undefined} file */
function json(line, number, file) {
  try {
    return JSON.parse(line.toString());
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    throw new Failure(`line ${number} of ${nameOf(file)} is not JSON: ${why}`, EXIT.USAGE);
  }
}

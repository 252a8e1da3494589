// `mqtt-lib sub`: prints messages until their number, the time limit or a signal ends it.

import { seconds, whole } from "./arguments.mjs";
import { decoderOf } from "./decode.mjs";
import { EXIT, Interrupted, UsageError } from "./failure.mjs";
import { formatOf } from "./format.mjs";
import { checkOutput, write } from "./output.mjs";
import { grouped, plural } from "./progress.mjs";
import { loadPackage, printNotice, unlessEnded, withClient } from "./session.mjs";

/** @typedef {import("mqtt-lib").Message} Message */

/** What a handler resolves with to leave a message to the broker, which sends it again on the next connection. */
const LEFT = Symbol.for("mqtt-lib.left");

/** @param {boolean} isPrinted */
const acknowledgedIf = (isPrinted) => (isPrinted ? undefined : LEFT);

/** @param {import("./session.mjs").Context} context */
export async function sub(context) {
  const { values, end } = context;
  const filters = [...(values.topic ?? []), ...context.topics, ...context.words];
  const left = values.unsubscribe ?? [];
  if (filters.length === 0 && left.length === 0)
    throw new UsageError("a topic filter is missing; give it with --topic (-t), such as -t 'test/#'");
  if (values["no-retained"] && values["retained-only"]) {
    throw new UsageError("--no-retained and --retained-only exclude each other; give one");
  }
  const qos = /** @type {0 | 1 | 2} */ (whole(values, "qos", 0, 2) ?? 0);
  const most = whole(values, "count", 1) ?? Number.POSITIVE_INFINITY;
  const { properties } = context;
  const options = { qos, ...(properties.subscribe && { properties: properties.subscribe }) };
  const printer = new Printer(formatOf(values, await decoderOf(values.decode)), most, values);
  const isHidden = hider(values["filter-out"] ?? []);
  const remover = values["remove-retained"] ? new Remover() : undefined;
  if (filters.length > 0 && !values["exit-after-subscribe"]) checkOutput();
  const limit = {
    seconds: seconds(values, "timeout"),
    late: (/** @type {number} */ s) =>
      most === Number.POSITIVE_INFINITY
        ? `the time limit of ${s} s was reached; ${plural(printer.count)} had arrived`
        : printer.count < most
          ? `only ${grouped(printer.count)} of ${plural(most)} arrived within ${s} s`
          : `${plural(most)} arrived, but could not be printed within ${s} s: the reader of standard output does not read`,
  };
  try {
    await withClient(
      context,
      {
        on_message: (
          /** @type {import("mqtt-lib").MqttCustom} */ client,
          /** @type {unknown} */ _userdata,
          /** @type {Message} */ message,
        ) => {
          if (isHidden(message.topic) || remover?.isEcho(message)) return undefined;
          const printed = printer.take(message);
          remover?.take(client, message, printed);
          return message.qos === 0 ? printed : printed?.then(acknowledgedIf);
        },
      },
      async (client) => {
        if (left.length > 0) await unlessEnded(client.unsubscribe(left), end.signal);
        if (filters.length === 0) return;
        const granted = await unlessEnded(client.subscribe(filters, options), end.signal);
        if (values.debug) printNotice(`subscribed: granted QoS ${granted.join(", ")}`);
        if (values["exit-after-subscribe"]) return;
        await unlessEnded(printer.done, end.signal);
      },
      limit,
    );
  } catch (error) {
    // Without --count a signal is the normal end.
    const isDone = most === Number.POSITIVE_INFINITY && !remover?.left;
    if (error instanceof Interrupted && isDone) error.code = EXIT.OK;
    throw error;
  } finally {
    printer.flush();
    if (remover && !values.quiet) printNotice(remover.report);
  }
  if (printer.beyond > 0 && (qos > 0 || values["disable-clean-session"])) {
    printNotice(
      `${plural(printer.beyond)} arrived after the last one that --count allows; what is not printed is not acknowledged`,
    );
  }
}

/** Whether a topic is one that is not printed. @param {string[]} filters @returns {(topic: string) => boolean} */
function hider(filters) {
  if (filters.length === 0) return () => false;
  const { topicMatches } = loadPackage();
  for (const filter of filters) {
    const levels = filter.split("/");
    if (filter !== "" && levels.every((level, i) => isLevel(level, i === levels.length - 1))) continue;
    throw new UsageError(
      `--filter-out "${filter}" is no topic filter: + must be a whole level, and # the whole last one`,
    );
  }
  return (topic) => filters.some((filter) => topicMatches(filter, topic));
}

/** @param {string} level @param {boolean} isLast */
const isLevel = (level, isLast) => level === "+" || (level === "#" && isLast) || !/[+#]/.test(level);

/** Removes what the broker has retained, once it is printed: an empty retained message in its place. */
class Remover {
  /** How many were removed, and of how many that was not acknowledged. */
  count = 0;
  left = 0;
  #removed = new Set();

  get report() {
    const left = this.left === 0 ? "" : `; ${grouped(this.left)} ${this.left === 1 ? "was" : "were"} not`;
    return `${plural(this.count, "retained message", " was", " were")} removed${left}`;
  }

  /** Whether it is the broker's copy of what removes a message. @param {Message} message */
  isEcho({ topic, retain, payload }) {
    return !retain && payload.length === 0 && this.#removed.delete(topic);
  }

  /** @param {import("mqtt-lib").MqttCustom} client @param {Message} message @param {Promise<boolean> | undefined} printed */
  take(client, { topic, retain }, printed) {
    if (!retain || !printed || printed === NOT_PRINTED) return;
    this.left += 1;
    printed.then((isPrinted) => {
      if (!isPrinted) return;
      this.#removed.add(topic);
      client.publish(topic, "", { qos: 1, retain: true }).then(
        () => {
          this.left -= 1;
          this.count += 1;
        },
        (error) => printNotice(error.message),
      );
    });
  }
}

const NOT_PRINTED = Promise.resolve(false);
/** The user wants no line for it. */
const NO_LINE = Promise.resolve(true);

/** So many bytes may wait for the reader of standard output before messages of QoS 0 are waited for. */
const MAX_UNWAITED = 1 << 20;

/** Prints the messages of a turn with one write; a slow reader slows down the client, and so the broker. */
class Printer {
  count = 0;
  /** Messages that arrived after the last one that is printed. */
  beyond = 0;
  /** @type {Promise<void>} */
  done;
  #finish = () => {};
  #format;
  #most;
  #values;
  #over = false;
  /** @type {Uint8Array[]} */
  #lines = [];
  /** Bytes of lines that are not written yet. */
  #unwritten = 0;
  /** How many of the lines were written. */
  #written = Promise.resolve(0);
  #write = (/** @type {number} */ _lines) => {};

  /** @param {import("./format.mjs").Format} format @param {number} most @param {import("./arguments.mjs").Values} values */
  constructor(format, most, values) {
    this.#format = format;
    this.#most = most;
    this.#values = values;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /**
   * Whether it is printed, as far as the user wants that. Undefined for one of QoS 0 that nobody has to wait for: a promise for each
   * would cost a quarter of the rate. Behind a slow reader they are waited for too, and so count in maxunhandledbytes.
   * @param {Message} message @returns {Promise<boolean> | undefined}
   */
  take(message) {
    if (this.#over) {
      this.beyond += 1;
      return NOT_PRINTED;
    }
    if (message.retain ? this.#values["no-retained"] : this.#values["retained-only"]) {
      if (!message.retain) this.#end();
      return NO_LINE;
    }
    this.count += 1;
    const line = this.#format(message);
    const number = this.#lines.push(line);
    this.#unwritten += line.length;
    if (number === 1) this.#begin();
    if (this.count === this.#most) this.#end();
    if (message.qos === 0 && !message.retain && this.#unwritten <= MAX_UNWAITED) return undefined;
    return this.#written.then((lines) => number <= lines);
  }

  /** The first line of a turn. */
  #begin() {
    this.#written = new Promise((resolve) => {
      this.#write = resolve;
    });
    queueMicrotask(() => this.flush());
  }

  /** Nothing more is printed; done when the last line is written. */
  #end() {
    this.#over = true;
    this.#written.then(() => this.#finish());
  }

  flush() {
    if (this.#lines.length === 0) return;
    const [lines, written] = [this.#lines, this.#write];
    this.#lines = [];
    const length = lines.reduce((sum, line) => sum + line.length, 0);
    write(lines).then((count) => {
      this.#unwritten -= length;
      written(count);
    });
  }
}

// `mqtt-lib request`: sends a request (MQTT 5) and prints its response.

import { randomUUID } from "node:crypto";
import { seconds } from "./arguments.mjs";
import { decoderOf } from "./decode.mjs";
import { EXIT, Failure } from "./failure.mjs";
import { formatOf } from "./format.mjs";
import { payloadOf, sourceOf } from "./input.mjs";
import { checkOutput, write } from "./output.mjs";
import { oneTopic, publishOptions } from "./pub.mjs";
import { unlessEnded, withClient } from "./session.mjs";

const DEFAULT_TIMEOUT = 30;
/** The reason code of MQTT 5. */
const UNSUPPORTED_VERSION = 0x84;

/** @typedef {import("mqtt-lib").MqttCustom} MqttCustom */
/** @typedef {import("mqtt-lib").Message} Message */

/** @param {import("./session.mjs").Context} context */
export async function request(context) {
  const { values, end } = context;
  const topic = oneTopic(context);
  const source = sourceOf(values, context.words);
  const options = publishOptions(context);
  const format = formatOf(values, await decoderOf(values.decode));
  checkOutput();
  const since = performance.now();
  const late = (/** @type {number} */ s) =>
    `no response to the request to "${topic}" arrived within ${s} s; check that a responder is subscribed to this topic`;
  const limit = seconds(values, "timeout");
  const payload = await payloadOf(source, values, end, limit);
  const timeout = limit ?? DEFAULT_TIMEOUT;
  const response = await withClient(
    context,
    {},
    (client) => {
      const answer =
        values["response-topic"] === undefined
          ? client.request(topic, payload, { ...options, timeout })
          : requestWithTopic(client, values["response-topic"], topic, payload, options);
      return unlessEnded(answer, end.signal).catch((error) => {
        throw error.code === "TIMEOUT" ? new Failure(late(timeout), EXIT.TIMEOUT) : error;
      });
    },
    { seconds: timeout, since: limit && since, late },
  ).catch((error) => {
    if (error.reasonCode !== UNSUPPORTED_VERSION) throw error;
    throw new Failure("a request needs MQTT 5, which this broker does not speak");
  });
  await write([format(response)]);
}

/**
 * A request with the response topic that the user has given.
 * @param {MqttCustom} client
 * @param {string} responseTopic
 * @param {string} topic
 * @param {any} payload
 * @param {any} options
 * @returns {Promise<Message>}
 */
async function requestWithTopic(client, responseTopic, topic, payload, options) {
  const correlationData = options.properties?.correlationData ?? randomUUID();
  /** @type {(message: Message) => void} */
  let take = () => {};
  /** @type {Promise<Message>} */
  const answer = new Promise((resolve) => {
    take = resolve;
  });
  await client.subscribe(responseTopic, { qos: 1 }, (_client, _userdata, message) => {
    const data = message.properties?.correlationData;
    if (data !== undefined && Buffer.from(data).toString() === correlationData) take(message);
  });
  const properties = { ...options.properties, responseTopic, correlationData };
  await client.publish(topic, payload, { ...options, properties });
  return answer;
}

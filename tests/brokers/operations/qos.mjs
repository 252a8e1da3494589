// Each quality of service, in both directions, over each transport that the broker has: 20 messages to a client of
// another make and 20 from it, once each (QoS 1: at least once), with the QoS that was asked for.

import { brief, holds, NotDone } from "../support/outcome.mjs";
import { connectSecond, within } from "../support/second.mjs";

const MESSAGES = 20;
const WAIT = 15;

function check(texts, expected, qos, what) {
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const missing = expected.filter((text) => !counts.has(text)).length;
  if (missing) throw new NotDone(`${what}: ${missing} of ${expected.length} did not arrive`);
  const twice = [...counts.values()].filter((count) => count > 1).length;
  if (twice && qos !== 1) throw new NotDone(`${what}: ${twice} of ${expected.length} arrived twice`);
}

async function oneTransport(cell, client, qos, transport) {
  const [to, from] = [cell.topic(`${transport}/to${qos}`), cell.topic(`${transport}/from${qos}`)];
  const came = [];
  const problems = [];
  /** Each part is tried, so that no hanging call hides behind a refused one. */
  const part = async (work) => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof NotDone)) throw error;
      problems.push(error.message);
    }
  };
  let second = await cell.second({}, transport);
  await part(async () => {
    const granted = await cell.succeeds(
      client.subscribe(from, { qos }, (_client, _userdata, message) => came.push(message)),
      `subscribe at QoS ${qos}`,
    );
    if (Number(granted[0]) !== qos) throw new NotDone(`QoS ${granted[0]} is granted for ${qos}`);
  });
  const texts = Array.from({ length: MESSAGES }, (_, i) => `${transport} ${qos} ${i}`);
  await part(async () => {
    await within(second, WAIT, (done) => second.subscribe(to, { qos }, done));
  }).catch((error) => problems.push(`the other client's subscribe: ${brief(error)}`));
  await part(async () => {
    const results = await Promise.all(
      texts.map((text) => cell.settles(client.publish(to, text, { qos }), `publish at QoS ${qos}`)),
    );
    const refused = results.find((result) => result.error);
    if (refused) throw new NotDone(`publish at QoS ${qos}: ${brief(refused.error)}`);
    await holds(() => second.texts.length >= MESSAGES, WAIT);
    check(
      second.texts.map(([, text]) => text),
      texts,
      qos,
      "to the other client",
    );
  });
  await part(async () => {
    if (!second.connected) second = await cell.second({}, transport);
    for (const text of texts) {
      await within(second, WAIT, (done) => second.publish(from, text, { qos }, done)).catch((error) => {
        throw new NotDone(`the other client's publish: ${brief(error)}`);
      });
    }
    await holds(() => came.length >= MESSAGES, WAIT);
    check(
      came.map((message) => message.text()),
      texts,
      qos,
      "from the other client",
    );
    const other = came.find((message) => message.qos !== qos);
    if (other) throw new NotDone(`a message of QoS ${qos} arrived with QoS ${other.qos}`);
  });
  second.end(true);
  if (problems.length) throw new NotDone(`${transport === "ws" ? "WebSocket: " : ""}${problems.join("; ")}`);
}

const operation = (qos) => ({
  name: `qos${qos}`,
  title: `QoS ${qos}, both ways`,
  async run(cell, client) {
    await oneTransport(cell, client, qos, "mqtt");
    if (!cell.url("ws")) return;
    const web = await cell.connected({ mqttserver: cell.url("ws") });
    await oneTransport(cell, web, qos, "ws");
  },
  repeats: MESSAGES,
  /** One message at this QoS, from and to MQTT.js. */
  second: (cell) => secondQos(cell, qos),
});

export async function secondQos(cell, qos) {
  const client = await connectSecond(cell.url(), { version: cell.version, credentials: cell.credentials });
  try {
    const granted = await within(client, 5, (done) =>
      client.subscribe(cell.topic(`second${qos}`), { qos }, done),
    );
    await within(client, 5, (done) => client.publish(cell.topic(`second${qos}`), "x", { qos }, done));
    await holds(() => client.texts.length > 0, 5);
    const qosThatCame = client.texts[0]?.[2].qos;
    if (granted[0].qos !== qos) throw new Error(`MQTT.js is granted QoS ${granted[0].qos}`);
    if (qosThatCame !== qos)
      throw new Error(`MQTT.js gets ${qosThatCame === undefined ? "nothing" : `QoS ${qosThatCame}`}`);
  } finally {
    client.end(true);
  }
}

export default [operation(0), operation(1), operation(2)];

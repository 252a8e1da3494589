// A program of MQTT.js: forty calls and events of its interface, whose results it gives to `log` in a line each. Owns nothing
// of either package; what differs by chance (times, numbers, random names) is not logged.

import { once } from "node:events";
import { realPrograms } from "./mqttjs-programs.mjs";

const settled = (client, event) => new Promise((resolve) => client.once(event, (...args) => resolve(args)));

/** @param {any} mqtt the package @param {string} url @param {string} topic @param {(line: string) => void} log */
export async function program(mqtt, url, topic, log) {
  log(
    `exports ${["connect", "connectAsync", "Client", "MqttClient", "Store"].map((name) => typeof mqtt[name])}`,
  );
  log(`codes ${mqtt.ReasonCodes[5]}, ${mqtt.ReasonCodes[128]}, ${mqtt.ReasonCodes[151]}`);
  const events = { on: true };
  const client = mqtt.connect(url, {
    clientId: `${topic}-client`,
    reconnectPeriod: 60,
    will: { topic: `${topic}/will`, payload: "gone", qos: 1, retain: false },
  });
  for (const event of ["connect", "offline", "close", "reconnect", "end", "error", "outgoingEmpty"]) {
    client.on(event, (value) => events.on && log(`event ${event} ${value?.cmd ?? value?.message ?? ""}`));
  }
  log(`state ${client.connected} ${client.reconnecting} ${client.disconnecting}`);
  log(
    `options ${client.options.clientId} ${client.options.keepalive} ${client.options.protocolVersion} ${client.options.clean}`,
  );
  const [connack] = await settled(client, "connect");
  log(`connack ${connack.cmd} ${connack.returnCode} ${connack.sessionPresent}`);
  log(`state ${client.connected} ${client.reconnecting} ${client.disconnecting}`);
  await subscriptions(client, topic, log);
  await messages(client, topic, log);
  await packets(client, topic, log);
  await failures(client, topic, log);
  await reconnects(mqtt, client, url, topic, log);
  await handling(mqtt, url, topic, log);
  await ends(mqtt, client, url, topic, log);
  await details(mqtt, url, topic, log);
  await properties(mqtt, url, topic, log);
  await realPrograms(mqtt, url, topic, log);
}

async function subscriptions(client, topic, log) {
  await new Promise((resolve) => {
    const self = client.subscribe(`${topic}/a`, (error, granted) => {
      log(`subscribe ${error} ${JSON.stringify(granted)}`);
      resolve();
    });
    log(`returns itself ${self === client}`);
  });
  log(`subscribe again ${JSON.stringify(await client.subscribeAsync(`${topic}/a`))}`);
  log(`larger QoS ${JSON.stringify(await client.subscribeAsync(`${topic}/a`, { qos: 2 }))}`);
  log(`array ${JSON.stringify(await client.subscribeAsync([`${topic}/b`, `${topic}/c/+`], { qos: 1 }))}`);
  log(
    `map ${JSON.stringify(await client.subscribeAsync({ [`${topic}/d`]: { qos: 2 }, [`${topic}/e`]: { qos: 0 } }))}`,
  );
  log(`unsubscribe ${(await client.unsubscribeAsync(`${topic}/e`))?.cmd}`);
  await new Promise((resolve) =>
    client.unsubscribe([`${topic}/d`], (error) => resolve(log(`unsubscribe ${error}`))),
  );
}

async function messages(client, topic, log) {
  for (const [qos, retain] of [
    [0, false],
    [1, false],
    [2, false],
    [1, true],
  ]) {
    const message = settled(client, "message");
    const published = new Promise((resolve) => {
      client.publish(`${topic}/a`, `text ${qos}`, { qos, retain }, (error, packet) =>
        resolve([error, packet]),
      );
    });
    const [on, payload, packet] = await message;
    log(
      `message ${on} ${payload} ${Buffer.isBuffer(payload)} ${packet.cmd} ${packet.qos} ${packet.retain} ${packet.dup}`,
    );
    const [error, sent] = await published;
    log(
      `published ${error ?? "well"} ${sent?.cmd} ${sent?.topic === undefined ? "" : sent.topic} ${sent?.qos}`,
    );
  }
  const bytes = settled(client, "message");
  log(`publishAsync QoS 0 ${await client.publishAsync(`${topic}/b`, Buffer.from([0, 255, 1]))}`);
  log(`bytes ${(await bytes)[1].toString("hex")}`);
  const empty = settled(client, "message");
  log(`publishAsync QoS 1 ${(await client.publishAsync(`${topic}/c/x`, "", { qos: 1 })).cmd}`);
  log(`empty ${(await empty)[1].length}`);
  const before = client.getLastMessageId();
  await client.publishAsync(`${topic}/none`, "a", { qos: 1 });
  log(`ids ${client.getLastMessageId() - before}`);
  await client.publishAsync(`${topic}/a`, "", { qos: 1, retain: true });
  await new Promise((resolve) => setTimeout(resolve, 100));
}

async function packets(client, topic, log) {
  const seen = [];
  const sent = ({ cmd, topic: on }) => seen.push(`> ${cmd} ${on ?? ""}`);
  const received = ({ cmd, topic: on }) => seen.push(`< ${cmd} ${on ?? ""}`);
  client.on("packetsend", sent).on("packetreceive", received);
  await client.publishAsync(`${topic}/none`, "x", { qos: 2 });
  await client.subscribeAsync(`${topic}/f`);
  await client.unsubscribeAsync(`${topic}/f`);
  client.off("packetsend", sent).removeListener("packetreceive", received);
  log(`packets ${seen.map((line) => line.trim()).join(", ")}`);
}

async function failures(client, topic, log) {
  for (const filter of [`${topic}/#/a`, "a+", []]) {
    const error = await client.subscribeAsync(filter).catch((thrown) => thrown);
    log(`wrong filter ${error.message}`);
  }
  log(`wrong unsubscribe ${(await client.unsubscribeAsync("#/a").catch((thrown) => thrown)).message}`);
}

async function reconnects(mqtt, client, url, topic, log) {
  const observer = await mqtt.connectAsync(url, { clientId: `${topic}-observer` });
  await observer.subscribeAsync(`${topic}/will`);
  const will = settled(observer, "message");
  const again = settled(client, "connect");
  client.stream.destroy();
  await settled(client, "close");
  log(`state ${client.connected} ${client.reconnecting}`);
  const offline = client.publishAsync(`${topic}/a`, "offline", { qos: 1 });
  await again;
  log(`will ${(await will)[1]}`);
  log(`published offline ${(await offline).topic === `${topic}/a`}`);
  await observer.endAsync();
  log(`observer ${observer.connected} ${observer.disconnected}`);
}

async function handling(mqtt, url, topic, log) {
  const client = await mqtt.connectAsync(url, { clientId: `${topic}-handler`, protocolVersion: 5 });
  const handled = [];
  client.handleMessage = (packet, done) => {
    handled.push(`begin ${packet.payload}`);
    setTimeout(() => {
      handled.push(`end ${packet.payload}`);
      done();
    }, 20);
  };
  client.on("message", (_topic, payload) => handled.push(`message ${payload}`));
  const granted = await client.subscribeAsync(`${topic}/h`, { qos: 1, nl: false, rap: true, rh: 0 });
  log(`granted ${JSON.stringify(granted)}`);
  const properties = {
    contentType: "text/plain",
    userProperties: { a: "1" },
    correlationData: Buffer.from("x"),
  };
  client.once("message", (_topic, _payload, { properties: given }) => {
    log(`properties ${given.contentType} ${given.userProperties.a} ${given.correlationData}`);
  });
  for (const text of ["1", "2", "3"]) client.publish(`${topic}/h`, text, { qos: 1, properties });
  while (handled.length < 9) await new Promise((resolve) => setTimeout(resolve, 10));
  log(`handled ${handled.join(", ")}`);
  await client.endAsync(false, { reasonCode: 4 });
}

async function ends(mqtt, client, url, topic, log) {
  const refused = await mqtt
    .connectAsync("mqtt://127.0.0.1:1", { reconnectPeriod: 0 })
    .catch((error) => error);
  log(`refused ${refused.code}`);
  const manual = mqtt.connect(url, { clientId: `${topic}-manual`, manualConnect: true, queueQoSZero: false });
  log(`manual ${manual.connected}`);
  log(`no queue ${(await manual.publishAsync("a", "b").catch((error) => error)).message}`);
  manual.connect();
  await once(manual, "connect");
  await manual.endAsync(true);
  client.publish(`${topic}/none`, "last", { qos: 1 }, (error) => log(`last ${error ?? "well"}`));
  const ended = client.endAsync();
  log(`state ${client.disconnecting}`);
  const late = await client.publishAsync("a", "b").catch((error) => error);
  log(`late ${late.message}`);
  await ended;
  log(`state ${client.connected} ${client.disconnected}`);
  const again = settled(client, "connect");
  client.reconnect();
  await again;
  await client.endAsync(true);
  log(`counts ${client.listenerCount("offline")} ${client.eventNames().includes("end")}`);
}

async function details(mqtt, url, topic, log) {
  const once = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
  log(
    `without reconnects ${[await once.subscribeAsync("a"), await once.subscribeAsync("a")].map((all) => all.length)}`,
  );
  await once.endAsync();
  const client = await mqtt.connectAsync(url);
  const filters = { [`${topic}/map`]: { qos: 1 } };
  log(`map ${(await client.subscribeAsync({ ...filters, resubscribe: false })).map((one) => one.topic)}`);
  log(`map again ${(await client.subscribeAsync({ ...filters, resubscribe: true })).length}`);
  log(`mapping ${Object.keys(client.messageIdToTopic).length} ${Object.keys(client._resubscribeTopics)}`);
  log(`never subscribed ${(await client.unsubscribeAsync(`${topic}/never`))?.cmd}`);
  let ended = 0;
  client.on("end", () => {
    ended += 1;
  });
  await new Promise((resolve) => client.end(false, {}, resolve));
  await new Promise((resolve) => client.end(resolve));
  log(`ended ${ended}`);
  for (const name of ["subscribe", "unsubscribe"]) {
    log(
      `${name} after the end ${await new Promise((resolve) => client[name]("a", (error) => resolve(error.message)))}`,
    );
  }
}

async function properties(mqtt, url, topic, log) {
  const options = {
    protocolVersion: 5,
    clean: false,
    clientId: `${topic}-5`,
    properties: { sessionExpiryInterval: 5 },
  };
  const client = await mqtt.connectAsync(url, options);
  const granted = await client.subscribeAsync(`${topic}/5`, {
    qos: 1,
    rap: true,
    properties: { subscriptionIdentifier: 7 },
  });
  log(`granted ${JSON.stringify(granted)}`);
  const message = settled(client, "message");
  const properties = {
    responseTopic: "r",
    correlationData: Buffer.from("c"),
    userProperties: { a: ["1", "2"], b: "3" },
    contentType: "t",
    payloadFormatIndicator: true,
  };
  const published = await client.publishAsync(`${topic}/5`, "a", { qos: 1, properties });
  log(`published ${published.cmd}`);
  const { properties: received } = (await message)[2];
  log(`properties ${Object.keys(received).toSorted()} ${JSON.stringify(received.userProperties)}`);
  log(`bytes ${received.correlationData} ${received.subscriptionIdentifier} ${client.keepalive}`);
  await client.endAsync(false, { reasonCode: 4, properties: { sessionExpiryInterval: 0 } });
}

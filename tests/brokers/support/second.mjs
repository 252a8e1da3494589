// A second client, MQTT.js: the other side of an operation, and the proof of what a broker cannot do. Its connections
// are not counted.

import { AsyncLocalStorage } from "node:async_hooks";
import mqtt from "mqtt";
import { pause } from "./outcome.mjs";

const CONNECT_SECONDS = 10;
const scope = new AsyncLocalStorage();
let made = 0;

/** True in code that a second client runs. */
export const isSecond = () => scope.getStore() === true;

/** Connections that `work` makes, also later, are not counted. */
export const uncounted = (work) => scope.run(true, work);

/** Connects once and never again; `options` are those of MQTT.js. */
export function connectSecond(url, { version, credentials = {}, ...options }) {
  return uncounted(async () => {
    const client = mqtt.connect(url, {
      protocolVersion: version,
      clientId: `second${process.pid}x${++made}`,
      username: credentials.mqttusername,
      password: credentials.mqttpassword,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_SECONDS * 1000,
      ...options,
    });
    client.on("error", () => {});
    await new Promise((resolve, reject) => {
      client.once("connect", (connack) => {
        client.connack = connack;
        resolve();
      });
      client.once("error", reject);
      client.once("close", () => reject(new Error("the connection was closed before CONNACK")));
      setTimeout(() => reject(new Error("no CONNACK")), CONNECT_SECONDS * 1000).unref();
    });
    client.texts = [];
    /** Messages of a topic, or of those below it: some brokers send a new subscriber retained messages of other topics. */
    client.about = (base) => client.texts.filter(([topic]) => topic === base || topic.startsWith(`${base}/`));
    client.on("message", (topic, payload, packet) => client.texts.push([topic, payload.toString(), packet]));
    return client;
  });
}

/** What an MQTT.js call does, as a promise that rejects if the connection ends or nothing happens in time. */
export function within(client, seconds, call) {
  return new Promise((resolve, reject) => {
    const closed = () => reject(new Error("the broker closed the connection"));
    client.once("close", closed);
    pause(seconds).then(() => reject(new Error(`nothing happened in ${seconds} s`)));
    call((error, result) => (error ? reject(error) : resolve(result)));
  });
}

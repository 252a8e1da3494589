// What passes between clients and the nodes of a broker, by a proxy in front of each: which numbered messages were published
// and how often, which the broker has acknowledged with PUBACK, and which it has sent to a subscriber. Says whose loss a
// missing message is, and who is silent.

import mqttPacket from "mqtt-packet";
import { startProxy } from "../../support/proxy.mjs";

const numberOf = (payload) => Number(payload.toString().split(" ")[1]);

/** `urls` are those of MQTT 3.1.1 over TCP. Resolves with the addresses to use instead of them. */
export async function startWire(urls) {
  const acknowledged = new Set();
  const sent = new Set();
  /** How often each was published. */
  const published = new Map();
  const last = { published: 0, acknowledged: 0 };
  /** Of all clients. */
  const handshakes = { connect: [], connack: [] };
  const proxies = [];
  for (const url of urls) {
    const unacknowledged = new Map();
    const parsers = new Map();
    const onPacket = (index, way, packet) => {
      const key = `${index} ${packet.messageId}`;
      handshakes[packet.cmd]?.push(performance.now());
      if (packet.cmd === "publish" && way === "up" && packet.qos === 1) {
        const number = numberOf(packet.payload);
        unacknowledged.set(key, packet.payload);
        published.set(number, (published.get(number) ?? 0) + 1);
        last.published = performance.now();
      }
      if (packet.cmd === "publish" && way === "down") sent.add(numberOf(packet.payload));
      if (packet.cmd === "puback" && way === "down" && unacknowledged.has(key)) {
        acknowledged.add(numberOf(unacknowledged.get(key)));
        last.acknowledged = performance.now();
      }
    };
    const tap = (index, way, bytes) => {
      const name = `${index} ${way}`;
      if (!parsers.has(name)) {
        const parser = mqttPacket.parser({ protocolVersion: 4 });
        parser.on("packet", (packet) => onPacket(index, way, packet));
        parsers.set(name, parser);
      }
      parsers.get(name).parse(bytes);
    };
    proxies.push(await startProxy({ port: Number(new URL(url).port), tap }));
  }
  return {
    urls: proxies.map(({ url }) => url),
    /** Of messages that did not arrive: which the broker acknowledged, and which it sent to the subscriber. */
    about: (missing) => ({
      acknowledged: missing.filter((number) => acknowledged.has(number)),
      sent: missing.filter((number) => sent.has(number)),
      published: missing.filter((number) => published.has(number)),
      most: Math.max(0, ...missing.map((number) => published.get(number) ?? 0)),
      /** Seconds since the last PUBLISH and the last PUBACK of a publisher. */
      since: Object.values(last).map((at) => (performance.now() - at) / 1000),
    }),
    /** How many CONNECT and CONNACK passed after that time. */
    handshakesAfter: (time) =>
      Object.values(handshakes).map((times) => times.filter((at) => at > time).length),
  };
}

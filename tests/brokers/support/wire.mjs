// What passes between clients and the nodes of a broker, by a proxy in front of each: which numbered messages the broker has
// acknowledged with PUBACK, and which it has sent to a subscriber. Says whose loss a missing message is.

import mqttPacket from "mqtt-packet";
import { startProxy } from "../../support/proxy.mjs";

const numberOf = (payload) => Number(payload.toString().split(" ")[1]);

/** `urls` are those of MQTT 3.1.1 over TCP. Resolves with the addresses to use instead of them. */
export async function startWire(urls) {
  const acknowledged = new Set();
  const sent = new Set();
  const proxies = [];
  for (const url of urls) {
    const unacknowledged = new Map();
    const parsers = new Map();
    const onPacket = (index, way, packet) => {
      const key = `${index} ${packet.messageId}`;
      if (packet.cmd === "publish" && way === "up" && packet.qos === 1)
        unacknowledged.set(key, packet.payload);
      if (packet.cmd === "publish" && way === "down") sent.add(numberOf(packet.payload));
      if (packet.cmd === "puback" && way === "down" && unacknowledged.has(key))
        acknowledged.add(numberOf(unacknowledged.get(key)));
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
    }),
  };
}

// Brokers that are down, violate MQTT, refuse or do not answer CONNECT, and what is to be said of each: for the package and for
// the WASI component alike. Owns the table, and the broker and the web server that are some of them.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { fakeBroker, scripts } from "./fake-broker.mjs";
import { startMosquitto } from "./mosquitto.mjs";
import { freePort } from "./ports.mjs";

export async function startPeers(peers) {
  peers.mosquitto = await startMosquitto();
  peers.web = createHttpServer((_request, response) => response.writeHead(404).end("not here"));
  peers.web.listen(0, "127.0.0.1");
  await once(peers.web, "listening");
}

export async function stopPeers({ mosquitto, web }) {
  web?.close();
  web?.closeAllConnections();
  await mosquitto?.stop();
}

/** Each returns credentials, and the code and parts of the expected error. @param {{ mosquitto?: any, web?: any }} peers */
export function badBrokers(peers) {
  const brokers = {
    "a port where nothing listens (TCP)": async () => {
      const port = await freePort();
      return [
        `mqtt://127.0.0.1:${port}`,
        "CONNECTION_REFUSED",
        `127.0.0.1:${port}`,
        "nothing listens",
        "mqttport",
      ];
    },
    "a port where nothing listens (WebSocket)": async () => {
      const port = await freePort();
      return [
        `ws://127.0.0.1:${port}`,
        "CONNECTION_REFUSED",
        `127.0.0.1:${port}`,
        "nothing listens",
        "mqttport",
      ];
    },
    "a host that does not exist": async () => [
      "mqtt://no-such-host.invalid:1883",
      "CONNECTION_REFUSED",
      "no-such-host.invalid",
      "mqttserver",
    ],
    "a plain TCP broker behind a WebSocket URL": async () => [
      `ws://127.0.0.1:${peers.mosquitto.port}/mqtt`,
      "CONNECTION_REFUSED",
      `127.0.0.1:${peers.mosquitto.port}`,
      "does not speak WebSocket",
      "mqtt://",
    ],
    "a WebSocket broker behind a TCP URL": async () => [
      `mqtt://127.0.0.1:${peers.mosquitto.wsPort}`,
      "CONNECTION_REFUSED",
      `127.0.0.1:${peers.mosquitto.wsPort}`,
      "ws://",
    ],
    "a web server behind a WebSocket URL": async () => [
      `ws://127.0.0.1:${peers.web.address().port}/mqtt`,
      "CONNECTION_REFUSED",
      "HTTP 404",
      "/mqtt",
      "path",
    ],
    "a web server behind a TCP URL": async () => [
      `mqtt://127.0.0.1:${peers.web.address().port}`,
      "CONNECTION_REFUSED",
      "HTTP",
      "ws://",
    ],
    "a WebSocket server that does not know MQTT": async (t) => {
      const broker = await fakeBroker(t, scripts.silent, { subprotocol: false });
      return [broker.wsUrl, "CONNECTION_REFUSED", "subprotocol", `${broker.wsPort}`];
    },
  };
  for (const kind of ["url", "wsUrl"]) {
    const over = kind === "url" ? "TCP" : "WebSocket";
    const refusals = [
      [1, "CONNECTION_REFUSED", "MQTT 3.1.1"],
      [2, "CONNECTION_REFUSED", "mqttclientid"],
      [3, "CONNECTION_REFUSED", "not available"],
      [4, "NOT_AUTHORIZED", "mqttusername", "mqttpassword"],
      [5, "NOT_AUTHORIZED", "mqttusername"],
    ];
    for (const [code, name, ...words] of refusals) {
      brokers[`a broker that refuses with CONNACK ${code} (${over})`] = async (t) => {
        const broker = await fakeBroker(t, scripts.refuses(code));
        return [broker[kind], name, `CONNACK ${code}`, ...words];
      };
    }
    const scripted = (script, ...expected) => {
      return async (t) => {
        const broker = await fakeBroker(t, script);
        const port = kind === "url" ? broker.port : broker.wsPort;
        return [broker[kind], ...expected, `127.0.0.1:${port}`];
      };
    };
    Object.assign(brokers, {
      [`a broker that closes at once (${over})`]: scripted(
        scripts.closesAtOnce,
        "CONNECTION_REFUSED",
        "before it answered",
      ),
      [`a broker that cuts the connection at once (${over})`]: scripted(
        scripts.resetsAtOnce,
        "CONNECTION_REFUSED",
      ),
      [`a broker that answers garbage (${over})`]: scripted(scripts.garbage(), "PROTOCOL_ERROR", "MQTT"),
      [`a broker that answers something before CONNACK (${over})`]: scripted(
        scripts.garbage(Uint8Array.of(0xd0, 0x00)),
        "PROTOCOL_ERROR",
        "before CONNACK",
      ),
      [`a broker that answers with an endless length (${over})`]: scripted(
        scripts.garbage(Uint8Array.of(0x20, 0xff, 0xff, 0xff, 0xff, 0x01)),
        "PROTOCOL_ERROR",
      ),
      [`a broker that never answers (${over})`]: async (t) => {
        const broker = await fakeBroker(t, scripts.silent);
        const credentials = { mqttserver: broker[kind], connecttimeout: 0.1 };
        return [credentials, "TIMEOUT", "did not answer CONNECT in 0.1 s (connecttimeout)"];
      },
    });
  }
  return brokers;
}

// The transports of the facade in Node: TCP, TLS and Unix sockets as the streams of Node, WebSockets as the native client
// makes them, or as the package `ws` does where `wsOptions` asks for what the native client does not have.

import { connect as connectTcp, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import { WebSocket } from "ws";
import { webSocketUrl } from "./websocket-url.mjs";

const SECURE = ["rejectUnauthorized", "ca", "cert", "key", "pfx", "passphrase"];
/** Options of `wsOptions` that the native client has too. */
const NATIVE = ["headers", "agent"];

/** @param {any} options @param {any} client @param {any} connect that of the native client */
export function open(options, client, connect) {
  if (options.socksProxy) {
    throw new Error(
      "socksProxy is not supported by mqtt-lib/mqttjs; use a WebSocket with wsOptions.agent, such as a SocksProxyAgent",
    );
  }
  switch (options.protocol) {
    case "ws":
    case "wss":
      return webSocket(options, client, connect);
    case "mqtts":
    case "ssl":
    case "tls":
      return tls(options, client);
    default:
      return tcp(options);
  }
}

/** @param {any} options */
function tcp(options) {
  options.port ||= 1883;
  options.hostname ||= options.host || "localhost";
  const { port, path, hostname: host } = options;
  return path ? connectTcp({ path }) : connectTcp({ port, host, noDelay: true });
}

/** @param {any} options @param {any} client */
function tls(options, client) {
  options.port ||= 8883;
  options.host = options.hostname || options.host || "localhost";
  if (isIP(options.host) === 0) options.servername ||= options.host;
  options.rejectUnauthorized = options.rejectUnauthorized !== false;
  const { path, ...others } = options;
  const stream = connectTls(others);
  stream.setNoDelay();
  /** @param {Error} error */
  const failed = (error) => {
    if (options.rejectUnauthorized) client.emit("error", error);
    stream.end();
  };
  stream.on("secureConnect", () => stream.removeListener("error", failed));
  stream.on("error", failed);
  return stream;
}

/** @param {any} options @param {any} client @param {any} connect */
function webSocket(options, client, connect) {
  options.hostname ||= options.host || "localhost";
  options.wsOptions ??= {};
  const { wsOptions, createWebsocket, protocol } = options;
  if (protocol === "wss") {
    for (const name of SECURE) if (Object.hasOwn(options, name)) wsOptions[name] ??= options[name];
  }
  const url = webSocketUrl(options, client);
  if (createWebsocket) return createWebsocket(url, ["mqtt"], options);
  const isNative = Object.keys(wsOptions).every((name) => NATIVE.includes(name));
  if (isNative && connect !== undefined)
    return Object.assign(connect(url, "mqtt", { websocket: wsOptions }), { url });
  return new WebSocket(url, ["mqtt"], wsOptions);
}

// `connect` and `connectAsync` of MQTT.js: from a URL and options to a client. Owns the forms of URLs; never opens a
// connection itself.

import { MqttClient } from "./client.mjs";
import { platform } from "./platform.mjs";

/** What a protocol is called with TLS. @type {Record<string, string>} */
const SECURE = { mqtt: "mqtts", tcp: "tls", ws: "wss", mqtts: "mqtts", ssl: "ssl", tls: "tls", wss: "wss" };

/** @param {any} [url] @param {any} [given] */
export function connect(url, given) {
  const options = optionsOf(url, given);
  const unix = Boolean(options.unixSocket || options.protocol?.includes("+unix"));
  options.unixSocket = unix;
  if (unix) {
    options.protocol = options.protocol.replace("+unix", "");
  } else if (!options.protocol?.startsWith("ws")) {
    delete options.path;
  }
  if (options.auth) Object.assign(options, credentialsIn(options.auth));
  if (typeof options.query?.clientId === "string") options.clientId = options.query.clientId;
  options.socksProxy ??= globalThis.process?.env?.MQTTJS_SOCKS_PROXY;
  if (unix) options.socksProxy = undefined;
  if (options.cert && options.key) {
    if (!options.protocol) throw new Error("Missing secure protocol key");
    const secure = SECURE[options.protocol];
    if (secure === undefined)
      throw new Error(`Unknown protocol for secure connection: "${options.protocol}"!`);
    options.protocol = secure;
  }
  options.protocol = usable(options.protocol);
  if (options.clean === false && !options.clientId) throw new Error("Missing clientId for unclean clients");
  options.defaultProtocol = options.protocol;
  const client = new MqttClient((/** @type {any} */ one) => open(one, options), options);
  client.on("error", () => {});
  return client;
}

/** Resolves with the client when it is connected, and rejects with its first error. @param {any} url @param {any} [options] @param {boolean} [allowRetries] */
export function connectAsync(url, options, allowRetries = true) {
  return new Promise((resolve, reject) => {
    const client = connect(url, options);
    /** @type {Record<string, (value?: any) => void>} */
    const listeners = {
      connect: () => settle(() => resolve(client)),
      end: () => settle(() => resolve(client)),
      error: (error) =>
        settle(() => {
          client.end();
          reject(error);
        }),
    };
    if (!allowRetries) listeners.close = () => listeners.error(new Error("Couldn't connect to server"));
    /** @param {() => void} then */
    const settle = (then) => {
      for (const [event, listener] of Object.entries(listeners)) client.off(event, listener);
      then();
    };
    for (const [event, listener] of Object.entries(listeners)) client.on(event, listener);
  });
}

/** @param {any} url @param {any} given */
function optionsOf(url, given) {
  if (typeof url === "object" && url !== null && !(url instanceof URL) && !given) return url;
  if (!url) return given ?? {};
  const parsed = parse(`${url}`);
  const options = { ...parsed, ...given };
  if (!options.protocol) throw new Error("Missing protocol");
  options.protocol = options.protocol.replace(/:$/, "");
  return options;
}

/** @param {string} text */
function parse(text) {
  if (text.startsWith("/") && globalThis.location !== undefined) {
    const protocol = globalThis.location.protocol === "https:" ? "wss" : "ws";
    return { protocol, path: text };
  }
  /** @type {URL} */
  let url;
  try {
    url = new URL(text);
  } catch {
    // As url.parse() of Node, on which MQTT.js is built: what it cannot read has no protocol.
    return { protocol: /^[a-z][a-z+]*:/i.exec(text)?.[0] ?? null };
  }
  const { username, password } = url;
  const auth = decodeURIComponent(username) + (password && `:${decodeURIComponent(password)}`);
  return {
    ...(url.port !== "" && { port: Number(url.port) }),
    host: url.hostname.replace(/^\[(.*)\]$/, "$1") || null,
    query: Object.fromEntries(url.searchParams),
    auth: auth || null,
    protocol: url.protocol,
    path: url.pathname + url.search || null,
  };
}

/** User name and, unless it is given apart from it, password. @param {string} auth @returns {{ username: string, password?: string }} */
function credentialsIn(auth) {
  const [, username, password] = /^(.+):(.+)$/.exec(auth) ?? [];
  return username === undefined ? { username: auth } : { username, password };
}

/** @param {string | undefined} protocol */
function usable(protocol) {
  const { protocols } = platform;
  if (protocol !== undefined && protocols.includes(protocol)) return protocol;
  if (/^(wx|ali)s?$/.test(`${protocol}`)) {
    throw new Error(`mqtt-lib/mqttjs does not know "${protocol}" (mini programs); give createWebsocket`);
  }
  if (protocol === "mqtts") return "wss";
  return protocols[0];
}

/** Opens the transport of the next attempt, to the next server of `servers`. @param {any} client @param {any} options */
function open(client, options) {
  const { servers } = options;
  if (servers) {
    const at = (client._reconnectCount ?? 0) % servers.length;
    client._reconnectCount = at + 1;
    const { host, port, protocol } = servers[at];
    Object.assign(options, { host, hostname: host, port, protocol: protocol || options.defaultProtocol });
  }
  return platform.open(options, client, client.connectNatively);
}

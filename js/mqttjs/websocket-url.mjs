// The URL of a WebSocket, from the options of MQTT.js.

/** @param {any} options @param {any} client */
export function webSocketUrl(options, client) {
  options.port ||= options.protocol === "wss" ? 443 : 80;
  options.path ||= "/";
  const { protocol, hostname, port, path, transformWsUrl } = options;
  const host = hostname.includes(":") && !hostname.startsWith("[") ? `[${hostname}]` : hostname;
  const url = `${protocol}://${host}:${port}${path}`;
  return typeof transformWsUrl === "function" ? transformWsUrl(url, options, client) : url;
}

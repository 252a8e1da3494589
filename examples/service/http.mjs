// The probes and the metrics: one small server.

import { createServer } from "node:http";

/** @param {number} port @param {Record<string, ((request: any, response: any) => unknown)>} routes a boolean is the state of a probe; anything else has answered by itself */
export function serve(port, routes) {
  const server = createServer((request, response) => {
    const route = routes[new URL(request.url, "http://localhost").pathname];
    if (route === undefined) return response.writeHead(404).end();
    const isWell = route(request, response);
    if (typeof isWell === "boolean") response.writeHead(isWell ? 200 : 503).end(isWell ? "ok\n" : "not now\n");
  });
  return server.listen(port);
}

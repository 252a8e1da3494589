// A WebSocket gateway to aedes that accepts signed URLs, as AWS IoT does. It computes the signature by the specification
// (Signature Version 4, in the query), without code of the package or its libraries.

import { createHash, createHmac } from "node:crypto";
import { startGateway } from "./gateway.mjs";

/** The signature as AWS computes it from the request it has received. */
function signatureOf({ url, headers }, secret) {
  const [path, query] = url.split("?");
  const all = query.split("&").filter((pair) => !/^X-Amz-(Signature|Security-Token)=/.test(pair));
  const scope = decodeURIComponent(
    all.find((pair) => pair.startsWith("X-Amz-Credential=")).split("=")[1],
  ).split("/");
  const date = all.find((pair) => pair.startsWith("X-Amz-Date=")).split("=")[1];
  const sha256 = (text) => createHash("sha256").update(text).digest("hex");
  const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
  const request = ["GET", path, all.sort().join("&"), `host:${headers.host}`, "", "host", sha256("")].join(
    "\n",
  );
  const text = ["AWS4-HMAC-SHA256", date, scope.slice(1).join("/"), sha256(request)].join("\n");
  const key = scope.slice(1).reduce(hmac, `AWS4${secret}`);
  return hmac(key, text).toString("hex");
}

/** `keys` are the valid keys; `seen` has an entry for each handshake. `tls` as for `startGateway`. */
export async function startAwsGateway({ tls } = {}) {
  const aws = { keys: {}, seen: [] };
  const gateway = await startGateway({
    tls,
    admits(request) {
      const query = new URLSearchParams(request.url.split("?")[1]);
      const [id] = query.get("X-Amz-Credential").split("/");
      const good =
        id === aws.keys.accessKeyId &&
        (query.get("X-Amz-Security-Token") ?? undefined) === aws.keys.sessionToken &&
        query.get("X-Amz-Signature") === signatureOf(request, aws.keys.secretAccessKey);
      aws.seen.push({ id, good, length: request.url.length });
      return good;
    },
  });
  return Object.assign(aws, { host: `127.0.0.1:${gateway.port}`, cut: gateway.drop, stop: gateway.stop });
}

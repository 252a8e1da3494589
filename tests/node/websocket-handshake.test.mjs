// The WebSocket handshake in Node: path and query, custom headers and subprotocols, over ws and wss, and through a proxy
// agent.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HttpsProxyAgent } from "https-proxy-agent";
import { MqttCustom } from "mqtt-lib";
import { makeCertificates } from "../support/certificates.mjs";
import { startGateway, startProxy } from "../support/gateway.mjs";
import { clientFor, failure, freshTopic, until } from "./helpers.mjs";

const certificates = makeCertificates();
const certs = { ca: certificates.ca };
const gateways = {};
let proxy;

/** Authentication as cloud brokers have it: a token in a header, or in the query. */
const admits = ({ url, headers }) => !url.startsWith("/guarded") || headers.authorization === "Bearer right";

before(async () => {
  gateways.ws = await startGateway({ admits });
  gateways.wss = await startGateway({ admits, tls: certificates.issue("server") });
  proxy = await startProxy();
});

after(async () => {
  proxy?.stop();
  await Promise.all(Object.values(gateways).map((gateway) => gateway.stop()));
});

for (const scheme of ["ws", "wss"]) {
  describe(`over ${scheme}`, () => {
    const url = (path) => `${scheme}://127.0.0.1:${gateways[scheme].port}${path}`;
    const credentials = (path, websocket) => ({
      mqttserver: url(path),
      websocket,
      certs: scheme === "wss" ? certs : undefined,
    });
    const last = () => gateways[scheme].seen.at(-1);

    test("path and query of the URL are asked for as they are", async (t) => {
      const path = "/a%20path/mqtt?X-Amz-Date=20260101T000000Z&X-Amz-Signature=a%2Fb%3D&empty=";
      await clientFor(t, credentials(path)).start();
      assert.equal(last().url, path);
    });

    test("so are those of mqttpath", async (t) => {
      const client = clientFor(t, {
        mqttserver: "127.0.0.1",
        mqttport: gateways[scheme].port,
        mqttprotocol: scheme,
        mqttpath: "/mqtt?token=a&b=c",
        certs: scheme === "wss" ? certs : undefined,
      });
      await client.start();
      assert.equal(last().url, "/mqtt?token=a&b=c");
    });

    test("headers are sent along, and messages flow", async (t) => {
      const headers = { Authorization: "Bearer right", "X-Tenant": "seven" };
      const client = clientFor(t, credentials("/guarded", { headers }));
      const topic = freshTopic();
      const received = [];
      await client.subscribe(topic, (_client, _userdata, message) => received.push(message.text()));
      await client.publish(topic, "hello", { qos: 1 });
      await until(() => received.length === 1, "the message");
      assert.equal(last().headers.authorization, "Bearer right");
      assert.equal(last().headers["x-tenant"], "seven");
      assert.equal(last().protocols, "mqtt");
    });

    test("a handshake that is refused says so, and shows no header", async (t) => {
      const headers = { Authorization: "Bearer wrong" };
      const error = await failure(clientFor(t, credentials("/guarded", { headers })).start());
      assert.equal(error.code, "CONNECTION_REFUSED");
      assert.match(
        error.message,
        /answered the WebSocket handshake at \/guarded with HTTP 403: check the credentials of the handshake/,
      );
      assert.doesNotMatch(error.stack, /wrong/);
    });

    test("subprotocols are offered in their order; any that the server takes will do", async (t) => {
      await clientFor(t, credentials("/", { protocols: ["mqttv3.1", "mqtt"] })).start();
      assert.equal(last().protocols, "mqttv3.1,mqtt");
      await clientFor(t, credentials("/", { protocols: "mqttv3.1" })).start();
      assert.equal(last().protocols, "mqttv3.1");
    });

    test("a proxy agent makes the connection", async (t) => {
      const asked = proxy.seen.length;
      const agent = new HttpsProxyAgent(proxy.url);
      const client = clientFor(t, credentials("/mqtt", { agent }));
      await client.publish(freshTopic(), "through the proxy", { qos: 1 });
      assert.deepEqual(proxy.seen.slice(asked), [`127.0.0.1:${gateways[scheme].port}`]);
    });

    test("a header that HTTP does not allow is an error without its value", async (t) => {
      const headers = { Authorization: "Bearer se\ncret" };
      const error = await failure(clientFor(t, credentials("/", { headers })).start());
      assert.match(error.message, /a WebSocket to .* cannot be created: Invalid character in header content/);
      assert.doesNotMatch(error.stack, /se\n?cret/);
    });

    test("publish_high_priority takes them too", async () => {
      const headers = { Authorization: "Bearer right" };
      const { mqttserver, ...more } = credentials("/guarded?one=shot", { headers });
      await MqttCustom.publish_high_priority(freshTopic(), "hello", { hostname: mqttserver, ...more });
      assert.equal(last().url, "/guarded?one=shot");
      assert.equal(last().headers.authorization, "Bearer right");
    });
  });
}

test("through a proxy the server is verified as ever", async (t) => {
  const agent = new HttpsProxyAgent(proxy.url);
  const error = await failure(clientFor(t, { mqttserver: gateways.wss.url, websocket: { agent } }).start());
  assert.equal(error.code, "SERVER_UNTRUSTED");
});

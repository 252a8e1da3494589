// mqtt-lib/aws: the signatures of AWS's published examples; the credentials that result from host, keys and further options;
// and connections to a WebSocket server that checks the signature of each attempt as AWS IoT does.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { awsIot } from "mqtt-lib/aws";
import { signedUrl } from "../../js/aws/sign.mjs";
import { startAwsGateway } from "../support/aws-gateway.mjs";
import { makeCertificates } from "../support/certificates.mjs";
import { clientFor, failure, freshTopic, until } from "./helpers.mjs";

const HOST = "abc-ats.iot.eu-west-1.amazonaws.com";

// The test suite of Signature Version 4 (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4): name, path with query,
// signature in query-signed-request.txt.
const SUITE = {
  keys: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  scope: { region: "us-east-1", service: "service", datetime: "20150830T123600Z", expires: 3600 },
  host: "example.amazonaws.com",
};
const UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const VECTORS = [
  ["get-vanilla-query", "/", "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"],
  [
    "get-vanilla-empty-query-key",
    "/?Param1=value1",
    "49096700cbbaa5753443850f40df10f904fc2fdb544dc9512203cc77c471a9de",
  ],
  [
    "get-vanilla-query-unreserved",
    `/?${UNRESERVED}=${UNRESERVED}`,
    "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf",
  ],
];

for (const [name, path, signature] of VECTORS) {
  test(`AWS's signing test suite: ${name}`, async () => {
    const url = new URL(await signedUrl(`wss://${SUITE.host}${path}`, SUITE.keys, SUITE.scope));
    assert.equal(url.searchParams.get("X-Amz-Signature"), signature);
    assert.equal(
      url.searchParams.get("X-Amz-Credential"),
      "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request",
    );
    assert.equal(url.searchParams.get("X-Amz-Expires"), "3600");
  });
}

test("a session token is appended after signing: the signature is the one without it", async () => {
  const sessionToken = "6e86291e/8372+ff2a==";
  const url = await signedUrl(`wss://${SUITE.host}/`, { ...SUITE.keys, sessionToken }, SUITE.scope);
  assert.ok(
    url.endsWith(`&X-Amz-Signature=${VECTORS[0][2]}&X-Amz-Security-Token=6e86291e%2F8372%2Bff2a%3D%3D`),
  );
});

test("the example of a presigned URL in Amazon S3's API reference", async () => {
  const keys = {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  };
  const scope = { region: "us-east-1", service: "s3", datetime: "20130524T000000Z", expires: 86_400 };
  const url = new URL(await signedUrl("https://examplebucket.s3.amazonaws.com/test.txt", keys, scope));
  assert.equal(
    url.searchParams.get("X-Amz-Signature"),
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
});

test("it gives credentials: server, client id, and what else is in the options", async () => {
  const keys = { ...SUITE.keys, sessionToken: "t" };
  const given = await awsIot({ host: HOST, clientId: "me", credentials: keys, mqttkeepalive: 30 })();
  const { mqttserver, ...others } = given;
  assert.deepEqual(others, { mqttclientid: "me", mqttkeepalive: 30 });
  const url = new URL(mqttserver);
  assert.equal(`${url.origin}${url.pathname}`, `wss://${HOST}/mqtt`);
  assert.match(
    url.searchParams.get("X-Amz-Credential"),
    /^AKIDEXAMPLE\/\d{8}\/eu-west-1\/iotdevicegateway\/aws4_request$/,
  );
  assert.equal([...url.searchParams.keys()].at(-1), "X-Amz-Security-Token");
  assert.ok(!("mqttclientid" in (await awsIot({ host: HOST, credentials: keys })())));
});

test("the region is that of the host name, or the one that is given", async () => {
  const region = async (host, given) => {
    const { mqttserver } = await awsIot({ host, region: given, credentials: SUITE.keys })();
    return new URL(mqttserver).searchParams.get("X-Amz-Credential").split("/")[2];
  };
  for (const [host, expected] of [
    ["abc.iot.us-east-1.amazonaws.com", "us-east-1"],
    ["abc.ats.iot.cn-north-1.amazonaws.com.cn", "cn-north-1"],
    ["abc.iot-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"],
    ["vpce-0a1b.iot.ap-southeast-2.vpce.amazonaws.com", "ap-southeast-2"],
  ]) {
    assert.equal(await region(host), expected);
  }
  assert.equal(await region("mqtt.example.com", "eu-central-1"), "eu-central-1");
  assert.equal(await region(HOST, "eu-central-1"), "eu-central-1");
});

test("what is missing is named, and no key is shown", async () => {
  const secret = SUITE.keys.secretAccessKey;
  for (const [options, sentence] of [
    [undefined, /^awsIot: host must be the host name/],
    [{ host: `wss://${HOST}/mqtt`, credentials: SUITE.keys }, /^awsIot: host must be/],
    [
      { host: "mqtt.example.com", credentials: SUITE.keys },
      /mqtt\.example\.com does not contain the region; give region/,
    ],
    [{ host: HOST }, /^awsIot: credentials must be \{ accessKeyId/],
    [{ host: HOST, credentials: null }, /^awsIot: credentials must be/],
    [{ host: HOST, credentials: secret }, /^awsIot: credentials must be/],
  ]) {
    assert.throws(
      () => awsIot(options),
      (error) =>
        error instanceof TypeError && sentence.test(error.message) && !error.message.includes(secret),
    );
  }
  for (const [keys, name] of [
    [{ secretAccessKey: secret }, "accessKeyId"],
    [{ accessKeyId: "AKIDEXAMPLE" }, "secretAccessKey"],
    [() => undefined, "accessKeyId"],
  ]) {
    const { message } = await failure(awsIot({ host: HOST, credentials: keys })());
    assert.equal(message, `awsIot: the credentials have no ${name}`);
  }
});

test("import and require give the same functions", async () => {
  const required = createRequire(import.meta.url)("mqtt-lib/aws");
  assert.deepEqual(Object.keys(required), ["awsIot"]);
  assert.deepEqual(Object.keys(await import("mqtt-lib/aws")), ["awsIot"]);
});

const certificates = makeCertificates();

async function gatewayFor(t) {
  const gateway = await startAwsGateway({ tls: certificates.issue("server") });
  t.after(() => gateway.stop());
  return gateway;
}

/** As a user writes it, except for the CA of these tests. */
const signing = (gateway, options) =>
  awsIot({ host: gateway.host, region: "eu-west-1", certs: { ca: certificates.ca }, ...options });

test("each attempt is signed anew with the keys of the moment, and a query of 4 KB arrives as it was signed", async (t) => {
  const gateway = await gatewayFor(t);
  let calls = 0;
  const rotate = () => {
    calls += 1;
    gateway.keys = {
      accessKeyId: `ASIA${calls}`,
      secretAccessKey: `secret/+${calls}`,
      sessionToken: `${calls}+/=`.repeat(1_000),
    };
    return gateway.keys;
  };
  const client = clientFor(t, signing(gateway, { clientId: "me", credentials: rotate }));
  await client.publish(freshTopic(), "signed", { qos: 1 });
  gateway.cut();
  await until(() => client.stats().reconnects === 1);
  await client.publish(freshTopic(), "signed again", { qos: 1 });
  assert.deepEqual(
    gateway.seen.map(({ id, good }) => [id, good]),
    [
      ["ASIA1", true],
      ["ASIA2", true],
    ],
  );
  assert.ok(gateway.seen.every(({ length }) => length > 4_000));
});

test("a signature that is refused is an error that shows neither it nor the token, nor a key", async (t) => {
  const gateway = await gatewayFor(t);
  const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wrong-secret", sessionToken: "session-token" };
  gateway.keys = { ...keys, secretAccessKey: "right-secret" };
  const client = clientFor(t, signing(gateway, { credentials: keys }), { autostart: false });
  const error = await failure(client.start());
  assert.equal(error.code, "CONNECTION_REFUSED");
  assert.match(error.message, /cannot connect to wss:\/\/127\.0\.0\.1:\d+\/mqtt: .*403/);
  const shown = `${error.message} ${error.stack} ${JSON.stringify(error)} ${JSON.stringify(client.stats())}`;
  assert.doesNotMatch(shown, /X-Amz|wrong-secret|session-token|AKIDEXAMPLE/);
  assert.equal(gateway.seen.length, 1);
});

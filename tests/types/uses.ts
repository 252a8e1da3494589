// Uses everything that the types allow. It is only compiled, never run.

import {
  type ArgumentErrorCode,
  type BatchItem,
  type Bytes,
  type Certificates,
  type ClientError,
  type ClientOptions,
  type ConnectFlags,
  type Credentials,
  type CredentialsFunction,
  type ErrorCode,
  type FilterMap,
  type FilterResults,
  type Filters,
  type HighPriorityOptions,
  init,
  type Message,
  MqttCustom,
  MqttError,
  type MqttErrorCode,
  type OnConnect,
  type OnDisconnect,
  type OnError,
  type OnMessage,
  type Payload,
  type PublishOptions,
  type PublishResult,
  type QoS,
  type State,
  type Stats,
  type SubscribeOptions,
  type WasmSource,
  topicMatches,
  type WebSocketOptions,
} from "mqtt-lib";
import { type AwsIotOptions, type AwsKeys, awsIot } from "mqtt-lib/aws";

const nothing: MqttCustom = new MqttCustom();
new MqttCustom({});
new MqttCustom({ credentials: {} });

const credentials: Required<Credentials> = {
  mqttclientid: "a",
  mqttserver: "localhost",
  mqttport: 1883,
  mqttprotocol: "mqtt",
  mqttpath: "/mqtt",
  mqttversion: 4,
  properties: {},
  willProperties: {},
  topicAliases: true,
  followServerReference: false,
  resubscribe: true,
  reconnect: true,
  mqttcleansession: false,
  mqttkeepalive: 0.5,
  mqttusername: "me",
  mqttpassword: new Uint8Array(3),
  maxmqttreconnectdelay: 8,
  willsettopic: "will",
  willsetpayload: new DataView(new ArrayBuffer(1)),
  willsetqos: 1,
  willsetretain: true,
  queuesize: 1,
  batchsize: 1,
  publishinterval: 0.1,
  connecttimeout: 1,
  acktimeout: 1,
  stoptimeout: 1,
  maxinflight: 1,
  maxinflightqos2: 1,
  maxinflightbytes: 1 << 20,
  maxunhandled: 1000,
  maxunhandledbytes: 1 << 24,
  maxfilters: 1,
  maxpacketsize: 16,
  offlinesize: 0,
  offlinebytes: 0,
  offlinepolicy: "latest",
  offlineexpiry: 0,
  publishtimeout: 0,
  certs: {
    iotProtocolName: "x-amzn-mqtt-ca",
    ca: "ca.pem",
    cert: new Uint8Array(1),
    key: new ArrayBuffer(1),
    passphrase: "open sesame",
    pfx: new Uint8Array(1),
    servername: "broker.example",
    minVersion: "TLSv1.3",
    ciphers: "HIGH",
    dangerouslyDisableServerVerification: false,
  } satisfies Required<Certificates>,
  websocket: { headers: { a: "b" }, protocols: ["mqtt"], agent: {} } satisfies Required<WebSocketOptions>,
  transport: async ({ url, signal }) => ({ url, aborted: signal.aborted }),
  store: { open: async () => new Map<number, Uint8Array>(), write() {}, close() {} },
};

interface Seen {
  count: number;
}

const client = new MqttCustom({
  credentials,
  userdata: { count: 0 } as Seen,
  autostart: false,
  async on_connect(client, userdata, flags, rc) {
    const granted: QoS[] = await client.subscribe("a");
    const present: boolean = flags.sessionPresent;
    userdata.count += granted.length + rc + Number(present);
  },
  on_disconnect(_client, userdata, rc, error) {
    userdata.count = rc;
    const code: MqttErrorCode | undefined = error?.code;
    return code;
  },
  on_message(_client, userdata, message) {
    userdata.count += message.payload.length;
  },
  on_error(_client, userdata, error) {
    userdata.count += error.reasonCode ?? 0;
    if (error instanceof MqttError) error.code satisfies MqttErrorCode;
    const code: ErrorCode | undefined = error.code;
    if (code === "TIMEOUT") console.log(error.message, error.cause);
  },
});
const typed: MqttCustom<Seen> = client;
const untyped: MqttCustom = client;

const camel: ClientOptions<number> = {
  userdata: 1,
  onConnect: (_client, userdata, flags, rc) => userdata + rc + Number(flags.sessionPresent),
  onDisconnect: (_client, userdata, rc) => userdata + rc,
  onMessage: () => {},
  onError: null,
};
new MqttCustom(camel).onMessage = null;

const onConnect: OnConnect<Seen> = (_client, userdata) => userdata.count;
const onDisconnect: OnDisconnect<Seen> = (_client, _userdata, _rc, error) => error?.reasonCode;
const onMessage: OnMessage<Seen> = (client, userdata, message) =>
  client.publish(message.topic, userdata.count);
const onError: OnError<Seen> = async (_client, _userdata, error: ClientError) => error.code;
client.on_connect = client.onConnect = onConnect;
client.on_disconnect = client.onDisconnect = onDisconnect;
client.on_message = client.onMessage = onMessage;
client.on_error = client.onError = onError;
client.on_message = null;

const qos: QoS = 2;
const options: PublishOptions = { qos, retain: true };
const payloads: Payload[] = ["text", 1, true, null, undefined, new Uint8Array(1), new ArrayBuffer(1)];
const ended: Promise<unknown>[] = [
  client.start(),
  client.stop(),
  client.flush(),
  client.publish("a"),
  client.publish("a", payloads[0], options),
  client.publish("a", new Float64Array(2), null),
  client.qpublish("a", 1, { qos: 1 }),
  client.batch_publish("a", { deep: [1, "two", null, { three: 3 }] }),
  client.batch_publish("a", null, options),
  client.batchPublish("a", [1, 2]),
  client.unsubscribe("a"),
  client.unsubscribe(["a", "b"]),
  client.publish_high_priority("a", "b"),
  client.publishHighPriority("a", "b", { hostname: "h", port: 1883, qos: 1, mqttusername: "me" }),
  MqttCustom.publish_high_priority("a", "b"),
  MqttCustom.publishHighPriority("a", null, { mqttserver: "ws://h:9001/mqtt", retain: true }),
];
const shot: HighPriorityOptions = { ...credentials, ...options, hostname: "h", port: 1 };
const item: BatchItem<Seen> = { count: 1 };
client.batch_publish("a", item);

const filters: FilterMap = { "a/+": 1, "b/#": { qos: 2 }, c: {} };
const any: Filters = filters;
const subscribing: SubscribeOptions = { qos: 1 };
const granted: Promise<QoS[]>[] = [
  client.subscribe("a"),
  client.subscribe(["a", "b"], subscribing),
  client.subscribe(filters, null, onMessage),
  client.subscribe("a", (_client, userdata, message) => userdata.count + message.qos),
  client.subscribe_topics(["a"], { qos: 2 }, onMessage),
  client.subscribeTopics(any, onMessage),
];

export async function read(from: MqttCustom): Promise<void> {
  for await (const message of from.messages("a/#")) {
    const kept: Message = message;
    const bytes: Bytes = kept.payload;
    const blob = new Blob([bytes]);
    const { topic, qos, retain, dup } = kept;
    topic satisfies string;
    qos satisfies QoS;
    console.log(blob.size, retain || dup, kept.text().length, kept.json().anything);
    const { celsius }: { celsius: number } = kept.json<{ celsius: number }>();
    console.log(celsius);
    if (kept.payload.length === 0) break;
  }
  const messages: AsyncIterableIterator<Message> = from.messages();
  await messages.return?.();
  const stats: Stats = from.stats();
  const numbers: number[] = Object.values(stats);
  const state: State = from.state;
  const connected: boolean = from.connected;
  const flags: ConnectFlags = { sessionPresent: connected };
  console.log(numbers, state, flags);
}

const sources: (WasmSource | Promise<WasmSource>)[] = [
  "/mqtt_lib_bg.wasm",
  new URL("https://cdn.example/mqtt_lib_bg.wasm"),
  fetch("/mqtt_lib_bg.wasm"),
  new Uint8Array(1),
  new ArrayBuffer(1),
];
const loaded: Promise<void>[] = [init(), ...sources.map((source) => init(source))];

const error = new MqttError("a sentence", "STOPPED", 5, new Error("why"));
const argument: ArgumentErrorCode = "OUT_OF_RANGE";
const asError: Error = error;
const asClientError: ClientError = error;
console.log(loaded, nothing, typed, untyped, ended, shot, granted, argument, asError, asClientError);

const five = new MqttCustom({
  credentials: {
    mqttversion: "auto",
    properties: { sessionExpiryInterval: 60, userProperties: { a: ["1", "2"] } },
    willProperties: { willDelayInterval: 5, correlationData: new Uint8Array(2) },
    topicAliases: false,
    followServerReference: true,
  },
  on_connect: (_client, _userdata, _flags, _rc, properties) => properties?.assignedClientIdentifier,
  on_auth: async (_client, _userdata, { reasonCode, properties }) => ({
    authenticationData: `${reasonCode}${properties.authenticationMethod}`,
  }),
});
const grantedFive: Promise<FilterResults<QoS>> = five.subscribe(
  { "a/b": { qos: 1, noLocal: true, retainHandling: 2 } },
  { properties: { subscriptionIdentifier: 1 } },
);
const answer: Promise<Message> = five.request("a", "b", { timeout: 1, properties: { contentType: "c" } });
const published: Promise<PublishResult | undefined> = five.publish("a", "b", {
  properties: { messageExpiryInterval: 1, userProperties: { a: "1" } },
});
void [
  grantedFive,
  answer,
  published,
  five.respond("a/#", (message) => message.properties?.contentType, { qos: 1 }),
  five.unsubscribe("a", { properties: { userProperties: {} } }),
  five.reauthenticate({ authenticationData: "x" }),
  five.stop({ reasonCode: 4, properties: { reasonString: "bye" } }),
];

const fresh: CredentialsFunction = async (attempt: number, lastError: ClientError | undefined) => ({
  mqttusername: `${attempt}`,
  mqttpassword: lastError?.code === "NOT_AUTHORIZED" ? "new" : "old",
});
new MqttCustom({ credentials: fresh });
new MqttCustom({ credentials: () => ({ mqttserver: "localhost" }) });

const keys: AwsKeys = { accessKeyId: "a", secretAccessKey: "b", sessionToken: undefined };
const aws: AwsIotOptions = {
  host: "abc-ats.iot.eu-west-1.amazonaws.com",
  region: "eu-west-1",
  path: "/mqtt",
  expires: 60,
  clientId: "a",
  mqttkeepalive: 30,
  credentials: async () => keys,
};
new MqttCustom({ credentials: awsIot(aws) });
new MqttCustom({ credentials: awsIot({ host: "a", credentials: keys }) });

const target: EventTarget = nothing;
nothing.addEventListener("connect", ({ flags, rc, properties, target: { state } }) => [
  flags.sessionPresent,
  rc,
  properties?.reasonString,
  state,
]);
nothing.addEventListener(
  "reconnecting",
  ({ attempt, delay, error }) => attempt + delay + (error?.code.length ?? 0),
  { once: true },
);
nothing.addEventListener("message", async ({ message }) => message.text(), {
  signal: new AbortController().signal,
});
nothing.addEventListener("close", { handleEvent: () => {} });
nothing.addEventListener("custom", (event) => event);
nothing.removeEventListener("custom", null);
const withData = new MqttCustom({ userdata: 7 });
withData.addEventListener("error", function ({ userdata, error }) {
  const seven: number = userdata;
  return [seven, error.code, this.connected, target];
});

const { signal } = new AbortController();
nothing.start({ timeout: 5, signal });
nothing.publish("a", "b", { qos: 1, timeout: 5, signal });
nothing.subscribe("a", { signal }, () => {});
nothing.unsubscribe("a", { signal });
nothing.request("a", "b", { signal, timeout: 1 });
nothing.messages("a", { signal });
nothing.publish_high_priority("a", "b", { signal, hostname: "h" });
async function disposes() {
  await nothing[Symbol.asyncDispose]();
}
disposes();

const matches: boolean = topicMatches("a/+", "a/b");
nothing.snapshot("a/#", { timeout: 5, quiet: 0.1, signal }).then((all) => all.get("a/b")?.text() ?? matches);

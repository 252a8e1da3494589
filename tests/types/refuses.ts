// What the types must reject: each line below a directive is an error, otherwise tsc reports the directive.

import { init, type Message, MqttCustom, MqttError } from "mqtt-lib";
import { awsIot } from "mqtt-lib/aws";

// ---- options
// @ts-expect-error a key of credentials that does not exist
new MqttCustom({ credentials: { mqttprt: 1883 } });
// @ts-expect-error credentials stand in an object of their own
new MqttCustom({ mqttport: 1883 });
// @ts-expect-error a callback that does not exist
new MqttCustom({ on_mesage() {} });
// @ts-expect-error a port is a number
new MqttCustom({ credentials: { mqttport: "1883" } });
// @ts-expect-error a transport that does not exist
new MqttCustom({ credentials: { mqttprotocol: "http" } });
// @ts-expect-error 4, 5 or "auto"
new MqttCustom({ credentials: { mqttversion: 3 } });
// @ts-expect-error certificates stand in an object of their own
new MqttCustom({ credentials: { ca: "ca.pem" } });
// @ts-expect-error a key of certs that does not exist
new MqttCustom({ credentials: { certs: { certificate: "cert.pem" } } });
// @ts-expect-error a header is a text
new MqttCustom({ credentials: { websocket: { headers: { a: 1 } } } });
// @ts-expect-error the will's QoS is 0, 1 or 2
new MqttCustom({ credentials: { willsetqos: 3 } });
// @ts-expect-error a flag is a boolean
new MqttCustom({ autostart: "no" });

// @ts-expect-error a function gives credentials, not a token
new MqttCustom({ credentials: async () => "token" });
// @ts-expect-error AWS's keys are needed
awsIot({ host: "abc-ats.iot.eu-west-1.amazonaws.com" });
// @ts-expect-error the server is what host says
awsIot({ host: "a", mqttserver: "b", credentials: { accessKeyId: "a", secretAccessKey: "b" } });

// ---- callbacks
// @ts-expect-error on_connect has five arguments
new MqttCustom({ on_connect: (_client, _userdata, _flags, _rc, _properties, _more) => {} });
// @ts-expect-error on_message has three arguments
new MqttCustom({ on_message: (_client, _userdata, _message, _more) => {} });
// @ts-expect-error the third argument of on_message is a message, not its topic
new MqttCustom({ on_message: (_client: MqttCustom, _userdata: unknown, _topic: string) => {} });
// @ts-expect-error rc is a number
new MqttCustom({ onConnect: (_client: MqttCustom, _userdata: unknown, _flags: object, _rc: string) => {} });
// @ts-expect-error a callback is a function
new MqttCustom({ onError: "log" });

const client = new MqttCustom({ userdata: { count: 0 } });
// @ts-expect-error userdata has this client's type
client.on_message = (_client, userdata) => userdata.total;
// @ts-expect-error a callback is a function
client.onDisconnect = 1;
// @ts-expect-error userdata of another client
const other: MqttCustom<string> = client;

// ---- calls
// @ts-expect-error a topic is missing
client.publish();
// @ts-expect-error a topic is a string
client.publish(1, "a");
// @ts-expect-error an object is no payload
client.publish("a", { b: 1 });
// @ts-expect-error an array is no payload
client.qpublish("a", [1]);
// @ts-expect-error an option that does not exist
client.publish("a", "b", { Qos: 1 });
// @ts-expect-error QoS is 0, 1 or 2
client.publish("a", "b", { qos: 3 });
// @ts-expect-error no such property
client.publish("a", "b", { properties: { contentTyp: "text/plain" } });
// @ts-expect-error a number
client.publish("a", "b", { properties: { messageExpiryInterval: "60" } });
// @ts-expect-error 0, 1 or 2
client.subscribe("a", { retainHandling: 3 });
// @ts-expect-error an item is missing
client.batch_publish("a");
// @ts-expect-error bytes are no JSON
client.batch_publish("a", new Uint8Array(1));
// @ts-expect-error a function is no JSON
client.batchPublish("a", () => 1);
// @ts-expect-error a filter is missing
client.subscribe();
// @ts-expect-error the QoS of a filter is 0, 1 or 2
client.subscribe({ a: 7 });
// @ts-expect-error QoS is an option
client.subscribe("a", 1);
// @ts-expect-error subscriptions have no retain flag
client.subscribe("a", { retain: true });
// @ts-expect-error a handler gets client, userdata and message
client.subscribe("a", {}, (message: Message) => message.topic);
// @ts-expect-error a filter is missing
client.unsubscribe();
// @ts-expect-error an option that does not exist
MqttCustom.publish_high_priority("a", "b", { host: "localhost" });
// @ts-expect-error a topic is missing
MqttCustom.publishHighPriority();
// @ts-expect-error a filter is a string
client.messages(["a"]);
// @ts-expect-error the state is not for the user to set
client.state = "stopped";
// @ts-expect-error nothing is called so
client.batchpublish("a", 1);
// @ts-expect-error a code that does not exist
new MqttError("a sentence", "STOPED");
// @ts-expect-error a state that does not exist
if (client.state === "offline") console.log(other);

// ---- a missing await, and init
const stats: { sent: number } = client.stats();
// @ts-expect-error subscribe gives a promise
const [granted]: number[] = client.subscribe("a");
// @ts-expect-error messages come one after the other
for (const message of client.messages("a")) console.log(message, granted);
// @ts-expect-error start gives a promise, which is not the client
client.start().publish("a", stats.sent);
// @ts-expect-error a number is no place
init(5);

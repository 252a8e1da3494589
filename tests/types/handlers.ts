// Handlers without `any`: what a callback, a handler or a listener is given has a type, also where nothing is known of
// `userdata`, and then it is `unknown`. It is only compiled, never run.

import {
  type AuthPacket,
  type ClientError,
  type ClientEvent,
  type ClientEvents,
  type Message,
  MqttCustom,
  type OnAuth,
  type OnConnect,
  type OnDisconnect,
  type OnError,
  type OnMessage,
  type OnTypedMessage,
} from "mqtt-lib";
import { json, topic } from "mqtt-lib/topics";

type IsAny<Type> = 0 extends Type & 1 ? true : false;
/** Those of the types that are `any`. */
type Any<Types extends readonly unknown[]> = { [At in keyof Types]: IsAny<Types[At]> }[number] & true;
type None<Found extends never> = Found;

export type Handlers = [
  None<Any<Parameters<OnConnect>>>,
  None<Any<Parameters<OnDisconnect>>>,
  None<Any<Parameters<OnMessage>>>,
  None<Any<Parameters<OnError>>>,
  None<Any<Parameters<OnAuth>>>,
  None<Any<Parameters<OnTypedMessage<{ id: string }, number>>>>,
  None<Any<[ReturnType<OnMessage>, ReturnType<OnConnect>, ReturnType<OnAuth>]>>,
  None<Any<[ClientEvent["userdata"], ClientEvents["message"]["message"], ClientEvents["error"]["error"]]>>,
  None<Any<[ClientEvents["connect"]["target"], ClientEvents["disconnect"]["error"]]>>,
];
// @ts-expect-error the check itself: one of these is any
export type Wrong = None<Any<[string, ReturnType<typeof JSON.parse>]>>;

const client = new MqttCustom({
  on_connect: (_client, userdata) => {
    const same: unknown = userdata;
    // @ts-expect-error nothing is known of it
    return [same, userdata.count];
  },
});
client.on_message = (itself, userdata, message) => {
  const [same, other, text]: [MqttCustom, unknown, string] = [itself, userdata, message.text()];
  return [same, other, text];
};
client.addEventListener("message", ({ userdata, message }) => {
  const text: string = message.text();
  // @ts-expect-error nothing is known of it
  return [text, userdata.count];
});

// A client of known userdata goes wherever any client does, and a handler for any client is one for it.
const counting = new MqttCustom({ userdata: { count: 0 } });
const takesAny = (one: MqttCustom) => one.connected;
const forAny: OnMessage = (one, _userdata, message: Message) => one.publish("a", message.payload);
const errors: OnError = (_client, _userdata, error: ClientError) => error.code;
const auth: OnAuth = (_client, _userdata, packet: AuthPacket) => packet.properties;
takesAny(counting);
counting.subscribe("a", forAny);
counting.addHandler("a", forAny).remove();
counting.on_message = forAny;
counting.on_error = errors;
counting.on_auth = auth;
counting.subscribe("a", (_client, userdata) => userdata.count.toFixed());
counting.subscribe(topic("a/{id}", json<number>()), (_client, userdata, { value, params }) => [
  userdata.count + value,
  params.id,
]);

// @ts-expect-error no signal: `remove` ends it
counting.addHandler("a", forAny, { signal: AbortSignal.timeout(1) });
// @ts-expect-error a handler of another userdata
counting.subscribe("a", (_client, _userdata: string) => {});
// @ts-expect-error a plain message has no value
counting.subscribe("a", (_client, _userdata, message: Message & { value: number }) => message.value);

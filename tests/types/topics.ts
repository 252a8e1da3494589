// Typed topics: what the compiler knows of parameters and values, and what it refuses.

import { MqttCustom } from "mqtt-lib";
import { bytes, json, type TypedMessageOf, text, topic } from "mqtt-lib/topics";
import * as v from "valibot";
import { z } from "zod";

const client = new MqttCustom();
const temperature = topic(
  "sites/{site}/sensors/{id}",
  json(z.object({ celsius: z.number(), at: z.string().transform(Date.parse) })),
);
const name: string = temperature({ site: "berlin", id: 7 });
const filter: string = temperature.filter;
client.publish(
  temperature,
  { celsius: 21, at: "2026-11-29" },
  { params: { site: "a", id: 1 }, qos: 1, retain: true },
);
client.subscribe(temperature, { qos: 1, params: { site: "berlin" } }, (_client, _userdata, message) => {
  const id: string = message.params.id;
  const at: number = message.value.at;
  const payload: string = message.text();
  return [id, at, payload];
});
client.subscribe(temperature, (_client, _userdata, { value }) => value.celsius.toFixed());
client.addHandler(temperature, (_client, _userdata, { params }) => params.site.length, { qos: 1 }).remove();
client.unsubscribe(temperature, { params: { site: "berlin" } });
export async function loop() {
  for await (const { value, params } of client.messages(temperature)) return [value.celsius + 1, params.id];
}
export const handle = ({ value }: TypedMessageOf<typeof temperature>) => value.at.toFixed();

const state = topic("state", text(v.picklist(["on", "off"])));
client.publish(state, "on");
client.publish(state, "off", { retain: true });
client.qpublish(topic("raw/{id}", bytes), new Uint8Array(1), { params: { id: "a" } });
const plain = topic("plain", json<{ a: number }>());
client.publish(plain, { a: 1 });
client.addHandler(topic("any", json), (_client, _userdata, message) => message.value.whatever);
client.addHandler(
  topic("own/{x}", {
    encode: (value: Date) => value.toISOString(),
    decode: (payload) => new Date(payload.length),
  }),
  (_client, _userdata, message) => message.value.getTime(),
);
export { filter, name };

// @ts-expect-error a parameter is missing
temperature({ site: "berlin" });
// @ts-expect-error a parameter that does not exist
temperature({ site: "berlin", id: 1, other: 2 });
// @ts-expect-error the value is not what the schema takes
client.publish(temperature, { celsius: "warm", at: "" }, { params: { site: "a", id: 1 } });
// @ts-expect-error parameters are missing
client.publish(temperature, { celsius: 1, at: "" });
// @ts-expect-error not one of the two
client.publish(state, "maybe");
// @ts-expect-error a parameter that does not exist
client.subscribe(temperature, { params: { place: "berlin" } });
// @ts-expect-error the value has no such member
client.subscribe(temperature, (_client, _userdata, { value }) => value.fahrenheit);
// @ts-expect-error a codec is needed
topic("a");

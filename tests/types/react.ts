// The hooks, with texts and typed topics.

import { MqttCustom } from "mqtt-lib";
import {
  MqttProvider,
  type MqttProviderProps,
  useConnection,
  useMessage,
  useMessages,
  useMqtt,
} from "mqtt-lib/react";
import { json, topic } from "mqtt-lib/topics";
import { createElement } from "react";

const temperature = topic("rooms/{room}", json<number>());

export function Component() {
  const client: MqttCustom = useMqtt();
  const last = useMessage("a/b", { qos: 1 });
  const typed = useMessage(temperature, { params: { room: "kitchen" } });
  const all = useMessages(temperature, { limit: 5 });
  const { state, error } = useConnection();
  const plain: string | undefined = last?.text();
  const value: number | undefined = typed?.value;
  const rooms: string[] = all.map(({ params }) => params.room);
  // @ts-expect-error a parameter that does not exist
  useMessage(temperature, { params: { place: "kitchen" } });
  // @ts-expect-error the value has no such member
  all[0]?.value.celsius;
  return [client, plain, value, rooms, state, error?.code].length;
}

createElement(MqttProvider, { credentials: { mqttserver: "a" } }, "child");
createElement(MqttProvider, { client: new MqttCustom({ autostart: false }) });
const options: MqttProviderProps = { options: { on_error() {} } };
// @ts-expect-error a client, or options for one
const both: MqttProviderProps = { client: new MqttCustom(), credentials: {} };
export { both, options };

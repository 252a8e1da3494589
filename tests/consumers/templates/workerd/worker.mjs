import * as lib from "mqtt-lib";
import { exchange } from "./exchange.mjs";

let says = "";
// At module scope Workers allow no sockets. It is to say so, and to leave the requests as they are.
const ours = "MqttCustom" in lib;
if (ours) {
  new lib.MqttCustom({
    on_error(_client, _userdata, error) {
      says = error.message;
    },
  });
}

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    if (ours && !says.startsWith("Disallowed operation called within global scope"))
      return new Response(says);
    const exchanged = exchange(lib, searchParams.get("broker"), searchParams.get("name"));
    return new Response(await exchanged.catch((error) => `${error.code} ${error.message}`));
  },
};

// What the component asks its host, answered for asking.test.mjs: a fresh token for each attempt, none for the third, and
// the step of SCRAM that the broker asks for.
import { scramClient } from "../support/scram.mjs";

const bytes = (text) => new TextEncoder().encode(text);
/** With a fixed nonce, because the worker and the test each have a copy of this module. */
export const exchange = scramClient("user", "pencil", "fyko+d2lbbFgONRv9qkxdawL");

export function askCredentials(attempt, last) {
  if (last?.reasonCode === 4) throw "no token today";
  return { mqttusername: `attempt ${attempt}`, mqttpassword: bytes(`after ${last?.code}`) };
}

export function answerAuth({ properties }) {
  const data = new TextDecoder().decode(properties.authenticationData);
  if (!data.startsWith("r=")) throw "not the first message of the server";
  return { authenticationData: bytes(exchange.final(data)) };
}
